//! Objects checked a second on one thread: `cargo bench -p apiserver-schema`.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use apiserver_schema::{Definitions, SchemaSet, SchemaVersion};
use serde_json::Value;

#[expect(clippy::disallowed_methods, reason = "files of the benchmark")]
fn read_documents(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/truth")
        .join(name);
    let text = std::fs::read_to_string(path).expect("a file of the tests");
    let documents =
        manifest_yaml::read_documents(&text, &manifest_yaml::ReadLimits::MANIFEST).expect("YAML");
    documents
        .iter()
        .map(|document| document.to_value().expect("a value"))
        .collect()
}

fn main() -> std::io::Result<()> {
    let built_in = read_documents("bases.yaml");
    let custom = read_documents("crds.yaml");
    let started = Instant::now();
    let mut schemas = SchemaSet::for_version(SchemaVersion::NEWEST);
    schemas.extend(Definitions::import_all(&custom));
    for object in &built_in {
        schemas.check(object);
    }
    writeln!(
        std::io::stdout(),
        "first check of {} kinds: {:?}",
        built_in.len(),
        started.elapsed()
    )?;
    measure("built-in kinds", &schemas, &built_in)?;
    let deployments: Vec<Value> = built_in
        .iter()
        .filter(|object| object["kind"] == "Deployment")
        .cloned()
        .collect();
    measure("one large Deployment", &schemas, &deployments)?;
    let widgets: Vec<Value> = custom
        .iter()
        .filter(|object| object["kind"] == "Widget")
        .cloned()
        .collect();
    measure("a custom resource with 40 CEL rules", &schemas, &widgets)
}

fn measure(name: &str, schemas: &SchemaSet, objects: &[Value]) -> std::io::Result<()> {
    const SECONDS: f64 = 1.0;
    let started = Instant::now();
    let mut checked = 0_u32;
    while started.elapsed().as_secs_f64() < SECONDS {
        for object in objects {
            std::hint::black_box(schemas.check(object));
            checked += 1;
        }
    }
    let rate = f64::from(checked) / started.elapsed().as_secs_f64();
    writeln!(std::io::stdout(), "{name}: {rate:.0} objects a second")
}
