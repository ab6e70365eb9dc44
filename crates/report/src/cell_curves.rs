//! Learning curves of an ablation's cells: the first seed of each, from its events.

use kontrast_runlog::{Event, read_events};

use crate::ablation::{AblationResult, CellResult};
use crate::{Curve, Series};

/// More lines than these cannot be told apart by colour and dots.
const MOST_COLOURED: usize = 8;

/// Loss and online score over steps, as far as there are events. A log that cannot be read has no line.
pub(crate) fn cell_curves(result: &AblationResult) -> Vec<Curve> {
    let logs: Vec<(&CellResult, Vec<Event>)> = result
        .cells
        .iter()
        .enumerate()
        // Several cells may be of one run.
        .filter(|(place, cell)| {
            result.cells[..*place].iter().all(|other| other.runs.first() != cell.runs.first())
        })
        .filter_map(|(_, cell)| Some((cell, read_events(&cell.runs.first()?.0).ok()?.events)))
        .filter(|(_, events)| !events.is_empty())
        .collect();
    let has_online =
        |name: &str| logs.iter().flat_map(|(_, events)| events).any(|event| online(event, name).is_some());
    // The score of the table where it was made while training, else the one that every method makes.
    let score = result.score.as_deref().filter(|score| has_online(score)).unwrap_or("knn");
    let curves = [
        ("Loss".to_owned(), curve(&logs, loss)),
        (format!("{score} top-1 while training, %"), curve(&logs, |event| online(event, score))),
    ];
    curves
        .into_iter()
        .map(|(title, series)| Curve { title, x_label: "steps".to_owned(), series, ..Curve::default() })
        .filter(|curve| !curve.to_svg().is_empty())
        .collect()
}

/// A line for each cell; of many the best and the worst are named, and lie above the others.
fn curve<'r>(logs: &[(&'r CellResult, Vec<Event>)], pick: impl Fn(&Event) -> Option<f64>) -> Vec<Series> {
    let at = |event: &Event| Some((event.step()? as f64, pick(event)?));
    let line = |(cell, events): &(&'r CellResult, Vec<Event>)| {
        let points: Vec<_> = events.iter().filter_map(at).collect();
        let series = Series { name: cell.name(), points, ..Series::default() };
        (!series.points.is_empty()).then_some((*cell, series))
    };
    let mut lines: Vec<_> = logs.iter().filter_map(line).collect();
    if lines.len() > MOST_COLOURED {
        lines.sort_by(|(a, _), (b, _)| mean(b).total_cmp(&mean(a)));
        let last = lines.iter().rposition(|(cell, _)| cell.spread().is_some());
        // Without scores there is neither a best nor a worst.
        for (place, (cell, series)) in lines.iter_mut().enumerate() {
            match (place, last) {
                (0, Some(last)) if last > 0 => series.name = named("best", cell),
                (place, Some(last)) if last > 0 && place == last => series.name = named("worst", cell),
                _ => series.is_muted = true,
            }
        }
        // The worst has the second colour.
        if let Some(last) = last.filter(|last| *last > 0) {
            lines.swap(1, last);
        }
    }
    lines.into_iter().map(|(_, series)| series).collect()
}

/// Cells without a score come last.
fn mean(cell: &CellResult) -> f64 {
    cell.spread().map_or(f64::NEG_INFINITY, |spread| spread.mean)
}

fn named(which: &str, cell: &CellResult) -> String {
    format!("{which}: {}", cell.name())
}

fn loss(event: &Event) -> Option<f64> {
    match event {
        Event::Step { loss, .. } => Some(*loss),
        _ => None,
    }
}

fn online(event: &Event, score: &str) -> Option<f64> {
    match event {
        Event::Score { top1, .. } => top1.get(score).copied(),
        _ => None,
    }
}
