//! Schedules of CronJobs, as `github.com/robfig/cron/v3` `ParseStandard` reads them.
//!
//! No published crate reads exactly this dialect (`?` everywhere, `5/15`, names in any case, `@every`), and a
//! dialect that is nearly the same would accept or refuse the wrong schedules.

/// The bounds and names of one of the five fields.
struct CronField {
    name: &'static str,
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

const FIELDS: [CronField; 5] = [
    CronField {
        name: "minute",
        least: 0,
        most: 59,
        names: &[],
    },
    CronField {
        name: "hour",
        least: 0,
        most: 23,
        names: &[],
    },
    CronField {
        name: "day of the month",
        least: 1,
        most: 31,
        names: &[],
    },
    CronField {
        name: "month",
        least: 1,
        most: 12,
        names: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    CronField {
        name: "day of the week",
        least: 0,
        most: 6,
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

/// Checks a schedule; the error says what is wrong with it.
pub(crate) fn check_schedule(schedule: &str) -> Result<(), String> {
    if let Some(descriptor) = schedule.strip_prefix('@') {
        return check_descriptor(descriptor);
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(format!(
            "`{schedule}` has {} fields: expected 5, minute hour day month weekday",
            fields.len()
        ));
    }
    for (text, field) in fields.iter().zip(&FIELDS) {
        for part in text.split(',').filter(|part| !part.is_empty()) {
            check_part(part, field)?;
        }
    }
    Ok(())
}

fn check_descriptor(descriptor: &str) -> Result<(), String> {
    match descriptor {
        "yearly" | "annually" | "monthly" | "weekly" | "daily" | "midnight" | "hourly" => Ok(()),
        _ => match descriptor.strip_prefix("every ") {
            Some(duration) if is_duration(duration) => Ok(()),
            Some(duration) => Err(format!(
                "`{duration}` after `@every` is no duration: expected one like `1h30m`"
            )),
            None => Err(format!(
                "`@{descriptor}` is unknown: expected `@yearly`, `@monthly`, `@weekly`, `@daily`, `@hourly` or `@every`"
            )),
        },
    }
}

fn check_part(part: &str, field: &CronField) -> Result<(), String> {
    let name = field.name;
    let (range, step) = match part.split_once('/') {
        Some((_, step)) if step.contains('/') => {
            return Err(format!("`{part}` in the {name} has more than one `/`"));
        }
        Some((range, step)) => (range, Some(step)),
        None => (part, None),
    };
    let (start, end) = parse_range(range, step, field)?;
    if let Some(step) = step
        && parse_number(step, field)? == 0
    {
        return Err(format!(
            "the step of `{part}` in the {name} is 0: expected 1 or more"
        ));
    }
    if start < field.least || end > field.most {
        return Err(format!(
            "`{part}` is out of range for the {name}: expected {} to {}",
            field.least, field.most
        ));
    }
    if start > end {
        return Err(format!("`{part}` in the {name} ends before it begins"));
    }
    Ok(())
}

/// Returns the first and the last value of a range.
fn parse_range(range: &str, step: Option<&str>, field: &CronField) -> Result<(u32, u32), String> {
    let (low, high) = match range.split_once('-') {
        Some((low, high)) => (low, Some(high)),
        None => (range, None),
    };
    if low == "*" || low == "?" {
        return Ok((field.least, field.most));
    }
    let start = parse_value(low, field)?;
    match high {
        Some(high) if high.contains('-') => Err(format!(
            "`{range}` in the {} has more than one `-`",
            field.name
        )),
        Some(high) => Ok((start, parse_value(high, field)?)),
        None => Ok((start, if step.is_some() { field.most } else { start })),
    }
}

fn parse_value(text: &str, field: &CronField) -> Result<u32, String> {
    match field
        .names
        .iter()
        .position(|name| text.eq_ignore_ascii_case(name))
    {
        Some(place) => Ok(u32::try_from(place).unwrap_or(u32::MAX) + field.least),
        None => parse_number(text, field),
    }
}

fn parse_number(text: &str, field: &CronField) -> Result<u32, String> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("`{text}` is no value for the {}", field.name));
    }
    Ok(digits.parse().unwrap_or(u32::MAX))
}

/// Tells that Go's `time.ParseDuration` reads the text.
fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let unit_end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let is_number =
            number.bytes().any(|b| b.is_ascii_digit()) && number.matches('.').count() <= 1;
        if !is_number || !matches!(unit, "ns" | "us" | "µs" | "μs" | "ms" | "s" | "m" | "h") {
            return false;
        }
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::check_schedule;

    #[test]
    fn schedules_in_use_are_accepted() {
        for text in [
            "*/5 * * * *",
            "0 3 * * SUN",
            "0 0 1 jan-MAR ?",
            "5/15 * * * *",
            "0,30 8-18 * * 1-5",
            "@daily",
            "@every 1h30m",
            "1-10/3 * * * *",
            "0 0 31 2 *",
            "  0   0 * * *  ",
            "*-7 * * * *",
            ",1 * * * *",
        ] {
            assert_eq!(check_schedule(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn schedules_out_of_bounds_are_refused() {
        for text in [
            "61 3 * * *",
            "* * * *",
            "* * * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 7",
            "*/0 * * * *",
            "5-1 * * * *",
            "1-2-3 * * * *",
            "1/2/3 * * * *",
            "a * * * *",
            "@fortnightly",
            "@every x",
            "-1 * * * *",
            "* * * mon *",
        ] {
            assert!(check_schedule(text).is_err(), "{text}");
        }
    }
}
