//! Scores of a summary by the names that tables call them.

use crate::Summary;

impl Summary {
    /// The score of a name, in per cent: `linear` is a protocol's top-1, `head_color.h` one of its other figures, and
    /// `layers.3.linear` the top-1 of a probe on a stage.
    pub fn score(&self, name: &str) -> Option<f64> {
        let value = match name.split('.').collect::<Vec<_>>()[..] {
            ["layers", stage, probe] => {
                let stage: usize = stage.parse().ok()?;
                self.layers.iter().find(|score| score.stage == stage && score.probe == probe)?.top1
            }
            [protocol, metric] => self.eval.trained.get(protocol)?.metrics.get(metric)?.value,
            _ => self.eval.trained.get(name)?.top1,
        };
        value.is_finite().then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LayerScore, Measure, Score};

    #[test]
    fn a_name_is_of_a_protocol_of_one_of_its_figures_or_of_a_stage() {
        let mut summary = Summary::default();
        let head = Score { top1: f64::NAN, ..Score::default() };
        let measure = Measure { value: 97.4, ..Measure::default() };
        let head = Score { metrics: [("z".to_owned(), measure)].into(), ..head };
        summary.eval.trained.insert("head_color".to_owned(), head);
        summary.eval.trained.insert("linear".to_owned(), Score { top1: 64.0, ..Score::default() });
        summary.layers.push(LayerScore {
            stage: 3,
            probe: "linear".to_owned(),
            top1: 61.0,
            ..LayerScore::default()
        });
        for (name, expected) in [
            ("linear", Some(64.0)),
            ("knn", None),
            ("head_color", None),
            ("head_color.z", Some(97.4)),
            ("head_color.h", None),
            ("layers.3.linear", Some(61.0)),
            ("layers.2.linear", None),
            ("layers.3.mlp", None),
            ("layers.three.mlp", None),
        ] {
            assert_eq!(summary.score(name), expected, "{name}");
        }
    }
}
