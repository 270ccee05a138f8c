//! The day, for what is told of ends. Nothing that is compiled depends on it.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Days, NaiveDate};

/// The number of days before its end from which on an exception is told.
pub(super) const DAYS_BEFORE_AN_END: u64 = 30;

/// Returns the day in UTC, `YYYY-MM-DD`.
#[expect(
    clippy::disallowed_methods,
    reason = "what is told of ends depends on the day, and nothing that is written"
)]
pub(super) fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    write_day(i64::try_from(seconds).unwrap_or_default())
}

/// Returns the day that comes a number of days after another one; the day itself where it is none.
pub(super) fn add_days(day: &str, days: u64) -> String {
    let parsed = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok();
    let later = parsed.and_then(|day| day.checked_add_days(Days::new(days)));
    later.map_or_else(|| day.to_owned(), |day| day.format("%Y-%m-%d").to_string())
}

/// Writes the day of a number of seconds after 1970-01-01.
fn write_day(seconds: i64) -> String {
    let moment = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    moment.format("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::{add_days, write_day};

    #[test]
    fn thirty_days_pass_the_end_of_a_year() {
        assert_eq!(add_days("2026-12-15", 30), "2027-01-14");
        assert_eq!(add_days("no day", 30), "no day");
    }

    #[test]
    fn a_day_has_four_digits_of_the_year() {
        assert_eq!(write_day(0), "1970-01-01");
        assert_eq!(write_day(1_795_305_599), "2026-11-21");
        assert_eq!(write_day(1_795_305_600), "2026-11-22");
    }
}
