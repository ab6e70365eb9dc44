//! The pictures of a run: views of some images, and the nearest neighbours of some.

use crate::canvas::{PAPER, RIGHT, WRONG, save, shown};
use crate::session::Session;
use image::{Rgb, RgbImage, imageops};
use kontrast_augment::{ImageRef, ViewPlan};
use kontrast_data::{Dataset, fill, fill_views};
use kontrast_eval::nearest;
use kontrast_models::Encoder;
use std::path::Path;

/// Images whose views, or reconstructions, are shown.
pub(crate) const SHOWN: usize = 12;
/// Images whose neighbours are shown, and how many of them.
const QUERIES: usize = 10;
const NEIGHBOURS: usize = 9;
/// About as many pixels as one cell has on a side.
const CELL: usize = 96;
/// Pixels between cells, and around one that shows whether the class is right.
const GAP: usize = 4;
const BORDER: usize = 4;

/// A dozen images in columns: as they are, and the views that the first epoch draws.
pub(crate) fn views(session: &Session<'_>, file: &Path) -> anyhow::Result<()> {
    let images = &*session.trained_on;
    let count = images.len().min(SHOWN);
    let mut sheet = Sheet::new(count, 1 + session.plans.len(), session.size());
    let undistorted = session.undistorted(session.size());
    let indices: Vec<u32> = (0..count as u32).collect();
    for (column, &index) in indices.iter().enumerate() {
        sheet.put(column, 0, &one(images, &undistorted, index)?, None);
    }
    let bytes: usize = session.plans.iter().map(ViewPlan::bytes).sum();
    let mut views = vec![0; count * bytes];
    fill_views(images, &session.plans, session.experiment.seed, 0, &indices, &mut views)?;
    // All first views, then all second ones, which may be of another size.
    let mut rest = &views[..];
    for (row, plan) in session.plans.iter().enumerate() {
        for column in 0..count {
            let (view, left) = rest.split_at(plan.bytes());
            let (width, height) = plan.size();
            sheet.put(column, 1 + row, &shown(ImageRef::new(width, height, view)), None);
            rest = left;
        }
    }
    save(&sheet.picture, file)
}

/// Test images in the first column, the training images nearest to each beside it, framed by whether the class is
/// the same. Without a test split training images stand in the first column, each with its nearest others; without
/// labels there are no frames.
pub(crate) fn neighbours(session: &Session<'_>, encoder: &dyn Encoder, file: &Path) -> anyhow::Result<()> {
    let extractor = session.extractor(session.size());
    let (train_labels, test) = (session.splits.train.labelled(), session.splits.test.clone());
    // Where some images have labels, these are the neighbours: others would have no frame.
    let train = train_labels.clone().map_or_else(|| session.splits.train.images(), |labelled| labelled as _);
    let asked: &dyn Dataset = test.as_ref().map_or(&*train, |test| &**test);
    let asked_labels = test.as_ref().or(train_labels.as_ref());
    // Spread over the data set, which may be sorted by class.
    let rows = QUERIES.min(asked.len());
    let queries: Vec<u32> = (0..rows).map(|i| (i * asked.len() / rows) as u32).collect();
    let bank: Vec<u32> = (0..train.len() as u32).collect();
    let of_queries = extractor.features(encoder, asked, &queries, &session.stop)?;
    let of_bank = extractor.features(encoder, &*train, &bank, &session.stop)?;
    // A training image is the nearest to itself, which is uninformative.
    let own = usize::from(test.is_none());
    let k = (NEIGHBOURS + own).min(bank.len());
    let (_, positions) = nearest(&of_queries, &of_bank, k as i64);
    let mut sheet = Sheet::new(1 + k - own, queries.len(), session.size());
    for (row, &query) in queries.iter().enumerate() {
        sheet.put(0, row, &one(asked, &extractor.plan, query)?, None);
        let near = (0..k).map(|place| positions.int64_value(&[row as i64, place as i64]) as u32);
        let others = near.filter(|&neighbour| own == 0 || neighbour != query).take(k - own);
        for (place, neighbour) in others.enumerate() {
            let frame = train_labels.as_ref().zip(asked_labels).map(|(train, asked)| {
                if train.label(neighbour as usize) == asked.label(query as usize) { RIGHT } else { WRONG }
            });
            sheet.put(1 + place, row, &one(&*train, &extractor.plan, neighbour)?, frame);
        }
    }
    save(&sheet.picture, file)
}

fn one(images: &dyn Dataset, plan: &ViewPlan, index: u32) -> anyhow::Result<RgbImage> {
    let mut bytes = vec![0; plan.bytes()];
    fill(images, plan, 0, 0, &[index], &mut bytes)?;
    Ok(shown(ImageRef::new(plan.size().0, plan.size().1, &bytes)))
}

/// A grid of small images, each enlarged by a whole factor so that no pixel is invented.
pub(crate) struct Sheet {
    pub(crate) picture: RgbImage,
    /// Width and height of a cell.
    cell: (usize, usize),
}

impl Sheet {
    /// Cells for images of this width and height.
    pub(crate) fn new(columns: usize, rows: usize, size: (usize, usize)) -> Self {
        let cell = enlarged(size, (CELL, CELL));
        let pitch = pitch(cell);
        let whole = ((columns * pitch.0 + GAP) as u32, (rows * pitch.1 + GAP) as u32);
        Self { picture: RgbImage::from_pixel(whole.0, whole.1, PAPER), cell }
    }

    pub(crate) fn put(&mut self, column: usize, row: usize, image: &RgbImage, frame: Option<Rgb<u8>>) {
        let (width, height) = enlarged((image.width() as usize, image.height() as usize), self.cell);
        let (width, height) = (width as u32, height as u32);
        let cell = imageops::resize(image, width, height, imageops::FilterType::Nearest);
        let pitch = pitch(self.cell);
        let (x, y) = ((GAP + column * pitch.0) as i64, (GAP + row * pitch.1) as i64);
        if let Some(colour) = frame {
            let border = 2 * BORDER as u32;
            let framed = RgbImage::from_pixel(width + border, height + border, colour);
            imageops::replace(&mut self.picture, &framed, x, y);
        }
        imageops::replace(&mut self.picture, &cell, x + BORDER as i64, y + BORDER as i64);
    }
}

/// From one cell to the next, across and down.
fn pitch(cell: (usize, usize)) -> (usize, usize) {
    (cell.0 + 2 * BORDER + GAP, cell.1 + 2 * BORDER + GAP)
}

/// A size in the largest whole multiple that fits a cell, or as it is.
fn enlarged((width, height): (usize, usize), cell: (usize, usize)) -> (usize, usize) {
    let times = (cell.0 / width).min(cell.1 / height).max(1);
    (width * times, height * times)
}
