//! A line of `doctor`: one thing, and what is thought of it.

use std::fmt;

/// What is thought of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// As it should be.
    Ok,
    /// Worth knowing; nothing fails for it.
    Note,
    /// Something fails for want of it.
    Missing,
}

/// One line.
#[derive(Debug)]
pub struct Finding {
    /// What is thought of it.
    pub status: Status,
    what: &'static str,
    words: String,
}

impl Finding {
    /// A line about one thing.
    pub fn new(status: Status, what: &'static str, words: impl Into<String>) -> Self {
        Self { status, what, words: words.into() }
    }

    /// A line about what an error says is missing: its text begins with that.
    pub fn missing(what: &'static str, error: &anyhow::Error) -> Self {
        let words = error.to_string();
        let words = words.split_once(": ").map_or(words.clone(), |(_, rest)| rest.to_owned());
        Self::new(Status::Missing, what, words)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match self.status {
            Status::Ok => "ok",
            Status::Note => "note",
            Status::Missing => "MISSING",
        };
        write!(f, "{status:<8} {:<14} {}", self.what, self.words)
    }
}
