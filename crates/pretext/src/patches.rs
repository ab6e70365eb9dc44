//! Relative patches: the middle tile of a 3x3 grid and one of those around it, and colours dropped (Doersch, Gupta and
//! Efros 2015, arXiv 1505.05192, section 3).

use tch::{Kind, Tensor};

/// The middle tile of a 3x3 grid.
pub const MIDDLE: i64 = 4;

/// The tiles around the middle, row by row: the class of a pair is its place in this list.
pub const AROUND: [i64; 8] = [0, 1, 2, 3, 5, 6, 7, 8];

/// Where the tile of each class lies, in words.
pub const DIRECTIONS: [&str; 8] =
    ["above left", "above", "above right", "left", "right", "below left", "below", "below right"];

/// The middle of an image beside one tile around it, for some images, any of them several times.
///
/// # Shapes
/// - `tiles`: `[n, 9, ...]`
/// - `images`: `[pairs]`, i64, which image each pair is of
/// - `classes`: `[pairs]`, i64, 0 to 7
/// - returns `[pairs, 2, ...]`, the middle first
pub fn pairs(tiles: &Tensor, images: &Tensor, classes: &Tensor) -> Tensor {
    let around = Tensor::from_slice(&AROUND).to_device(tiles.device()).index_select(0, classes);
    let order = Tensor::stack(&[around.full_like(MIDDLE), around], 1);
    let rows = images.unsqueeze(1) * 9 + order;
    let mut shape = tiles.size();
    (shape[0], shape[1]) = (classes.size()[0], 2);
    tiles.flatten(0, 1).index_select(0, &rows.view(-1)).view(shape.as_slice())
}

/// One channel of each tile stays; noise about 0 replaces the others, its standard deviation a fraction of the kept
/// channel's. What colour fringes say of a tile's place in the image is gone.
///
/// # Shapes
/// - `tiles`: `[n, tiles, 3, h, w]`, of mean 0
/// - `kept`: `[n, tiles]`, i64, 0 to 2
/// - `noise`: as `tiles`, standard normal
/// - returns `[n, tiles, 3, h, w]`
pub fn one_channel(tiles: &Tensor, kept: &Tensor, noise: &Tensor, fraction: f64) -> Tensor {
    let (n, count) = kept.size2().expect("a channel for each tile");
    let channels = Tensor::arange(3, (Kind::Int64, tiles.device()));
    let stays = kept.unsqueeze(-1).eq_tensor(&channels).view([n, count, 3, 1, 1]);
    let only = tiles * stays.to_kind(tiles.kind());
    let std = tiles.std_dim([-2i64, -1].as_slice(), false, true) * stays.to_kind(tiles.kind());
    let std = std.sum_dim_intlist([2i64].as_slice(), true, None) * fraction;
    only + noise * std * stays.logical_not().to_kind(tiles.kind())
}
