//! The losses that a run's loss is put together from, and the pretext accuracy of each.

use kontrast_runlog::human::percent;
use kontrast_runlog::{LossPart, Summary};
use serde::Serialize;

use crate::markdown_table;

/// One of them, as text.
#[derive(Debug, Serialize)]
pub(crate) struct PartRow {
    name: String,
    loss: String,
    uniform: String,
    accuracy: String,
    accuracy_chance: String,
}

/// A row for each; none where the loss is one.
pub(crate) fn part_rows(summary: &Summary) -> Vec<PartRow> {
    summary.loss_parts.iter().map(row).collect()
}

/// The table for the terminal; empty where the loss is one.
pub fn loss_parts_markdown(summary: &Summary) -> String {
    if summary.loss_parts.is_empty() {
        return String::new();
    }
    let cells = |row: PartRow| vec![row.name, row.loss, row.uniform, row.accuracy, row.accuracy_chance];
    let rows: Vec<_> = part_rows(summary).into_iter().map(cells).collect();
    markdown_table(&["part of the loss", "at the end", "uniform", "right in the batch", "by chance"], &rows)
}

fn row(part: &LossPart) -> PartRow {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    PartRow {
        name: part.name.clone(),
        loss: format!("{:.3}", part.loss),
        uniform: or_none(part.uniform.map(|uniform| format!("{uniform:.3}"))),
        accuracy: or_none(part.accuracy.map(percent)),
        accuracy_chance: or_none(part.accuracy_chance.map(percent)),
    }
}
