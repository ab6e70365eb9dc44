//! What can be wrong with a configuration, in words that let a person mend it.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::location::Location;
use crate::phrases::distance;
use kontrast_runlog::human::printable;

/// As many faults are named; the others are counted.
pub(crate) const LISTED: usize = 20;

/// What is wrong with a configuration. Its text is all that a user needs to see.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{}: cannot be read: {source}{}", printable(path.display()), wanted(path, wanted_at.as_deref()))]
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

fn wanted(path: &Path, at: Option<&Location>) -> String {
    if at.is_some() {
        return named(at);
    }
    match nearest(path) {
        Some(file) => format!("; did you mean {}?", printable(file.display())),
        None => "; check the path".to_owned(),
    }
}

/// The TOML file beside one that is not there whose name is nearest to it, where one is near.
fn nearest(path: &Path) -> Option<PathBuf> {
    if path.exists() {
        return None;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let wanted = path.file_stem()?.to_str()?.to_lowercase();
    let files = std::fs::read_dir(folder).ok()?.flatten().map(|entry| PathBuf::from(entry.file_name()));
    let steps =
        files.filter(|file| file.extension().is_some_and(|ending| ending == "toml")).filter_map(|file| {
            let steps = distance(&wanted, &file.file_stem()?.to_str()?.to_lowercase());
            Some((steps, path.with_file_name(file)))
        });
    steps.min().filter(|(steps, _)| *steps <= wanted.len().div_ceil(3).min(3)).map(|(_, file)| file)
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
