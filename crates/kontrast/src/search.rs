//! `search`: the images of a table that are nearest to others.

use crate::encoder_file::{self, EncoderOptions, Opened};
use crate::host::Host;
use crate::origin::Origin;
use crate::thumbnails::{Cell, Pictures, Thumbnails, fitted};
use crate::vectors::{refused, row_in_words};
use crate::{Refusal, destination};
use clap::Args;
use kontrast_data::{ImageFiles, InChannels, InMemory};
use kontrast_embeddings::{Index, Neighbours, Similarity, Table};
use kontrast_eval::Stop;
use ndarray::Array2;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Options of `search`.
#[derive(Args, Debug)]
pub struct Search {
    /// The encoder that made the table
    #[command(flatten)]
    pub with: EncoderOptions,
    /// The table that `embed` wrote
    #[arg(long, value_name = "FILE")]
    pub index: PathBuf,
    /// Images to look for; the encoder stands before this option
    #[arg(long, value_name = "IMAGE", required_unless_present = "text", num_args = 1..)]
    pub query: Vec<PathBuf>,
    /// Texts to look for, in a table that `embed --text-space` wrote; the encoder stands before this option
    #[arg(long, value_name = "TEXT", num_args = 1..)]
    pub text: Vec<String>,
    /// Look for images where texts are embedded too, in a table that `embed --text-space` wrote; --text does so anyway
    #[arg(long)]
    pub text_space: bool,
    /// How many of the nearest are shown
    #[arg(long, default_value_t = 10)]
    pub k: usize,
    /// Draw each query beside its nearest, a PNG
    #[arg(long, value_name = "FILE", requires = "images")]
    pub sheet: Option<PathBuf>,
    /// The folder that was embedded, from which the sheet has its images
    #[arg(long, value_name = "FOLDER", requires = "sheet")]
    pub images: Option<PathBuf>,
    /// Replace a sheet that is there
    #[arg(long)]
    pub force: bool,
}

impl Search {
    /// What each query is called, images before texts.
    fn names(&self) -> Vec<String> {
        let images = self.query.iter().map(|path| path.display().to_string());
        images.chain(self.text.iter().map(|text| format!("\"{text}\""))).collect()
    }
}

/// Says, for each query, the rows of a table that are nearest to it, by cosine.
///
/// # Errors
/// Where the table has no names or another width than the encoder, or a query cannot be read.
pub fn search(asked: &Search, host: &dyn Host) -> anyhow::Result<()> {
    if let Some(file) = &asked.sheet {
        destination::require_free_png("--sheet", file, asked.force)?;
    }
    let table = Table::read(&asked.index).map_err(refused)?;
    table.require_names().map_err(refused)?;
    if let Some(folder) = &asked.images {
        Pictures::new(folder, &table)?;
    }
    let (opened, texts) = if asked.text_space || !asked.text.is_empty() {
        let (opened, texts) = encoder_file::open_with_texts(&asked.with, host)?;
        (opened, Some(texts))
    } else {
        (encoder_file::open(&asked.with, host)?, None)
    };
    let Opened { encoder, extractor, channels } = opened;
    let width = encoder.width() as usize;
    if width != table.width() {
        let text = format!(
            "--index {}: vectors of {} values, and the encoder's have {width}; embed the images again with this encoder",
            asked.index.display(),
            table.width()
        );
        return Err(Refusal(text).into());
    }
    Origin::of(&*encoder, extractor.plan.size()).require_made(&asked.index, &table)?;
    let mut values = Vec::new();
    for path in &asked.query {
        let image = InChannels::new(Arc::new(one(path)?), channels);
        let features = extractor.features(&*encoder, &image, &[0], &Stop::default())?;
        values.extend(Vec::<f32>::try_from(features.to_device(tch::Device::Cpu).flatten(0, -1))?);
    }
    if let Some(texts) = texts.filter(|_| !asked.text.is_empty()) {
        values.extend(texts.embed(&asked.text)?);
    }
    let count = asked.query.len() + asked.text.len();
    let queries = Table::new(Array2::from_shape_vec((count, width), values)?).map_err(refused)?;
    let index = Index::new(table, Similarity::Cosine);
    let rows = index.table().len();
    if asked.k > rows {
        host.note(&format_args!(
            "note: --k {}: the table has {rows} rows, and all of them are shown",
            asked.k
        ));
    }
    let found = index.search(&queries, asked.k.min(rows)).map_err(refused)?;
    for (row, name) in asked.names().into_iter().enumerate() {
        host.out(&name);
        for (position, cosine) in found.positions.row(row).into_iter().zip(found.scores.row(row)) {
            host.out(&format_args!("  {cosine:.4}  {}", row_in_words(index.table(), *position as usize)));
        }
    }
    match (&asked.sheet, &asked.images) {
        (Some(file), Some(folder)) => draw(asked, index.table(), &found, folder, file, host),
        _ => Ok(()),
    }
}

/// A row a query: the query, and its nearest with their cosines.
fn draw(
    asked: &Search,
    table: &Table,
    found: &Neighbours,
    folder: &Path,
    file: &Path,
    host: &dyn Host,
) -> anyhow::Result<()> {
    let (mut pictures, mut sheet) = (Pictures::new(folder, table)?, Thumbnails::default());
    for (row, name) in asked.names().into_iter().enumerate() {
        let mut cells = Vec::new();
        if let Some(path) = asked.query.get(row) {
            let query = ImageFiles::default().image(path).map_err(|why| unread(path, &why))?;
            cells.push(Cell::Image(fitted(&query), "query".to_owned()));
        }
        for (&position, &cosine) in found.positions.row(row).into_iter().zip(found.scores.row(row)) {
            cells.push(pictures.cell(position as usize, cosine));
        }
        sheet.push(name, cells);
    }
    pictures.save(&sheet, file, host)
}

/// One image of a file.
fn one(path: &Path) -> Result<InMemory, Refusal> {
    let image = ImageFiles::default().image(path).map_err(|why| unread(path, &why))?;
    let size = (image.width() as usize, image.height() as usize);
    Ok(InMemory::rgb(size, image.into_raw(), vec![0], vec!["query".to_owned()]))
}

fn unread(path: &Path, why: &str) -> Refusal {
    Refusal(format!("{}: cannot be read: {why}; name another image", path.display()))
}
