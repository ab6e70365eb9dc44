//! The size of a view: one number for a square, or height and width.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::problems::Problems;

/// The fewest pixels on a side that a view may have.
pub(crate) const LEAST_PIXELS: usize = 8;

/// Pixels of a side, at most: beyond them is a slip.
pub(super) const MOST_PIXELS: usize = 8192;

/// Height and width of a view in pixels. A file writes `32` for 32 by 32, and `[24, 32]` for 24 rows of 32 pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewSize {
    /// Rows.
    pub height: usize,
    /// Pixels of a row.
    pub width: usize,
}

impl ViewSize {
    /// Pixels of the shorter side.
    pub fn shorter(self) -> usize {
        self.height.min(self.width)
    }

    /// Pixels of the longer side.
    pub fn longer(self) -> usize {
        self.height.max(self.width)
    }

    /// Whether both sides are alike.
    pub fn is_square(self) -> bool {
        self.height == self.width
    }

    /// Width and height, the order of the renderers.
    pub fn width_and_height(self) -> (usize, usize) {
        (self.width, self.height)
    }

    pub(super) fn check(self, key: &str, problems: &mut Problems) {
        let inside = [self.height, self.width].iter().all(|side| (LEAST_PIXELS..=MOST_PIXELS).contains(side));
        problems.require(inside, key, &format_args!("{self}"), "at least 8 pixels, at most 8192");
    }

    /// The shorter side in words, as a bound of something in the view.
    pub(super) fn shorter_in_words(self) -> String {
        self.in_words(self.shorter(), "shorter")
    }

    /// The longer side in words, as a bound of something in the view.
    pub(super) fn longer_in_words(self) -> String {
        self.in_words(self.longer(), "longer")
    }

    fn in_words(self, side: usize, which: &str) -> String {
        if self.is_square() {
            format!("the view's size = {side}")
        } else {
            format!("the {which} side of the view's size, {side}")
        }
    }
}

impl From<usize> for ViewSize {
    fn from(side: usize) -> Self {
        Self { height: side, width: side }
    }
}

/// As a file writes it.
impl fmt::Display for ViewSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_square() {
            write!(f, "{}", self.height)
        } else {
            write!(f, "[{}, {}]", self.height, self.width)
        }
    }
}

impl Serialize for ViewSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A square has one spelling, and the digest that it had before there were others.
        if self.is_square() {
            self.height.serialize(serializer)
        } else {
            [self.height, self.width].serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for ViewSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Pixels)
    }
}

struct Pixels;

impl<'de> Visitor<'de> for Pixels {
    type Value = ViewSize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of pixels, or [height, width]")
    }

    fn visit_u64<E: Error>(self, side: u64) -> Result<ViewSize, E> {
        let wrong = || E::invalid_value(serde::de::Unexpected::Unsigned(side), &self);
        usize::try_from(side).map(ViewSize::from).map_err(|_| wrong())
    }

    fn visit_i64<E: Error>(self, side: i64) -> Result<ViewSize, E> {
        let wrong = || E::invalid_value(serde::de::Unexpected::Signed(side), &self);
        usize::try_from(side).map(ViewSize::from).map_err(|_| wrong())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ViewSize, A::Error> {
        let mut sides = Vec::new();
        while let Some(side) = list.next_element()? {
            sides.push(side);
        }
        let [height, width] = sides[..] else { return Err(A::Error::invalid_length(sides.len(), &self)) };
        Ok(ViewSize { height, width })
    }
}

#[cfg(test)]
mod tests {
    use super::ViewSize;
    use serde::{Deserialize, Serialize};

    #[derive(Deserialize, Serialize)]
    struct File {
        size: ViewSize,
    }

    fn read(text: &str) -> Result<ViewSize, String> {
        toml::from_str(&format!("size = {text}"))
            .map(|file: File| file.size)
            .map_err(|error| error.message().into())
    }

    #[test]
    fn a_size_is_one_number_or_height_and_width() {
        assert_eq!(read("32"), Ok(32.into()));
        assert_eq!(read("[24, 32]"), Ok(ViewSize { height: 24, width: 32 }));
        for wrong in ["[]", "[24]", "[24, 32, 3]", "\"32\"", "-1", "[24, -1]", "32.0"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(read("[24]").unwrap_err().contains("expected a whole number of pixels, or [height, width]"));
    }

    #[test]
    fn a_square_is_written_as_one_number() {
        let written = |text: &str| toml::to_string(&File { size: read(text).unwrap() }).unwrap();
        assert_eq!(written("[32, 32]"), "size = 32\n");
        assert_eq!(written("[24, 32]"), "size = [24, 32]\n");
        assert_eq!(read("[24, 32]").unwrap().to_string(), "[24, 32]");
    }
}
