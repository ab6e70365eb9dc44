//! `cluster`: groups of rows of a table, by k-means.

use crate::destination;
use crate::host::Host;
use crate::thumbnails::{Cell, Pictures, Thumbnails};
use crate::vectors::refused;
use clap::Args;
use kontrast_embeddings::{Clustering, Contingency, KMeans, Table};
use kontrast_runlog::{atomic_write, human};
use std::path::{Path, PathBuf};

/// Images of a cluster on a sheet: those nearest to its centre, and the farthest.
const NEAREST: usize = 8;
const FARTHEST: usize = 4;
/// Clusters on a sheet.
const DRAWN: usize = 100;

/// Options of `cluster`.
#[derive(Args, Debug)]
pub struct Cluster {
    /// The table
    pub table: PathBuf,
    /// How many clusters
    #[arg(long)]
    pub clusters: usize,
    /// Where each row's cluster is written, a CSV
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Fixes the draws
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Draw of each cluster those that are nearest to its centre, and some of the farthest, a PNG
    #[arg(long, value_name = "FILE", requires = "images")]
    pub sheet: Option<PathBuf>,
    /// The folder that was embedded, from which the sheet has its images
    #[arg(long, value_name = "FOLDER", requires = "sheet")]
    pub images: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long)]
    pub force: bool,
}

/// Clusters the rows of a table, brought to length 1, by k-means, writes the cluster of each, and says how well clusters
/// agree with classes where these are known.
///
/// # Errors
/// Where the table cannot be read, or has fewer rows than clusters.
pub fn cluster(asked: &Cluster, host: &dyn Host) -> anyhow::Result<()> {
    destination::require_free("--out", &asked.out, asked.force)?;
    if let Some(file) = &asked.sheet {
        destination::require_free_png("--sheet", file, asked.force)?;
    }
    let table = Table::read(&asked.table).map_err(refused)?.unit();
    if let Some(folder) = &asked.images {
        Pictures::new(folder, &table)?;
    }
    let found = fitted(&KMeans::new(asked.clusters, asked.seed), &table, host)?;
    let file = written(&table, &found)?;
    atomic_write(&asked.out, &file)?;
    host.out(&format_args!(
        "{}: {} in {}, mean squared distance {:.4}",
        asked.out.display(),
        human::counted(table.len() as u64, "row"),
        human::counted(asked.clusters as u64, "cluster"),
        found.inertia / table.len() as f64
    ));
    if let Ok(classes) = table.class_numbers() {
        let agreement = Contingency::new(&found.assignment, &classes);
        host.out(&format_args!(
            "agreement with the classes: accuracy {:.1} % (a class for one cluster at most), NMI {:.3}, ARI {:.3}",
            100.0 * agreement.accuracy(),
            agreement.normalized_mutual_information(),
            agreement.adjusted_rand_index()
        ));
    }
    match (&asked.sheet, &asked.images) {
        (Some(file), Some(folder)) => draw(&table, &found, folder, file, host),
        _ => Ok(()),
    }
}

/// Clusters, and shows how far it is.
fn fitted(asked: &KMeans, table: &Table, host: &dyn Host) -> anyhow::Result<Clustering> {
    let bar = host.bar("clustering [{bar:30}] {pos}/{len} starts, {msg}");
    bar.begin(0, asked.starts as u64);
    let found = asked.fit_watched(table, &mut |start, round| {
        bar.set(start as u64);
        bar.message(&format!("round {}", round + 1));
    });
    bar.finish();
    found.map_err(refused)
}

/// A row a cluster: those nearest to its centre, then the farthest, with their distances.
fn draw(
    table: &Table,
    found: &Clustering,
    folder: &Path,
    file: &Path,
    host: &dyn Host,
) -> anyhow::Result<()> {
    let (mut pictures, mut sheet) = (Pictures::new(folder, table)?, Thumbnails::default());
    let clusters = found.centers.nrows();
    for cluster in 0..clusters.min(DRAWN) {
        let members = (0..table.len()).filter(|&row| found.assignment[row] == cluster);
        let mut members: Vec<_> = members.map(|row| (row, distance(table, found, row))).collect();
        members.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (near, rest) = members.split_at(members.len().min(NEAREST));
        let far = &rest[rest.len() - rest.len().min(FARTHEST)..];
        let mut cells: Vec<_> = near.iter().map(|&(row, distance)| pictures.cell(row, distance)).collect();
        if !far.is_empty() {
            cells.push(Cell::Empty);
            cells.extend(far.iter().map(|&(row, distance)| pictures.cell(row, distance)));
        }
        let rows = human::counted(members.len() as u64, "row");
        sheet.push(format!("cluster {cluster}, {rows}: the nearest to its centre, and the farthest"), cells);
    }
    if clusters > DRAWN {
        host.note(&format_args!("note: the sheet has the first {DRAWN} of {clusters} clusters"));
    }
    pictures.save(&sheet, file, host)
}

/// How far a row is from the centre of its cluster.
fn distance(table: &Table, found: &Clustering, row: usize) -> f32 {
    let difference = &table.row(row) - &found.centers.row(found.assignment[row]);
    difference.dot(&difference).sqrt()
}

/// A line a row: what is known of it, its cluster, and its distance from the centre.
fn written(table: &Table, found: &Clustering) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns = [("name", table.names()), ("label", table.labels()), ("group", table.groups())];
    let known =
        columns.into_iter().filter_map(|(heading, column)| Some((heading, column?))).collect::<Vec<_>>();
    writer.write_record(known.iter().map(|(heading, _)| *heading).chain(["cluster", "distance"]))?;
    for row in 0..table.len() {
        let cluster = found.assignment[row];
        let distance = distance(table, found, row);
        let known = known.iter().map(|(_, column)| column[row].clone());
        writer.write_record(known.chain([cluster.to_string(), distance.to_string()]))?;
    }
    Ok(writer.into_inner()?)
}
