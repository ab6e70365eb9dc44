//! `duplicates`: the rows of a table that are nearly alike.

use crate::host::Host;
use crate::vectors::refused;
use clap::Args;
use kontrast_embeddings::{Table, near_duplicates};
use kontrast_runlog::human;
use std::path::PathBuf;

/// Options of `duplicates`.
#[derive(Args, Debug)]
pub struct Duplicates {
    /// The table
    pub table: PathBuf,
    /// The least cosine of a pair
    #[arg(long, default_value_t = 0.95, allow_negative_numbers = true)]
    pub threshold: f32,
    /// The most pairs that are shown, the most alike first
    #[arg(long, default_value_t = 1000)]
    pub most: usize,
}

/// Says which rows of a table are nearly alike.
///
/// # Errors
/// Where the table cannot be read or has no names.
pub fn duplicates(asked: &Duplicates, host: &dyn Host) -> anyhow::Result<()> {
    let table = Table::read(&asked.table).map_err(refused)?;
    let names = table.require_names().map_err(refused)?;
    let found = near_duplicates(&table, asked.threshold, asked.most).map_err(refused)?;
    for pair in &found.pairs {
        let (first, second) = (&names[pair.first as usize], &names[pair.second as usize]);
        host.out(&format_args!("{:.4}  {first}  {second}", pair.cosine));
    }
    let shown = if found.found > found.pairs.len() {
        format!("; the first {} are shown", found.pairs.len())
    } else {
        String::new()
    };
    host.note(&format_args!(
        "{} of {} with a cosine of {} or above{shown}",
        human::counted(found.found as u64, "pair"),
        human::counted(table.len() as u64, "row"),
        asked.threshold
    ));
    Ok(())
}
