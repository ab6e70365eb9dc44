//! Sources of a configuration (files and `--set` arguments) and places in them.
//!
//! Each source is parsed behind as many spaces as bytes came before it. So a span in the merged table
//! says by itself which source it comes from.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use toml::Spanned;
use toml::de::DeTable;

use crate::error::{ConfigError, Fault};
use crate::overrides::as_toml;

/// Where something stands: what a person needs to find it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file; line and column count from 1.
    File {
        /// The file.
        path: PathBuf,
        /// Its line.
        line: usize,
        /// The character in that line.
        column: usize,
    },
    /// In an argument of `--set`.
    Argument(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Argument(argument) => write!(f, "--set {argument}"),
        }
    }
}

/// All sources of one configuration: a file, the files it extends, then the arguments.
pub(crate) struct Sources {
    list: Vec<Source>,
    end: usize,
}

struct Source {
    label: Label,
    padded: String,
    start: usize,
}

enum Label {
    File(PathBuf),
    Argument(String),
}

impl Sources {
    /// Reads a file and all that it extends, then the arguments.
    pub(crate) fn collect(path: &Path, overrides: &[String]) -> Result<Self, ConfigError> {
        let mut sources = Self { list: Vec::new(), end: 0 };
        let mut seen: Vec<(PathBuf, PathBuf)> = Vec::new();
        let mut next = Some((path.to_owned(), None));
        while let Some((path, wanted_at)) = next {
            let unreadable = |source| ConfigError::Read {
                path: tidy(&path),
                wanted_at: wanted_at.clone().map(Box::new),
                source,
            };
            let real = path.canonicalize().map_err(unreadable)?;
            let text = std::fs::read_to_string(&real).map_err(unreadable)?;
            let circle = seen.iter().any(|(earlier, _)| *earlier == real);
            seen.push((real, tidy(&path)));
            if let (true, Some(at)) = (circle, wanted_at) {
                let chain = seen.into_iter().map(|(_, path)| path).collect();
                return Err(ConfigError::Cycle { at: Box::new(at), chain });
            }
            sources.push(Label::File(tidy(&path)), text.trim_start_matches('\u{feff}'));
            next = sources.extends(&path)?;
        }
        sources.list.reverse();
        sources.add(overrides)?;
        Ok(sources)
    }

    /// A text that comes with the program, under the path of the file it was made from, then the arguments.
    pub(crate) fn of_text(path: &Path, text: &str, overrides: &[String]) -> Result<Self, ConfigError> {
        let mut sources = Self { list: Vec::new(), end: 0 };
        sources.push(Label::File(path.to_owned()), text);
        sources.add(overrides)?;
        Ok(sources)
    }

    fn add(&mut self, overrides: &[String]) -> Result<(), ConfigError> {
        for argument in overrides {
            self.push(Label::Argument(argument.clone()), &as_toml(argument)?);
        }
        Ok(())
    }

    /// Every source as a table, the ones that give way first; `extends` has done its work.
    pub(crate) fn tables(&self) -> impl Iterator<Item = Result<DeTable<'_>, ConfigError>> {
        self.list.iter().map(|source| {
            let mut table = self.parse(source)?;
            if let Label::File(_) = source.label {
                table.remove("extends");
            }
            Ok(table)
        })
    }

    /// The place of a byte of the padded texts.
    pub(crate) fn place(&self, offset: usize) -> Option<Place> {
        let source = self.list.iter().find(|s| (s.start..=s.padded.len()).contains(&offset))?;
        Some(match &source.label {
            Label::Argument(argument) => Place::Argument(argument.clone()),
            Label::File(path) => {
                let before = &source.padded.as_bytes()[source.start..offset];
                let before = String::from_utf8_lossy(before);
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                Place::File { path: path.clone(), line, column }
            }
        })
    }

    fn push(&mut self, label: Label, text: &str) {
        let start = self.end;
        let padded = " ".repeat(start) + text;
        self.end = padded.len() + 1;
        self.list.push(Source { label, padded, start });
    }

    fn parse<'s>(&self, source: &'s Source) -> Result<DeTable<'s>, ConfigError> {
        DeTable::parse(&source.padded).map(Spanned::into_inner).map_err(|error| {
            let place = error.span().and_then(|span| self.place(span.start));
            let message = format!("this is not TOML: {}", error.message());
            ConfigError::Faults(vec![Fault { place, key: String::new(), message }])
        })
    }

    /// The file that the source read last extends, and where it says so.
    fn extends(&self, path: &Path) -> Result<Option<(PathBuf, Option<Place>)>, ConfigError> {
        let Some(source) = self.list.last() else { return Ok(None) };
        let table = self.parse(source)?;
        let Some(value) = table.get("extends") else { return Ok(None) };
        let place = self.place(value.span().start);
        let Some(base) = value.get_ref().as_str() else {
            let key = "extends".to_owned();
            let message = "expected the path of one file, relative to this one".to_owned();
            return Err(ConfigError::Faults(vec![Fault { place, key, message }]));
        };
        Ok(Some((path.with_file_name("").join(base), place)))
    }
}

/// The same path without `folder/..`, for people to read.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        let named = matches!(tidied.components().next_back(), Some(Component::Normal(_)));
        if part == Component::ParentDir && named {
            tidied.pop();
        } else {
            tidied.push(part);
        }
    }
    tidied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_without_steps_back() {
        assert_eq!(tidy(Path::new("configs/pretrain/../base/c.toml")), Path::new("configs/base/c.toml"));
        assert_eq!(tidy(Path::new("../x/./y.toml")), Path::new("../x/y.toml"));
    }
}
