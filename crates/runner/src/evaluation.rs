//! The scores of an encoder beside their two floors, or, without labels, the figures that need none.

use crate::say;
use crate::stage::Stage;
use anyhow::bail;
use kontrast_data::Labelled;
use kontrast_eval::{Knn, LabelFree, Pixels, Protocol, Score, Subject, evaluate, label_free, protocols};
use kontrast_models::Encoder;
use kontrast_runlog::{Evaluation, human};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Pixels on a side of the floor without a network.
const PIXELS: usize = 8;

/// Both splits with labels, where there are such.
pub(crate) fn labelled(stage: &Stage) -> Option<(Arc<dyn Labelled>, Arc<dyn Labelled>)> {
    Some((stage.splits.train.labelled()?, stage.splits.test.clone()?))
}

/// Scores while training: those of the k-NN and the probe, without floors.
pub(crate) fn online(stage: &Stage, encoder: &dyn Encoder) -> anyhow::Result<BTreeMap<String, f64>> {
    let Some((train, test)) = labelled(stage) else { return Ok(BTreeMap::new()) };
    let subject = Subject::new(encoder, &*train, &*test, &stage.extractor(stage.side()))?;
    let seed = stage.experiment.seed;
    let mut list = protocols(&stage.experiment.eval, seed);
    // knn_10 and knn_200 are for comparison at the end; the curve needs one k-NN.
    let knn = Knn::chosen(stage.experiment.eval.validation, seed);
    list.retain(|protocol| protocol.name() == knn.name() || !protocol.name().starts_with("knn"));
    Ok(evaluate(&list, &subject)?.into_iter().map(|(name, score)| (name, score.top1)).collect())
}

/// All scores at the end, and the label-free figures.
pub(crate) fn at_the_end(
    stage: &Stage,
    encoder: &dyn Encoder,
    interrupt: &AtomicBool,
) -> anyhow::Result<(Evaluation, LabelFree)> {
    let seed = stage.experiment.seed;
    let extractor = stage.extractor(stage.side());
    let images = stage.splits.train.images();
    let figures = label_free(encoder, &*images, &stage.plans, &extractor, seed)?;
    let Some((train, test)) = labelled(stage) else { return Ok((Evaluation::default(), figures)) };
    let list = protocols(&stage.experiment.eval, seed);
    let score =
        |whose: &str, encoder: &dyn Encoder, side: usize| -> anyhow::Result<BTreeMap<String, Score>> {
            let stopped = || interrupt.load(Ordering::Relaxed);
            if stopped() {
                bail!("stopped while evaluating");
            }
            let subject = Subject::new(encoder, &*train, &*test, &stage.extractor(side))?;
            let mut scores = BTreeMap::new();
            for protocol in &list {
                if stopped() {
                    bail!("stopped while evaluating");
                }
                let started = Instant::now();
                scores.extend(evaluate(std::slice::from_ref(protocol), &subject)?);
                let (name, took) = (protocol.name(), human::seconds(started.elapsed().as_secs_f64()));
                say::note(format_args!("{whose}, {name}: {:.1} % in {took}", scores[name].top1));
            }
            Ok(scores)
        };
    let untrained = stage.method()?;
    let evaluation = Evaluation {
        trained: score("trained", encoder, stage.side())?,
        random_init: score("untrained", untrained.encoder(), stage.side())?,
        pixels: score("raw pixels", &Pixels { side: PIXELS as i64 }, PIXELS)?,
    };
    Ok((evaluation, figures))
}
