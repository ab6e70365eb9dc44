//! What a person is told while set-up is at work: a line a fact.

use kontrast_runlog::human::printable_lines;
use std::fmt::Display;
use std::io::{IsTerminal, Write};

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// Every fact.
    Facts,
    /// Only what is done, and what is otherwise than it might be.
    Changes,
}

impl Say {
    /// Something was found to be as it should.
    pub fn detail(self, what: &str, words: impl AsRef<str>) {
        if self == Self::Facts {
            fact(what, words);
        }
    }
}

/// Something is done, or was found to be otherwise than it might.
pub fn fact(what: &str, words: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr(), "{what:<10} {}", words.as_ref());
}

/// A result. Where nobody reads it any more, as after `| head`, the runs go on.
pub fn out(words: impl Display) {
    let _ = writeln!(std::io::stdout(), "{}", printable_lines(words));
}

/// Progress or an error, to standard error, which may be closed too.
pub fn note(words: impl Display) {
    let _ = writeln!(std::io::stderr(), "{}", printable_lines(words));
}

/// Whether a bar can move.
pub fn is_live() -> bool {
    std::io::stderr().is_terminal()
}
