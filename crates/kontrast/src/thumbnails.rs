//! Sheets of small images in rows, with words above each row and below each image.

use crate::Refusal;
use crate::canvas::{Canvas, LETTER, LINE, PAPER, save, words};
use crate::host::Host;
use image::{Rgb, RgbImage, imageops};
use kontrast_data::ImageFiles;
use kontrast_embeddings::Table;
use std::path::{Path, PathBuf};

/// Pixels of a cell's side: larger images are made smaller, and of smaller ones every pixel becomes a square.
const CELL: u32 = 96;
const GAP: u32 = 8;
/// Cells side by side; more go on below.
const COLUMNS: usize = 13;
/// What stands for an image that is not there.
const NOTHING: Rgb<u8> = Rgb([220, 220, 220]);
/// Images that are named where they are not there.
const NAMED: usize = 3;

/// A place in a row.
pub(crate) enum Cell {
    /// An image, and what is said of it.
    Image(RgbImage, String),
    /// Nothing, between images of two kinds.
    Empty,
}

/// The images of a table, by its names.
pub(crate) struct Pictures<'t> {
    folder: &'t Path,
    table: &'t Table,
    files: ImageFiles,
    missing: Vec<PathBuf>,
    shown: usize,
}

impl<'t> Pictures<'t> {
    /// Refuses a folder in which no image of the table lies.
    pub(crate) fn new(folder: &'t Path, table: &'t Table) -> anyhow::Result<Self> {
        let names = table.require_names().map_err(crate::vectors::refused)?;
        let mut files = ImageFiles::default();
        if !names.iter().any(|name| files.contains(&folder.join(name))) {
            let text = format!(
                "--images {}: expected the folder or archive that was embedded, with images such as {}, and none of the \
                 table's is there",
                folder.display(),
                names[0]
            );
            return Err(Refusal(text).into());
        }
        Ok(Self { folder, table, files, missing: Vec::new(), shown: 0 })
    }

    /// The image of a row, with a number, and the row's class where it has one.
    pub(crate) fn cell(&mut self, row: usize, number: f32) -> Cell {
        let name = self.table.names().map_or("", |names| &names[row]);
        let path = self.folder.join(name);
        self.shown += 1;
        let picture = self.files.image(&path).map(|image| fitted(&image)).unwrap_or_else(|_| {
            self.missing.push(path);
            RgbImage::from_pixel(CELL, CELL, NOTHING)
        });
        let class = self.table.labels().map_or("", |labels| &labels[row]);
        Cell::Image(picture, format!("{number:.4} {class}"))
    }

    /// Writes the sheet, and says which images it lacks.
    pub(crate) fn save(&self, sheet: &Thumbnails, file: &Path, host: &dyn Host) -> anyhow::Result<()> {
        save(&sheet.drawn(), file)?;
        if !self.missing.is_empty() {
            let named = self.missing.iter().take(NAMED).map(|path| path.display().to_string());
            let more = if self.missing.len() > NAMED { ", ..." } else { "" };
            host.note(&format_args!(
                "note: {} of {} images of the sheet cannot be read, and are gray: {}{more}",
                self.missing.len(),
                self.shown,
                named.collect::<Vec<_>>().join(", ")
            ));
        }
        host.out(&file.display());
        Ok(())
    }
}

/// Rows of images.
#[derive(Default)]
pub(crate) struct Thumbnails {
    rows: Vec<(String, Vec<Cell>)>,
}

impl Thumbnails {
    pub(crate) fn push(&mut self, title: String, cells: Vec<Cell>) {
        self.rows.push((title, cells));
    }

    pub(crate) fn drawn(&self) -> RgbImage {
        let lines = |cells: &[Cell]| cells.len().div_ceil(COLUMNS) as u32;
        let columns = self.rows.iter().map(|(_, cells)| cells.len().min(COLUMNS)).max().unwrap_or(0) as u32;
        let line = CELL + LINE + GAP;
        let height = self.rows.iter().map(|(_, cells)| LINE + GAP / 2 + lines(cells) * line).sum::<u32>();
        let mut sheet = RgbImage::from_pixel(columns * (CELL + GAP) + GAP, height + GAP, PAPER);
        let mut top = GAP;
        for (title, cells) in &self.rows {
            Canvas(&mut sheet).write(title, GAP, top, words());
            top += LINE + GAP / 2;
            for (place, cell) in cells.iter().enumerate() {
                let (column, below) = ((place % COLUMNS) as u32, (place / COLUMNS) as u32);
                put(&mut sheet, cell, GAP + column * (CELL + GAP), top + below * line);
            }
            top += lines(cells) * line;
        }
        sheet
    }
}

fn put(sheet: &mut RgbImage, cell: &Cell, left: u32, top: u32) {
    let Cell::Image(picture, said) = cell else { return };
    let inset = |side: u32| i64::from((CELL - side.min(CELL)) / 2);
    let place = (i64::from(left) + inset(picture.width()), i64::from(top) + inset(picture.height()));
    imageops::replace(sheet, picture, place.0, place.1);
    let said: String = said.chars().take((CELL / LETTER) as usize).collect();
    Canvas(sheet).write(&said, left, top + CELL + 1, words());
}

/// An image as large as a cell allows, in its proportions.
pub(crate) fn fitted(image: &RgbImage) -> RgbImage {
    let (width, height) = image.dimensions();
    let longer = width.max(height).max(1);
    if longer <= CELL {
        let times = CELL / longer;
        return imageops::resize(image, width * times, height * times, imageops::FilterType::Nearest);
    }
    let side = |side: u32| (u64::from(side) * u64::from(CELL) / u64::from(longer)).max(1) as u32;
    imageops::thumbnail(image, side(width), side(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_keep_their_proportions_and_rows_go_on_below() {
        let sides = |width, height| fitted(&RgbImage::new(width, height)).dimensions();
        assert_eq!((sides(16, 8), sides(4000, 1000), sides(9000, 1)), ((96, 48), (96, 24), (96, 1)));
        let cell = || Cell::Image(RgbImage::new(CELL, CELL), "0.5".to_owned());
        let mut sheet = Thumbnails::default();
        sheet.push("a row".to_owned(), (0..=COLUMNS).map(|_| cell()).collect());
        let (line, head) = (CELL + LINE + GAP, LINE + GAP / 2);
        let expected = (COLUMNS as u32 * (CELL + GAP) + GAP, head + 2 * line + GAP);
        assert_eq!(sheet.drawn().dimensions(), expected);
        sheet.push("another".to_owned(), vec![cell(), Cell::Empty, cell()]);
        assert_eq!(sheet.drawn().height(), 2 * head + 3 * line + GAP);
    }
}
