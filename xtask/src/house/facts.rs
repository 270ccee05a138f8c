//! Facts about one file, taken from its syntax tree.

use std::fmt;

use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, Expr, ExprClosure, ExprMethodCall, Field, FnArg, Item, Macro, Signature,
    Token, Type, Variant, Visibility,
};

use super::doc::{DocOpening, classify_opening, summary};
use super::source::{SourceFile, item_attributes};

/// Lines that a function may have.
const LONGEST_FUNCTION: usize = 60;
/// Lines that a file may have.
const LONGEST_FILE: usize = 500;
/// Booleans that a struct may have.
const MOST_BOOLS: usize = 2;

/// A departure from the house rules, at its line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offence {
    /// Path from the root of the repository.
    pub file: String,
    /// 1-based line.
    pub line: usize,
    /// The rule.
    pub kind: OffenceKind,
    /// The name or words concerned.
    pub text: String,
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            kind,
            text,
        } = self;
        write!(f, "{file}:{line}: {}: {text}", kind.title())
    }
}

/// A house rule that the syntax tree can be held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OffenceKind {
    /// A type shares its name with another.
    SharedTypeName,
    /// A free function shares its name with another.
    SharedFunctionName,
    /// The name of a free function is one word.
    OneWordFunction,
    /// A doc comment opens with a relative clause.
    RelativeDoc,
    /// The doc comment of a function opens with no verb in the third person.
    NoVerbDoc,
    /// A public item has no doc comment.
    Undocumented,
    /// A parameter is a tuple.
    TupleParameter,
    /// A parameter is a `bool`.
    BoolParameter,
    /// A struct has several `bool` fields.
    BunchOfBools,
    /// A closure.
    Closure,
    /// A call of `clone`.
    Clone,
    /// A call of `unwrap`.
    Unwrap,
    /// A function over 60 lines.
    LongFunction,
    /// A file over 500 lines.
    LongFile,
}

impl OffenceKind {
    /// Returns the words of a report.
    pub fn title(self) -> &'static str {
        match self {
            Self::SharedTypeName => "shared type name",
            Self::SharedFunctionName => "shared function name",
            Self::OneWordFunction => "one-word function",
            Self::RelativeDoc => "relative doc",
            Self::NoVerbDoc => "doc without a verb",
            Self::Undocumented => "undocumented",
            Self::TupleParameter => "tuple parameter",
            Self::BoolParameter => "bool parameter",
            Self::BunchOfBools => "bools",
            Self::Closure => "closure",
            Self::Clone => "clone",
            Self::Unwrap => "unwrap",
            Self::LongFunction => "long function",
            Self::LongFile => "long file",
        }
    }
}

/// A named item.
pub(super) struct NamedItem {
    pub(super) name: String,
    pub(super) line: usize,
}

/// Measures of one file.
#[derive(Default)]
pub(super) struct FileFacts {
    pub(super) types: Vec<NamedItem>,
    pub(super) free_functions: Vec<NamedItem>,
    pub(super) function_lines: Vec<usize>,
    pub(super) function_docs: usize,
    pub(super) relative_function_docs: usize,
    pub(super) public_items: usize,
    pub(super) offences: Vec<Offence>,
}

impl FileFacts {
    /// Returns the names that a rule about shared names compares.
    pub(super) fn named(&self, kind: OffenceKind) -> &[NamedItem] {
        match kind {
            OffenceKind::SharedTypeName => &self.types,
            OffenceKind::SharedFunctionName => &self.free_functions,
            _ => &[],
        }
    }
}

/// Measures one file.
pub(super) fn measure_file(file: &SourceFile) -> FileFacts {
    let mut visitor = FactVisitor {
        path: &file.path,
        facts: FileFacts::default(),
    };
    visitor.check_doc(&file.syntax.attrs, 1);
    if file.lines > LONGEST_FILE {
        visitor.report(OffenceKind::LongFile, 1, format!("{} lines", file.lines));
    }
    visitor.visit_file(&file.syntax);
    visitor.facts
}

struct FactVisitor<'f> {
    path: &'f str,
    facts: FileFacts,
}

impl FactVisitor<'_> {
    fn report(&mut self, kind: OffenceKind, line: usize, text: impl Into<String>) {
        self.facts.offences.push(Offence {
            file: self.path.to_owned(),
            line,
            kind,
            text: text.into(),
        });
    }

    /// Reports a doc comment that opens with a relative clause.
    fn check_doc(&mut self, attributes: &[Attribute], line: usize) {
        if let Some(summary) = summary(attributes)
            && classify_opening(&summary) == DocOpening::Relative
        {
            self.report(OffenceKind::RelativeDoc, line, summary);
        }
    }

    /// Counts a public item and reports it where it has no doc comment.
    fn check_public(
        &mut self,
        visibility: &Visibility,
        attributes: &[Attribute],
        ident: &syn::Ident,
    ) {
        if !matches!(visibility, Visibility::Public(_)) {
            return;
        }
        self.facts.public_items += 1;
        if !attributes
            .iter()
            .any(|attribute| attribute.path().is_ident("doc"))
        {
            let line = ident.span().start().line;
            self.report(OffenceKind::Undocumented, line, ident.to_string());
        }
    }

    fn add_type(&mut self, visibility: &Visibility, attributes: &[Attribute], ident: &syn::Ident) {
        self.check_public(visibility, attributes, ident);
        self.facts.types.push(NamedItem {
            name: ident.to_string(),
            line: ident.span().start().line,
        });
    }

    /// Measures a function that has a body: documentation, parameters and length.
    fn measure_function(&mut self, attributes: &[Attribute], signature: &Signature, block: &Block) {
        let line = signature.ident.span().start().line;
        if let Some(summary) = summary(attributes) {
            self.facts.function_docs += 1;
            match classify_opening(&summary) {
                DocOpening::Relative => self.facts.relative_function_docs += 1,
                DocOpening::Verb => {}
                DocOpening::Other => self.report(OffenceKind::NoVerbDoc, line, summary),
            }
        }
        self.check_parameters(signature);
        let lines = block.span().end().line - signature.span().start().line + 1;
        self.facts.function_lines.push(lines);
        if lines > LONGEST_FUNCTION {
            let text = format!("`{}` has {lines} lines", signature.ident);
            self.report(OffenceKind::LongFunction, line, text);
        }
    }

    fn check_parameters(&mut self, signature: &Signature) {
        for input in &signature.inputs {
            let FnArg::Typed(parameter) = input else {
                continue;
            };
            let line = parameter.span().start().line;
            match without_references(&parameter.ty) {
                Type::Tuple(tuple) if !tuple.elems.is_empty() => {
                    self.report(
                        OffenceKind::TupleParameter,
                        line,
                        signature.ident.to_string(),
                    );
                }
                Type::Path(path) if path.path.is_ident("bool") => {
                    self.report(
                        OffenceKind::BoolParameter,
                        line,
                        signature.ident.to_string(),
                    );
                }
                _ => {}
            }
        }
    }

    fn add_free_function(&mut self, function: &syn::ItemFn) {
        let name = function.sig.ident.to_string();
        let line = function.sig.ident.span().start().line;
        if name == "main" {
            return;
        }
        if !name.contains('_') {
            self.report(OffenceKind::OneWordFunction, line, name.as_str());
        }
        self.facts.free_functions.push(NamedItem { name, line });
    }
}

impl<'ast> Visit<'ast> for FactVisitor<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = item_attributes(item);
        self.check_doc(attributes, item.span().start().line);
        match item {
            Item::Struct(item) => self.add_type(&item.vis, attributes, &item.ident),
            Item::Enum(item) => self.add_type(&item.vis, attributes, &item.ident),
            Item::Trait(item) => self.add_type(&item.vis, attributes, &item.ident),
            Item::Type(item) => self.add_type(&item.vis, attributes, &item.ident),
            Item::Const(item) => self.check_public(&item.vis, attributes, &item.ident),
            Item::Static(item) => self.check_public(&item.vis, attributes, &item.ident),
            Item::Fn(item) => {
                self.check_public(&item.vis, attributes, &item.sig.ident);
                self.add_free_function(item);
                self.measure_function(attributes, &item.sig, &item.block);
            }
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        let bools = item
            .fields
            .iter()
            .filter(|field| is_bool(&field.ty))
            .count();
        if bools > MOST_BOOLS {
            let text = format!("`{}` has {bools} bool fields", item.ident);
            self.report(
                OffenceKind::BunchOfBools,
                item.ident.span().start().line,
                text,
            );
        }
        visit::visit_item_struct(self, item);
    }

    fn visit_impl_item_fn(&mut self, method: &'ast syn::ImplItemFn) {
        self.check_doc(&method.attrs, method.sig.ident.span().start().line);
        self.check_public(&method.vis, &method.attrs, &method.sig.ident);
        self.measure_function(&method.attrs, &method.sig, &method.block);
        visit::visit_impl_item_fn(self, method);
    }

    fn visit_trait_item_fn(&mut self, method: &'ast syn::TraitItemFn) {
        self.check_doc(&method.attrs, method.sig.ident.span().start().line);
        self.check_parameters(&method.sig);
        visit::visit_trait_item_fn(self, method);
    }

    fn visit_field(&mut self, field: &'ast Field) {
        self.check_doc(&field.attrs, field.span().start().line);
        if let Some(ident) = &field.ident {
            self.check_public(&field.vis, &field.attrs, ident);
        }
        visit::visit_field(self, field);
    }

    fn visit_variant(&mut self, variant: &'ast Variant) {
        self.check_doc(&variant.attrs, variant.span().start().line);
        visit::visit_variant(self, variant);
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        self.report(OffenceKind::Closure, closure.span().start().line, "");
        visit::visit_expr_closure(self, closure);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let line = call.method.span().start().line;
        if call.method == "clone" && call.args.is_empty() {
            self.report(OffenceKind::Clone, line, "");
        } else if call.method == "unwrap" && call.args.is_empty() {
            self.report(OffenceKind::Unwrap, line, "");
        }
        visit::visit_expr_method_call(self, call);
    }

    /// Looks into macros whose arguments are expressions, such as `format!` and `vec!`.
    fn visit_macro(&mut self, call: &'ast Macro) {
        let arguments = call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        for argument in arguments.iter().flatten() {
            // The visitor borrows the tree for its whole life, and this one lives for this call alone.
            let mut inner = FactVisitor {
                path: self.path,
                facts: FileFacts::default(),
            };
            inner.visit_expr(argument);
            self.facts.offences.append(&mut inner.facts.offences);
        }
    }
}

/// Checks for the type `bool`.
fn is_bool(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("bool"))
}

/// Returns the type behind any number of references.
fn without_references(ty: &Type) -> &Type {
    match ty {
        Type::Reference(reference) => without_references(&reference.elem),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<OffenceKind> {
        let file = SourceFile::parse("src/a.rs", text).expect("parses");
        let facts = measure_file(&file);
        facts
            .offences
            .into_iter()
            .map(|offence| offence.kind)
            .collect()
    }

    #[test]
    fn parameters_are_measured_behind_references() {
        let tuple = "fn take_pair(pair: &(u8, u8)) {}";
        assert_eq!(kinds(tuple), [OffenceKind::TupleParameter]);
        assert_eq!(
            kinds("fn take_flag(flag: bool) {}"),
            [OffenceKind::BoolParameter]
        );
        assert_eq!(kinds("fn take_unit(unit: ()) {}"), []);
    }

    #[test]
    fn closures_and_clones_are_counted_in_macros_too() {
        let text = "fn print_it() { format!(\"{}\", a.map(|x| x.clone())); }";
        assert_eq!(kinds(text), [OffenceKind::Closure, OffenceKind::Clone]);
    }

    #[test]
    fn the_voice_of_comments_is_measured() {
        assert_eq!(
            kinds("/// What it is.\nstruct A;"),
            [OffenceKind::RelativeDoc]
        );
        assert_eq!(
            kinds("/// The pods.\nfn list_pods() {}"),
            [OffenceKind::NoVerbDoc]
        );
        assert_eq!(kinds("/// Lists the pods.\nfn list_pods() {}"), []);
        assert_eq!(kinds("pub fn list_pods() {}"), [OffenceKind::Undocumented]);
    }

    #[test]
    fn one_word_is_no_name_for_a_function() {
        assert_eq!(kinds("fn found() {}"), [OffenceKind::OneWordFunction]);
        assert_eq!(kinds("struct A; impl A { fn found(&self) {} }"), []);
    }
}
