//! The score of a cell: the file's own, or that of one of its values.

use super::{Ablation, AxisValue, Cell};
use crate::eval::{Probe, SCORES, score_info};
use crate::load::Loaded;
use crate::problems::Problems;

/// What the projection head keeps is asked of these.
const OF_HEAD: [&str; 2] = ["h", "z"];

impl Loaded {
    /// Whether a run of it has the score of this name.
    fn makes(&self, score: &str) -> bool {
        let (eval, encoder) = (&self.experiment.eval, &self.experiment.encoder);
        match score.split('.').collect::<Vec<_>>()[..] {
            ["layers", stage, probe] => eval.layers.as_ref().is_some_and(|layers| {
                let stages = layers.stages(encoder.stages());
                let probes = |known: &Probe| known.as_str() == probe;
                stage.parse().is_ok_and(|stage| stages.contains(&stage)) && layers.probes.iter().any(probes)
            }),
            [protocol, metric] => OF_HEAD.contains(&metric) && eval.scores(protocol),
            _ => eval.scores(score),
        }
    }
}

/// Whether a table can be of the score of this name.
fn is_known(score: &str) -> bool {
    match score.split('.').collect::<Vec<_>>()[..] {
        ["layers", stage, _] => stage.parse::<usize>().is_ok(),
        [protocol, metric] => {
            protocol.starts_with("head_") && OF_HEAD.contains(&metric) && score_info(protocol).is_some()
        }
        _ => score_info(score).is_some_and(|info| info.is_accuracy),
    }
}

/// What a file says to have the score made.
fn switch(score: &str) -> &str {
    match score.split_once('.') {
        Some(("layers", _)) => "[eval.layers] with this stage and probe",
        Some((protocol, _)) => score_info(protocol).map_or("", |info| info.switch),
        None => score_info(score).map_or("", |info| info.switch),
    }
}

impl Ablation {
    /// The score of a cell of these values: that of the last that has one, else the file's own.
    pub(super) fn score_of(&self, values: &[&AxisValue]) -> String {
        let own = values.iter().rev().find_map(|value| value.score.as_ref());
        own.unwrap_or(&self.score).clone()
    }

    pub(super) fn check_scores(&self, problems: &mut Problems) {
        let accuracies = SCORES.iter().filter(|info| info.is_accuracy);
        let names: Vec<_> = accuracies.map(|info| format!("`{}`", info.name)).collect();
        let expected = format!(
            "one of {}, or `head_color.h` and the like of what the head keeps, or `layers.STAGE.PROBE`",
            names.join(", ")
        );
        problems.require(is_known(&self.score), "score", &self.score, &expected);
        for (index, axis) in self.axes.iter().enumerate() {
            for (place, value) in axis.values.iter().enumerate() {
                let Some(score) = &value.score else { continue };
                let key = format!("axis[{index}].value[{place}].score");
                problems.require(is_known(score), &key, score, &expected);
            }
        }
    }

    /// Every cell has to be given its score. Returns whether all are.
    pub(super) fn check_scored(&self, cells: &[(&Cell, &Vec<Loaded>)], problems: &mut Problems) -> bool {
        let is_unscored =
            |(cell, loaded): &&(&Cell, &Vec<Loaded>)| !loaded.iter().all(|loaded| loaded.makes(&cell.score));
        let unscored: Vec<_> = cells.iter().filter(is_unscored).map(|(cell, _)| cell).collect();
        let score = unscored.first().map_or(&self.score, |cell| &cell.score);
        let expected = format!(
            "a protocol that every cell runs, but these do not: {}; write {} in the base or among the keys of [set], \
             or choose another score",
            unscored.iter().map(|cell| &*cell.name).collect::<Vec<_>>().join(", "),
            switch(score)
        );
        problems.require(unscored.is_empty(), "score", score, &expected);
        unscored.is_empty()
    }
}
