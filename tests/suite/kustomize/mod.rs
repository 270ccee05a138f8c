//! The renderer beside the real kustomize.

mod corpus;
mod dice;
mod live;
mod manifests;
mod overlays;
mod random;
