//! What a person is told: a line a fact.

use std::io::IsTerminal;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// Every fact.
    Facts,
    /// Only what is done, and what cannot be done.
    Changes,
}

impl Say {
    /// Something is done, or was found to be otherwise than it might.
    pub fn fact(self, what: &str, words: impl AsRef<str>) {
        eprintln!("{what:<10} {}", words.as_ref());
    }

    /// Something was found to be as it should.
    pub fn detail(self, what: &str, words: impl AsRef<str>) {
        if self == Self::Facts {
            self.fact(what, words);
        }
    }

    /// Whether a bar can move.
    pub fn is_live(self) -> bool {
        std::io::stderr().is_terminal()
    }
}
