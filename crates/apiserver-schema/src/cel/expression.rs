//! One expression: compiled once, evaluated against variables.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use kube_cel::KubeCelExt as _;
use kube_cel::cel::parser::Parser;
use kube_cel::cel::{Context, ExecutionError, IdedExpr, Value};

use super::{functions, mend};

/// The steps that an API server lets one expression take (`PerCallLimit` in k8s.io/apiserver/pkg/apis/cel).
const COST_LIMIT: f64 = 1_000_000.0;

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct Expression {
    tree: IdedExpr,
    /// The deepest nesting of loops.
    loops: i32,
    variables: Vec<String>,
}

/// The result of evaluating an expression.
#[derive(Clone, Debug)]
pub(crate) enum Evaluation {
    Value(Value),
    /// The expression fails on this object, as it would in the API server: a missing key, a division by zero.
    Failed(String),
    /// The expression uses something that is not known here.
    NotEvaluated(String),
}

impl Expression {
    /// Compiles an expression; the error is a phrase.
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        let parse = || Parser::new().enable_optional_syntax(true).parse(source);
        let tree = match catch_unwind(parse) {
            Ok(Ok(tree)) => tree,
            Ok(Err(errors)) => return Err(first_line(&errors.to_string())),
            Err(_) => return Err("the expression cannot be parsed".to_owned()),
        };
        let mended = mend::mend_expression(tree)?;
        Ok(Self {
            tree: mended.tree,
            loops: mended.loops,
            variables: mended.variables,
        })
    }

    /// Returns whether the expression names a variable.
    pub(crate) fn uses(&self, variable: &str) -> bool {
        self.variables.iter().any(|name| name == variable)
    }

    /// Evaluates the expression. `size` is the length of the longest collection that loops may run over.
    pub(crate) fn evaluate(&self, context: &Context<'_>, size: usize) -> Evaluation {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let steps = (size as f64).powi(self.loops);
        if self.loops > 1 && steps > COST_LIMIT {
            return Evaluation::NotEvaluated(format!(
                "{} nested loops over {size} items may exceed the cost limit",
                self.loops
            ));
        }
        match catch_unwind(AssertUnwindSafe(|| Value::resolve(&self.tree, context))) {
            Ok(Ok(value)) => Evaluation::Value(value),
            Ok(Err(error)) => classify_error(&error),
            Err(_) => Evaluation::NotEvaluated("the evaluation broke off".to_owned()),
        }
    }
}

/// Returns the context with all functions, to which the variables of an evaluation are added in an inner scope.
pub(crate) fn root_context() -> &'static Context<'static> {
    static ROOT: OnceLock<SharedContext> = OnceLock::new();
    &ROOT
        .get_or_init(|| {
            let mut context = Context::default().with_all();
            functions::register(&mut context);
            SharedContext(context)
        })
        .0
}

struct SharedContext(Context<'static>);

fn classify_error(error: &ExecutionError) -> Evaluation {
    match error {
        ExecutionError::NoSuchKey(key) => Evaluation::Failed(format!("no such key: {key}")),
        ExecutionError::FunctionError { function, message } => {
            Evaluation::Failed(format!("{function}: {message}"))
        }
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            Evaluation::Failed("division by zero".to_owned())
        }
        ExecutionError::Overflow(..) => Evaluation::Failed("integer overflow".to_owned()),
        ExecutionError::IndexOutOfBounds(_) => Evaluation::Failed("index out of bounds".to_owned()),
        ExecutionError::UndeclaredReference(name) => {
            Evaluation::NotEvaluated(format!("`{name}` is not known here"))
        }
        ExecutionError::NoSuchOverload => Evaluation::NotEvaluated(
            "an operator or function does not take these types here".to_owned(),
        ),
        other => Evaluation::NotEvaluated(first_line(&other.to_string())),
    }
}

pub(super) fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(200).collect()
}
