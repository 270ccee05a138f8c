//! Rewrites a parsed expression where the evaluator of `cel` 0.13 differs from cel-go.
//!
//! - `a.?b` and `a.b` become index operations: the evaluator fails on a missing key in the first, and yields `false`
//!   instead of an error or an optional in the second when `a` is no map.
//! - `has(a.?b.c)` asks the optional.
//! - `optMap` and `optFlatMap` are macros that the parser does not have.
//! - Messages (`Name{…}`) and unfinished expressions would panic and are refused.

use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, ListExpr, LiteralValue,
    MapEntryExpr, MapExpr, SelectExpr, operators,
};

/// A rewritten expression and what was seen on the way.
pub(super) struct MendedExpression {
    pub(super) tree: IdedExpr,
    /// The deepest nesting of loops.
    pub(super) loops: i32,
    /// The names of all variables.
    pub(super) variables: Vec<String>,
}

/// Rewrites an expression; the error is a phrase.
pub(super) fn mend_expression(tree: IdedExpr) -> Result<MendedExpression, String> {
    let mut mender = Mender {
        depth: 0,
        loops: 0,
        variables: Vec::new(),
    };
    let tree = mender.mend(tree)?;
    Ok(MendedExpression {
        tree,
        loops: mender.loops,
        variables: mender.variables,
    })
}

struct Mender {
    depth: i32,
    loops: i32,
    variables: Vec<String>,
}

impl Mender {
    fn mend(&mut self, expression: IdedExpr) -> Result<IdedExpr, String> {
        let IdedExpr { id, expr } = expression;
        let expr = match expr {
            Expr::Unspecified => return Err("an unfinished expression".to_owned()),
            Expr::Struct(message) => {
                return Err(format!(
                    "messages such as `{}` are not known here",
                    message.type_name
                ));
            }
            Expr::Literal(literal) => Expr::Literal(literal),
            Expr::Ident(name) => {
                self.variables.push(name.clone());
                Expr::Ident(name)
            }
            Expr::Select(select) => self.mend_select(select)?,
            Expr::Call(call) => self.mend_call(call)?,
            Expr::List(list) => Expr::List(ListExpr {
                elements: self.mend_all(list.elements)?,
                optional_indices: list.optional_indices,
            }),
            Expr::Map(map) => self.mend_map(map)?,
            Expr::Comprehension(comprehension) => self.mend_comprehension(*comprehension)?,
        };
        Ok(IdedExpr { id, expr })
    }

    fn mend_all(&mut self, expressions: Vec<IdedExpr>) -> Result<Vec<IdedExpr>, String> {
        expressions
            .into_iter()
            .map(|expression| self.mend(expression))
            .collect()
    }

    fn mend_select(&mut self, select: SelectExpr) -> Result<Expr, String> {
        let optional = is_optional(&select.operand);
        let operand = self.mend(*select.operand)?;
        if select.test && !optional {
            return Ok(Expr::Select(SelectExpr {
                operand: Box::new(operand),
                field: select.field,
                test: true,
            }));
        }
        let name = if optional {
            operators::OPT_INDEX
        } else {
            operators::INDEX
        };
        let indexed = call(name, None, vec![operand, string(&select.field)]);
        if select.test {
            Ok(call("hasValue", Some(indexed), Vec::new()).expr)
        } else {
            Ok(indexed.expr)
        }
    }

    fn mend_call(&mut self, original: CallExpr) -> Result<Expr, String> {
        let CallExpr {
            func_name,
            target,
            args,
        } = original;
        if func_name == operators::OPT_SELECT {
            let args = self.mend_all(args)?;
            return Ok(call(operators::OPT_INDEX, None, args).expr);
        }
        match (func_name.as_str(), target, args.len()) {
            ("optMap" | "optFlatMap", Some(target), 2) => {
                self.mend_opt_map(&func_name, *target, args)
            }
            (_, target, _) => {
                let target = target
                    .map(|target| self.mend(*target))
                    .transpose()?
                    .map(Box::new);
                Ok(Expr::Call(CallExpr {
                    func_name,
                    target,
                    args: self.mend_all(args)?,
                }))
            }
        }
    }

    /// `optional.optMap(name, body)`: the body of the value, if there is one.
    fn mend_opt_map(
        &mut self,
        function: &str,
        target: IdedExpr,
        args: Vec<IdedExpr>,
    ) -> Result<Expr, String> {
        let [name, body] =
            <[IdedExpr; 2]>::try_from(args).map_err(|_| "`optMap` takes two arguments")?;
        let name = variable_name(&name)?;
        let target = self.mend(target)?;
        let body = self.mend(body)?;
        let value = call("value", Some(target.clone()), Vec::new());
        let bound = ided(bind(name, value, body));
        let optional = || ided(Expr::Ident("optional".to_owned()));
        let present = if function == "optMap" {
            call("of", Some(optional()), vec![bound])
        } else {
            bound
        };
        let absent = call("none", Some(optional()), Vec::new());
        Ok(call(
            operators::CONDITIONAL,
            None,
            vec![call("hasValue", Some(target), Vec::new()), present, absent],
        )
        .expr)
    }

    fn mend_map(&mut self, map: MapExpr) -> Result<Expr, String> {
        let mut entries = Vec::with_capacity(map.entries.len());
        for entry in map.entries {
            let EntryExpr::MapEntry(pair) = entry.expr else {
                return Err("messages are not known here".to_owned());
            };
            let pair = MapEntryExpr {
                key: self.mend(pair.key)?,
                value: self.mend(pair.value)?,
                optional: pair.optional,
            };
            entries.push(IdedEntryExpr {
                id: entry.id,
                expr: EntryExpr::MapEntry(pair),
            });
        }
        Ok(Expr::Map(MapExpr { entries }))
    }

    fn mend_comprehension(&mut self, original: ComprehensionExpr) -> Result<Expr, String> {
        let iter_range = self.mend(original.iter_range)?;
        let accu_init = self.mend(original.accu_init)?;
        self.depth += 1;
        self.loops = self.loops.max(self.depth);
        let loop_cond = self.mend(original.loop_cond)?;
        let loop_step = self.mend(original.loop_step)?;
        self.depth -= 1;
        let result = self.mend(original.result)?;
        Ok(Expr::Comprehension(Box::new(ComprehensionExpr {
            iter_range,
            accu_init,
            loop_cond,
            loop_step,
            result,
            iter_var: original.iter_var,
            iter_var2: original.iter_var2,
            accu_var: original.accu_var,
        })))
    }
}

fn ided(expr: Expr) -> IdedExpr {
    IdedExpr { id: 0, expr }
}

fn string(text: &str) -> IdedExpr {
    ided(Expr::Literal(LiteralValue::String(text.into())))
}

fn call(name: &str, target: Option<IdedExpr>, args: Vec<IdedExpr>) -> IdedExpr {
    ided(Expr::Call(CallExpr {
        func_name: name.to_owned(),
        target: target.map(Box::new),
        args,
    }))
}

/// Makes a loop over nothing that starts with a value under a name and ends with the body.
fn bind(name: String, value: IdedExpr, body: IdedExpr) -> Expr {
    Expr::Comprehension(Box::new(ComprehensionExpr {
        iter_range: ided(Expr::List(ListExpr {
            elements: Vec::new(),
            optional_indices: Vec::new(),
        })),
        iter_var: "#unused".to_owned(),
        iter_var2: None,
        accu_init: value,
        loop_cond: ided(Expr::Literal(LiteralValue::Boolean(false.into()))),
        loop_step: ided(Expr::Ident(name.clone())),
        accu_var: name,
        result: body,
    }))
}

fn variable_name(expression: &IdedExpr) -> Result<String, String> {
    match &expression.expr {
        Expr::Ident(name) => Ok(name.clone()),
        _ => Err("a name of a variable expected".to_owned()),
    }
}

/// Tells whether an expression selects from an optional: `a.?b` or anything selected from it.
fn is_optional(expression: &IdedExpr) -> bool {
    match &expression.expr {
        Expr::Call(call)
            if call.func_name == operators::OPT_SELECT
                || call.func_name == operators::OPT_INDEX =>
        {
            true
        }
        Expr::Call(call) if call.func_name == operators::INDEX => {
            call.args.first().is_some_and(is_optional)
        }
        Expr::Select(select) => !select.test && is_optional(&select.operand),
        _ => false,
    }
}
