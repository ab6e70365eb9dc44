//! Few-shot k-NN: a few images of each class, drawn several times, vote on the test images (DINOv2, Oquab et al. 2023,
//! arXiv 2304.07193, with `--n-per-class-list` of its `eval/knn.py`).

use super::knn::class_scores;
use crate::{EvalError, FeatureBank, Needs, Network, Protocol, Report, Stop, Subject, predicted};
use kontrast_rng::KeyedRng;
use std::collections::BTreeMap;
use tch::Tensor;

/// The protocol `few_shot`. As many neighbours vote as there are shots, which is the largest k that DINOv2 allows.
#[derive(Clone, Debug)]
pub struct FewShot {
    /// Training images of each class, at least 1; a score each.
    pub shots: Vec<usize>,
    /// How often they are drawn, at least once.
    pub draws: u32,
    /// Temperature of the vote.
    pub temperature: f64,
    /// Seed of the draws.
    pub seed: u64,
}

impl Protocol for FewShot {
    fn name(&self) -> &'static str {
        "few_shot"
    }

    fn version(&self) -> u32 {
        1
    }

    fn needs(&self) -> Needs {
        Needs::Features
    }

    fn check(&self, network: &Network<'_>) -> Result<(), EvalError> {
        self.members(&network.labels(), network.train.class_names().len()).map(drop)
    }

    /// A report for each number of shots, named `few_shot_5`: mean and standard deviation over draws.
    fn evaluate(&self, subject: &Subject<'_>, stop: &Stop) -> Result<Vec<Report>, EvalError> {
        let members = self.members(&subject.train().labels_on_cpu(), subject.classes() as usize)?;
        let groups = subject.train().groups();
        let mut reports = Vec::new();
        for &shots in &self.shots {
            let drawn: Vec<_> =
                (0..self.draws).map(|draw| self.draw(&members, groups, shots, draw)).collect();
            reports.push(subject.scored(self.report(subject, shots, &drawn, stop)?));
        }
        Ok(reports)
    }
}

impl FewShot {
    /// What an experiment asks for.
    pub fn new(config: &kontrast_config::FewShot, seed: u64) -> Self {
        let kontrast_config::FewShot { shots, draws, temperature } = config.clone();
        Self { shots, draws, temperature, seed }
    }

    /// Positions of each class's images among the training images.
    ///
    /// # Errors
    /// Where a class has fewer than the most shots, a number of shots is 0, or nothing is drawn.
    fn members(&self, labels: &[i64], classes: usize) -> Result<Vec<Vec<i64>>, EvalError> {
        let setting = |key, value, expected: &str, found| {
            Err(EvalError::Setting { key, value, expected: expected.to_owned(), found })
        };
        if self.draws == 0 {
            return setting(
                "eval.few_shot.draws",
                "0".to_owned(),
                "at least 1",
                "no draw to score".to_owned(),
            );
        }
        if self.shots.contains(&0) {
            let (value, found) = (format!("{:?}", self.shots), "no image to vote".to_owned());
            return setting("eval.few_shot.shots", value, "at least 1 image of each class", found);
        }
        let mut members = vec![Vec::new(); classes];
        for (position, &label) in (0..).zip(labels) {
            members[label as usize].push(position);
        }
        let most = self.shots.iter().copied().max().unwrap_or(0);
        let rarest = members.iter().enumerate().min_by_key(|(_, members)| members.len());
        match rarest {
            Some((class, members)) if members.len() < most => setting(
                "eval.few_shot.shots",
                format!("{:?}", self.shots),
                "no more than each class has training images",
                format!("{} of class {class}", members.len()),
            ),
            _ => Ok(members),
        }
    }

    /// Positions of `shots` images of each class, no two of a group as long as the class has others. Those of more shots
    /// contain those of fewer.
    fn draw(&self, members: &[Vec<i64>], groups: Option<&[u64]>, shots: usize, draw: u32) -> Tensor {
        let of_class = |(class, members): (usize, &Vec<i64>)| {
            let mut order = members.clone();
            KeyedRng::named(*b"few shot", self.seed, draw, class as u64).shuffle(&mut order);
            if let Some(groups) = groups {
                order = dealt(&order, groups);
            }
            order.truncate(shots);
            order
        };
        Tensor::from_slice(&members.iter().enumerate().flat_map(of_class).collect::<Vec<_>>())
    }

    /// The score of images at these positions, a tensor a draw.
    fn report(
        &self,
        subject: &Subject<'_>,
        shots: usize,
        drawn: &[Tensor],
        stop: &Stop,
    ) -> Result<Report, EvalError> {
        let mut predictions = Vec::new();
        for positions in drawn {
            stop.check()?;
            let bank = subject.train().part(positions);
            predictions.push(self.predictions(&bank, subject.test().features(), shots));
        }
        let report = Report::of_classes(self, subject, &Tensor::stack(&predictions, 0));
        let report = report.named(format!("few_shot_{shots}")).with("shots", shots);
        Ok(report.with("draws", drawn.len()).with("temperature", self.temperature))
    }

    fn predictions(&self, bank: &FeatureBank, queries: &Tensor, shots: usize) -> Tensor {
        predicted(&class_scores(bank, queries, shots as i64, Some(self.temperature)))
    }
}

/// The positions with one of each group first, then a second of each, and so on; otherwise in their order.
fn dealt(order: &[i64], groups: &[u64]) -> Vec<i64> {
    let mut seen = BTreeMap::<u64, usize>::new();
    let round = |&position: &i64| {
        let before = seen.entry(groups[position as usize]).or_default();
        *before += 1;
        (*before, position)
    };
    let mut rounds: Vec<(usize, i64)> = order.iter().map(round).collect();
    rounds.sort_by_key(|&(round, _)| round);
    rounds.into_iter().map(|(_, position)| position).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontrast_testkit::Case;
    use proptest::prelude::*;

    fn protocol(shots: &[usize], seed: u64) -> FewShot {
        FewShot { shots: shots.to_vec(), draws: 3, temperature: 0.07, seed }
    }

    fn subject(case: &Case) -> Subject<'static> {
        let bank = |split: &str| {
            let (features, labels) = (format!("{split}.features"), format!("{split}.labels"));
            FeatureBank::new(&case[&features], &case[&labels], 6).unwrap()
        };
        Subject::of_features("golden", bank("train"), bank("test")).unwrap()
    }

    #[test]
    fn scores_of_given_draws_are_those_of_dinov2() {
        let case = Case::from_bytes(include_bytes!("../../tests/golden/few_shot/case.safetensors"));
        let subject = subject(&case);
        for shots in [1, 5, 10] {
            let named = |what: &str| format!("{what}.{shots}");
            let positions = &case[&named("positions")];
            let drawn: Vec<_> = (0..positions.size()[0]).map(|draw| positions.get(draw)).collect();
            let report = protocol(&[shots], 0).report(&subject, shots, &drawn, &Stop::default()).unwrap();
            assert_eq!(report.predictions.as_ref(), Some(&case[&named("predictions")]), "{shots} shots");
            let (top1, per_class) =
                (report.metric("top1").unwrap(), report.metric("mean_per_class").unwrap());
            for (found, expected) in [
                (Some(top1.value), "top1"),
                (top1.std, "top1_std"),
                (Some(per_class.value), "mean_per_class"),
                (per_class.std, "mean_per_class_std"),
            ] {
                let (found, expected) = (found.unwrap(), case.number(&named(expected)));
                assert!((found - expected).abs() < 1e-9, "{shots} shots: {found}, expected {expected}");
            }
        }
    }

    #[test]
    fn several_shots_are_scored_in_one_run_and_more_help() {
        let case = Case::from_bytes(include_bytes!("../../tests/golden/few_shot/case.safetensors"));
        let reports = protocol(&[1, 10], 4).evaluate(&subject(&case), &Stop::default()).unwrap();
        let names: Vec<_> = reports.iter().map(|report| report.name.as_str()).collect();
        assert_eq!(names, ["few_shot_1", "few_shot_10"]);
        assert!(reports[0].top1() + 5.0 < reports[1].top1(), "{reports:?}");
        let score = reports[1].score();
        assert_eq!((score.count("shots"), score.count("draws")), (Some(10), Some(3)));
        assert!(score.top1_std.is_some_and(|std| std > 0.0 && std < 20.0), "{score:?}");
    }

    #[test]
    fn nothing_to_draw_is_refused_with_the_key() {
        let case = Case::from_bytes(include_bytes!("../../tests/golden/few_shot/case.safetensors"));
        let refused =
            |protocol: FewShot| protocol.evaluate(&subject(&case), &Stop::default()).unwrap_err().to_string();
        let none = refused(FewShot { draws: 0, ..protocol(&[1], 0) });
        assert!(none.starts_with("eval.few_shot.draws = 0: expected at least 1"), "{none}");
        let empty = refused(protocol(&[5, 0], 0));
        assert!(empty.starts_with("eval.few_shot.shots = [5, 0]: expected at least 1 image"), "{empty}");
    }

    #[test]
    fn a_class_with_fewer_images_than_shots_is_refused_with_the_key() {
        let error = protocol(&[1, 3], 0).members(&[0, 0, 0, 1, 1, 2, 2, 2], 3).unwrap_err().to_string();
        let expected = "eval.few_shot.shots = [1, 3]: expected no more than each class has training images, found 2 of \
                        class 1";
        assert_eq!(error, expected);
        assert!(protocol(&[1], 0).members(&[0, 0, 2], 3).is_err(), "a class without images");
        let stop = Stop::default();
        stop.request();
        let case = Case::from_bytes(include_bytes!("../../tests/golden/few_shot/case.safetensors"));
        assert!(matches!(protocol(&[1], 0).evaluate(&subject(&case), &stop), Err(EvalError::Stopped)));
    }

    #[test]
    fn shots_are_of_different_groups_as_long_as_there_are_such() {
        // Three groups a class, of 6, 2 and 1 images.
        let labels: Vec<i64> = (0..18).map(|position| position / 9).collect();
        let groups: Vec<u64> = (0..18)
            .map(|position| position / 9 * 3 + [0, 0, 0, 0, 0, 0, 1, 1, 2][position as usize % 9])
            .collect();
        for draw in 0..20 {
            let protocol = protocol(&[9], 3);
            let members = protocol.members(&labels, 2).unwrap();
            let drawn = |shots, groups| {
                let drawn = protocol.draw(&members, groups, shots, draw);
                Vec::<i64>::try_from(drawn).unwrap()
            };
            // Three of different groups, then one of each that has a second.
            for (shots, distinct, at_most) in [(1, 2, 1), (3, 6, 1), (5, 6, 2), (9, 6, 6)] {
                let drawn = drawn(shots, Some(&groups[..]));
                let mut counts = BTreeMap::new();
                for &position in &drawn {
                    *counts.entry(groups[position as usize]).or_insert(0) += 1;
                }
                assert_eq!(drawn.len(), 2 * shots);
                assert_eq!(
                    (counts.len(), counts.values().max()),
                    (distinct, Some(&at_most)),
                    "{shots} shots"
                );
            }
            let more = drawn(5, Some(&groups));
            assert!(drawn(3, Some(&groups)).iter().all(|position| more.contains(position)), "draws nest");
            let own: Vec<u64> = (0..18).collect();
            assert_eq!(drawn(4, Some(&own)), drawn(4, None), "groups of one image change nothing");
        }
    }

    proptest! {
        #[test]
        fn each_class_has_its_shots_once_and_fewer_are_among_more(
            counts in proptest::collection::vec(4usize..12, 1..6), seed in 0u64..50, draw in 0u32..9,
        ) {
            // Classes in turn, the largest ones to the end.
            let labels: Vec<i64> = (0..12usize)
                .flat_map(|round| (0..counts.len()).filter(|&c| counts[c] > round).map(|c| c as i64).collect::<Vec<_>>())
                .collect();
            let protocol = protocol(&[4], seed);
            let members = protocol.members(&labels, counts.len()).unwrap();
            let drawn = |shots| Vec::<i64>::try_from(protocol.draw(&members, None, shots, draw)).unwrap();
            let (four, two) = (drawn(4), drawn(2));
            for class in 0..counts.len() {
                let of_class = |all: &[i64]| -> Vec<i64> {
                    all.iter().copied().filter(|&at| labels[at as usize] == class as i64).collect()
                };
                let (mut more, fewer) = (of_class(&four), of_class(&two));
                prop_assert!(fewer.iter().all(|at| more.contains(at)));
                more.sort_unstable();
                more.dedup();
                prop_assert_eq!((more.len(), fewer.len()), (4, 2));
            }
            prop_assert_eq!(four, drawn(4));
        }
    }
}
