//! A sheet of views with words under them.

use crate::canvas::{Canvas, LETTER, LINE, words};
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::iso_8859_1::FONT_6X13_BOLD;
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

/// Pixels of a cell's side, at least: small views are enlarged, every pixel of theirs a square.
const CELL: u32 = 192;
/// Pixels between cells.
const GAP: u32 = 12;
/// Height of the title above a view.
const TITLE: u32 = 16;

/// A view and what is said of it.
pub(super) struct Cell {
    pub(super) picture: RgbImage,
    pub(super) title: String,
    pub(super) text: String,
}

/// Rows of cells.
#[derive(Default)]
pub(super) struct Sheet {
    rows: Vec<Vec<Cell>>,
    /// Words below all rows.
    pub(super) foot: String,
}

impl Sheet {
    pub(super) fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    pub(super) fn drawn(&self) -> RgbImage {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<u32> = (0..columns)
            .map(|column| {
                self.rows
                    .iter()
                    .filter_map(|row| row.get(column))
                    .map(|cell| cell.shown().0)
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let heights: Vec<u32> = self
            .rows
            .iter()
            .map(|row| row.iter().zip(&widths).map(|(cell, &width)| cell.height(width)).max().unwrap_or(0))
            .collect();
        let total = |sides: &[u32]| sides.iter().map(|side| side + GAP).sum::<u32>() + GAP;
        let (width, below) = (total(&widths), total(&heights));
        let foot = wrapped(&self.foot, ((width - 2 * GAP.min(width / 2)) / LETTER) as usize);
        let more = if foot.is_empty() { 0 } else { LINE * foot.len() as u32 + GAP };
        let mut picture = RgbImage::from_pixel(width, below + more, Rgb([255, 255, 255]));
        for (line, text) in foot.iter().enumerate() {
            Canvas(&mut picture).write(text, GAP, below + LINE * line as u32, words());
        }
        for (row, cells) in self.rows.iter().enumerate() {
            let top = total(&heights[..row]);
            for (column, cell) in cells.iter().enumerate() {
                cell.draw(&mut picture, total(&widths[..column]), top, widths[column]);
            }
        }
        picture
    }
}

impl Cell {
    /// Width and height of the view on the sheet.
    fn shown(&self) -> (u32, u32) {
        let (width, height) = self.picture.dimensions();
        let times = CELL.div_ceil(width.max(height)).max(1);
        (width * times, height * times)
    }

    fn height(&self, width: u32) -> u32 {
        TITLE + self.shown().1 + 4 + LINE * self.lines(width).len() as u32
    }

    fn lines(&self, width: u32) -> Vec<String> {
        wrapped(&self.text, (width / LETTER) as usize)
    }

    fn draw(&self, picture: &mut RgbImage, left: u32, top: u32, width: u32) {
        let (shown_width, shown_height) = self.shown();
        let view = imageops::resize(&self.picture, shown_width, shown_height, FilterType::Nearest);
        imageops::replace(picture, &view, left.into(), (top + TITLE).into());
        let mut canvas = Canvas(picture);
        let title = MonoTextStyle::new(&FONT_6X13_BOLD, Rgb888::BLACK);
        canvas.write(&self.title, left, top, title);
        for (line, text) in self.lines(width).iter().enumerate() {
            canvas.write(text, left, top + TITLE + shown_height + 4 + LINE * line as u32, words());
        }
    }
}

/// Lines of at most so many letters, broken at the commas between operations, and elsewhere only where one operation is
/// longer than a line.
fn wrapped(text: &str, letters: usize) -> Vec<String> {
    let fits = |part: &&str| part.trim_end().chars().count() <= letters;
    let parts = text.split('\n').flat_map(|line| {
        let whole = line
            .split_inclusive(", ")
            .map(|part| if fits(&part) { vec![part] } else { part.split_inclusive(' ').collect() });
        // The beginning of a line of the text begins a line here.
        whole.flatten().enumerate().map(|(position, part)| (position == 0, part))
    });
    let mut lines: Vec<String> = Vec::new();
    for (first, part) in parts {
        match lines.last_mut() {
            Some(line) if !first && fits(&&*(line.clone() + part)) => line.push_str(part),
            _ => lines.push(part.to_owned()),
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// A file's name in at most so many letters: its beginning and its end.
pub(super) fn shortened(name: &str, letters: usize) -> String {
    let count = name.chars().count();
    if count <= letters {
        return name.to_owned();
    }
    let kept = letters.saturating_sub(3);
    let end: String = name.chars().skip(count - kept / 2).collect();
    let beginning: String = name.chars().take(kept - kept / 2).collect();
    format!("{beginning}...{end}")
}

#[cfg(test)]
mod tests {
    use super::{Cell, Sheet, shortened, wrapped};
    use image::{Rgb, RgbImage};

    fn cell(size: (u32, u32), value: u8, text: &str) -> Cell {
        Cell {
            picture: RgbImage::from_pixel(size.0, size.1, Rgb([value; 3])),
            title: "0,0,0,0".into(),
            text: text.into(),
        }
    }

    #[test]
    fn words_break_between_operations() {
        assert_eq!(wrapped("crop 1x2+3+4, flip, hue +0.1", 20), ["crop 1x2+3+4, flip, ", "hue +0.1"]);
        assert_eq!(wrapped("", 20), Vec::<String>::new());
        assert_eq!(wrapped("centre crop\n1.png", 20), ["centre crop", "1.png"]);
        let long = wrapped("flip, shift channels +1+2 -3+4 +5-6, sobel", 20);
        assert_eq!(long, ["flip, shift channels ", "+1+2 -3+4 +5-6, ", "sobel"]);
    }

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_end() {
        assert_eq!(shortened("cat.png", 10), "cat.png");
        assert_eq!(shortened("photograph-of-a-cat.png", 15), "photog...at.png");
    }

    #[test]
    fn the_foot_stands_below_all_rows() {
        let mut sheet = Sheet::default();
        sheet.push(vec![cell((32, 32), 10, "")]);
        let without = sheet.drawn().height();
        sheet.foot = "words".to_owned();
        assert_eq!(sheet.drawn().height(), without + 11 + 12);
    }

    #[test]
    fn views_of_several_sizes_stand_side_by_side_enlarged_by_whole_numbers() {
        let mut sheet = Sheet::default();
        sheet.push(vec![cell((32, 32), 10, "flip"), cell((96, 96), 20, "")]);
        let picture = sheet.drawn();
        // 32 pixels six times, 96 twice; a gap around each; a title and a line of words.
        assert_eq!(
            (picture.width(), picture.height()),
            (12 + 192 + 12 + 192 + 12, 12 + 16 + 192 + 4 + 11 + 12)
        );
        assert_eq!(picture.get_pixel(12 + 100, 12 + 16 + 100).0, [10; 3]);
        assert_eq!(picture.get_pixel(12 + 192 + 12 + 100, 12 + 16 + 100).0, [20; 3]);
        let ink = picture.enumerate_pixels().filter(|(_, y, pixel)| *y < 28 && pixel.0 == [0; 3]).count();
        assert!(ink > 20, "the titles are written: {ink}");
    }
}
