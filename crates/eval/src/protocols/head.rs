//! What the projection head throws away (SimCLR, Chen et al. 2020, arXiv 2002.05709, section 4.2 and table 3): an MLP
//! predicts which transformation an image went through, once from the representation `h` and once from the embedding `z`.

use super::Mlp;
use crate::extractor::DrawnViews;
use crate::report::predicted;
use crate::{EvalError, FeatureBank, Metric, Needs, Network, Protocol, Report, Stop, Subject};
use kontrast_augment::{Op, Recipe, Step, ViewPlan};
use kontrast_data::{Labelled, recipes_of};
use kontrast_models::Head;
use kontrast_rng::KeyedRng;
use tch::{Kind, Tensor};

/// The protocol `head`. Nothing is chosen, and each MLP is scored after its last epoch.
#[derive(Clone, Debug)]
pub struct HeadProbes {
    /// Training images that the MLPs learn from, at most.
    pub train: usize,
    /// Test images that scores are of, at most.
    pub test: usize,
    /// Standard deviation of the noise, of values from 0 to 1.
    pub noise: f64,
    /// The classifier, with the seed of all draws.
    pub mlp: Mlp,
}

impl Protocol for HeadProbes {
    fn name(&self) -> &'static str {
        "head"
    }

    fn version(&self) -> u32 {
        1
    }

    fn needs(&self) -> Needs {
        Needs::Projector
    }

    /// A report for each question, `head_color` to `head_class`, with the accuracies `h` and `z`. Images without colours
    /// have no `head_color`, and views that are not square no `head_rotation`.
    fn evaluate(&self, subject: &Subject<'_>, stop: &Stop) -> Result<Vec<Report>, EvalError> {
        let network = subject.network(self)?;
        let projector = network.projector.expect("a network that is enough for the protocol has a projector");
        let mut reports = Vec::new();
        for (number, question) in (0..).zip(Question::ALL) {
            let Some(plan) = question.plan(&network.extractor.plan, self.noise) else { continue };
            let asked = Asked { number, question, plan, projector };
            reports.push(subject.scored(self.report(subject, &network, &asked, stop)?));
        }
        Ok(reports)
    }
}

impl HeadProbes {
    /// What an experiment asks for.
    pub fn new(config: &kontrast_config::HeadProbes, seed: u64) -> Self {
        let kontrast_config::HeadProbes { train, test, noise, widths, epochs, batch, lr, weight_decay } =
            config.clone();
        Self { train, test, noise, mlp: Mlp { widths, epochs, batch, lr, weight_decay, seed } }
    }

    fn report(
        &self,
        subject: &Subject<'_>,
        network: &Network<'_>,
        asked: &Asked<'_>,
        stop: &Stop,
    ) -> Result<Report, EvalError> {
        let train = self.examples(network, asked, (network.train, 0, self.train), stop)?;
        let test = self.examples(network, asked, (network.test, 1, self.test), stop)?;
        let accuracy = |name, train: &FeatureBank, test: &FeatureBank| {
            let logits = self.mlp.logits(train, test.features(), stop)?;
            let right = predicted(&logits).eq_tensor(test.labels()).to_kind(Kind::Double);
            Ok::<_, EvalError>(Metric::per_cent(name, &[right.mean(Kind::Double).double_value(&[])]))
        };
        let metrics = vec![accuracy("h", &train.h, &test.h)?, accuracy("z", &train.z, &test.z)?];
        let report = Report::of_metrics(self, subject, metrics)
            .named(format!("{}_{}", self.name(), asked.question.name()))
            .with("chance", 100.0 / train.h.classes() as f64)
            .with("train", train.h.rows() as usize)
            .with("test", test.h.rows() as usize);
        let report = self.mlp.recorded(report);
        Ok(if asked.question == Question::Noise { report.with("noise", self.noise) } else { report })
    }

    /// What one of the two splits shows of a question: `count` of its images, drawn, each transformed by draws of its own.
    fn examples(
        &self,
        network: &Network<'_>,
        asked: &Asked<'_>,
        (images, split, count): (&dyn Labelled, u32, usize),
        stop: &Stop,
    ) -> Result<Examples, EvalError> {
        let seed = self.mlp.seed;
        let mut indices: Vec<u32> = (0..images.len() as u32).collect();
        KeyedRng::named(*b"headprob", seed, split, 0).shuffle(&mut indices);
        indices.truncate(count);
        // The key of a draw has a place for the epoch, of which there is none here: each question draws for itself, and
        // each split.
        let views = DrawnViews { plan: &asked.plan, seed, epoch: 2 * asked.number + split };
        let models = (network.encoder, asked.projector);
        let (h, z) = network.extractor.embeddings_of(views, models, images, &indices, stop)?;
        let (answers, classes) = if asked.question == Question::Class {
            let class = |&index: &u32| i64::from(images.label(index as usize));
            (indices.iter().map(class).collect(), images.class_names().len())
        } else {
            let recipes = recipes_of(images, &asked.plan, seed, views.epoch, &indices)?;
            (recipes.iter().map(answer).collect::<Vec<_>>(), asked.question.answers())
        };
        let answers = Tensor::from_slice(&answers).to_device(h.device());
        let bank = |features| FeatureBank::of_checked(features, answers.shallow_clone(), classes);
        Ok(Examples { h: bank(h), z: bank(z) })
    }
}

/// A question with what answers it.
struct Asked<'a> {
    /// Its place among all.
    number: u32,
    question: Question,
    /// What is done to an image.
    plan: ViewPlan,
    projector: &'a Head,
}

/// Representations and embeddings of the same images, with the answers.
struct Examples {
    h: FeatureBank,
    z: FeatureBank,
}

/// What is asked of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    /// In colours, or made gray?
    Color,
    /// Turned by how many quarters?
    Rotation,
    /// As it was, or with noise?
    Noise,
    /// As it was, or through Sobel's filter?
    Sobel,
    /// Of which class is it?
    Class,
}

impl Question {
    const ALL: [Self; 5] = [Self::Color, Self::Rotation, Self::Noise, Self::Sobel, Self::Class];

    fn name(self) -> &'static str {
        match self {
            Self::Color => "color",
            Self::Rotation => "rotation",
            Self::Noise => "noise",
            Self::Sobel => "sobel",
            Self::Class => "class",
        }
    }

    /// How many answers there are, equally often right, of a question that a transformation answers.
    fn answers(self) -> usize {
        if self == Self::Rotation { 4 } else { 2 }
    }

    /// What is done to an image first, and then for this question; none where the images do not allow it.
    fn plan(self, first: &ViewPlan, noise: f64) -> Option<ViewPlan> {
        let step = match self {
            Self::Color => Step::Grayscale.sometimes(0.5),
            Self::Rotation => Step::QuarterTurns,
            Self::Noise => Step::GaussianNoise { std: noise }.sometimes(0.5),
            Self::Sobel => Step::Sobel.sometimes(0.5),
            Self::Class => return Some(first.clone()),
        };
        let steps = first.steps().iter().cloned().chain([step]).collect();
        ViewPlan::new(first.size(), steps).and_then(|plan| plan.of_channels(first.channels())).ok()
    }
}

/// What was done to an image: by how many quarters it was turned, or 1 for any other transformation and 0 for none.
fn answer(recipe: &Recipe) -> i64 {
    let of_op = |op: &Op| match *op {
        Op::QuarterTurns(quarters) => i64::from(quarters),
        Op::Grayscale | Op::Noise { .. } | Op::Sobel => 1,
        _ => 0,
    };
    recipe.ops.iter().map(of_op).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_is_right_equally_often_and_draws_are_of_the_image() {
        let first = ViewPlan::evaluation((8, 8));
        for question in &Question::ALL[..4] {
            let plan = question.plan(&first, 0.1).unwrap();
            let answers = |seed| {
                let draw = |image| {
                    let mut recipe = Recipe::default();
                    plan.draw_into(&mut recipe, (8, 8), &mut KeyedRng::new(seed, 0, image, 0));
                    answer(&recipe)
                };
                (0..4000).map(draw).collect::<Vec<_>>()
            };
            let (found, count) = (answers(1), question.answers() as i64);
            for right in 0..count {
                let often = found.iter().filter(|&&answer| answer == right).count() as f64 / 4000.0;
                assert!((often * count as f64 - 1.0).abs() < 0.1, "{question:?}, {right}: {often}");
            }
            assert_eq!(found, answers(1));
            assert_ne!(found, answers(2));
        }
    }

    #[test]
    fn what_images_do_not_allow_is_not_asked() {
        let asked = |size, channels| {
            let first = ViewPlan::evaluation(size).of_channels(channels).unwrap();
            let asked = Question::ALL.into_iter().filter(|question| question.plan(&first, 0.1).is_some());
            asked.map(Question::name).collect::<Vec<_>>()
        };
        assert_eq!(asked((8, 8), 3), ["color", "rotation", "noise", "sobel", "class"]);
        assert_eq!(asked((8, 8), 1), ["rotation", "noise", "sobel", "class"]);
        assert_eq!(asked((8, 6), 3), ["color", "noise", "sobel", "class"]);
    }
}
