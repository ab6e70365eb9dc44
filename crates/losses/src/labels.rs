//! Who shares a label with whom.

use crate::pairs::Tile;
use tch::{Kind, Tensor};

/// How many rows have the label of each row, itself counted.
///
/// # Shapes
/// - `labels`: `[n]`, i64
/// - returns `[n]`, i64
pub(crate) fn class_sizes(labels: &Tensor) -> Tensor {
    let (_, class, sizes) = labels.internal_unique2(true, true, true);
    sizes.index_select(0, &class)
}

/// Labels as losses take them: one for each row.
pub(crate) fn checked(labels: &Tensor, rows: i64) -> Tensor {
    assert_eq!(
        labels.size(),
        [rows],
        "expected a label for each of {rows} rows, found labels {:?}",
        labels.size()
    );
    labels.to_kind(Kind::Int64)
}

/// Which pairs of a tile share a label (a row and itself left out), and which do not.
///
/// # Shapes
/// - `labels`: `[m]`, of the columns, which are the rows too
/// - returns two masks `[rows of the tile, m]`
pub(crate) fn masks(tile: &Tile, labels: &Tensor) -> (Tensor, Tensor) {
    let mut alike = tile.of(labels).eq_tensor(labels);
    let differ = alike.logical_not();
    let _ = alike.scatter_value_(1, &tile.column(0), 0i64);
    (alike, differ)
}
