//! The curves of an ablation: its cells along its one axis, and how each learned.

use kontrast_runlog::{Event, read_events};

use crate::{AblationResult, CellResult, Curve, Series};

/// Lines of one plot: more are not told apart.
const LINES: usize = 6;

/// The curves that there are points for.
pub(crate) fn curves(result: &AblationResult) -> Vec<Curve> {
    let learning = |title, pick: fn(&Event) -> Option<f64>| Curve {
        title: format!("{title}{}", which(result)),
        x_label: "steps".to_owned(),
        series: shown(result).into_iter().map(|cell| line(cell, pick)).collect(),
        ..Curve::default()
    };
    let loss = learning("Loss by step", |event| match *event {
        Event::Step { loss, .. } => Some(loss),
        _ => None,
    });
    let rank = learning("Effective rank of the embeddings in the step's batch", |event| match *event {
        Event::Step { effective_rank, .. } => effective_rank,
        _ => None,
    });
    let mut curves = vec![along_the_axis(result), loss, rank];
    curves.retain(|curve| !curve.to_svg().is_empty());
    curves
}

/// Ours and the paper's over the labels of the one axis, each as points above the mean of its own: so that shapes are
/// compared, whatever the level.
fn along_the_axis(result: &AblationResult) -> Curve {
    let (1, 3..) = (result.axes.len(), result.cells.len()) else { return Curve::default() };
    let series = |name: &str, of: fn(&CellResult) -> Option<f64>| {
        let values: Vec<_> = result.cells.iter().map(of).collect();
        let known: Vec<f64> = values.iter().copied().flatten().collect();
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        let points = values.iter().enumerate().filter_map(|(at, value)| Some((at as f64, (*value)? - mean)));
        Series { name: name.to_owned(), points: points.collect(), baseline_of: None }
    };
    let all =
        [series("ours", |cell| cell.spread().map(|spread| spread.mean)), series("paper", |cell| cell.paper)];
    Curve {
        title: "Points above the mean of the cells, by cell".to_owned(),
        x_label: result.axes[0].clone(),
        x_ticks: result
            .cells
            .iter()
            .enumerate()
            .map(|(at, cell)| (at as f64, cell.labels.join(", ")))
            .collect(),
        series: all.into_iter().filter(|series| !series.points.is_empty()).collect(),
        levels: Vec::new(),
    }
}

/// The cells that are drawn: all where they are few, else some from the best to the worst.
fn shown(result: &AblationResult) -> Vec<&CellResult> {
    let mut cells: Vec<_> = result.cells.iter().filter(|cell| cell.spread().is_some()).collect();
    if cells.len() > LINES {
        let mean = |cell: &CellResult| cell.spread().map_or(f64::NAN, |spread| spread.mean);
        cells.sort_by(|one, other| mean(other).total_cmp(&mean(one)));
        let last = cells.len() - 1;
        cells = (0..LINES).map(|place| cells[place * last / (LINES - 1)]).collect();
    }
    cells
}

fn which(result: &AblationResult) -> &'static str {
    let scored = result.cells.iter().filter(|cell| cell.spread().is_some()).count();
    if scored > LINES { ", of six cells from the best to the worst" } else { "" }
}

/// What the first run of a cell that left a log did.
fn line(cell: &CellResult, pick: fn(&Event) -> Option<f64>) -> Series {
    let logs = cell.runs.iter().filter_map(|(run, _)| read_events(run).ok());
    let events = logs.map(|log| log.events).find(|events| !events.is_empty()).unwrap_or_default();
    let points = events.iter().filter_map(|event| Some((event.step()? as f64, pick(event)?)));
    Series { name: cell.labels.join(", "), points: points.collect(), baseline_of: None }
}
