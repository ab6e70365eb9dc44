//! What is printed. Who stops reading, as `| head` does, does not stop a training: a line that nobody takes is lost.

use kontrast_runlog::human::printable;
use std::fmt::Display;
use std::io::Write;

/// A result, to standard output.
pub(crate) fn out(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{}", shown(&line.to_string()));
}

/// Progress, a warning or an error, to standard error.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{}", shown(&line.to_string()));
}

/// A name of a file or a class may hold what a terminal obeys: that is written out. Lines stay lines.
fn shown(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(printable).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn field_what_a_terminal_would_obey_is_written_out() {
        for (text, expected) in [
            ("a\u{1b}[2Jb.png", "a\\u{1b}[2Jb.png"),
            ("cat\rdog", "cat\\rdog"),
            ("bell\u{7}, \u{202e}gnp.exe", "bell\\u{7}, \\u{202e}gnp.exe"),
            ("| top-1 % |\n| ------- |\n", "| top-1 % |\n| ------- |\n"),
            ("caf\u{e9}, 3 × 4", "caf\u{e9}, 3 × 4"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }
}
