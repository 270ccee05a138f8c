//! Numbers as kustomize converts and prints them.

use serde_json::Number;

/// Prints a number in kustomize's notation.
pub(crate) fn print_number(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => print_float(float),
        _ => number.to_string(),
    }
}

/// Converts a float to a number; one without a fraction becomes an integer, as in kustomize's output.
pub fn convert_float(float: f64) -> Option<Number> {
    let whole = float.is_finite() && float.fract() == 0.0 && float.abs() < 1e21;
    // The shortest digits that read back, filled up with zeros.
    let shortest = if whole {
        format!("{float}")
    } else {
        String::new()
    };
    if whole && let Ok(int) = shortest.parse::<i64>() {
        return Some(Number::from(int));
    }
    if whole && let Ok(uint) = shortest.parse::<u64>() {
        return Some(Number::from(uint));
    }
    Number::from_f64(float)
}

/// Prints a float in kustomize's notation: without a fraction as an integer, else the shortest digits that read back, with an exponent below
/// 0.0001 and from a million.
pub fn print_float(float: f64) -> String {
    match convert_float(float) {
        Some(number) if !number.is_f64() => number.to_string(),
        Some(_) => print_general_float(float),
        None if float.is_nan() => ".nan".to_owned(),
        None if float > 0.0 => ".inf".to_owned(),
        None => "-.inf".to_owned(),
    }
}

/// Prints the shortest digits that read back, with an exponent below 0.0001 and from a million.
pub fn print_general_float(float: f64) -> String {
    let scientific = format!("{float:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return format!("{float}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::print_float;

    #[test]
    fn floats_are_printed_as_kustomize_prints_them() {
        for (float, text) in [
            (1.0, "1"),
            (1000.0, "1000"),
            (1_234_567.5, "1.2345675e+06"),
            (0.000_01, "1e-05"),
            (1e21, "1e+21"),
            (18_446_744_073_709_551_616.0, "1.8446744073709552e+19"),
            (-0.0, "0"),
            (0.1, "0.1"),
            (123_456.5, "123456.5"),
            (0.0001, "0.0001"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(print_float(float), text);
        }
    }
}
