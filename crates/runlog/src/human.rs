//! Numbers and names as people read them.

use std::fmt::Display;

/// Bytes in decimal units: `1.3 GB`.
pub fn bytes(count: u64) -> String {
    let mut value = count as f64;
    let mut unit = "B";
    for larger in ["kB", "MB", "GB", "TB"] {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = larger;
    }
    if unit == "B" || value >= 99.95 { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

/// A span of time: `4.2 s`, `3 min 07 s`, `2 h 05 min`.
pub fn seconds(span: f64) -> String {
    if !span.is_finite() || span < 0.0 {
        return "unknown".to_owned();
    }
    if span < 59.95 {
        return format!("{span:.1} s");
    }
    let whole = span.round() as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours} h {minutes:02} min") } else { format!("{minutes} min {rest:02} s") }
}

/// A whole number in groups of three: `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Per cent: `61.3 %`, and of what is rare the digits that say something, `0.01 %` or `0.0031 %`.
pub fn percent(value: f64) -> String {
    let digits = match value {
        value if value <= 0.0 || value >= 0.95 || value.is_nan() => 1,
        value if value >= 0.0095 => 2,
        // Two digits that are no zeros.
        value => (1.0 - value.log10().floor()).min(9.0) as usize,
    };
    format!("{value:.digits$} %")
}

/// An error and what lies behind it; many errors name their cause themselves, which is not said twice.
pub fn causes(chain: impl IntoIterator<Item = String>) -> String {
    chain.into_iter().fold(String::new(), |text, cause| {
        let separator = if text.is_empty() { "" } else { ": " };
        if text.contains(&cause) { text } else { text + separator + &cause }
    })
}

/// So many of a thing: `1 epoch`, `1,200 epochs`.
pub fn counted(number: u64, thing: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {thing}{ending}", count(number))
}

/// An argument as a shell would have it.
pub fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

/// A name as a terminal can show it: control characters are written out, `\u{1b}` or `\n`, and so are those that turn the
/// direction of writing. A name of a file may hold anything, and a message stays one line that says what it seems to.
pub fn printable(text: impl Display) -> String {
    let text = text.to_string();
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        if is_hidden(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
        shown
    })
}

/// The same for a text of several lines, which stay lines.
pub fn printable_lines(text: impl Display) -> String {
    let text = text.to_string();
    let lines: Vec<_> = text.split('\n').map(printable).collect();
    lines.join("\n")
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_quoted_where_a_shell_needs_it() {
        assert_eq!(quoted("train.epochs=5"), "train.epochs=5");
        assert_eq!(quoted("a=[1, 2]"), "'a=[1, 2]'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn field_what_a_terminal_would_obey_is_written_out() {
        let shown = [
            "a.png",
            "caf\u{e9} \u{4e2d}",
            "\u{1b}[31mred",
            "a\nb\tc\r\0",
            "\u{9b}2J\u{7f}",
            "gnp\u{202e}.a",
        ];
        let expected = [
            "a.png",
            "caf\u{e9} \u{4e2d}",
            "\\u{1b}[31mred",
            "a\\nb\\tc\\r\\u{0}",
            "\\u{9b}2J\\u{7f}",
            "gnp\\u{202e}.a",
        ];
        assert_eq!(shown.map(printable), expected);
    }

    #[test]
    fn bytes_take_the_unit_that_fits() {
        let shown = [0, 999, 1000, 2_345_678, 999_950_000, 1_300_000_000].map(bytes);
        assert_eq!(shown, ["0 B", "999 B", "1.0 kB", "2.3 MB", "1.0 GB", "1.3 GB"]);
    }

    #[test]
    fn seconds_become_minutes_and_hours() {
        let shown = [4.21, 59.96, 187.2, 7500.0, f64::NAN].map(seconds);
        assert_eq!(shown, ["4.2 s", "1 min 00 s", "3 min 07 s", "2 h 05 min", "unknown"]);
    }

    #[test]
    fn what_is_rare_has_two_digits() {
        let shown = [0.0, 100.0 / 32_000.0, 0.0008, 0.01, 0.949, 0.96, 25.0].map(percent);
        assert_eq!(shown, ["0.0 %", "0.0031 %", "0.00080 %", "0.01 %", "0.95 %", "1.0 %", "25.0 %"]);
        assert_eq!(percent(f64::NAN), "NaN %");
    }

    #[test]
    fn no_cause_is_named_twice() {
        let said = |chain: &[&str]| causes(chain.iter().map(ToString::to_string));
        assert_eq!(
            said(&["libtorch", "no network", "the cable is out"]),
            "libtorch: no network: the cable is out"
        );
        assert_eq!(
            said(&["a.toml: No such file; check the path", "No such file"]),
            "a.toml: No such file; check the path"
        );
    }

    #[test]
    fn one_is_singular() {
        assert_eq!([0, 1, 1200].map(|n| counted(n, "epoch")), ["0 epochs", "1 epoch", "1,200 epochs"]);
    }

    #[test]
    fn counts_are_grouped_by_three() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn field_lines_stay_lines_and_what_a_terminal_would_obey_is_written_out() {
        for (text, expected) in [
            ("a\u{1b}[2Jb.png", "a\\u{1b}[2Jb.png"),
            ("cat\rdog", "cat\\rdog"),
            ("bell\u{7}, \u{202e}gnp.exe", "bell\\u{7}, \\u{202e}gnp.exe"),
            ("| top-1 % |\n| ------- |\n", "| top-1 % |\n| ------- |\n"),
            ("caf\u{e9}, 3 × 4", "caf\u{e9}, 3 × 4"),
        ] {
            assert_eq!(printable_lines(text), expected);
        }
    }
}
