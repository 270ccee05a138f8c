//! Days, as the input language writes them.

/// Checks that a text is a day of the calendar, `YYYY-MM-DD`.
pub fn is_calendar_day(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    match (
        parse_digits(year, 4),
        parse_digits(month, 2),
        parse_digits(day, 2),
    ) {
        (Some(year), Some(month), Some(day)) => (1..=days_of_month(year, month)).contains(&day),
        _ => false,
    }
}

/// Parses exactly `count` digits.
fn parse_digits(text: &str, count: usize) -> Option<u16> {
    let is_number = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// Returns the number of days of a month of the Gregorian calendar; none where there is no such month.
fn days_of_month(year: u16, month: u16) -> u16 {
    let is_leap_year =
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap_year => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::is_calendar_day;

    #[test]
    fn days_of_the_calendar_pass() {
        for text in [
            "2026-01-31",
            "2024-02-29",
            "2000-02-29",
            "2026-04-30",
            "2026-12-01",
        ] {
            assert!(is_calendar_day(text), "{text}");
        }
    }

    #[test]
    fn days_that_no_month_has_are_refused() {
        for text in [
            "2026-02-31",
            "2026-02-29",
            "1900-02-29",
            "2026-04-31",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "2026-1-1",
            "26-01-01",
            "2026-01-01-01",
            "2026-01",
            "",
            "2026-0\u{661}-01",
            "+026-01-01",
        ] {
            assert!(!is_calendar_day(text), "{text}");
        }
    }
}
