//! Two grids of cells, ours and the paper's, of an ablation with two axes.

use serde::Serialize;

use crate::{AblationResult, CellResult};

/// The share of colour in the cell of the largest value, in per cent: letters stay readable on it.
const MOST: f64 = 60.0;

/// One grid: a row for each label of the first axis, a column for each of the second.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct CellGrid {
    title: &'static str,
    /// Of the axes.
    names: [String; 2],
    columns: Vec<String>,
    rows: Vec<(String, Vec<GridCell>)>,
}

/// One cell of it.
#[derive(Debug, Default, PartialEq, Serialize)]
struct GridCell {
    /// The value, or a dash; empty where the cell is left out.
    text: String,
    /// What is told of it on hover: also why there is no value.
    hint: String,
    /// How much colour it has, in per cent; none without a value.
    colour: Option<f64>,
}

/// Our grid, and the paper's where it has values; none of an ablation with another number of axes.
pub(crate) fn grids(result: &AblationResult) -> Vec<CellGrid> {
    let [first, second] = &result.axes[..] else { return Vec::new() };
    let names = [first.clone(), second.clone()];
    let ours = |cell: &CellResult| (cell.spread().map(|spread| spread.mean), cell.ours());
    let paper =
        |cell: &CellResult| (cell.paper, cell.paper.map_or_else(String::new, |value| format!("{value:.1}")));
    let mut grids = vec![grid("Ours, %", names.clone(), result, ours)];
    if result.cells.iter().any(|cell| cell.paper.is_some()) {
        grids.push(grid("Paper, %", names, result, paper));
    }
    grids
}

fn grid(
    title: &'static str,
    names: [String; 2],
    result: &AblationResult,
    of: impl Fn(&CellResult) -> (Option<f64>, String),
) -> CellGrid {
    let values: Vec<f64> = result.cells.iter().filter_map(|cell| of(cell).0).collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let span = values.iter().copied().fold(f64::NEG_INFINITY, f64::max) - least;
    let shown = |row: &String, column: &String| {
        let Some(cell) = result.cells.iter().find(|cell| cell.labels == [row.clone(), column.clone()]) else {
            return GridCell::default();
        };
        let (value, words) = of(cell);
        GridCell {
            text: value.map_or("\u{2013}".to_owned(), |value| format!("{value:.1}")),
            hint: format!("{row}, {column}: {words}"),
            colour: value.map(|value| if span > 0.0 { MOST * (value - least) / span } else { 0.0 }),
        }
    };
    let [rows, columns] = [&result.labels[0], &result.labels[1]];
    let row = |label: &String| (label.clone(), columns.iter().map(|column| shown(label, column)).collect());
    CellGrid { title, names, columns: columns.clone(), rows: rows.iter().map(row).collect() }
}
