//! CustomResourceDefinitions and APIServices
//! (`k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go`,
//! `k8s.io/kube-aggregator/pkg/apis/apiregistration/validation/validation.go`). The schemas of definitions are the
//! matter of `structural_schemas`.

use crate::field::Field;
use crate::report::{Report, list_names, shorten};
use crate::rules;
use crate::seen::Seen;
use crate::structural_schemas::check_root_schema;
use crate::text::TextForm;
use crate::violation::Cause;
use crate::webhook_client::{check_client, check_review_versions};

const APPROVAL: &str = "api-approved.kubernetes.io";
const COLUMN_TYPES: [&str; 5] = ["integer", "number", "string", "boolean", "date"];
const COLUMN_FORMATS: [&str; 10] = [
    "int32",
    "int64",
    "float",
    "double",
    "byte",
    "date",
    "date-time",
    "password",
    "",
    "binary",
];

/// Checks a CustomResourceDefinition (`ValidateCustomResourceDefinition`).
pub(crate) fn check_definition(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    let group = spec.get("group");
    if report.required_form(&group, &rules::NAME_SYNTAX, TextForm::DnsSubdomain)
        && !group.text().contains('.')
    {
        let message = format!(
            "`{}` is no domain: expected at least one dot",
            shorten(group.text())
        );
        report.invalid(&group, &rules::NAME_SYNTAX, message);
    }
    let scope = spec.get("scope");
    if report.present(&scope) {
        report.exactly_one_of(&scope, &["Cluster", "Namespaced"]);
    }
    check_names(&spec.get("names"), report);
    check_full_name(object, &spec, report);
    check_versions(&spec, report);
    check_conversion(&spec, report);
    check_approval(object, group.text(), report);
    let preserve = spec.get("preserveUnknownFields");
    if preserve.is_true() {
        let message = "`true`: expected `x-kubernetes-preserve-unknown-fields` in the schema";
        report.invalid(&preserve, &rules::DEFINITION, message);
    }
}

/// Requires the name to be made of the plural and the group.
fn check_full_name(object: &Field, spec: &Field, report: &mut Report) {
    let metadata = object.get("metadata");
    let (name, names) = (metadata.get("name"), spec.get("names"));
    let expected = format!(
        "{}.{}",
        names.get("plural").text(),
        spec.get("group").text()
    );
    if !name.is_blank() && name.text() != expected {
        let message = format!(
            "`{}`: expected `{}`, plural and group",
            shorten(name.text()),
            shorten(&expected)
        );
        report.invalid(&name, &rules::NAME_SYNTAX, message);
    }
}

fn check_names(names: &Field, report: &mut Report) {
    report.required_form(
        &names.get("plural"),
        &rules::NAME_SYNTAX,
        TextForm::Dns1035Label,
    );
    report.form_if_set(
        &names.get("singular"),
        &rules::NAME_SYNTAX,
        TextForm::Dns1035Label,
    );
    report.required_form(
        &names.get("kind"),
        &rules::NAME_SYNTAX,
        TextForm::MixedCase1035Label,
    );
    let list = names.get("listKind");
    report.form_if_set(&list, &rules::NAME_SYNTAX, TextForm::MixedCase1035Label);
    if !list.is_blank() && list.text() == names.get("kind").text() {
        report.invalid(
            &list,
            &rules::NAME_SYNTAX,
            format!("`{}` is the kind of the objects too", shorten(list.text())),
        );
    }
    for name in ["shortNames", "categories"] {
        for entry in names.get(name).items() {
            report.form(&entry, &rules::NAME_SYNTAX, TextForm::Dns1035Label);
        }
    }
}

/// Checks versions. Kubernetes names what all versions have in common as if it were no part of them.
fn check_versions(spec: &Field, report: &mut Report) {
    let versions = spec.get("versions");
    let mut names = Seen::new();
    let (mut stored, mut repeated) = (0, false);
    for version in versions.items() {
        let name = version.get("name");
        report.form_of(
            &name,
            name.text(),
            &rules::NAME_SYNTAX,
            TextForm::Dns1035Label,
        );
        repeated |= !names.insert(name.text());
        stored += usize::from(version.get("storage").is_true());
        let schema = version.get("schema");
        let root = schema.get("openAPIV3Schema");
        if !root.exists() {
            report.required(&root, "missing: a schema is required");
        }
        check_deprecation(&version, report);
    }
    if repeated {
        report.invalid(
            &versions,
            &rules::DEFINITION,
            "two versions of one name: expected names to differ",
        );
    }
    if stored != 1 {
        let message =
            format!("{stored} versions are stored: expected `storage: true` in exactly one");
        report.invalid(&versions, &rules::DEFINITION, message);
    }
    let common = |member: &str| {
        let mut values = versions.items().map(|version| version.get(member).value());
        let first = values.next();
        values.all(|value| Some(value) == first)
    };
    let (columns_common, parts_common) =
        (common("additionalPrinterColumns"), common("subresources"));
    let schemas_common = common("schema");
    let hoisted = spec.get_as("versions", "");
    for (version, plain) in hoisted.items().zip(versions.items()) {
        let version = version.unplaced();
        check_columns(if columns_common { &version } else { &plain }, report);
        check_scale(if parts_common { &version } else { &plain }, report);
        let (schema, hoisted) = (plain.get("schema"), version.get_as("schema", "validation"));
        let schema = if schemas_common { hoisted } else { schema };
        check_root_schema(&schema.get("openAPIV3Schema"), report);
    }
}

fn check_deprecation(version: &Field, report: &mut Report) {
    let warning = version.get("deprecationWarning");
    let text = warning.text();
    if !warning.exists() {
        return;
    }
    if !version.get("deprecated").is_true() {
        report.invalid(
            &warning,
            &rules::DEFINITION,
            "a warning without `deprecated: true`",
        );
    }
    if text.is_empty() || text.len() > 256 || text.chars().any(char::is_control) {
        report.invalid(
            &warning,
            &rules::DEFINITION,
            "expected 1 to 256 printable characters",
        );
    }
}

/// Checks the columns of a table (`ValidateCustomResourceColumnDefinition`).
fn check_columns(version: &Field, report: &mut Report) {
    for column in version.get("additionalPrinterColumns").items() {
        report.present(&column.get("name"));
        let (kind, format, path) = (
            column.get("type"),
            column.get("format"),
            column.get_as("jsonPath", "JSONPath"),
        );
        if report.present(&kind) && kind.value().is_string() && !COLUMN_TYPES.contains(&kind.text())
        {
            let message = format!(
                "`{}` is no type of a column: expected {}",
                shorten(kind.text()),
                list_names(&COLUMN_TYPES)
            );
            report.invalid(&kind, &rules::UNSUPPORTED_VALUE, message);
        }
        if !COLUMN_FORMATS.contains(&format.text()) {
            let message = format!("`{}` is no format of a column", shorten(format.text()));
            report.invalid(&format, &rules::UNSUPPORTED_VALUE, message);
        }
        if report.present(&path) && !path.text().starts_with('.') && path.value().is_string() {
            let message = format!("`{}`: expected a dot in front", shorten(path.text()));
            report.invalid(&path, &rules::JSON_PATH, message);
        }
    }
}

/// Checks the paths of replicas (`ValidateCustomResourceDefinitionSubresources`).
fn check_scale(version: &Field, report: &mut Report) {
    let parts = version.get("subresources");
    let scale = parts.get("scale");
    if !scale.exists() {
        return;
    }
    for (member, prefixes) in [
        ("specReplicasPath", &[".spec."][..]),
        ("statusReplicasPath", &[".status."]),
        ("labelSelectorPath", &[".spec.", ".status."]),
    ] {
        let path = scale.get(member);
        if path.is_blank() {
            if member != "labelSelectorPath" {
                report.present(&path);
            }
        } else if path.value().is_string()
            && !prefixes
                .iter()
                .any(|prefix| path.text().starts_with(prefix))
        {
            let message = format!(
                "`{}`: expected a path that begins with {}",
                shorten(path.text()),
                list_names(prefixes)
            );
            report.invalid(&path, &rules::JSON_PATH, message);
        }
    }
}

/// Checks how objects are converted (`validateCustomResourceConversion`).
fn check_conversion(spec: &Field, report: &mut Report) {
    let conversion = spec.get("conversion");
    if !conversion.exists() {
        return;
    }
    let strategy = conversion.get("strategy");
    if report.present(&strategy) {
        report.exactly_one_of(&strategy, &["None", "Webhook"]);
    }
    let webhook = conversion.get_as("webhook", "");
    let client = webhook.get_as("clientConfig", "webhookClientConfig");
    if strategy.text() == "Webhook" {
        if client.exists() {
            check_client(&client, report);
        } else {
            report.required(&client, "missing: `strategy: Webhook` needs a server");
        }
        check_review_versions(&webhook.get("conversionReviewVersions"), report);
    } else if client.exists() {
        let message = "a server without `strategy: Webhook`, which alone uses it";
        report.forbidden(&client, &rules::CONFLICTING_FIELDS, message);
    }
}

/// Requires approval in Kubernetes' own groups (`validateAPIApproval`).
fn check_approval(object: &Field, group: &str, report: &mut Report) {
    let protected = ["k8s.io", "kubernetes.io"].iter().any(|domain| {
        group == *domain
            || group
                .strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with('.'))
    });
    if !protected {
        return;
    }
    let metadata = object.get("metadata");
    let annotations = metadata.get("annotations");
    let approval = annotations.key(APPROVAL);
    let text = approval.text();
    let is_address = text.contains("://") && !text.ends_with("://");
    if approval.is_blank() {
        let message = "missing: groups of Kubernetes need the address of the approval";
        report.required(&approval, message);
    } else if !is_address && !text.starts_with("unapproved") {
        let message = format!("`{}` is no address of an approval", shorten(text));
        report.invalid(&approval, &rules::DEFINITION, message);
    }
}

/// Checks an APIService (`ValidateAPIService`).
pub(crate) fn check_api_service(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    let (group, version) = (spec.get("group"), spec.get("version"));
    let metadata = object.get("metadata");
    let name = metadata.get("name");
    let expected = format!("{}.{}", version.text(), group.text());
    if !name.is_blank() && name.text() != expected {
        let message = format!(
            "`{}`: expected `{}`, version and group",
            shorten(name.text()),
            shorten(&expected)
        );
        report.invalid(&name, &rules::NAME_SYNTAX, message);
    }
    if group.is_blank() && version.text() != "v1" {
        report.required(&group, "missing: only `v1` has no group");
    }
    report.form_if_set(&group, &rules::NAME_SYNTAX, TextForm::DnsSubdomain);
    report.form_of(
        &version,
        version.text(),
        &rules::NAME_SYNTAX,
        TextForm::Dns1035Label,
    );
    for (member, most) in [("groupPriorityMinimum", 20_000), ("versionPriority", 1000)] {
        let priority = spec.get(member);
        if priority.exists() {
            report.in_range(&priority, 1, most);
        } else {
            report.invalid(
                &priority,
                &rules::NUMBER_RANGE,
                format!("missing: expected 1 to {most}"),
            );
        }
    }
    check_api_server(&spec, report);
}

fn check_api_server(spec: &Field, report: &mut Report) {
    let (service, bundle, insecure) = (
        spec.get("service"),
        spec.get("caBundle"),
        spec.get("insecureSkipTLSVerify"),
    );
    if service.exists() {
        report.present(&service.get("namespace"));
        report.present(&service.get("name"));
        report.port_number(&service.get("port"));
        if insecure.is_true() && !bundle.is_blank() {
            report.invalid(
                &insecure,
                &rules::CONFLICTING_FIELDS,
                "`true` beside `caBundle`: expected one",
            );
        }
        return;
    }
    if !bundle.is_blank() {
        report.add(
            &bundle,
            Cause::Invalid,
            &rules::CONFLICTING_FIELDS,
            "certificates without a `service`".to_owned(),
        );
    }
    if insecure.is_true() {
        report.invalid(
            &insecure,
            &rules::CONFLICTING_FIELDS,
            "`true` without a `service`",
        );
    }
}
