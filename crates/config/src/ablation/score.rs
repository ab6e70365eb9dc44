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
    /// The score of a cell of these values: that of the last that has one, else the file's own. One that begins with a dot
    /// stands behind what there is, as `.h` behind `head_color`.
    pub(super) fn score_of(&self, values: &[&AxisValue]) -> String {
        let own = values.iter().filter_map(|value| value.score.as_deref());
        own.fold(
            self.score.clone(),
            |score, own| {
                if own.starts_with('.') { score + own } else { own.to_owned() }
            },
        )
    }

    pub(super) fn check_scores(&self, cells: &[Cell], problems: &mut Problems) {
        let accuracies = SCORES.iter().filter(|info| info.is_accuracy);
        let names: Vec<_> = accuracies.map(|info| format!("`{}`", info.name)).collect();
        let expected = format!(
            "one of {}, or `head_color.h` and the like of what the head keeps, or `layers.STAGE.PROBE`",
            names.join(", ")
        );
        if let Some(cell) = cells.iter().find(|cell| !is_known(&cell.score)) {
            let expected =
                if cell.score == self.score { expected } else { format!("of {}: {expected}", cell.name) };
            problems.require(false, &self.key_of_score(&cell.score), &cell.score, &expected);
        }
    }

    /// Where the file says a score, or its end.
    fn key_of_score(&self, score: &str) -> String {
        let says = |own: &str| own == score || own.starts_with('.') && score.ends_with(own);
        for (index, axis) in self.axes.iter().enumerate().rev() {
            let place = axis.values.iter().position(|value| value.score.as_deref().is_some_and(says));
            if let Some(place) = place {
                return format!("axis[{index}].value[{place}].score");
            }
        }
        "score".to_owned()
    }

    /// Every cell has to be given its score. Returns whether all are.
    pub(super) fn check_scored(&self, cells: &[(&Cell, &Vec<Loaded>)], problems: &mut Problems) -> bool {
        let is_unscored =
            |(cell, loaded): &&(&Cell, &Vec<Loaded>)| !loaded.iter().all(|loaded| loaded.makes(&cell.score));
        let unscored: Vec<_> = cells.iter().filter(is_unscored).map(|(cell, _)| cell).collect();
        let score = unscored.first().map_or(&self.score, |cell| &cell.score);
        let key = self.key_of_score(score);
        let expected = format!(
            "a protocol that every cell runs, but these do not: {}; write {} in the base or among the keys of [set], \
             or choose another score",
            unscored.iter().map(|cell| &*cell.name).collect::<Vec<_>>().join(", "),
            switch(score)
        );
        problems.require(unscored.is_empty(), &key, score, &expected);
        unscored.is_empty()
    }
}
