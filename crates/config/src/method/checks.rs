//! Checks that several methods share.

use super::Head;
use crate::problems::Problems;
use crate::{Train, ViewSize};

/// A queue is filled and emptied by whole batches.
pub(super) fn whole_batches(key: &str, length: usize, batch: usize, problems: &mut Problems) {
    let whole = length > 0 && length.is_multiple_of(batch.max(1));
    problems.require(whole, key, &length, &format!("a multiple of train.batch = {batch}"));
}

/// What a predictor gives is compared with what the projector gives.
pub(super) fn predicts(key: &str, predictor: &Head, projector: &Head, problems: &mut Problems) {
    let Some(prediction) = predictor.widths.last() else { return };
    let (key, compared) = (format!("{key}.predictor.widths"), format!("{key}.projector.widths"));
    let Some(embedding) = projector.widths.last() else {
        let expected =
            format!("no layers, or some in {compared}: the prediction is compared with its output");
        return problems.require(false, &key, &predictor.widths, &expected);
    };
    let expected = format!("as its last width {embedding}, that of {compared}, with which it is compared");
    problems.require(prediction == embedding || *embedding == 0, &key, &predictor.widths, &expected);
}

/// Whether square tiles lie in the cells of a grid. `key` is the method's, with the key of the grid where that is one of
/// the file's.
pub(super) fn fitting_tiles(
    (key, grid_key): (&str, Option<&str>),
    (grid, tile): (usize, usize),
    (size, views_key): (ViewSize, &str),
    problems: &mut Problems,
) {
    if !size.is_square() {
        let expected = format!("a square, for {key} cuts it into as many rows as columns of square cells");
        return problems.require(false, views_key, &format_args!("{size} pixels"), &expected);
    }
    let side = size.shorter();
    let of = format!("{views_key} has {side} pixels on a side");
    if side < grid || !side.is_multiple_of(grid) {
        let near = match (side / grid * grid, side.next_multiple_of(grid)) {
            (0, above) => format!("{above} would do"),
            (below, above) => format!("{below} or {above} would do"),
        };
        if let Some(grid_key) = grid_key {
            let expected = format!("a divisor of the view's size: {of}; {near}");
            return problems.require(false, grid_key, &grid, &expected);
        }
        let expected = format!("a size that 3 divides, for {key} cuts it into three rows of cells; {near}");
        return problems.require(false, views_key, &format_args!("{side} pixels"), &expected);
    }
    let cell = side / grid;
    let rows = grid_key.map_or_else(|| "a grid of 3".to_owned(), |key| format!("{key} = {grid}"));
    let expected = format!("at most the {cell} pixels of a cell: {of}, and {rows}");
    problems.require(tile <= cell, &format!("{key}.tile"), &tile, &expected);
}

/// A head that prototypes stand on.
pub(super) fn some_layer(key: &str, projector: &Head, problems: &mut Problems) {
    let key = format!("{key}.projector");
    projector.check(&key, problems);
    let expected = "at least one width: the prototypes stand on the last";
    problems.require(!projector.widths.is_empty(), &format!("{key}.widths"), &projector.widths, expected);
}

/// With one prototype there is nothing to tell apart.
pub(super) fn several(key: &str, prototypes: u32, problems: &mut Problems) {
    problems.require(prototypes >= 2, &format!("{key}.prototypes"), &prototypes, "at least 2 prototypes");
}

/// What begins after the last epoch never does.
pub(super) fn before_the_end(key: &str, epoch: u32, why: &str, train: &Train, problems: &mut Problems) {
    let expected = format!("below train.epochs = {}: {why}", train.epochs);
    problems.require(epoch < train.epochs.max(1), key, &epoch, &expected);
}

/// A note on a queue that holds more than all training images.
pub(super) fn longer_than_the_images(key: &str, queue: usize, images: usize, what: &str) -> Vec<String> {
    let text = || {
        format!(
            "{key}.queue = {queue} holds more than all {images} training images, so {what}; take a quarter at most"
        )
    };
    (queue > images).then(text).into_iter().collect()
}
