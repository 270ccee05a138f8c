//! The reasons for which an API server refuses an object or warns of it.

use apiserver_schema::{Consequence, SchemaViolation, ViolationKind};
use apiserver_validation::Violation;
use pointer_diagnostics::Pointer;

/// A reason for which the API server refuses an object or warns of it.
#[derive(Debug)]
pub(super) struct ServerRefusal {
    pub(super) class: FindingClass,
    /// The field, which may be absent.
    pub(super) pointer: Pointer,
    /// The field as Kubernetes prints it.
    pub(super) field: String,
    /// Says what is and what was expected, a lower-case phrase.
    pub(super) message: String,
    /// The known name nearest to a misspelt one.
    pub(super) nearest: Option<String>,
}

/// The part of the API server that finds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FindingClass {
    /// The form of a name, label or annotation.
    Metadata,
    /// The schema of the kind.
    Schema(ViolationKind),
    /// The code of the kind.
    Code,
    /// The code of the pods that an operator makes of the object.
    OperatorPod,
    /// Pod Security, at the level that the namespace enforces.
    PodSecurity,
}

impl ServerRefusal {
    /// Tells whether the kind has no such field.
    pub(super) fn is_unknown_field(&self) -> bool {
        self.class == FindingClass::Schema(ViolationKind::UnknownField)
    }

    /// Takes what a schema says.
    pub(super) fn of_schema(violation: SchemaViolation) -> Self {
        Self {
            class: FindingClass::Schema(violation.kind),
            pointer: Pointer::parse(violation.pointer),
            field: violation.field,
            message: violation.message,
            nearest: violation.nearest,
        }
    }

    /// Tells whether the API server refuses the object, instead of warning of it or being beyond what is known here.
    pub(super) fn is_refusal(&self) -> bool {
        match self.class {
            FindingClass::Schema(kind) => kind.consequence() == Consequence::Refused,
            _ => true,
        }
    }

    /// Takes what code of the API server says.
    pub(super) fn of_code(class: FindingClass, violation: Violation) -> Self {
        Self {
            class,
            pointer: Pointer::parse(violation.pointer),
            field: violation.field,
            message: violation.message,
            nearest: None,
        }
    }
}
