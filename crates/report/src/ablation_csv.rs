//! The runs of an ablation as CSV, a line each.

use crate::{AblationResult, Outcome};

/// Columns beside those of the axes.
const OTHERS: [&str; 6] = ["run", "scale", "score", "top1", "status", "paper"];

/// A line for each run: the labels of its cell, its directory, its score in per cent where there is one, what became of it.
pub fn ablation_csv(result: &AblationResult) -> String {
    let own = |axis: &String| if OTHERS.contains(&&**axis) { format!("axis {axis}") } else { axis.clone() };
    let axes: Vec<_> = result.axes.iter().map(own).collect();
    let mut text = line(axes.iter().map(String::as_str).chain(OTHERS));
    for cell in &result.cells {
        let paper = cell.paper.map_or_else(String::new, |value| value.to_string());
        for (run, outcome) in &cell.runs {
            let name = run.file_name().unwrap_or_default().to_string_lossy();
            let status = match outcome {
                Outcome::Top1(_) => "finished".to_owned(),
                Outcome::Collapsed(_) => "collapsed".to_owned(),
                Outcome::Ended(status) => status.to_string(),
                Outcome::NotMeasured => "not measured".to_owned(),
            };
            let top1 = outcome.score().map_or_else(String::new, |score| score.to_string());
            let scale = result.scale.as_deref().unwrap_or_default();
            let others = [&*name, scale, &*cell.score, &*top1, &*status, &*paper];
            text += &line(cell.labels.iter().map(String::as_str).chain(others));
        }
    }
    text
}

/// Fields joined by commas, in quotes where they need them (RFC 4180).
fn line<'f>(fields: impl Iterator<Item = &'f str>) -> String {
    let quoted = |field: &str| {
        if field.contains(['"', ',', '\n', '\r']) {
            format!("\"{}\"", field.replace('"', "\"\""))
        } else {
            field.to_owned()
        }
    };
    fields.map(quoted).collect::<Vec<_>>().join(",") + "\n"
}
