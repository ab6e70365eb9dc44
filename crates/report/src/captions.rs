//! What the pictures of a run show: the same picture is of different things under different methods.

use kontrast_config::{Experiment, Method};
use kontrast_runlog::human::count;
use kontrast_runlog::{Layout, Pretext, Reconstruction, Summary};
use serde::Serialize;

use crate::scores::neighbours_caption;

/// The most answers whose names fit the confusion matrix.
const MOST_NAMED: u64 = 13;

/// A sentence or two below the heading of each picture.
#[derive(Debug, Serialize)]
pub(crate) struct Captions {
    views: String,
    pretext: String,
    confusion: &'static str,
    reconstructions: String,
    neighbours: &'static str,
}

impl Captions {
    /// The captions of a run. Where its configuration cannot be read any more they say what is true of every method.
    pub(crate) fn of(summary: &Summary, layout: &Layout) -> Self {
        let experiment = Experiment::load(&layout.config(), &[]).ok().map(|loaded| loaded.experiment);
        let each = experiment.as_ref().map(|experiment| experiment.method.each()).unwrap_or_default();
        let methods: Vec<_> = each.iter().map(|(_, method)| *method).collect();
        Self {
            views: views(&methods),
            pretext: pretext(&methods, summary.pretext.as_ref()),
            confusion: confusion(summary.pretext.as_ref()),
            reconstructions: reconstructions(summary.reconstruction.as_ref()),
            neighbours: neighbours_caption(summary),
        }
    }
}

/// What becomes of the views before the encoder sees them.
fn views(methods: &[&Method]) -> String {
    let drawn = "A dozen training images, and below each the views that the first epoch drew of it.";
    match methods {
        [] => format!("{drawn} Some methods turn views, cut tiles from them or drop colours afterwards."),
        [method] => format!("{drawn} {}", afterwards(method)),
        tasks => {
            let mut of_tasks: Vec<String> = Vec::new();
            for task in tasks {
                let words = format!("For {}: {}", task.name(), afterwards(task));
                if !of_tasks.contains(&words) {
                    of_tasks.push(words);
                }
            }
            format!("{drawn} Each task takes its own of them. {}", of_tasks.join(" "))
        }
    }
}

fn afterwards(method: &Method) -> String {
    match method {
        Method::Rotation(own) if own.all => {
            format!(
                "Each view is then turned by all {} angles, and all of them are trained on.",
                own.rotations
            )
        }
        Method::Rotation(own) => {
            format!("Each view is then turned by one of {} angles.", own.rotations)
        }
        Method::Jigsaw(own) => {
            let normalised = if own.normalise { ", normalised each by itself" } else { "" };
            format!(
                "Of each view {0}x{0} tiles of {1} pixels are then cut{normalised}, and shuffled; the encoder sees one tile at \
                 a time.",
                own.grid, own.tile
            )
        }
        Method::RelativePatch(own) => {
            let normalised = if own.normalise { ", normalised each by itself" } else { "" };
            let dropped =
                if own.drop_channels.is_some() { ", and noise replaces two colours of each" } else { "" };
            format!(
                "Of each view tiles of {} pixels are then cut{normalised}{dropped}; the encoder sees one tile at a time.",
                own.tile
            )
        }
        Method::Autoencoder(_) => {
            "The encoder sees them as they are, and they are what has to be given back.".to_owned()
        }
        Method::Exemplar(_) => {
            "The encoder sees them as they are; each image is a class of its own, and its views belong to it."
                .to_owned()
        }
        _ => "The encoder sees them as they are.".to_owned(),
    }
}

/// What a prediction looks like on the sheet, and how answers are written.
fn pretext(methods: &[&Method], pretext: Option<&Pretext>) -> String {
    let whose = match pretext {
        Some(pretext) if pretext.on_test => "test images",
        Some(_) => "training images",
        None => "images",
    };
    let own = methods.iter().find_map(|method| of_task(method)).unwrap_or_default();
    let first = methods.iter().find(|method| of_task(method).is_some());
    let drawn =
        if matches!(first, Some(Method::Exemplar(_))) { "views drawn anew of the" } else { "undistorted" };
    format!(
        "Some predictions made at the end, on {drawn} {whose}, framed green where they are right and red where not, \
         with the right answer and the one that was found. {own}"
    )
}

/// Of the methods that have a pretext task.
fn of_task(method: &Method) -> Option<String> {
    match method {
        Method::Rotation(own) => {
            let columns = if own.all { ", a column for each image" } else { "" };
            Some(format!(
                "The network is asked by how much an image was turned, counter-clockwise; there is a row for each angle\
                 {columns}."
            ))
        }
        Method::Jigsaw(own) if own.grid <= 3 => Some(
            "The network is asked by which permutation the tiles were shuffled. An answer has the number of the tile \
             at each place, row by row; in the image itself tiles are numbered from 0, row by row."
                .to_owned()
                + jigsaw_tiles(own.normalise),
        ),
        Method::Jigsaw(own) => Some(
            "The network is asked by which permutation the tiles were shuffled. Answers are the permutations' places in \
             permutations.toml, from 0."
                .to_owned()
                + jigsaw_tiles(own.normalise),
        ),
        Method::RelativePatch(own) => {
            let before = match (own.normalise, own.drop_channels.is_some()) {
                (true, true) => " Tiles are shown before they are normalised and lose colours.",
                (true, false) => " Tiles are shown before they are normalised.",
                _ => "",
            };
            Some(format!(
                "On the left the tile in the middle of an image, on the right one of the eight around it: the network \
                 is asked where the right one lies, seen from the middle. There is a row for each place.{before}"
            ))
        }
        Method::Exemplar(_) => Some(
            "The network is asked of which training image a view is, on the left; on the right is the image that it \
             found. Answers are the images' numbers, from 0."
                .to_owned(),
        ),
        _ => None,
    }
}

fn jigsaw_tiles(normalise: bool) -> &'static str {
    if normalise { " Tiles are shown before they are normalised." } else { "" }
}

fn confusion(pretext: Option<&Pretext>) -> &'static str {
    match pretext {
        Some(pretext) if pretext.classes > MOST_NAMED => {
            "A row for each right answer, a column for each that was found, in per cent of the row: right predictions lie on \
             the diagonal. Answers are numbered from 0, as they stand in permutations.toml."
        }
        _ => {
            "A row for each right answer, a column for each that was found, in per cent of the row: right predictions lie on \
             the diagonal."
        }
    }
}

/// What the rows are, and the error beside its baseline.
fn reconstructions(measured: Option<&Reconstruction>) -> String {
    let Some(measured) = measured else {
        return "Undistorted images, and below each what the decoder makes of its embedding.".to_owned();
    };
    let whose = if measured.on_test { "test" } else { "training" };
    let error = if measured.loss == "l1" { "mean absolute error" } else { "mean squared error" };
    format!(
        "Undistorted {whose} images, and below each what the decoder makes of its embedding. Over all {} {whose} images \
         the {error} of normalised values is {:.3}; that of each image painted over in its one best colour is {:.3}.",
        count(measured.images),
        measured.error,
        measured.baseline
    )
}
