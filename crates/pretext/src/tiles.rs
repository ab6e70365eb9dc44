//! Tiles of an image: cut out of their cells with a gap between, each normalised by itself, shuffled (Noroozi and Favaro
//! 2016, arXiv 1603.09246, section 3.2).

use crate::Grid;
use tch::{Kind, Tensor};

/// Added to a tile's standard deviation before it divides: a tile of one colour becomes zeros.
const EPSILON: f64 = 1e-5;

/// A grid of square cells, and a square tile somewhere in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiling {
    /// Rows and columns.
    pub grid: Grid,
    /// Pixels on a side of a tile.
    pub tile: i64,
}

impl Tiling {
    /// How far a tile may be moved in a cell of an image of this many pixels on a side: offsets are 0 to this.
    ///
    /// # Panics
    /// Where the grid is not square or does not divide the side, or a tile is larger than a cell.
    pub fn slack(self, side: i64) -> i64 {
        let rows = self.grid.rows() as i64;
        assert_eq!(
            self.grid.rows(),
            self.grid.columns(),
            "a square image falls into as many rows as columns"
        );
        assert_eq!(side % rows, 0, "{side} pixels do not fall into {rows} cells");
        let slack = side / rows - self.tile;
        assert!(slack >= 0, "a tile of {} pixels in a cell of {}", self.tile, side / rows);
        slack
    }

    /// The tile of every cell, moved by its own offset.
    ///
    /// # Shapes
    /// - `images`: `[n, c, s, s]`
    /// - `offsets`: `[n, tiles, 2]`, i64, down and right, 0 to `slack`
    /// - returns `[n, tiles, c, tile, tile]`
    ///
    /// # Panics
    /// As `slack`.
    pub fn cut(self, images: &Tensor, offsets: &Tensor) -> Tensor {
        let (n, c, side, _) = images.size4().expect("images are [n, c, s, s]");
        let cell = self.slack(side) + self.tile;
        let inside = Tensor::arange(self.tile, (Kind::Int64, images.device())).view([1, self.tile]);
        let columns = self.grid.columns() as i64;
        let tiles: Vec<_> = (0..self.grid.tiles() as i64)
            .map(|number| {
                let offset = offsets.select(1, number);
                let from = |axis: i64| &inside + offset.select(1, axis).unsqueeze(1);
                let rows = from(0).view([n, 1, self.tile, 1]).expand([n, c, self.tile, cell], false);
                let across = from(1).view([n, 1, 1, self.tile]).expand([n, c, self.tile, self.tile], false);
                let cells =
                    images.narrow(2, number / columns * cell, cell).narrow(3, number % columns * cell, cell);
                cells.gather(2, &rows, false).gather(3, &across, false)
            })
            .collect();
        Tensor::stack(&tiles, 1)
    }

    /// Tiles side by side as an image again, without gaps.
    ///
    /// # Shapes
    /// - `tiles`: `[n, tiles, c, tile, tile]`
    /// - returns `[n, c, rows * tile, columns * tile]`
    pub fn joined(self, tiles: &Tensor) -> Tensor {
        let (rows, columns) = (self.grid.rows() as i64, self.grid.columns() as i64);
        let (n, c) = (tiles.size()[0], tiles.size()[2]);
        let apart = tiles.view([n, rows, columns, c, self.tile, self.tile]);
        apart.permute([0, 3, 1, 4, 2, 5]).reshape([n, c, rows * self.tile, columns * self.tile])
    }
}

/// Each tile less its mean, by its standard deviation, in each channel: neither brightness nor contrast tells
/// neighbours.
///
/// # Shapes
/// - `tiles`: `[n, tiles, c, tile, tile]`
pub fn normalised(tiles: &Tensor) -> Tensor {
    let all = [-2i64, -1].as_slice();
    let centred = tiles - tiles.mean_dim(all, true, None);
    let std = centred.square().mean_dim(all, true, None).sqrt();
    centred / (std + EPSILON)
}

/// Tiles in another order: place `i` of an image shows its tile `order[i]`.
///
/// # Shapes
/// - `tiles`: `[n, tiles, ...]`
/// - `orders`: `[n, tiles]`, i64
pub fn shuffled(tiles: &Tensor, orders: &Tensor) -> Tensor {
    let mut shape = orders.size();
    let more = tiles.dim() - 2;
    shape.extend(std::iter::repeat_n(1, more));
    let (orders, sizes) = (orders.view(shape.as_slice()), tiles.size());
    tiles.gather(1, &orders.expand(sizes.as_slice(), false), false)
}
