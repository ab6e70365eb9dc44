//! Where images lie in the space of representations, in two dimensions: what the page of a run shows of its encoder.

use crate::canvas::shown;
use crate::session::Session;
use anyhow::Context;
use image::codecs::jpeg::JpegEncoder;
use image::{RgbImage, imageops};
use kontrast_augment::ImageRef;
use kontrast_data::{Dataset, fill};
use kontrast_embeddings::{Index, Pca, Similarity, Table, Tsne};
use kontrast_models::Encoder;
use kontrast_report::{EmbeddingMap, MapLayout};
use kontrast_runlog::atomic_write;
use ndarray::Array2;
use std::path::Path;
use tch::{Device, Tensor};

/// Images that are laid out: more hide each other.
const IMAGES: usize = 600;
/// The least number of images: fewer are uninformative.
const LEAST: usize = 10;
/// The longer side of an image in the picture.
const SIDE: usize = 32;
/// Of the picture.
const QUALITY: u8 = 88;

/// Writes `embedding.json` and `embedding.jpg` in the folder of a run's figures: test images, or training images where there
/// are no others, spread over the data set.
pub(crate) fn write(session: &Session<'_>, encoder: &dyn Encoder, figures: &Path) -> anyhow::Result<()> {
    let test = session.splits.test.clone();
    let labelled = test.clone().or_else(|| session.splits.train.labelled());
    let images = match &labelled {
        Some(labelled) => labelled.clone() as _,
        None => session.splits.train.images(),
    };
    let count = images.len().min(IMAGES);
    if count < LEAST {
        return Ok(());
    }
    let indices: Vec<u32> = (0..count).map(|i| (i * images.len() / count) as u32).collect();
    let extractor = session.extractor(session.size());
    let features = extractor.features(encoder, &*images, &indices, &session.stop)?;
    let Some(layouts) = layouts(&features)? else { return Ok(()) };
    let (picture, cell) = picture(session, &*images, &indices)?;
    let map = EmbeddingMap {
        of: if test.is_some() { "test images" } else { "training images" }.to_owned(),
        classes: labelled.as_ref().map_or_else(Vec::new, |of| of.class_names().to_vec()),
        labels: labelled.as_ref().map_or_else(Vec::new, |of| {
            indices.iter().map(|&index| of.label(index as usize) as usize).collect()
        }),
        cell,
        layouts,
    };
    atomic_write(&figures.join(EmbeddingMap::PICTURE), &picture)?;
    Ok(map.write(figures)?)
}

/// By t-SNE of cosines and by principal components of unit rows; none where all rows are one.
fn layouts(features: &Tensor) -> anyhow::Result<Option<Vec<MapLayout>>> {
    let (rows, width) = (features.size()[0] as usize, features.size()[1] as usize);
    let values = Vec::<f32>::try_from(features.to_device(Device::Cpu).contiguous().flatten(0, -1))?;
    let table = Table::new(Array2::from_shape_vec((rows, width), values)?)?;
    if width < 2 {
        return Ok(None);
    }
    let index = Index::of(&table, Similarity::Cosine);
    let pca = Pca::fit(index.table(), 2)?;
    if pca.variances[0] <= 0.0 {
        return Ok(None);
    }
    let usual = Tsne::default();
    let tsne = Tsne { perplexity: usual.perplexity.min((rows - 1) as f32 / 4.0), ..usual };
    let layout = |name: String, points: Array2<f32>| {
        let points = points.outer_iter().map(|point| (point[0], point[1])).collect();
        MapLayout { name, points }
    };
    let [first, second] = [0, 1].map(|which| 100.0 * pca.fractions[which]);
    let name = format!("Principal components, {first:.1} % and {second:.1} % of the variance");
    Ok(Some(vec![
        layout("t-SNE of cosines".to_owned(), tsne.lay_out(&table)?),
        layout(name, pca.project(index.table())?),
    ]))
}

/// The images in rows, as a JPEG, and the size of each.
fn picture(
    session: &Session<'_>,
    images: &dyn Dataset,
    indices: &[u32],
) -> anyhow::Result<(Vec<u8>, (usize, usize))> {
    let plan = session.undistorted(session.size());
    let (width, height) = plan.size();
    let longer = width.max(height).max(SIDE);
    let cell = ((width * SIDE / longer).max(1), (height * SIDE / longer).max(1));
    let rows = indices.len().div_ceil(EmbeddingMap::COLUMNS);
    let mut sheet = RgbImage::new((cell.0 * EmbeddingMap::COLUMNS) as u32, (cell.1 * rows) as u32);
    let mut bytes = vec![0; plan.bytes()];
    for (place, &index) in indices.iter().enumerate() {
        fill(images, &plan, 0, 0, &[index], &mut bytes)?;
        let image = shown(ImageRef::new(width, height, &bytes));
        let image = if cell == (width, height) {
            image
        } else {
            imageops::thumbnail(&image, cell.0 as u32, cell.1 as u32)
        };
        let (column, row) = (place % EmbeddingMap::COLUMNS, place / EmbeddingMap::COLUMNS);
        imageops::replace(&mut sheet, &image, (column * cell.0) as i64, (row * cell.1) as i64);
    }
    let mut jpeg = Vec::new();
    let encoded = JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&sheet);
    encoded.context("the picture of embedded images cannot be encoded")?;
    Ok((jpeg, cell))
}
