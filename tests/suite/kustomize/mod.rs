//! The renderer beside the real kustomize.

mod configurations;
mod corpus;
mod dice;
mod directives;
mod endings;
mod live;
mod manifests;
mod overlays;
mod random;
