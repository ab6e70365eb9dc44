//! The scores of an encoder beside their two floors, or, without labels, the figures that need none.

use crate::probing::{self, Probing};
use crate::say;
use crate::stage::Stage;
use kontrast_data::Labelled;
use kontrast_eval::depth::beside;
use kontrast_eval::{
    DepthScore, EvalError, Knn, LabelFree, Pixels, Protocol, Score, Subject, evaluate, label_free, protocols,
    split,
};
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

/// All that is said of an encoder at the end.
#[derive(Default)]
pub(crate) struct Judgement {
    pub(crate) scores: Evaluation,
    pub(crate) depth: Vec<DepthScore>,
    pub(crate) figures: LabelFree,
}

/// Whether the maps of probes at depth, where these are asked for, have room in memory.
pub(crate) fn require_room(stage: &Stage, encoder: &dyn Encoder) -> anyhow::Result<()> {
    if let (Some((train, test)), Some(probes)) = (labelled(stage), probing::probes(stage)) {
        probes.require_room(encoder, &*train, &*test, &stage.extractor(stage.side()))?;
    }
    Ok(())
}

/// Whether the training images can be split as the protocols ask, which choose on a part of them.
pub(crate) fn require_split(stage: &Stage) -> Result<(), EvalError> {
    let eval = &stage.experiment.eval;
    let chooses =
        eval.knn || eval.linear.as_ref().is_some_and(|grid| grid.lrs.len() * grid.weight_decays.len() > 1);
    match labelled(stage) {
        Some((train, _)) if chooses => {
            let labels: Vec<i64> = train.labels().into_iter().map(i64::from).collect();
            split(&labels, eval.validation, stage.experiment.seed).map(drop)
        }
        _ => Ok(()),
    }
}

/// All scores at the end, and the label-free figures.
pub(crate) fn at_the_end(
    stage: &Stage,
    encoder: &dyn Encoder,
    interrupt: &AtomicBool,
) -> anyhow::Result<Judgement> {
    let seed = stage.experiment.seed;
    let extractor = stage.extractor(stage.side());
    let labelled = labelled(stage);
    // Before the other scores take their time: the probes come last.
    require_room(stage, encoder)?;
    let images = stage.splits.train.images();
    let figures = label_free(encoder, &*images, &stage.plans, &extractor, seed)?;
    let Some((train, test)) = labelled else {
        say_what_needs_labels(stage);
        return Ok(Judgement { figures, ..Judgement::default() });
    };
    let judge = Judge { stage, train, test, list: protocols(&stage.experiment.eval, seed), interrupt };
    let untrained = stage.method()?;
    let (trained, depth) = judge.network("trained", encoder)?;
    let (random_init, floors) = judge.network("untrained", untrained.encoder())?;
    let pixels = judge.scores("raw pixels", &judge.subject(&Pixels { side: PIXELS as i64 }, PIXELS)?)?;
    let scores = Evaluation { trained, random_init, pixels };
    Ok(Judgement { scores, depth: beside(depth, &floors), figures })
}

/// What the file asks for and the images do not allow. The bases ask for k-NN, whatever the images.
fn say_what_needs_labels(stage: &Stage) {
    let eval = &stage.experiment.eval;
    for (key, asked) in [("eval.linear", eval.linear.is_some()), ("eval.depth", eval.depth.is_some())] {
        if asked {
            say::note(format_args!(
                "{key} is left out: its probes need training and test images with labels, and there are none"
            ));
        }
    }
}

/// What encoders are judged by, one protocol after the other until somebody stops it.
struct Judge<'a> {
    stage: &'a Stage,
    train: Arc<dyn Labelled>,
    test: Arc<dyn Labelled>,
    list: Vec<Box<dyn Protocol>>,
    interrupt: &'a AtomicBool,
}

impl Judge<'_> {
    /// Of a network its stages too.
    fn network(
        &self,
        whose: &str,
        encoder: &dyn Encoder,
    ) -> anyhow::Result<(BTreeMap<String, Score>, Vec<DepthScore>)> {
        let subject = self.subject(encoder, self.stage.side())?;
        let scores = self.scores(whose, &subject)?;
        let Some(probing) = Probing::new(self.stage, whose, self.interrupt)? else {
            return Ok((scores, Vec::new()));
        };
        let depth = probing.run(&subject, &self.stage.extractor(self.stage.side()))?;
        Ok((scores, depth))
    }

    /// An encoder with its features of images of so many pixels on a side.
    fn subject<'e>(&'e self, encoder: &'e dyn Encoder, side: usize) -> anyhow::Result<Subject<'e>> {
        self.go_on()?;
        Ok(Subject::new(encoder, &*self.train, &*self.test, &self.stage.extractor(side))?)
    }

    fn scores(&self, whose: &str, subject: &Subject<'_>) -> anyhow::Result<BTreeMap<String, Score>> {
        let mut scores = BTreeMap::new();
        for protocol in &self.list {
            self.go_on()?;
            let started = Instant::now();
            scores.extend(evaluate(std::slice::from_ref(protocol), subject)?);
            let (name, took) = (protocol.name(), human::seconds(started.elapsed().as_secs_f64()));
            say::note(format_args!("{whose}, {name}: {:.1} % in {took}", scores[name].top1));
        }
        Ok(scores)
    }

    fn go_on(&self) -> Result<(), EvalError> {
        if self.interrupt.load(Ordering::Relaxed) { Err(EvalError::Stopped) } else { Ok(()) }
    }
}
