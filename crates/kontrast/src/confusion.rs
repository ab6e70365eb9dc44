//! The confusion matrix of a pretext task: a row for each right answer, a column for each that was found.

use crate::canvas::{Canvas, LETTER, LINE, PAPER, pale_words, width, words};
use image::{Rgb, RgbImage};
use tch::{Kind, Tensor};

/// About as many pixels as the matrix has on a side.
const MATRIX: u32 = 400;
/// The most cells on a side: of more classes some share a cell, for a point of a pixel or two is not seen.
const MOST: u32 = 100;
/// The least number of pixels of a cell with a figure in it.
const WRITTEN: u32 = 5 * LETTER;
/// Pixels between numbered ticks, at the least, and of a tick.
const APART: u32 = 32;
const TICK: u32 = 4;
const GAP: u32 = 8;
/// The scale below the matrix.
const SCALE: (u32, u32) = (200, 10);
/// The whole of the scale.
const FULL: Rgb<u8> = Rgb([28, 72, 150]);
const FRAME: Rgb<u8> = Rgb([150, 150, 150]);
/// Above and beside.
const COLUMNS: &str = "what was found";
const ROWS: &str = "what is right";

/// The darker, the larger the fraction of the row. Few classes have their names and figures, many a number every so
/// often, and of very many some share a cell.
pub(crate) fn matrix(confusion: &Tensor, classes: &[String]) -> RgbImage {
    let count = classes.len() as u32;
    let together = count.div_ceil(MOST);
    let fractions = fractions(confusion, together as usize);
    let blocks = fractions.len() as u32;
    let cell = (MATRIX / blocks.max(1)).max(1);
    let plan = Plan::new(classes, cell, blocks);
    let bottom = plan.top + plan.side + 2 * GAP + 3 * LINE;
    let right = plan.side.max(SCALE.0).max(width(COLUMNS)) + 4 * LETTER;
    let mut picture = RgbImage::from_pixel(plan.left + right, bottom + GAP, PAPER);
    let full = nice(fractions.iter().flatten().copied().fold(0.0, f64::max));
    let mut canvas = Canvas(&mut picture);
    canvas.write(COLUMNS, plan.left, GAP, words());
    canvas.write_upwards(ROWS, GAP, plan.top + width(ROWS), words());
    canvas.fill((plan.left - 1, plan.top - 1), (plan.side + 2, plan.side + 2), FRAME);
    canvas.fill((plan.left, plan.top), (plan.side, plan.side), PAPER);
    for (y, row) in (plan.top..).step_by(cell as usize).zip(&fractions) {
        for (x, &fraction) in (plan.left..).step_by(cell as usize).zip(row) {
            let edge = u32::from(plan.written);
            canvas.fill((x, y), (cell - edge, cell - edge), colour(fraction / full));
            if plan.written {
                let text = format!("{:.1}", 100.0 * fraction);
                let style = if fraction / full > 0.5 { pale_words() } else { words() };
                canvas.write(&text, x + (cell - width(&text).min(cell)) / 2, y + (cell - LINE) / 2, style);
            }
        }
    }
    if plan.written {
        plan.write_names(&mut canvas, classes);
    } else {
        plan.write_numbers(&mut canvas, classes.len(), together);
    }
    let each =
        if together > 1 { format!("; a cell is {together} x {together} classes") } else { String::new() };
    draw_scale(&mut canvas, (plan.left, plan.top + plan.side + 2 * GAP), full, &each);
    picture
}

/// Where the matrix lies, below and right of its headings.
struct Plan {
    left: u32,
    top: u32,
    cell: u32,
    side: u32,
    /// Whether cells have figures, and rows and columns the names of classes.
    written: bool,
    /// Whether a column's name is wider than the column.
    upwards: bool,
}

impl Plan {
    fn new(classes: &[String], cell: u32, blocks: u32) -> Self {
        let written = cell >= WRITTEN && classes.len() as u32 == blocks;
        let longest = classes.iter().map(|name| width(name)).max().unwrap_or(0);
        let upwards = longest + LETTER > cell;
        let (beside, above) = if written {
            (longest, if upwards { longest } else { LINE })
        } else {
            let numbers = width(&(classes.len().max(1) - 1).to_string());
            (numbers + TICK, LINE + TICK)
        };
        // Headings, then names or numbers, then a little room and the frame.
        let room = GAP + LINE + GAP / 2 + GAP / 2 + 1;
        Self { left: room + beside, top: room + above, cell, side: cell * blocks, written, upwards }
    }

    fn write_names(&self, canvas: &mut Canvas<'_>, classes: &[String]) {
        for (place, name) in (0..).zip(classes) {
            let (x, y) = (self.left + place * self.cell, self.top + place * self.cell);
            let beside = self.left - GAP / 2 - 1 - width(name);
            canvas.write(name, beside, y + (self.cell - LINE) / 2, words());
            let above = self.top - GAP / 2 - 1;
            if self.upwards {
                canvas.write_upwards(name, x + (self.cell - LINE) / 2, above, words());
            } else {
                canvas.write(name, x + (self.cell - width(name)) / 2, above - LINE, words());
            }
        }
    }

    /// The numbers of some classes, `together` of which share a row.
    fn write_numbers(&self, canvas: &mut Canvas<'_>, classes: usize, together: u32) {
        for number in (0..classes as u32).step_by(step(self.cell, together) as usize) {
            let at = number / together * self.cell + self.cell / 2;
            let (x, y, text) = (self.left + at, self.top + at, number.to_string());
            canvas.fill((x, self.top - 1 - TICK), (1, TICK), FRAME);
            canvas.fill((self.left - 1 - TICK, y), (TICK, 1), FRAME);
            canvas.write(&text, x.saturating_sub(width(&text) / 2), self.top - TICK - 2 - LINE, words());
            canvas.write(&text, self.left - TICK - 3 - width(&text), y.saturating_sub(LINE / 2), words());
        }
    }
}

/// How many classes lie between two that are numbered.
fn step(cell: u32, together: u32) -> u32 {
    let fits = |step: &u32| step * cell >= APART * together;
    [1, 2, 5, 10, 20, 50, 100, 200, 500].into_iter().find(fits).unwrap_or(1000)
}

/// Which shade is which fraction of the row.
fn draw_scale(canvas: &mut Canvas<'_>, (left, top): (u32, u32), full: f64, each: &str) {
    let (length, height) = SCALE;
    canvas.write(&format!("fraction of the row, %{each}"), left, top, words());
    let top = top + LINE + GAP / 4;
    canvas.fill((left - 1, top - 1), (length + 2, height + 2), FRAME);
    for x in 0..length {
        canvas.fill((left + x, top), (1, height), colour(f64::from(x) / f64::from(length - 1)));
    }
    for (at, fraction) in [(0, 0.0), (length / 2, full / 2.0), (length, full)] {
        let text = format!("{}", (1000.0 * 100.0 * fraction).round() / 1000.0);
        canvas.write(&text, left + at - (width(&text) / 2).min(at), top + height + 2, words());
    }
}

/// Fractions of the rows; of some classes together in a cell, columns summed and rows averaged that have predictions.
fn fractions(confusion: &Tensor, together: usize) -> Vec<Vec<f64>> {
    let rows: Vec<Vec<f64>> = Vec::try_from(confusion.to_kind(Kind::Double)).expect("rows of columns");
    let of_row = |row: &Vec<f64>| -> Vec<f64> {
        let sum = row.iter().sum::<f64>().max(1.0);
        row.chunks(together).map(|some| some.iter().sum::<f64>() / sum).collect()
    };
    let rows: Vec<_> = rows.iter().map(of_row).collect();
    let mean = |some: &[Vec<f64>]| -> Vec<f64> {
        let columns = some.first().map_or(0, Vec::len);
        let asked = some.iter().filter(|row| row.iter().any(|&fraction| fraction > 0.0)).count().max(1);
        let of_column = |column: usize| some.iter().map(|row| row[column]).sum::<f64>() / asked as f64;
        (0..columns).map(of_column).collect()
    };
    rows.chunks(together).map(mean).collect()
}

/// The least of 1, 2, 5, 10, ... 100 per cent that is not below the largest fraction.
fn nice(largest: f64) -> f64 {
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.5].into_iter().find(|full| largest <= *full).unwrap_or(1.0)
}

/// Paper for nothing, the full colour for the whole of the scale.
fn colour(part: f64) -> Rgb<u8> {
    let part = part.clamp(0.0, 1.0);
    let mixed = |place: usize| {
        let (paper, full) = (f64::from(PAPER.0[place]), f64::from(FULL.0[place]));
        (paper + (full - paper) * part).round() as u8
    };
    Rgb([mixed(0), mixed(1), mixed(2)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(count: usize) -> Vec<String> {
        (0..count).map(|class| format!("class {class}")).collect()
    }

    #[test]
    fn a_matrix_is_no_wider_than_a_column_of_text_whatever_the_classes() {
        for count in [2, 4, 8, 13, 24, 72, 101, 504, 1000, 1512] {
            let eye = Tensor::eye(count, (Kind::Int64, tch::Device::Cpu));
            let picture = matrix(&eye, &named(count as usize));
            assert!((300..=520).contains(&picture.width()), "{count} classes: {} wide", picture.width());
            assert!((300..=560).contains(&picture.height()), "{count} classes: {} high", picture.height());
        }
    }

    #[test]
    fn fractions_are_of_the_row_and_a_row_without_predictions_is_empty() {
        let counts = Tensor::from_slice(&[3i64, 1, 0, 0]).view([2, 2]);
        assert_eq!(fractions(&counts, 1), [[0.75, 0.25], [0.0, 0.0]]);
    }

    #[test]
    fn classes_that_share_a_cell_are_summed_over_columns_and_averaged_over_rows() {
        let counts = Tensor::from_slice(&[4i64, 0, 0, 0, 2, 2, 0, 2, 2]).view([3, 3]);
        assert_eq!(fractions(&counts, 2), [vec![0.75, 0.25], vec![0.5, 0.5]]);
        // A row without predictions makes no other paler.
        let counts = Tensor::from_slice(&[4i64, 0, 0, 0, 0, 0, 0, 2, 2]).view([3, 3]);
        assert_eq!(fractions(&counts, 2), [vec![1.0, 0.0], vec![0.5, 0.5]]);
    }

    #[test]
    fn numbers_stand_apart() {
        assert_eq!((step(5, 1), step(16, 1), step(1, 3)), (10, 2, 100));
    }
}
