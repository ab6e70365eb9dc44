//! Sources of a configuration (files and `--set` arguments) and places in them.
//!
//! Each source is parsed behind as many spaces as bytes came before it. So a span in the merged table
//! says by itself which source it comes from.

use std::path::{Component, Path, PathBuf};

use toml::Spanned;
use toml::de::DeTable;

use crate::error::{ConfigError, Fault};
use crate::location::Location;
use crate::overrides::as_toml;
use crate::text::{NoText, read_text};

/// All sources of one configuration: a file, the files it extends, then the arguments.
pub(crate) struct Sources {
    list: Vec<SourceText>,
    end: usize,
}

struct SourceText {
    label: Label,
    padded: String,
    start: usize,
    /// Where its lines begin.
    lines: Vec<usize>,
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
            let refuse = |why| {
                let (path, wanted_at) = (tidy(&path), wanted_at.clone().map(Box::new));
                match why {
                    NoText::Unreadable(source) => ConfigError::Read { path, wanted_at, source },
                    NoText::Wrong(message) => ConfigError::File { path, wanted_at, message },
                }
            };
            let real = path.canonicalize().map_err(|source| refuse(NoText::Unreadable(source)))?;
            let text = read_text(&real).map_err(refuse)?;
            let circle = seen.iter().any(|(earlier, _)| *earlier == real);
            seen.push((real, tidy(&path)));
            if let (true, Some(at)) = (circle, wanted_at) {
                let chain = seen.into_iter().map(|(_, path)| path).collect();
                return Err(ConfigError::Cycle { at: Box::new(at), chain });
            }
            sources.push(Label::File(tidy(&path)), &text);
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
    pub(crate) fn place(&self, offset: usize) -> Option<Location> {
        let source = self.list.iter().find(|s| (s.start..=s.padded.len()).contains(&offset))?;
        Some(match &source.label {
            Label::Argument(argument) => Location::Argument(argument.clone()),
            Label::File(path) => {
                let line = source.lines.partition_point(|start| *start <= offset);
                let start = source.lines[line - 1];
                let column =
                    String::from_utf8_lossy(&source.padded.as_bytes()[start..offset]).chars().count() + 1;
                Location::File { path: path.clone(), line, column }
            }
        })
    }

    fn push(&mut self, label: Label, text: &str) {
        let start = self.end;
        let padded = " ".repeat(start) + text;
        self.end = padded.len() + 1;
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(start).chain(ends.map(|(at, _)| start + at + 1)).collect();
        self.list.push(SourceText { label, padded, start, lines });
    }

    fn parse<'s>(&self, source: &'s SourceText) -> Result<DeTable<'s>, ConfigError> {
        DeTable::parse(&source.padded).map(Spanned::into_inner).map_err(|error| {
            let message = format!("this is not TOML: {}", error.message());
            match (error.span(), &source.label) {
                (Some(span), _) => {
                    let (place, key) = (self.place(span.start), String::new());
                    ConfigError::Faults(vec![Fault { place, key, message }])
                }
                (None, Label::File(path)) => {
                    ConfigError::File { path: path.clone(), wanted_at: None, message: message + TOO_DEEP }
                }
                (None, Label::Argument(argument)) => {
                    ConfigError::Argument { argument: argument.clone(), message: message + TOO_DEEP }
                }
            }
        })
    }

    /// The file that the source read last extends, and where it says so.
    fn extends(&self, path: &Path) -> Result<Option<(PathBuf, Option<Location>)>, ConfigError> {
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

/// All that the parser refuses without a place, which is the recursion limit.
const TOO_DEEP: &str = "; a key has more parts joined by dots than any setting has";

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
