//! The scores of an encoder beside their two baselines, or, without labels, the figures that need none.

use crate::log;
use crate::probing::{self, Probing};
use crate::session::Session;
use kontrast_data::Labelled;
use kontrast_eval::layers::beside;
use kontrast_eval::{
    EvalError, Knn, LabelFree, LayerScore, Pixels, Protocol, Score, Subject, evaluate, label_free, protocols,
    split,
};
use kontrast_models::Encoder;
use kontrast_runlog::{Evaluation, human};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Pixels on the shorter side of the baseline without a network.
const PIXELS: usize = 8;

/// A view's width and height with [`PIXELS`] on the shorter side, in its proportions.
fn shrunk((width, height): (usize, usize)) -> (usize, usize) {
    let shorter = width.min(height).max(1);
    let side = |side: usize| (PIXELS * side + shorter / 2) / shorter;
    (side(width), side(height))
}

/// Both splits with labels, where there are such.
pub(crate) fn labelled(session: &Session) -> Option<(Arc<dyn Labelled>, Arc<dyn Labelled>)> {
    Some((session.splits.train.labelled()?, session.splits.test.clone()?))
}

/// Scores while training: those of the k-NN and the probe, without baselines.
pub(crate) fn online(session: &Session, encoder: &dyn Encoder) -> anyhow::Result<BTreeMap<String, f64>> {
    let Some((train, test)) = labelled(session) else { return Ok(BTreeMap::new()) };
    let subject = Subject::new(encoder, &*train, &*test, &session.extractor(session.size()))?;
    let seed = session.experiment.seed;
    let mut list = protocols(&session.experiment.eval, seed);
    // knn_10 and knn_200 are for comparison at the end; the curve needs one k-NN.
    let knn = Knn::chosen(session.experiment.eval.validation, seed);
    list.retain(|protocol| protocol.name() == knn.name() || !protocol.name().starts_with("knn"));
    Ok(evaluate(&list, &subject)?.into_iter().map(|(name, score)| (name, score.top1)).collect())
}

/// All that is said of an encoder at the end.
#[derive(Default)]
pub(crate) struct FinalScores {
    pub(crate) scores: Evaluation,
    pub(crate) layers: Vec<LayerScore>,
    pub(crate) figures: LabelFree,
}

/// Whether the maps of layer-wise probes, where these are asked for, have room in memory.
pub(crate) fn require_room(session: &Session, encoder: &dyn Encoder) -> anyhow::Result<()> {
    if let (Some((train, test)), Some(probes)) = (labelled(session), probing::probes(session)) {
        probes.require_room(encoder, &*train, &*test, &session.extractor(session.size()))?;
    }
    Ok(())
}

/// Whether the training images can be split as the protocols ask, which choose on a part of them.
pub(crate) fn require_split(session: &Session) -> Result<(), EvalError> {
    let eval = &session.experiment.eval;
    let chooses =
        eval.knn || eval.linear.as_ref().is_some_and(|grid| grid.lrs.len() * grid.weight_decays.len() > 1);
    match labelled(session) {
        Some((train, _)) if chooses => {
            let labels: Vec<i64> = train.labels().into_iter().map(i64::from).collect();
            split(&labels, eval.validation, session.experiment.seed).map(drop)
        }
        _ => Ok(()),
    }
}

/// All scores at the end, and the label-free figures.
pub(crate) fn at_the_end(
    session: &Session,
    encoder: &dyn Encoder,
    interrupt: &AtomicBool,
) -> anyhow::Result<FinalScores> {
    let seed = session.experiment.seed;
    let extractor = session.extractor(session.size());
    let labelled = labelled(session);
    // Before the other scores take their time: the probes come last.
    require_room(session, encoder)?;
    let images = session.splits.train.images();
    let figures = label_free(encoder, &*images, &session.plans, &extractor, seed)?;
    let Some((train, test)) = labelled else {
        say_what_needs_labels(session);
        return Ok(FinalScores { figures, ..FinalScores::default() });
    };
    let evaluator =
        Evaluator { session, train, test, list: protocols(&session.experiment.eval, seed), interrupt };
    let random_init = session.method()?;
    let (trained, layers) = evaluator.network("trained", encoder)?;
    let (random_init, baselines) = evaluator.network("random init", random_init.encoder())?;
    let size = shrunk(session.size());
    let values = (session.experiment.data.channels() * size.0 * size.1) as i64;
    let pixels = evaluator.scores("raw pixels", &evaluator.subject(&Pixels { values }, size)?)?;
    let scores = Evaluation { trained, random_init, pixels };
    Ok(FinalScores { scores, layers: beside(layers, &baselines), figures })
}

/// What the file asks for and the images do not allow. The bases ask for k-NN, whatever the images.
fn say_what_needs_labels(session: &Session) {
    let eval = &session.experiment.eval;
    for (key, asked) in [("eval.linear", eval.linear.is_some()), ("eval.layers", eval.layers.is_some())] {
        if asked {
            log::note(format_args!(
                "{key} is left out: its probes need training and test images with labels, and there are none"
            ));
        }
    }
}

/// Scores encoders, one protocol after the other until somebody stops it.
struct Evaluator<'a> {
    session: &'a Session,
    train: Arc<dyn Labelled>,
    test: Arc<dyn Labelled>,
    list: Vec<Box<dyn Protocol>>,
    interrupt: &'a AtomicBool,
}

impl Evaluator<'_> {
    /// Of a network its stages too.
    fn network(
        &self,
        whose: &str,
        encoder: &dyn Encoder,
    ) -> anyhow::Result<(BTreeMap<String, Score>, Vec<LayerScore>)> {
        let subject = self.subject(encoder, self.session.size())?;
        let scores = self.scores(whose, &subject)?;
        let Some(probing) = Probing::new(self.session, whose, self.interrupt)? else {
            return Ok((scores, Vec::new()));
        };
        let layers = probing.run(&subject, &self.session.extractor(self.session.size()))?;
        Ok((scores, layers))
    }

    /// An encoder with its features of images of this width and height.
    fn subject<'e>(&'e self, encoder: &'e dyn Encoder, size: (usize, usize)) -> anyhow::Result<Subject<'e>> {
        self.go_on()?;
        Ok(Subject::new(encoder, &*self.train, &*self.test, &self.session.extractor(size))?)
    }

    fn scores(&self, whose: &str, subject: &Subject<'_>) -> anyhow::Result<BTreeMap<String, Score>> {
        let mut scores = BTreeMap::new();
        for protocol in &self.list {
            self.go_on()?;
            let started = Instant::now();
            scores.extend(evaluate(std::slice::from_ref(protocol), subject)?);
            let (name, took) = (protocol.name(), human::seconds(started.elapsed().as_secs_f64()));
            log::note(format_args!("{whose}, {name}: {:.1} % in {took}", scores[name].top1));
        }
        Ok(scores)
    }

    fn go_on(&self) -> Result<(), EvalError> {
        if self.interrupt.load(Ordering::Relaxed) { Err(EvalError::Stopped) } else { Ok(()) }
    }
}
