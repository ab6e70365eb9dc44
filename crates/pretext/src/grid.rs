//! The tiles of an image in rows and columns.

use std::fmt;
use std::str::FromStr;

/// Rows and columns of tiles; tiles are numbered from 0, row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    rows: u8,
    columns: u8,
}

impl Grid {
    /// The most rows, and the most columns.
    pub const LARGEST: u8 = 8;

    /// A grid of 2 to 64 tiles; none where a side is 0 or above [`Grid::LARGEST`], or there is one tile only.
    pub fn new(rows: u8, columns: u8) -> Option<Self> {
        let side = 1..=Self::LARGEST;
        (side.contains(&rows) && side.contains(&columns) && rows * columns > 1)
            .then_some(Self { rows, columns })
    }

    /// As many rows as columns, from 2.
    pub fn square(side: u8) -> Option<Self> {
        Self::new(side, side)
    }

    /// How many rows there are.
    pub fn rows(self) -> usize {
        self.rows.into()
    }

    /// How many columns there are.
    pub fn columns(self) -> usize {
        self.columns.into()
    }

    /// How many tiles there are.
    pub fn tiles(self) -> usize {
        self.rows() * self.columns()
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.rows, self.columns)
    }
}

impl FromStr for Grid {
    type Err = String;

    /// `3`, or `3x2` for three rows of two.
    fn from_str(text: &str) -> Result<Self, String> {
        let sides = text.split_once('x').unwrap_or((text, text));
        let sides = (sides.0.parse(), sides.1.parse());
        let (Ok(rows), Ok(columns)) = sides else {
            return Err(format!(
                "expected a number such as 3, or rows and columns such as 3x2, found {text}"
            ));
        };
        Self::new(rows, columns).ok_or_else(|| {
            let most = Self::LARGEST;
            format!("expected 1 to {most} rows and columns and two tiles at least, found {rows}x{columns}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_is_read_as_it_is_written() {
        for (text, rows, columns) in [("3", 3, 3), ("3x2", 3, 2), ("1x4", 1, 4)] {
            let grid: Grid = text.parse().unwrap();
            assert_eq!((grid.rows(), grid.columns(), grid.tiles()), (rows, columns, rows * columns));
            assert_eq!(grid.to_string().parse(), Ok(grid));
        }
        for text in ["", "x", "0", "1", "9", "3x", "2x2x2", "-2", "1x1"] {
            assert!(text.parse::<Grid>().is_err(), "{text}");
        }
    }
}
