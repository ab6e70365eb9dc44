//! From where to where a grid of patches is read.

use tch::Tensor;

/// The direction in which patches are predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Rows above predict rows below.
    Down,
    /// Rows below predict rows above.
    Up,
    /// Columns on the left predict columns on the right.
    Right,
    /// Columns on the right predict columns on the left.
    Left,
}

impl Direction {
    /// All of them, in the order in which a method takes 1, 2 or 4.
    pub const ALL: [Self; 4] = [Self::Down, Self::Up, Self::Right, Self::Left];

    /// Its name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Up => "up",
            Self::Right => "right",
            Self::Left => "left",
        }
    }

    /// The grid flipped and transposed so that this direction leads down.
    ///
    /// # Shapes
    /// - `grid`: rows and columns are the dimensions `rows` and `rows + 1`
    pub fn turned(self, grid: &Tensor, rows: i64) -> Tensor {
        match self {
            Self::Down => grid.shallow_clone(),
            Self::Up => grid.flip([rows]),
            Self::Right => grid.transpose(rows, rows + 1),
            Self::Left => grid.transpose(rows, rows + 1).flip([rows]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_is_where_a_direction_begins() {
        // Rows 0 1 2 and 3 4 5.
        let grid = Tensor::arange(6, (tch::Kind::Int64, tch::Device::Cpu)).view([1, 2, 3]);
        let rows = |direction: Direction| -> Vec<Vec<i64>> {
            let turned = direction.turned(&grid, 1).squeeze();
            (0..turned.size()[0]).map(|row| Vec::try_from(turned.get(row).contiguous()).unwrap()).collect()
        };
        assert_eq!(rows(Direction::Down), [[0, 1, 2], [3, 4, 5]]);
        assert_eq!(rows(Direction::Up), [[3, 4, 5], [0, 1, 2]]);
        assert_eq!(rows(Direction::Right), [[0, 3], [1, 4], [2, 5]]);
        assert_eq!(rows(Direction::Left), [[2, 5], [1, 4], [0, 3]]);
    }
}
