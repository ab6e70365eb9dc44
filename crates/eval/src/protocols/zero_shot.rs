//! Zero-shot classification (CLIP, Radford et al. 2021, arXiv 2103.00020, section 3.1): a class is what prompts say of it.

use crate::model::{embedded, projected};
use crate::{EvalError, Metric, Needs, Network, Protocol, Report, Stop, Subject, predicted};
use kontrast_losses::unit;
use kontrast_text::{Prompt, prompts};
use tch::{Kind, Tensor};

/// The protocol `zero_shot`. The training images are not looked at.
#[derive(Clone, Debug)]
pub struct ZeroShot {
    /// What is said of a class, with `{}` where its name stands.
    pub prompts: Vec<String>,
}

impl Protocol for ZeroShot {
    fn name(&self) -> &'static str {
        "zero_shot"
    }

    fn version(&self) -> u32 {
        1
    }

    fn needs(&self) -> Needs {
        Needs::Texts
    }

    fn check(&self, network: &Network<'_>) -> Result<(), EvalError> {
        let names = network.test.class_names();
        self.sentences(names)?;
        let unseen = network.texts.map_or(&[][..], |(_, side)| side.unseen);
        let unknown = unseen.iter().find(|name| !names.contains(name));
        unknown.map_or(Ok(()), |name| {
            Err(EvalError::Setting {
                key: "texts.unseen",
                value: format!("{unseen:?}"),
                expected: "names of classes of the images".to_owned(),
                found: format!("{name:?}, which is none of {}", names.join(", ")),
            })
        })
    }

    /// One report; with classes that were not trained on also `seen_top1` and `unseen_top1` among all classes, their harmonic mean
    /// (Xian et al. 2017, arXiv 1703.04394, equation 9), and `unseen_only_top1` where only the unseen classes may be named.
    fn evaluate(&self, subject: &Subject<'_>, stop: &Stop) -> Result<Vec<Report>, EvalError> {
        stop.check()?;
        let network = subject.network(self)?;
        let (space, side) = network.texts.expect("a network that offers texts");
        let names = network.test.class_names();
        let of_class = |sentences: &Vec<String>| {
            let mean =
                embedded(space, side.tokenizer, sentences)?.mean_dim([0i64].as_slice(), true, Kind::Float);
            Ok::<_, EvalError>(unit(&mean))
        };
        let classes: Vec<Tensor> = self.sentences(names)?.iter().map(of_class).collect::<Result<_, _>>()?;
        let images = tch::no_grad(|| projected(subject.test().features(), network.projector));
        let scores = images.matmul(&Tensor::cat(&classes, 0).tr());
        let predictions = predicted(&scores);
        let mut report = Report::of_classes(self, subject, &predictions).with_top5(&scores, subject);
        let place = |name: &String| names.iter().position(|known| known == name).map(|place| place as i64);
        let unseen: Vec<i64> = side.unseen.iter().filter_map(place).collect();
        if !unseen.is_empty() {
            report.metrics.extend(generalized(&scores, &predictions, subject.test().labels(), &unseen));
        }
        Ok(vec![subject.scored(report.with("prompts", self.prompts.len()))])
    }
}

impl ZeroShot {
    /// What an experiment asks for.
    pub fn new(config: &kontrast_config::ZeroShot) -> Self {
        Self { prompts: config.prompts.clone() }
    }

    /// What is said of each class.
    fn sentences(&self, names: &[String]) -> Result<Vec<Vec<String>>, EvalError> {
        let said = |error: kontrast_text::TextError| EvalError::Text(format!("eval.zero_shot: {error}"));
        let own = self.prompts.iter().map(|prompt| Prompt::new(prompt)).collect::<Result<Vec<_>, _>>();
        prompts(&own.map_err(said)?, names).map_err(said)
    }
}

/// Accuracies on classes that were trained on and on others.
///
/// # Shapes
/// - `scores`: `[n, classes]`; `predictions`, `labels`: `[n]`
fn generalized(scores: &Tensor, predictions: &Tensor, labels: &Tensor, unseen: &[i64]) -> Vec<Metric> {
    let others = Tensor::from_slice(unseen).to_device(labels.device());
    let is_unseen = labels.unsqueeze(1).eq_tensor(&others.unsqueeze(0)).any_dim(1, false);
    let hits = predictions.eq_tensor(labels).to_kind(Kind::Double);
    let among = |hits: &Tensor, of: &Tensor| {
        let of = of.to_kind(Kind::Double);
        (hits * &of).sum(Kind::Double).double_value(&[]) / of.sum(Kind::Double).double_value(&[])
    };
    let (on_seen, on_unseen) = (among(&hits, &is_unseen.logical_not()), among(&hits, &is_unseen));
    let both = on_seen + on_unseen;
    let harmonic = if both > 0.0 { 2.0 * on_seen * on_unseen / both } else { 0.0 };
    let only = others.index_select(0, &scores.index_select(1, &others).argmax(1, false));
    let of_unseen = among(&only.eq_tensor(labels).to_kind(Kind::Double), &is_unseen);
    let metric = |name, value| Metric::per_cent(name, &[value]);
    vec![
        metric("seen_top1", on_seen),
        metric("unseen_top1", on_unseen),
        metric("harmonic_mean", harmonic),
        metric("unseen_only_top1", of_unseen),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracies_of_seen_and_unseen_classes_by_hand() {
        // Classes 0 and 1 were trained on, 2 and 3 were not.
        let scores = Tensor::from_slice(&[
            0.9f32, 0.1, 0.0, 0.0, //
            0.9, 0.1, 0.0, 0.0, //
            0.9, 0.0, 0.5, 0.1, //
            0.0, 0.0, 0.5, 0.6, //
            0.0, 0.7, 0.5, 0.1, //
        ])
        .view([5, 4]);
        let labels = Tensor::from_slice(&[0i64, 1, 2, 3, 3]);
        let found = generalized(&scores, &predicted(&scores), &labels, &[2, 3]);
        let values: Vec<_> =
            found.iter().map(|metric| (metric.name.as_str(), metric.value.round())).collect();
        let expected =
            [("seen_top1", 50.0), ("unseen_top1", 33.0), ("harmonic_mean", 40.0), ("unseen_only_top1", 67.0)];
        assert_eq!(values, expected);
    }

    #[test]
    fn where_nothing_is_right_the_harmonic_mean_is_nothing() {
        let scores = Tensor::from_slice(&[0.1f32, 0.9, 0.9, 0.1]).view([2, 2]);
        let labels = Tensor::from_slice(&[0i64, 1]);
        let found = generalized(&scores, &predicted(&scores), &labels, &[1]);
        assert_eq!(found[2].value, 0.0);
        assert_eq!(found[3].value, 100.0, "one class alone cannot be mistaken");
    }
}
