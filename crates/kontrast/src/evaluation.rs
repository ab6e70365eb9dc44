//! What a run asks of `kontrast_eval`: scores beside their baselines, or, without labels, the figures that need none.

use crate::host::Host;
use crate::kept::Kept;
use crate::score_lines::ScoreLines;
use crate::session::Session;
use crate::texts::RunTexts;
use kontrast_config::Experiment;
use kontrast_data::{Dataset, Labelled};
use kontrast_eval::{
    Benchmark, CaptionRetrieval, EvalError, Extractor, LabelFree, Milestone, Model, Needs, Protocol, Scored,
    Scores, Stop, fingerprint, label_free, protocols, protocols_for_curves,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Training and test images with labels.
pub(crate) type LabelledSplits = (Arc<dyn Labelled>, Arc<dyn Labelled>);

/// All that is said of an encoder at the end.
pub struct FinalScores {
    /// None without labels or without a test split.
    pub scores: Option<Scores>,
    /// The figures that need no labels.
    pub label_free: LabelFree,
}

/// Both splits with labels, where there are such.
pub(crate) fn labelled(session: &Session<'_>) -> Option<LabelledSplits> {
    Some((session.splits.train.labelled()?, session.splits.test.clone()?))
}

/// Scores while training, without baselines.
pub(crate) fn online(session: &Session<'_>, model: Model<'_>) -> Result<BTreeMap<String, f64>, EvalError> {
    let Some(splits) = labelled(session) else { return Ok(BTreeMap::new()) };
    let extractor = session.extractor(session.size());
    let protocols = protocols_for_curves(&session.experiment.eval, session.experiment.seed);
    let benchmark = benchmark(session, own_name(session), &splits, &extractor, protocols);
    let reports = benchmark.scores(model, &session.stop, &|_| {})?;
    Ok(reports.into_iter().map(|report| (report.name.clone(), report.top1())).collect())
}

/// Whether images and memory allow what the file asks for. Asked once, before the work that leads to the scores.
pub(crate) fn check(session: &Session<'_>, model: Model<'_>) -> Result<(), EvalError> {
    labelled(session).map_or(Ok(()), |splits| check_on(session, &splits, model))
}

/// The same of another data set's images.
pub(crate) fn check_on(
    session: &Session<'_>,
    splits: &LabelledSplits,
    model: Model<'_>,
) -> Result<(), EvalError> {
    let extractor = session.extractor(session.size());
    let protocols = protocols(&session.experiment.eval, session.experiment.seed);
    benchmark(session, own_name(session), splits, &extractor, protocols).check(model)
}

/// All scores at the end, and the label-free figures, of what [`check`] has allowed.
pub(crate) fn at_the_end(session: &Session<'_>, model: Model<'_>) -> anyhow::Result<FinalScores> {
    let (seed, stop) = (session.experiment.seed, &session.stop);
    let extractor = session.extractor(session.size());
    let images = session.splits.train.images();
    let label_free = label_free(model.encoder, &*images, &session.plans, &extractor, seed, stop)?;
    let splits = labelled(session);
    if splits.is_none() {
        log_what_needs_labels(session);
    }
    let scores = splits.map(|splits| scored(session, own_name(session), &splits, model)).transpose()?;
    let scores = with_captions(session, scores, model)?;
    Ok(FinalScores { scores, label_free })
}

/// The scores with those of captions, which need no labels, where the file asks for them and test images have some.
fn with_captions(
    session: &Session<'_>,
    scores: Option<Scores>,
    model: Model<'_>,
) -> anyhow::Result<Option<Scores>> {
    let Some(asked) = &session.experiment.eval.captions else { return Ok(scores) };
    let test = session.splits.test.clone().map(|images| images as Arc<dyn Dataset>);
    let test = test.or_else(|| session.splits.captioned.clone());
    let images = test.filter(|images| !images.is_empty() && !images.captions(0).is_empty());
    let (Some(images), Some(texts)) = (images, &session.texts) else {
        session.host.note(
            &"eval.captions is left out: it needs test images with captions, and a method that reads texts",
        );
        return Ok(scores);
    };
    let (retrieval, extractor) =
        (CaptionRetrieval { ks: asked.ks.clone() }, session.extractor(session.size()));
    let random_init = session.method()?;
    let lines = ScoreLines::new(session.host);
    let of = |scored, model| {
        let found = retrieval.evaluate(
            own_name(session),
            (model, texts.side()),
            &*images,
            &extractor,
            &session.stop,
        )?;
        lines.show(scored, Milestone::Scored(&found));
        Ok::<_, EvalError>(found)
    };
    let (trained, begun) = (of(Scored::Trained, model)?, of(Scored::RandomInit, Model::from(&random_init))?);
    lines.finish();
    let mut scores = scores.unwrap_or_else(|| Scores {
        dataset: own_name(session).to_owned(),
        trained: Vec::new(),
        random_init: Vec::new(),
        pixels: Vec::new(),
    });
    scores.trained.push(trained);
    scores.random_init.push(begun);
    Ok(Some(scores))
}

/// The scores of a model on a data set by the protocols of the session's file, beside their baselines; a line each.
pub(crate) fn scored(
    session: &Session<'_>,
    dataset: &str,
    splits: &LabelledSplits,
    model: Model<'_>,
) -> anyhow::Result<Scores> {
    let random_init = session.method()?;
    scored_beside(session, dataset, splits, (model, Model::from(&random_init)))
}

/// The same of a model and of that with random weights.
pub(crate) fn scored_beside(
    session: &Session<'_>,
    dataset: &str,
    splits: &LabelledSplits,
    (model, random_init): (Model<'_>, Model<'_>),
) -> anyhow::Result<Scores> {
    let extractor = session.extractor(session.size());
    let protocols = protocols(&session.experiment.eval, session.experiment.seed);
    let benchmark = benchmark(session, dataset, splits, &extractor, protocols);
    let own = Kept::default();
    let kept = session.host.kept().unwrap_or(&own);
    let lines = ScoreLines::new(session.host);
    let of = |scored, model| benchmark.scores(model, &session.stop, &|what| lines.show(scored, what));
    let pixels = || benchmark.pixels(&session.stop, &|what| lines.show(Scored::Pixels, what));
    let key = key_of_scores(session, dataset);
    let known = key_of_weights(session, &key, random_init);
    let scored = || {
        Ok(Scores {
            dataset: dataset.to_owned(),
            trained: of(Scored::Trained, model)?,
            random_init: kept.reports(known, || of(Scored::RandomInit, random_init))?,
            pixels: kept.reports(key, pixels)?,
        })
    };
    let scores: Result<_, EvalError> = scored();
    lines.finish();
    Ok(scores?)
}

/// Everything that determines the scores of pixels.
fn key_of_scores(session: &Session<'_>, dataset: &str) -> String {
    let Experiment { seed, data, views, eval, .. } = &session.experiment;
    let (images, threads) = (&session.inventory.fingerprint, session.runtime.threads);
    let device = session.runtime.device;
    format!("{dataset}, {images}, {data:?}, {:?}, {eval:?}, {seed}, {device:?}, {threads}", views.size())
}

/// Everything that determines the scores of an encoder, and of its projector where a protocol asks for that.
fn key_of_weights(session: &Session<'_>, key: &str, model: Model<'_>) -> String {
    let Experiment { encoder, method, train, eval, .. } = &session.experiment;
    let protocols = protocols(eval, session.experiment.seed);
    let asked_for = protocols.iter().any(|protocol| protocol.needs() >= Needs::Projector);
    let projector = asked_for.then_some((method, &session.experiment.text_encoder));
    let (precision, layout) = (train.precision, train.channels_last);
    let weights = fingerprint(model.encoder);
    format!("{key}, {encoder:?}, {weights}, {projector:?}, {precision:?}, {layout}")
}

/// The scores of a benchmark, a line each as soon as it is there.
pub(crate) fn beside_baselines(
    benchmark: &Benchmark<'_>,
    trained: Model<'_>,
    random_init: Model<'_>,
    stop: &Stop,
    host: &dyn Host,
) -> anyhow::Result<Scores> {
    let lines = ScoreLines::new(host);
    let scores = benchmark.beside_baselines(trained, random_init, stop, &|scored, milestone| {
        lines.show(scored, milestone);
    });
    lines.finish();
    Ok(scores?)
}

fn benchmark<'a>(
    session: &'a Session<'_>,
    dataset: &'a str,
    splits: &'a LabelledSplits,
    extractor: &'a Extractor,
    protocols: Vec<Box<dyn Protocol>>,
) -> Benchmark<'a> {
    let texts = session.texts.as_ref().map(RunTexts::side);
    Benchmark { dataset, train: &*splits.0, test: &*splits.1, extractor, texts, protocols }
}

/// What the run's own data set is called.
fn own_name<'s>(session: &'s Session<'_>) -> &'s str {
    session.experiment.data.name.as_str()
}

/// What the file asks for and the images do not allow. The bases ask for k-NN, whatever the images.
fn log_what_needs_labels(session: &Session<'_>) {
    for key in session.experiment.eval.tables().iter().filter(|key| *key != "eval.captions") {
        session.host.note(&format_args!(
            "{key} is left out: it needs training and test images with labels, and there are none"
        ));
    }
}
