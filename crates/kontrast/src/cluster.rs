//! `cluster`: groups of rows of a table, by k-means.

use crate::destination;
use crate::host::Host;
use crate::vectors::refused;
use clap::Args;
use kontrast_embeddings::{Clustering, Contingency, KMeans, Table};
use kontrast_runlog::{atomic_write, human};
use std::path::PathBuf;

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
    /// Replace a file that is there
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
    let table = Table::read(&asked.table).map_err(refused)?.unit();
    let found = KMeans::new(asked.clusters, asked.seed).fit(&table).map_err(refused)?;
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
    Ok(())
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
        let difference = &table.row(row) - &found.centers.row(cluster);
        let distance = difference.dot(&difference).sqrt();
        let known = known.iter().map(|(_, column)| column[row].clone());
        writer.write_record(known.chain([cluster.to_string(), distance.to_string()]))?;
    }
    Ok(writer.into_inner()?)
}
