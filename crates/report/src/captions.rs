//! What the pictures of a run show: the same picture is of different things under different methods.

use kontrast_config::{Experiment, Task};
use kontrast_runlog::human::count;
use kontrast_runlog::{Layout, Pretext, Reconstruction, Summary};
use serde::Serialize;

use crate::confused::confused_caption;
use crate::scores::neighbours_caption;

/// The most answers whose names fit the confusion matrix.
const MOST_NAMED: u64 = 13;

/// A sentence or two below the heading of each picture.
#[derive(Debug, Serialize)]
pub(crate) struct Captions {
    views: String,
    pretext: String,
    confusion: &'static str,
    classes: String,
    reconstructions: String,
    neighbours: &'static str,
}

impl Captions {
    /// The captions of a run. Where its configuration cannot be read any more they say what is true of every method.
    pub(crate) fn of(summary: &Summary, layout: &Layout) -> Self {
        let experiment = Experiment::load(&layout.config(), &[]).ok().map(|loaded| loaded.experiment);
        let tasks = experiment.map(|experiment| experiment.method.tasks()).unwrap_or_default();
        Self {
            views: views(&tasks),
            pretext: pretext(&tasks, summary.pretext.as_ref()),
            confusion: confusion(summary.pretext.as_ref()),
            classes: confused_caption(summary),
            reconstructions: reconstructions(&tasks, summary.reconstruction.as_ref()),
            neighbours: neighbours_caption(summary),
        }
    }
}

/// What becomes of the views before the encoder sees them.
fn views(tasks: &[Task]) -> String {
    let drawn = "A dozen training images, and below each the views that the first epoch drew of it.";
    match tasks {
        [] => format!("{drawn} Some methods turn views, cut tiles from them or drop colours afterwards."),
        [only] => format!("{drawn} {}", only.info.after_views),
        tasks => {
            let mut of_tasks: Vec<String> = Vec::new();
            for task in tasks {
                let words = format!("For {}: {}", task.name, task.info.after_views);
                if !of_tasks.contains(&words) {
                    of_tasks.push(words);
                }
            }
            format!("{drawn} Each task takes its own of them. {}", of_tasks.join(" "))
        }
    }
}

/// What a prediction looks like on the sheet, and how answers are written.
fn pretext(tasks: &[Task], measured: Option<&Pretext>) -> String {
    let whose = match measured {
        Some(measured) if measured.on_test => "test images",
        Some(_) => "training images",
        None => "images",
    };
    let asked = tasks.iter().find_map(|task| task.info.pretext.as_ref());
    let anew = asked.is_some_and(|asked| asked.of_training_images);
    let drawn = if anew { "views drawn anew of the" } else { "undistorted" };
    let own = asked.map_or("", |asked| &asked.asked);
    format!(
        "Some predictions made at the end, on {drawn} {whose}, framed green where they are right and red where not, \
         with the right answer and the one that was found. {own}"
    )
}

fn confusion(pretext: Option<&Pretext>) -> &'static str {
    match pretext {
        Some(pretext) if pretext.classes > MOST_NAMED => {
            "A row for each right answer, a column for each that was found, in per cent of the row: right predictions \
             lie on the diagonal. Answers are numbered from 0, as they stand in permutations.toml."
        }
        _ => {
            "A row for each right answer, a column for each that was found, in per cent of the row: right predictions \
             lie on the diagonal."
        }
    }
}

/// What the rows are, and the error beside its baseline.
fn reconstructions(tasks: &[Task], measured: Option<&Reconstruction>) -> String {
    let info = tasks.iter().map(|task| &task.info).find(|info| info.reconstructs.is_some());
    let below = info.map_or("below each what comes back of it", |info| &info.given_back);
    let Some(measured) = measured else {
        return format!("Undistorted images, and {below}.");
    };
    let whose = if measured.on_test { "test" } else { "training" };
    let of = if info.is_some_and(|info| info.hidden.is_some()) { "what is hidden of all" } else { "all" };
    let error = if measured.loss == "l1" { "mean absolute error" } else { "mean squared error" };
    format!(
        "Undistorted {whose} images, and {below}. Over {of} {} {whose} images \
         the {error} of normalised values is {:.3}; that of each image painted over in its one best colour is {:.3}.",
        count(measured.images),
        measured.error,
        measured.baseline
    )
}
