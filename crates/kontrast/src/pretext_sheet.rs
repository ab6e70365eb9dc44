//! A sheet of predictions of a pretext task: what the network saw, framed by whether it was right, with the answers.

use crate::canvas::{Canvas, LINE, PAPER, RIGHT, WRONG, pixels, width, words};
use image::RgbImage;
use image::imageops::{self, FilterType};
use kontrast_augment_torch::ToTensor;
use kontrast_methods::Predictions;
use tch::Device;

/// The most pictures in a row, and the least.
const COLUMNS: (usize, usize) = (8, 2);
/// The most classes that have a row each, and how many pictures are shown where there are more classes.
const MOST_ROWS: usize = 8;
const SHOWN: usize = 24;
/// About as many pixels as a picture has on a side, the most it may have, and those around it.
const CELL: u32 = 96;
const LARGEST: u32 = 128;
const GAP: u32 = 6;
const FRAME: u32 = 3;
/// About as wide as the sheet may be: a page shows it as it is, so that its words can be read.
const WIDTH: u32 = 950;
/// The least and the most pixels between the tiles of a picture.
const SEAM: (u32, u32) = (2, 4);

/// Some pictures. Of few classes each has a row, named at its left; of many the right answer stands below each picture.
pub(crate) fn sheet(predictions: &Predictions, names: &[String], to_tensor: &ToTensor) -> RgbImage {
    let (targets, found) = (classes(&predictions.targets), classes(&predictions.found));
    let by_class = predictions.classes.len() <= MOST_ROWS;
    let drawing = Drawing::of(predictions);
    let plan = Plan::new(names, by_class, drawing.size());
    let rows = rows(&targets, if by_class { names.len() } else { 0 }, plan.columns);
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0) as u32;
    let whole = plan.left + columns * plan.across + GAP;
    let mut picture = RgbImage::from_pixel(whole, rows.len() as u32 * plan.down + GAP, PAPER);
    for (place, row) in (0..).zip(&rows) {
        let y = GAP + place * plan.down;
        if by_class {
            let middle = y + (plan.framed.1 - LINE) / 2;
            Canvas(&mut picture).write(&names[targets[row[0]]], GAP, middle, words());
        }
        for (column, &index) in (0..).zip(row) {
            let x = plan.left + GAP + column * plan.across;
            let frame = if targets[index] == found[index] { RIGHT } else { WRONG };
            Canvas(&mut picture).fill((x, y), plan.framed, frame);
            let drawn = drawing.draw(&pixels(&predictions.pictures.get(index as i64), to_tensor));
            imageops::replace(&mut picture, &drawn, (x + FRAME).into(), (y + FRAME).into());
            let right = (!by_class).then(|| format!("is {}", names[targets[index]]));
            let captions = right.into_iter().chain([format!("found {}", names[found[index]])]);
            for (line, text) in (0..).zip(captions) {
                Canvas(&mut picture).write(&text, x, y + plan.framed.1 + 2 + LINE * line, words());
            }
        }
    }
    picture
}

/// Where pictures lie.
struct Plan {
    /// Room for what rows are called.
    left: u32,
    /// Width and height of a picture with its frame.
    framed: (u32, u32),
    /// From one picture to the next, captions included.
    across: u32,
    down: u32,
    /// As many as the width has room for.
    columns: usize,
}

impl Plan {
    fn new(names: &[String], by_class: bool, picture: (u32, u32)) -> Self {
        let longest = names.iter().map(|name| width(name)).max().unwrap_or(0);
        let left = if by_class { longest + GAP } else { 0 };
        let framed = (picture.0 + 2 * FRAME, picture.1 + 2 * FRAME);
        let across = framed.0.max(width("found ") + longest) + GAP;
        let lines = if by_class { 1 } else { 2 };
        let down = framed.1 + (LINE + 1) * lines + GAP;
        let fit = (WIDTH - left) / across;
        Self { left, framed, across, down, columns: (fit as usize).clamp(COLUMNS.1, COLUMNS.0) }
    }
}

fn classes(of: &tch::Tensor) -> Vec<usize> {
    let classes: Vec<i64> = Vec::try_from(of.to_device(Device::Cpu)).expect("a class a picture");
    classes.into_iter().map(|class| class as usize).collect()
}

/// Pictures by row: of one class each, or, where there are none to go by, spread over all. Where every image is shown
/// as every class, a column shows one image.
fn rows(targets: &[usize], by_class: usize, columns: usize) -> Vec<Vec<usize>> {
    let spread = |of: &[usize], most: usize| -> Vec<usize> {
        let count = most.min(of.len());
        (0..count).map(|place| of[place * of.len() / count]).collect()
    };
    if by_class == 0 {
        let all: Vec<_> = (0..targets.len()).collect();
        return spread(&all, SHOWN).chunks(columns).map(<[usize]>::to_vec).collect();
    }
    let of_class = |class: usize| -> Vec<usize> {
        let places = targets.iter().enumerate().filter(|(_, target)| **target == class);
        spread(&places.map(|(place, _)| place).collect::<Vec<_>>(), columns)
    };
    (0..by_class).map(of_class).filter(|row| !row.is_empty()).collect()
}

/// How a picture is drawn: small ones enlarged by a whole factor, large ones shrunk by one, and its tiles a little
/// apart.
struct Drawing {
    /// Pixels of the whole before.
    side: (u32, u32),
    /// Rows and columns of tiles.
    tiles: (u32, u32),
    times: u32,
    /// Pixels that become one.
    shrunk: u32,
    seam: u32,
}

impl Drawing {
    fn of(predictions: &Predictions) -> Self {
        let (_, _, h, w) = predictions.pictures.size4().expect("pictures of four dimensions");
        Self::new((w as u32, h as u32), (predictions.tiles.0 as u32, predictions.tiles.1 as u32))
    }

    fn new(side: (u32, u32), tiles: (u32, u32)) -> Self {
        // About a pixel more for each seam.
        let (across, down) = (side.0 + tiles.1 - 1, side.1 + tiles.0 - 1);
        let times = (CELL / across.max(down)).max(1);
        let shrunk = side.0.max(side.1).div_ceil(LARGEST);
        Self { side, tiles, times, shrunk, seam: times.clamp(SEAM.0, SEAM.1) }
    }

    /// Width and height of a tile as it is drawn.
    fn tile(&self) -> (u32, u32) {
        let drawn = |side: u32, tiles: u32| (side / tiles * self.times / self.shrunk).max(1);
        (drawn(self.side.0, self.tiles.1), drawn(self.side.1, self.tiles.0))
    }

    /// Width and height of the picture as it is drawn.
    fn size(&self) -> (u32, u32) {
        let ((w, h), (rows, columns)) = (self.tile(), self.tiles);
        (w * columns + (columns - 1) * self.seam, h * rows + (rows - 1) * self.seam)
    }

    fn draw(&self, picture: &RgbImage) -> RgbImage {
        let (rows, columns) = self.tiles;
        let (w, h) = (self.side.0 / columns, self.side.1 / rows);
        let (width, height) = self.tile();
        let filter = if self.shrunk > 1 { FilterType::Triangle } else { FilterType::Nearest };
        let mut drawn = RgbImage::from_pixel(self.size().0, self.size().1, PAPER);
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
            let tile = imageops::crop_imm(picture, column * w, row * h, w, h).to_image();
            let tile = imageops::resize(&tile, width, height, filter);
            let (x, y) = (column * (width + self.seam), row * (height + self.seam));
            imageops::replace(&mut drawn, &tile, x.into(), y.into());
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn a_row_is_one_angle_and_a_column_one_image() {
        // 30 images at four angles, angle after angle, and image after image.
        let (n, angles) = (30, 4);
        let after_angle: Vec<_> = (0..n * angles).map(|place| place / n).collect();
        let after_image: Vec<_> = (0..n * angles).map(|place| place % angles).collect();
        let (by_angle, by_image) = (rows(&after_angle, angles, 8), rows(&after_image, angles, 8));
        assert_eq!((by_angle.len(), by_angle[0].len()), (angles, 8));
        for column in 0..8 {
            assert!((0..angles).all(|row| by_angle[row][column] % n == by_angle[0][column]));
            assert!((0..angles).all(|row| by_image[row][column] / angles == by_image[0][column] / angles));
        }
        assert!((0..angles).all(|row| by_angle[row].iter().all(|&place| after_angle[place] == row)));
    }

    #[test]
    fn many_classes_are_spread_and_few_predictions_are_all_shown() {
        let many: Vec<usize> = (0..250).collect();
        let sheet = rows(&many, 0, 8);
        assert_eq!((sheet.len(), sheet[2].len()), (3, 8));
        assert!(sheet[2][7] > 230);
        assert_eq!(rows(&many[..10], 0, 8), [(0..8).collect::<Vec<_>>(), vec![8, 9]]);
        // A class that no picture is of has no row.
        assert_eq!(rows(&[2, 0, 2], 3, 8), [vec![1], vec![0, 2]]);
    }

    #[test]
    fn tiles_lie_apart_and_none_is_cut() {
        let small = RgbImage::from_fn(18, 9, |x, _| Rgb([if x < 9 { 10 } else { 200 }; 3]));
        let drawing = Drawing::new((18, 9), (1, 2));
        let drawn = drawing.draw(&small);
        assert_eq!((drawn.width(), drawn.height()), (18 * 5 + 4, 9 * 5));
        let at = |x| drawn.get_pixel(x, 30).0[0];
        assert_eq!([0, 44, 45, 48, 49, 93].map(at), [10, 10, 255, 255, 200, 200]);
        // What is too large is shrunk, a tile at a time.
        let large = Drawing::new((192, 192), (3, 3));
        assert_eq!((large.tile(), large.size()), ((32, 32), (100, 100)));
    }

    #[test]
    fn a_sheet_has_as_many_columns_as_its_width() {
        let names = ["90 degrees".to_owned()];
        let columns = |side| Plan::new(&names, true, (side, side)).columns;
        assert_eq!([32, 96, 224, 600].map(columns), [8, 8, 3, 2]);
        for side in [32, 96, 224] {
            let plan = Plan::new(&names, true, (side, side));
            assert!(plan.left + plan.columns as u32 * plan.across + GAP <= WIDTH + GAP);
        }
    }
}
