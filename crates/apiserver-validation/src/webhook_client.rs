//! Checks the client configuration of webhooks (`k8s.io/apiserver/pkg/util/webhook/validation.go`).

use crate::field::Field;
use crate::report::{Report, shorten};
use crate::rules;
use crate::seen::Seen;
use crate::text::TextForm;

/// Checks the server of a webhook: a URL or a Service.
pub(crate) fn check_client(client: &Field, report: &mut Report) {
    let (url, service) = (client.get("url"), client.get("service"));
    match (url.exists(), service.exists()) {
        (true, false) => check_url(&url, report),
        (false, true) => check_service(&service, report),
        _ => report.required(client, "expected one of `url` and `service`"),
    }
}

/// Checks the address of a server (`ValidateWebhookURL`).
fn check_url(url: &Field, report: &mut Report) {
    let text = url.text();
    let fault = match text.split_once("://") {
        None => Some("no scheme and host"),
        Some((scheme, _)) if scheme != "https" => Some("another scheme than `https`"),
        Some((_, rest)) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let (host, path) = rest.split_at(end);
            match () {
                () if host.is_empty() => Some("no host"),
                () if host.contains('@') => Some("a user"),
                () if path.contains('#') && !path.ends_with('#') => Some("a fragment"),
                () if path
                    .split('#')
                    .next()
                    .is_some_and(|p| p.contains('?') && !p.ends_with('?')) =>
                {
                    Some("a query")
                }
                () => None,
            }
        }
    };
    if let Some(fault) = fault {
        let message = format!(
            "`{}` has {fault}: expected `https://host/path`",
            shorten(text)
        );
        report.invalid(url, &rules::WEBHOOK_CLIENT, message);
    }
}

/// Checks a Service that serves a webhook (`ValidateWebhookService`). The API server confuses name and namespace when one of
/// them is missing; Kubernetes' paths are kept.
fn check_service(service: &Field, report: &mut Report) {
    report.present(&service.get_as("name", "namespace"));
    report.present(&service.get_as("namespace", "name"));
    let port = service.get("port");
    report.port_number(&port);
    let path = service.get("path");
    let text = path.text();
    if text.is_empty() || text == "/" {
        return;
    }
    let inner = text
        .strip_prefix('/')
        .map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    let fits = inner.is_some_and(|inner| {
        inner
            .split('/')
            .all(|part| TextForm::DnsSubdomain.accepts(part))
    });
    if !fits {
        let message = format!(
            "`{}`: expected `/` in front and parts that are DNS names",
            shorten(text)
        );
        report.invalid(&path, &rules::WEBHOOK_CLIENT, message);
    }
}

/// Checks the versions of requests that a server understands (`validateAdmissionReviewVersions`,
/// `validateConversionReviewVersions`).
pub(crate) fn check_review_versions(versions: &Field, report: &mut Report) {
    if !report.present(versions) {
        return;
    }
    let mut seen = Seen::new();
    for version in versions.items() {
        if !seen.insert(version.text()) {
            let message = format!("`{}` is listed twice", shorten(version.text()));
            report.invalid(&version, &rules::WEBHOOK_CLIENT, message);
            continue;
        }
        report.form(&version, &rules::NAME_SYNTAX, TextForm::Dns1035Label);
    }
    if !seen.contains("v1") && !seen.contains("v1beta1") {
        report.invalid(
            versions,
            &rules::WEBHOOK_CLIENT,
            "no version that API servers send: expected `v1` among them",
        );
    }
}
