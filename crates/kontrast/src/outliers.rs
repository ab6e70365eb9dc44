//! `outliers`: the rows of a table that are least typical, and the labels that are most doubtful.

use crate::Refusal;
use crate::host::Host;
use crate::vectors::{refused, row_in_words};
use clap::Args;
use kontrast_embeddings::{Index, Similarity, Table};
use std::path::PathBuf;

/// Neighbours by which a row is called typical: as many as DINOv2's least k.
const NEAR: usize = 10;

/// Options of `outliers`.
#[derive(Args, Debug)]
pub struct Outliers {
    /// The table
    pub table: PathBuf,
    /// How many are shown of each kind
    #[arg(long, default_value_t = 20)]
    pub count: usize,
}

/// Says which rows are least typical, by their mean cosine with their ten nearest; and with classes which labels are most
/// doubtful: rows whose nearest are mostly of another class.
///
/// # Errors
/// Where the table cannot be read, has no names, or has two rows or fewer.
pub fn outliers(asked: &Outliers, host: &dyn Host) -> anyhow::Result<()> {
    let table = Table::read(&asked.table).map_err(refused)?;
    table.require_names().map_err(refused)?;
    let near = NEAR.min(table.len() - 1);
    if near == 0 {
        let text = format!("{}: expected two rows at least, found one", asked.table.display());
        return Err(Refusal(text).into());
    }
    let index = Index::new(table, Similarity::Cosine);
    let found = index.search(index.table(), near + 1).map_err(refused)?;
    let others = |row: usize| {
        let pairs = found.positions.row(row).into_iter().zip(found.scores.row(row));
        pairs.filter(move |&(&position, _)| position as usize != row).take(near)
    };
    let typical = |row: usize| others(row).map(|(_, &cosine)| f64::from(cosine)).sum::<f64>() / near as f64;
    host.out(&format_args!("least typical: mean cosine with the {near} nearest"));
    for (row, cosine) in lowest(index.table().len(), asked.count, typical) {
        host.out(&format_args!("  {cosine:.4}  {}", row_in_words(index.table(), row)));
    }
    let Some(labels) = index.table().labels() else { return Ok(()) };
    let agreeing = |row: usize| {
        others(row).filter(|&(&position, _)| labels[position as usize] == labels[row]).count() as f64
            / near as f64
    };
    host.out(&format_args!(
        "most doubtful labels: fraction of the {near} nearest that are of the same class"
    ));
    for (row, fraction) in
        lowest(labels.len(), asked.count, agreeing).into_iter().filter(|&(_, fraction)| fraction < 0.5)
    {
        host.out(&format_args!("  {fraction:.2}    {}", row_in_words(index.table(), row)));
    }
    Ok(())
}

/// The rows with the lowest values; of equals the earlier.
fn lowest(rows: usize, count: usize, value: impl Fn(usize) -> f64) -> Vec<(usize, f64)> {
    let mut all: Vec<(usize, f64)> = (0..rows).map(|row| (row, value(row))).collect();
    all.sort_by(|a, b| a.1.total_cmp(&b.1));
    all.truncate(count);
    all
}
