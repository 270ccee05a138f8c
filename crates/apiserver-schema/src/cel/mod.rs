//! CEL: the rules of custom resources (`x-kubernetes-validations`) and the expressions of admission policies.
//!
//! Syntax and operators are those of the `cel` crate, Kubernetes' function libraries those of `kube-cel`. [`mend`]
//! closes gaps of both; what stays open is reported for each rule, see [`Evaluation::NotEvaluated`].

mod convert;
mod expression;
mod functions;
mod mend;
mod rule;
mod walk;

pub(crate) use convert::{convert_dynamic, make_map};
pub(crate) use expression::{Evaluation, Expression, root_context};
pub(crate) use rule::CelRule;
pub(crate) use walk::{check_rules, measure_collections};
