//! Names of files and keys as a terminal can show them.

use std::fmt::Display;

/// The text with its control characters written out, `\u{1b}` or `\n`, and those that turn the direction of writing: a
/// name may hold anything, and a message stays one line that says what it seems to.
pub(crate) fn printable(text: impl Display) -> String {
    let text = text.to_string();
    if !text.contains(is_hidden) {
        return text;
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_what_a_terminal_would_obey_is_written_out() {
        assert_eq!(printable("a.toml"), "a.toml");
        assert_eq!(printable("caf\u{e9} \u{4e2d}"), "caf\u{e9} \u{4e2d}");
        assert_eq!(printable("\u{1b}[31mred"), "\\u{1b}[31mred");
        assert_eq!(printable("a\nb\tc\r\0"), "a\\nb\\tc\\r\\u{0}");
        assert_eq!(printable("\u{9b}2J\u{7f}"), "\\u{9b}2J\\u{7f}");
        assert_eq!(printable("gnp\u{202e}.toml"), "gnp\\u{202e}.toml");
    }
}
