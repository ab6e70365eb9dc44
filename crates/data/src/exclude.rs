//! `data.exclude`: images of a folder that are left out, by patterns of their paths.

use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use crate::error::DataError;

/// `*` and `?` stay inside a name; case counts.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Patterns of paths below a folder, and how many images each leaves out.
#[derive(Debug, Default)]
pub(crate) struct Exclude {
    root: PathBuf,
    patterns: Vec<Counted>,
}

#[derive(Debug)]
struct Counted {
    text: String,
    pattern: Pattern,
    images: usize,
}

impl Exclude {
    /// # Errors
    /// Where one of them is no pattern.
    pub(crate) fn new(root: &Path, patterns: &[String]) -> Result<Self, DataError> {
        let counted = |text: &String| {
            let reason = |error: glob::PatternError| DataError::Layout {
                folder: root.to_owned(),
                reason: format!("data.exclude has {text:?}, which is no pattern: {}", error.msg),
            };
            let pattern = Pattern::new(text.trim_end_matches('/')).map_err(reason)?;
            Ok(Counted { text: text.clone(), pattern, images: 0 })
        };
        let patterns = patterns.iter().map(counted).collect::<Result<_, _>>()?;
        Ok(Self { root: root.to_owned(), patterns })
    }

    /// Whether an image is left out; the first pattern that says so counts it.
    pub(crate) fn leaves_out(&mut self, path: &Path) -> bool {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        let found = self.patterns.iter_mut().find(|counted| counted.matches(below));
        if let Some(counted) = found {
            counted.images += 1;
            return true;
        }
        false
    }

    /// Images that are left out.
    pub(crate) fn images(&self) -> usize {
        self.patterns.iter().map(|counted| counted.images).sum()
    }

    /// A sentence for each pattern.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> {
        self.patterns.iter().map(|Counted { text, images, .. }| {
            let place = self.root.display();
            match images {
                0 => format!("{place}: the pattern {text:?} of data.exclude leaves out no image"),
                1 => format!("{place}: 1 image is left out by the pattern {text:?} of data.exclude"),
                many => {
                    format!("{place}: {many} images are left out by the pattern {text:?} of data.exclude")
                }
            }
        })
    }
}

impl Counted {
    /// A pattern with `/` is of the path of the image or of a folder that it lies in, another of one name in it.
    fn matches(&self, below: &Path) -> bool {
        if self.text.trim_end_matches('/').contains('/') {
            let mut above = below.ancestors().filter(|path| !path.as_os_str().is_empty());
            return above.any(|path| self.pattern.matches_path_with(path, OPTIONS));
        }
        below.iter().any(|name| self.pattern.matches_with(&name.to_string_lossy(), OPTIONS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_a_pattern_is_of_a_path_or_of_one_name_in_it() {
        let cases = [
            ("**/thumbs/**", "thumbs/a.jpg", true),
            ("**/thumbs/**", "train/cat/thumbs/deep/a.jpg", true),
            ("**/thumbs/**", "train/thumbs.jpg", false),
            ("*.gif", "train/cat/a.gif", true),
            ("*.gif", "train/cat/a.GIF", false),
            ("thumbs", "train/thumbs/a.jpg", true),
            ("thumbs/", "train/thumbs/a.jpg", true),
            ("train/cat", "train/cat/a.jpg", true),
            ("train/*", "train/cat/a.jpg", true),
            ("cat/*.jpg", "train/cat/a.jpg", false),
            ("*/cat/*.jpg", "train/cat/a.jpg", true),
            ("a?.jpg", "x/ab.jpg", true),
            ("[0-4]*.png", "7.png", false),
        ];
        for (pattern, path, expected) in cases {
            let mut exclude = Exclude::new(Path::new("/root"), &[pattern.to_owned()]).unwrap();
            assert_eq!(exclude.leaves_out(&Path::new("/root").join(path)), expected, "{pattern} of {path}");
            assert_eq!(exclude.images(), usize::from(expected));
        }
    }
}
