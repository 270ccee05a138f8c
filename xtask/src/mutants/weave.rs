//! Writes mutants into a source file, each behind a gate that the environment opens when the tests run.
//!
//! All mutants are then compiled at once (“mutant schemata”): `a == b` becomes
//! `(if GATE(7) { a != b } else { a == b })`.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::{Context as _, Result};
use syn::spanned::Spanned as _;
use syn::visit::Visit;
use syn::{Arm, Expr, ExprBinary, ExprLet, ExprStruct, ExprUnary, FieldValue, Pat};

use super::sample::{Mutant, MutantGenre, TextPosition};

/// Name of the gate function that is added to every crate with mutants.
pub(super) const GATE: &str = "crate::mutant_gate::is_open";

/// A mutant with its number in the run.
pub(super) type NumberedMutant<'a> = (usize, &'a Mutant);

/// A source file with mutants in it.
pub(super) struct WovenFile {
    pub(super) text: String,
    /// Bytes of `text` that each mutant added.
    pub(super) ranges: Vec<WovenRange>,
    /// Mutants that have no form behind a gate.
    pub(super) left_out: Vec<usize>,
}

/// Bytes of a woven file that belong to one mutant.
pub(super) struct WovenRange {
    pub(super) mutant: usize,
    pub(super) bytes: Range<usize>,
}

/// One change of the text: where, and what stands there if the mutant's gate is open.
struct WovenEdit {
    mutant: usize,
    /// Bytes of the original text that are evaluated only while the gate is closed.
    original: Range<usize>,
    form: EditForm,
}

/// Forms of an edit.
enum EditForm {
    /// `(if GATE { mutated } else { original })`.
    Choice { mutated: String },
    /// The text, with `GATE` for the gate, before an empty range.
    Insertion { text: String },
}

/// Writes mutants into the text of their file.
pub(super) fn weave_file(text: &str, mutants: &[NumberedMutant<'_>]) -> Result<WovenFile> {
    let syntax = syn::parse_file(text)?;
    let mut finder = SiteFinder {
        text,
        wanted: Vec::new(),
        edits: BTreeMap::new(),
    };
    for (number, mutant) in mutants {
        let offset = byte_offset(text, mutant.span.start)
            .with_context(|| format!("{} is outside its file", mutant.name))?;
        if mutant.genre == MutantGenre::FnValue {
            let text = format!("if GATE {{ return {}; }} ", mutant.replacement);
            finder.insert(*number, offset, text);
        } else {
            finder.wanted.push(WantedSite {
                number: *number,
                offset,
                mutant,
            });
        }
    }
    finder.visit_file(&syntax);
    let left_out = mutants
        .iter()
        .map(|(number, _)| *number)
        .filter(|number| !finder.edits.contains_key(number))
        .collect();
    let mut edits: Vec<WovenEdit> = finder.edits.into_values().collect();
    edits.sort_by_key(|edit| (edit.original.start, std::cmp::Reverse(edit.original.end)));
    let mut weaver = Weaver {
        text,
        out: String::with_capacity(text.len() * 2),
        ranges: Vec::new(),
    };
    weaver.write_range(0..text.len(), &edits);
    Ok(WovenFile {
        text: weaver.out,
        ranges: weaver.ranges,
        left_out,
    })
}

/// Returns the byte offset of a position.
fn byte_offset(text: &str, position: TextPosition) -> Option<usize> {
    let mut line_start = 0;
    for _ in 1..position.line {
        line_start += text[line_start..].find('\n')? + 1;
    }
    let line = &text[line_start..];
    let column = line.char_indices().nth(position.column.checked_sub(1)?)?;
    Some(line_start + column.0)
}

/// A mutant whose expression is looked for.
struct WantedSite<'a> {
    number: usize,
    offset: usize,
    mutant: &'a Mutant,
}

/// Finds the expressions of mutants.
struct SiteFinder<'a> {
    text: &'a str,
    wanted: Vec<WantedSite<'a>>,
    edits: BTreeMap<usize, WovenEdit>,
}

impl SiteFinder<'_> {
    /// Returns number and replacement of the mutants of one genre at an offset.
    fn wanted_at(&self, offset: usize, genre: MutantGenre) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for site in &self.wanted {
            if site.offset == offset && site.mutant.genre == genre {
                found.push((site.number, site.mutant.replacement.clone()));
            }
        }
        found
    }

    fn slice(&self, range: Range<usize>) -> &str {
        &self.text[range]
    }

    fn insert(&mut self, mutant: usize, offset: usize, text: String) {
        let edit = WovenEdit {
            mutant,
            original: offset..offset,
            form: EditForm::Insertion { text },
        };
        self.edits.insert(mutant, edit);
    }

    fn choose(&mut self, mutant: usize, original: Range<usize>, mutated: String) {
        let edit = WovenEdit {
            mutant,
            original,
            form: EditForm::Choice { mutated },
        };
        self.edits.insert(mutant, edit);
    }
}

impl<'ast> Visit<'ast> for SiteFinder<'_> {
    fn visit_expr_binary(&mut self, binary: &'ast ExprBinary) {
        let operator = binary.op.span().byte_range();
        let whole = binary.span().byte_range();
        for (number, replacement) in self.wanted_at(operator.start, MutantGenre::BinaryOperator) {
            if !contains_let(&binary.left) && !contains_let(&binary.right) {
                let mutated = format!(
                    "{}{replacement}{}",
                    self.slice(whole.start..operator.start),
                    self.slice(operator.end..whole.end)
                );
                self.choose(number, whole.clone(), mutated);
            }
        }
        syn::visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast ExprUnary) {
        let whole = unary.span().byte_range();
        for (number, _) in self.wanted_at(whole.start, MutantGenre::UnaryOperator) {
            let mutated = self.slice(unary.expr.span().byte_range()).to_owned();
            self.choose(number, whole.clone(), mutated);
        }
        syn::visit::visit_expr_unary(self, unary);
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        let start = arm.pat.span().byte_range().start;
        match &arm.pat {
            Pat::Guard(guarded) if !contains_let(&guarded.guard) => {
                let guard = guarded.guard.span().byte_range();
                for (number, replacement) in self.wanted_at(guard.start, MutantGenre::MatchArmGuard)
                {
                    self.choose(number, guard.clone(), replacement);
                }
                for (number, _) in self.wanted_at(start, MutantGenre::MatchArm) {
                    self.choose(number, guard.clone(), "false".to_owned());
                }
            }
            Pat::Guard(_) => {}
            pattern => {
                let end = pattern.span().byte_range().end;
                for (number, _) in self.wanted_at(start, MutantGenre::MatchArm) {
                    self.insert(number, end, " if !GATE ".to_owned());
                }
            }
        }
        syn::visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, expression: &'ast ExprStruct) {
        if let Some(base) = &expression.rest {
            let base = self.slice(base.span().byte_range()).to_owned();
            for field in &expression.fields {
                self.leave_to_base(field, &base);
            }
        }
        syn::visit::visit_expr_struct(self, expression);
    }
}

impl SiteFinder<'_> {
    /// Takes a field's value from the base of its struct expression.
    fn leave_to_base(&mut self, field: &FieldValue, base: &str) {
        let start = field.span().byte_range().start;
        for (number, _) in self.wanted_at(start, MutantGenre::StructField) {
            if field.colon_token.is_none() {
                continue;
            }
            let member = self.slice(field.member.span().byte_range());
            let mutated = if base.ends_with("default()") {
                "Default::default()".to_owned()
            } else {
                format!("({base}).{member}")
            };
            self.choose(number, field.expr.span().byte_range(), mutated);
        }
    }
}

/// Checks for `let` in a condition: it cannot stand in parentheses.
fn contains_let(expression: &Expr) -> bool {
    struct LetFinder(bool);
    impl<'ast> Visit<'ast> for LetFinder {
        fn visit_expr_let(&mut self, _: &'ast ExprLet) {
            self.0 = true;
        }
        fn visit_expr_block(&mut self, _: &'ast syn::ExprBlock) {}
        fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}
        fn visit_expr_if(&mut self, _: &'ast syn::ExprIf) {}
        fn visit_expr_match(&mut self, _: &'ast syn::ExprMatch) {}
    }
    let mut finder = LetFinder(false);
    finder.visit_expr(expression);
    finder.0
}

/// Writes the text with its edits.
struct Weaver<'a> {
    text: &'a str,
    out: String,
    ranges: Vec<WovenRange>,
}

impl Weaver<'_> {
    /// Writes a range with the edits in it, which are sorted: outer ones before those within.
    fn write_range(&mut self, range: Range<usize>, edits: &[WovenEdit]) {
        let mut position = range.start;
        let mut rest = edits;
        while let Some((edit, later)) = rest.split_first() {
            let within = later
                .iter()
                .take_while(|inner| inner.original.start < edit.original.end)
                .count();
            self.out.push_str(&self.text[position..edit.original.start]);
            self.write_edit(edit, &later[..within]);
            position = edit.original.end;
            rest = &later[within..];
        }
        self.out.push_str(&self.text[position..range.end]);
    }

    fn write_edit(&mut self, edit: &WovenEdit, within: &[WovenEdit]) {
        let start = self.out.len();
        let gate = format!("{GATE}({})", edit.mutant);
        match &edit.form {
            EditForm::Insertion { text } => self.out.push_str(&text.replace("GATE", &gate)),
            EditForm::Choice { mutated } => {
                self.out
                    .push_str(&format!("(if {gate} {{ {mutated} }} else {{ "));
            }
        }
        self.ranges.push(WovenRange {
            mutant: edit.mutant,
            bytes: start..self.out.len(),
        });
        self.write_range(edit.original.clone(), within);
        if matches!(edit.form, EditForm::Choice { .. }) {
            self.out.push_str(" })");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::TextSpan;
    use super::*;

    fn mutant(genre: MutantGenre, column: usize, replacement: &str) -> Mutant {
        Mutant {
            name: "made".to_owned(),
            file: "src/lib.rs".to_owned(),
            package: "made".to_owned(),
            genre,
            span: TextSpan {
                start: TextPosition { line: 1, column },
            },
            replacement: replacement.to_owned(),
        }
    }

    /// Weaves mutants, numbered from 0, with a short name for the gate.
    fn woven(text: &str, mutants: &[Mutant]) -> String {
        let numbered: Vec<NumberedMutant<'_>> = mutants.iter().enumerate().collect();
        let file = weave_file(text, &numbered).unwrap();
        assert_eq!(file.left_out, Vec::<usize>::new());
        file.text.replace(GATE, "on")
    }

    #[test]
    fn a_function_returns_the_fixed_value_while_the_gate_is_open() {
        let mutants = [mutant(MutantGenre::FnValue, 18, "true")];
        assert_eq!(
            woven("fn f() -> bool { false }", &mutants),
            "fn f() -> bool { if on(0) { return true; } false }"
        );
    }

    #[test]
    fn an_operator_chooses_between_two_forms_of_its_expression() {
        let mutants = [mutant(MutantGenre::BinaryOperator, 41, "!=")];
        assert_eq!(
            woven("fn f(a: u8, b: u8) -> bool { drop(a); a == b }", &mutants),
            "fn f(a: u8, b: u8) -> bool { drop(a); a == b }"
                .replace("a == b", "(if on(0) { a != b } else { a == b })")
        );
    }

    #[test]
    fn mutants_of_one_expression_stand_within_one_another() {
        let mutants = [
            mutant(MutantGenre::BinaryOperator, 27, "||"),
            mutant(MutantGenre::UnaryOperator, 30, ""),
        ];
        assert_eq!(
            woven("fn f(a: bool) -> bool { a && !a }", &mutants),
            "fn f(a: bool) -> bool { (if on(0) { a || !a } else { a && (if on(1) { a } else { !a }) }) }"
        );
    }

    #[test]
    fn an_arm_is_deleted_by_a_guard() {
        let mutants = [mutant(MutantGenre::MatchArm, 33, "")];
        assert_eq!(
            woven(
                "fn f(a: u8) -> bool { match a { 1 => true, _ => false } }",
                &mutants
            ),
            "fn f(a: u8) -> bool { match a { 1 if !on(0)  => true, _ => false } }"
        );
    }

    #[test]
    fn a_condition_with_let_has_no_form_behind_a_gate() {
        let text = "fn f(a: Option<u8>, b: bool) { if let Some(_) = a && b {} }";
        let column = text.find("&&").unwrap() + 1;
        let mutants = [mutant(MutantGenre::BinaryOperator, column, "||")];
        let numbered: Vec<NumberedMutant<'_>> = mutants.iter().enumerate().collect();
        assert_eq!(weave_file(text, &numbered).unwrap().left_out, [0]);
    }
}
