//! The renderer beside the real kustomize.

mod corpus;
