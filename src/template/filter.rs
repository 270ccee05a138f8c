//! Filters of our own: in place of minijinja's where these are lenient or unbounded, and what sites need beside them.

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Error, ErrorKind, State, Value, filters};

use super::value::{LONGEST_TEXT, json, text};

fn refused(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, why.into())
}

/// Returns the value of a dotted attribute; undefined where a part of the path is missing.
fn attribute(item: &Value, path: &str) -> Result<Value, Error> {
    let mut value = item.clone();
    for name in path.split('.') {
        if value.is_undefined() || value.is_none() {
            return Ok(Value::UNDEFINED);
        }
        let index = name
            .parse::<usize>()
            .ok()
            .filter(|_| value.kind() == ValueKind::Seq);
        value = match index {
            Some(index) => value.get_item_by_index(index)?,
            None => value.get_attr(name)?,
        };
    }
    Ok(value)
}

/// Implements `map(attribute='a.b')`: that attribute of each item; with `default=…` for items that lack it.
#[allow(
    clippy::needless_pass_by_value,
    reason = "minijinja hands the options over by value"
)]
pub(super) fn map(
    items: &Value,
    filter: Option<&Value>,
    options: Kwargs,
) -> Result<Vec<Value>, Error> {
    let path: Option<String> = options.get("attribute")?;
    let (None, Some(path)) = (filter, path) else {
        return Err(refused("`map` takes an attribute: map(attribute='name')"));
    };
    let fallback: Option<Value> = options.get("default")?;
    options.assert_all_used()?;
    let value = |item: Value| {
        let found = attribute(&item, &path)?;
        match (&fallback, found.is_undefined()) {
            (Some(fallback), true) => Ok(fallback.clone()),
            (None, true) => Err(refused(format!("an item has no `{path}`"))),
            (_, false) => Ok(found),
        }
    };
    items.try_iter()?.map(value).collect()
}

/// Implements `keyed('a', 'b.c')`: a map from the attribute `a` of each item to its `b.c`; items that lack `b.c` are left out.
pub(super) fn keyed(items: &Value, key: &str, value: &str) -> Result<Value, Error> {
    let mut map = std::collections::BTreeMap::new();
    for item in items.try_iter()? {
        let found = attribute(&item, value)?;
        if found.is_undefined() || found.is_none() {
            continue;
        }
        let name = attribute(&item, key)?;
        if name.is_undefined() {
            return Err(refused(format!("an item has no `{key}`")));
        }
        let name = text(&name).map_err(|why| refused(format!("`{key}` of an item {why}")))?;
        if map
            .insert(name.clone(), found.clone())
            .is_some_and(|other| other != found)
        {
            return Err(refused(format!("two items have the `{key}` `{name}`")));
        }
    }
    Ok(Value::from_pairs(map))
}

/// Implements `join(', ')`: the items as text, with the given text between them.
pub(super) fn join(items: &Value, between: Option<&str>) -> Result<String, Error> {
    let between = between.unwrap_or_default();
    let mut joined = String::new();
    for (i, item) in items.try_iter()?.enumerate() {
        if i > 0 {
            joined.push_str(between);
        }
        joined.push_str(
            &text(&item).map_err(|why| refused(format!("an item of what is joined {why}")))?,
        );
        if joined.len() > LONGEST_TEXT {
            return Err(refused("the joined text is too long"));
        }
    }
    Ok(joined)
}

/// Implements `replace('a', 'b')`: every occurrence.
pub(super) fn replace(within: &str, from: &str, to: &str) -> Result<String, Error> {
    let times = within.matches(from).count();
    if within.len().saturating_add(times.saturating_mul(to.len())) > LONGEST_TEXT {
        return Err(refused("the text with its replacements is too long"));
    }
    Ok(within.replace(from, to))
}

/// Implements `string`: a scalar as text.
pub(super) fn string(value: &Value) -> Result<String, Error> {
    text(value).map_err(|why| refused(format!("what is made a string {why}")))
}

/// Implements `tojson`: a value as JSON on one line, for text that somebody else reads as JSON.
pub(super) fn tojson(value: &Value) -> Result<String, Error> {
    json(value)
        .map(|json| json.to_string())
        .map_err(|why| refused(format!("what is made JSON {why}")))
}

/// Implements `list`: the items of what can be gone through; not of what is undefined.
pub(super) fn list(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    filters::list(state, value)
}

/// Implements `range(from, to)`: at most ten thousand numbers.
pub(super) fn range(lower: i64, upper: Option<i64>, step: Option<i64>) -> Result<Vec<i64>, Error> {
    const MOST: usize = 10_000;
    let (from, to) = upper.map_or((0, lower), |upper| (lower, upper));
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(refused("`range` does not get anywhere in steps of 0"));
    }
    let reached = |n: i64| if step > 0 { n >= to } else { n <= to };
    let numbers =
        std::iter::successors(Some(from), |n| n.checked_add(step)).take_while(|n| !reached(*n));
    let numbers: Vec<i64> = numbers.take(MOST + 1).collect();
    if numbers.len() > MOST {
        Err(refused("`range` has more than 10000 numbers"))
    } else {
        Ok(numbers)
    }
}
