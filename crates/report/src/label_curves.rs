//! Scores by the number of labels that were learned from, as curves: few-shot k-NN, fine-tuning, frozen features.

use kontrast_runlog::{Score, Summary};
use std::collections::BTreeMap;

use crate::{Curve, Series};

/// What stands before the number in the names of scores of one curve, what a line is called, and what its random init is.
type Line = (&'static str, &'static str, &'static str);

const FEW_SHOT: [Line; 1] = [("few_shot_", "few-shot", "random init")];
const FRACTIONS: [Line; 2] =
    [("fine_tuning_", "fine-tuned", "from scratch"), ("frozen_", "frozen", "random init, frozen")];

/// The curves that have two points or more.
pub(crate) fn label_curves(summary: &Summary) -> Vec<Curve> {
    let few_shot =
        curve(summary, &FEW_SHOT, "Few-shot k-NN: top-1 by labelled images, %", "images of each class");
    let fractions = curve(summary, &FRACTIONS, "Few labels: top-1, %", "labelled training images, %");
    few_shot.into_iter().chain(fractions).collect()
}

fn curve(summary: &Summary, lines: &[Line], title: &str, x_label: &str) -> Option<Curve> {
    let mut series = Vec::new();
    for &(prefix, name, baseline) in lines {
        let trained = points(&summary.eval.trained, prefix);
        if trained.is_empty() {
            continue;
        }
        let own = series.len();
        series.push(Series { name: name.to_owned(), points: trained, ..Series::default() });
        let random_init = points(&summary.eval.random_init, prefix);
        if !random_init.is_empty() {
            series.push(Series {
                name: baseline.to_owned(),
                points: random_init,
                baseline_of: Some(own),
                ..Series::default()
            });
        }
    }
    let mut numbers: Vec<f64> = series.iter().flat_map(|line| &line.points).map(|point| point.0).collect();
    numbers.sort_by(f64::total_cmp);
    numbers.dedup();
    let x_ticks = numbers.iter().map(|&at| (at, format!("{:.0}", 10_f64.powf(at)))).collect();
    (numbers.len() > 1).then(|| Curve {
        title: title.to_owned(),
        x_label: x_label.to_owned(),
        x_ticks,
        series,
        levels: Vec::new(),
    })
}

/// Logarithm of the number and top-1 of each score whose name is the prefix and a number, in rising order.
fn points(scores: &BTreeMap<String, Score>, prefix: &str) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = scores
        .iter()
        .filter_map(|(name, score)| {
            let number: f64 = name.strip_prefix(prefix)?.parse().ok()?;
            Some((number.log10(), score.top1))
        })
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(of: &[(&str, f64)]) -> BTreeMap<String, Score> {
        of.iter().map(|&(name, top1)| (name.to_owned(), Score { top1, ..Score::default() })).collect()
    }

    fn summary(trained: &[(&str, f64)], random_init: &[(&str, f64)]) -> Summary {
        let mut summary = Summary::default();
        (summary.eval.trained, summary.eval.random_init) = (scores(trained), scores(random_init));
        summary
    }

    #[test]
    fn shots_rise_along_a_log_axis_beside_random_init() {
        let curves = label_curves(&summary(
            &[("few_shot_10", 40.0), ("few_shot_1", 20.0), ("knn_10", 50.0)],
            &[("few_shot_1", 12.0), ("few_shot_10", 15.0)],
        ));
        let [curve] = &curves[..] else { panic!("one curve, found {}", curves.len()) };
        assert_eq!(curve.series[0].points, [(0.0, 20.0), (1.0, 40.0)]);
        assert_eq!((curve.series[1].points[1], curve.series[1].baseline_of), ((1.0, 15.0), Some(0)));
        assert_eq!(curve.x_ticks, [(0.0, "1".to_owned()), (1.0, "10".to_owned())]);
    }

    #[test]
    fn frozen_and_fine_tuned_share_a_curve_and_one_number_makes_none() {
        let trained =
            [("fine_tuning_1", 30.0), ("fine_tuning_10", 50.0), ("frozen_1", 28.0), ("frozen_10", 44.0)];
        let curves = label_curves(&summary(&trained, &[("fine_tuning_1", 25.0), ("fine_tuning_10", 45.0)]));
        let names: Vec<_> = curves[0].series.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["fine-tuned", "from scratch", "frozen"]);
        assert!(label_curves(&summary(&trained[..1], &[])).is_empty());
    }
}
