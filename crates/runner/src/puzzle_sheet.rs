//! A sheet of puzzles as they are set, framed by whether they are solved, with the answers.

use crate::canvas::{Canvas, LINE, PAPER, RIGHT, WRONG, pixels, width, words};
use image::{RgbImage, imageops};
use kontrast_config::Data;
use kontrast_methods::Solved;
use tch::Device;

/// Puzzles in a row.
const COLUMNS: usize = 8;
/// The most classes that have a row each, and the rows where there are more classes.
const MOST_ROWS: usize = 8;
const ROWS: usize = 3;
/// About as many pixels as a puzzle has on a side, and those around it.
const CELL: u32 = 128;
const GAP: u32 = 8;
const FRAME: u32 = 3;
/// The least number of pixels between the tiles of a puzzle.
const SEAM: u32 = 2;
/// The most letters of a class that stand below a puzzle; longer ones are called by their numbers.
const LETTERS: usize = 16;

/// Some puzzles. Of few classes each has a row, named at its left; of many the right answer stands below each puzzle.
pub(crate) fn sheet(solved: &Solved, data: &Data) -> RgbImage {
    let (targets, found) = (classes(&solved.targets), classes(&solved.found));
    let by_class = solved.classes.len() <= MOST_ROWS;
    let rows = rows(&targets, if by_class { solved.classes.len() } else { 0 });
    let names = names(&solved.classes);
    let of = |what: &str, class: usize| format!("{what} {}", names[class]);
    let captions = |index: usize| {
        let right = (!by_class).then(|| of("is", targets[index]));
        right.into_iter().chain([of("found", found[index])])
    };
    let all = || rows.iter().flatten().copied();
    let heading = |row: &[usize]| by_class.then(|| names[targets[row[0]]].as_str());
    let left = rows.iter().filter_map(|row| heading(row)).map(|name| width(name) + GAP).max().unwrap_or(0);
    let (inner_width, inner_height) = Drawing::of(solved).size();
    let (framed, height) = (inner_width + 2 * FRAME, inner_height + 2 * FRAME);
    let across = all().flat_map(captions).map(|text| width(&text)).fold(framed, u32::max) + GAP;
    let down = height + (LINE + 1) * if by_class { 1 } else { 2 } + GAP;
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0) as u32;
    let mut picture =
        RgbImage::from_pixel(left + columns * across + GAP, rows.len() as u32 * down + GAP, PAPER);
    for (place, row) in (0..).zip(&rows) {
        let y = GAP + place * down;
        if let Some(name) = heading(row) {
            Canvas(&mut picture).write(name, GAP, y + (height - LINE) / 2, words());
        }
        for (column, &index) in (0..).zip(row) {
            let x = left + GAP + column * across;
            let frame = if targets[index] == found[index] { RIGHT } else { WRONG };
            Canvas(&mut picture).fill((x, y), (framed, height), frame);
            let small = pixels(&solved.pictures.get(index as i64), data.mean, data.deviation);
            let large = Drawing::of(solved).large(&small);
            imageops::replace(&mut picture, &large, (x + FRAME).into(), (y + FRAME).into());
            for (line, text) in (0..).zip(captions(index)) {
                Canvas(&mut picture).write(&text, x, y + height + 2 + LINE * line, words());
            }
        }
    }
    picture
}

fn classes(of: &tch::Tensor) -> Vec<usize> {
    let classes: Vec<i64> = Vec::try_from(of.to_device(Device::Cpu)).expect("a class a puzzle");
    classes.into_iter().map(|class| class as usize).collect()
}

/// Puzzles by row: of one class each, or, where there are none to go by, spread over all. Where every image is set as
/// every class, a column shows one image.
fn rows(targets: &[usize], by_class: usize) -> Vec<Vec<usize>> {
    let spread = |of: &[usize], most: usize| -> Vec<usize> {
        let count = most.min(of.len());
        (0..count).map(|place| of[place * of.len() / count]).collect()
    };
    if by_class == 0 {
        let all: Vec<_> = (0..targets.len()).collect();
        return spread(&all, ROWS * COLUMNS).chunks(COLUMNS).map(<[usize]>::to_vec).collect();
    }
    let of_class = |class: usize| -> Vec<usize> {
        let places = targets.iter().enumerate().filter(|(_, target)| **target == class);
        spread(&places.map(|(place, _)| place).collect::<Vec<_>>(), COLUMNS)
    };
    (0..by_class).map(of_class).filter(|row| !row.is_empty()).collect()
}

/// What classes are called below a puzzle: all by their names, or all by their numbers.
fn names(classes: &[String]) -> Vec<String> {
    if classes.iter().all(|name| name.chars().count() <= LETTERS) {
        return classes.to_vec();
    }
    (0..classes.len()).map(|number| format!("no. {number}")).collect()
}

/// How a puzzle is enlarged: every pixel by a whole factor, and its tiles moved apart by one such pixel.
struct Drawing {
    /// Pixels of the whole before it is enlarged.
    side: (u32, u32),
    /// Rows and columns of tiles.
    tiles: (u32, u32),
    times: u32,
    seam: u32,
}

impl Drawing {
    fn of(solved: &Solved) -> Self {
        let (_, _, h, w) = solved.pictures.size4().expect("pictures of four dimensions");
        Self::new((w as u32, h as u32), (solved.tiles.0 as u32, solved.tiles.1 as u32))
    }

    fn new(side: (u32, u32), tiles: (u32, u32)) -> Self {
        let times = (CELL / side.0.max(side.1)).max(1);
        Self { side, tiles, times, seam: times.max(SEAM) }
    }

    /// Width and height of the enlarged puzzle.
    fn size(&self) -> (u32, u32) {
        let ((w, h), (rows, columns)) = (self.side, self.tiles);
        (w * self.times + (columns - 1) * self.seam, h * self.times + (rows - 1) * self.seam)
    }

    fn large(&self, small: &RgbImage) -> RgbImage {
        let (rows, columns) = self.tiles;
        let (w, h) = (self.side.0 / columns, self.side.1 / rows);
        let (width, height) = (w * self.times, h * self.times);
        let mut large = RgbImage::from_pixel(self.size().0, self.size().1, PAPER);
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
            let tile = imageops::crop_imm(small, column * w, row * h, w, h).to_image();
            let tile = imageops::resize(&tile, width, height, imageops::FilterType::Nearest);
            let (x, y) = (column * (width + self.seam), row * (height + self.seam));
            imageops::replace(&mut large, &tile, x.into(), y.into());
        }
        large
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
        let (by_angle, by_image) = (rows(&after_angle, angles), rows(&after_image, angles));
        assert_eq!((by_angle.len(), by_angle[0].len()), (angles, COLUMNS));
        for column in 0..COLUMNS {
            assert!((0..angles).all(|row| by_angle[row][column] % n == by_angle[0][column]));
            assert!((0..angles).all(|row| by_image[row][column] / angles == by_image[0][column] / angles));
        }
        assert!((0..angles).all(|row| by_angle[row].iter().all(|&place| after_angle[place] == row)));
    }

    #[test]
    fn many_classes_are_spread_and_few_puzzles_are_all_shown() {
        let many: Vec<usize> = (0..250).collect();
        let sheet = rows(&many, 0);
        assert_eq!((sheet.len(), sheet[2].len()), (ROWS, COLUMNS));
        assert!(sheet[2][7] > 230);
        assert_eq!(rows(&many[..10], 0), [(0..8).collect::<Vec<_>>(), vec![8, 9]]);
        // A class that no puzzle is of has no row.
        assert_eq!(rows(&[2, 0, 2], 3), [vec![1], vec![0, 2]]);
    }

    #[test]
    fn tiles_lie_apart_and_none_is_cut() {
        let small = RgbImage::from_fn(18, 9, |x, _| Rgb([if x < 9 { 10 } else { 200 }; 3]));
        let drawing = Drawing::new((18, 9), (1, 2));
        let large = drawing.large(&small);
        assert_eq!((large.width(), large.height()), (19 * 7, 9 * 7));
        let at = |x| large.get_pixel(x, 30).0[0];
        assert_eq!([0, 62, 63, 69, 70, 132].map(at), [10, 10, 255, 255, 200, 200]);
    }

    #[test]
    fn long_names_are_numbers() {
        let long = vec!["0 1 2 3 4 5 6 7 8 9 10 11".to_owned(), "x".to_owned()];
        assert_eq!(names(&long), ["no. 0", "no. 1"]);
        assert_eq!(names(&["a".to_owned()]), ["a"]);
    }
}
