//! The vocabulary of expressions: minijinja's filters and tests, without those that are lenient, write files' worth of text from a number, or
//! print what must stay hidden.

use std::sync::LazyLock;

use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::filter;

/// Steps that the evaluation of one expression can take.
const FUEL: u64 = 50_000;

/// Filters that take memory without bound, print debug forms, or escape for other languages.
const REMOVED: [&str; 10] = [
    "safe", "escape", "e", "indent", "format", "batch", "slice", "pprint", "groupby", "dictsort",
];

/// The one environment; it has no templates and no loader.
pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(32);
    for name in REMOVED {
        environment.remove_filter(name);
    }
    for name in ["debug", "namespace", "cycler", "joiner", "lipsum"] {
        environment.remove_global(name);
    }
    environment.add_filter("map", filter::map);
    environment.add_filter("keyed", filter::keyed);
    environment.add_filter("join", filter::join);
    environment.add_filter("replace", filter::replace);
    environment.add_filter("string", filter::string);
    environment.add_filter("tojson", filter::tojson);
    environment.add_filter("list", filter::list);
    environment.add_function("range", filter::range);
    environment
});
