//! What can be wrong with a configuration, in words that let a person mend it.

use std::fmt;
use std::path::PathBuf;

use crate::location::Location;
use kontrast_runlog::human::printable;

/// As many faults are named; the others are counted.
pub(crate) const LISTED: usize = 20;

/// What is wrong with a configuration. Its text is all that a user needs to see.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{}: cannot be read: {source}{}", printable(path.display()), wanted(wanted_at.as_deref()))]
    Read {
        /// The file.
        path: PathBuf,
        /// Where another file asks for it.
        wanted_at: Option<Box<Location>>,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is no text that could be a configuration.
    #[error("{}: {message}{}", printable(path.display()), named(wanted_at.as_deref()))]
    File {
        /// The file.
        path: PathBuf,
        /// Where another file asks for it.
        wanted_at: Option<Box<Location>>,
        /// What was expected, what was found, what to do.
        message: String,
    },
    /// Files extend each other in a circle.
    #[error("{at}: `extends` goes in a circle: {}; remove one of them", arrows(chain))]
    Cycle {
        /// Where the circle closes.
        at: Box<Location>,
        /// The files, beginning with the one that was asked for.
        chain: Vec<PathBuf>,
    },
    /// An argument of `--set` is not `key.path=value`.
    #[error("--set {}: {message}", printable(argument))]
    Argument {
        /// The argument.
        argument: String,
        /// What was expected.
        message: String,
    },
    /// The experiment of one cell of an ablation is wrong; `--set` stands for what the cell sets.
    #[error("{}: the experiment of cell {cell} is wrong:\n{source}", printable(path.display()))]
    Cell {
        /// The ablation's file.
        path: PathBuf,
        /// The cell's name.
        cell: String,
        /// What is wrong with its experiment.
        source: Box<ConfigError>,
    },
    /// A file of another kind: an ablation where an experiment is asked for, or the reverse.
    #[error("{}: {advice}", printable(path.display()))]
    Kind {
        /// The file.
        path: PathBuf,
        /// Which kind it is, and its command.
        advice: String,
    },
    /// Keys or values that the configuration cannot have; never empty.
    #[error("{}", lines(.0))]
    Faults(Vec<Fault>),
}

/// One thing that is wrong: where, which key, what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// File, line and column, or the argument of `--set`.
    pub place: Option<Location>,
    /// The key as one would write it for `--set`; empty where the text is no TOML.
    pub key: String,
    /// What was found, what was expected, what to do.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}", printable(&self.key))?;
            // A problem with a value goes on with the value: `train.batch = 1: expected ...`.
            let joint = if self.message.starts_with([' ', ':']) { "" } else { ": " };
            f.write_str(joint)?;
        }
        f.write_str(&printable(&self.message))
    }
}

fn wanted(at: Option<&Location>) -> String {
    at.map_or_else(|| "; check the path".to_owned(), |_| named(at))
}

fn named(at: Option<&Location>) -> String {
    at.map(|place| format!("; it is named by `extends` at {place}, relative to that file"))
        .unwrap_or_default()
}

fn arrows(chain: &[PathBuf]) -> String {
    chain.iter().map(|path| printable(path.display())).collect::<Vec<_>>().join(" -> ")
}

fn lines(faults: &[Fault]) -> String {
    let mut lines: Vec<_> = faults.iter().take(LISTED).map(Fault::to_string).collect();
    if let further @ 1.. = faults.len().saturating_sub(LISTED) {
        lines.push(format!("and {further} more"));
    }
    lines.join("\n")
}
