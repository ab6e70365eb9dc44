//! `evaluate FILE --on DATASET`: the scores of an encoder of a file, without a run.

use crate::encoder_file::{self, Opened};
use crate::evaluate::Evaluate;
use crate::evaluation::LabelledSplits;
use crate::host::Host;
use crate::transfer::{in_a_line, labelled, name_of, open};
use crate::{Refusal, evaluation};
use kontrast_config::Eval;
use kontrast_eval::{Benchmark, Model, Scores, Stop, protocols};
use kontrast_models::{EncoderSpec, Init};
use kontrast_report::{layers_markdown, measures_markdown, scores_markdown};
use kontrast_runlog::{Status, Summary};
use tch::nn;

/// The seed of splits, draws and random weights.
const SEED: u64 = 0;

/// Scores an encoder of a file on a data set, by k-NN or by the protocols that were asked for with their usual settings,
/// beside the same network with random weights, and pixels. The scores are shown, and stored nowhere.
pub(crate) fn evaluate_file(asked: &Evaluate, host: &dyn Host) -> anyhow::Result<Status> {
    let path = &asked.with.file.encoder;
    let Some(dataset) = &asked.on else {
        let text = format!(
            "{}: expected a run directory, or --on DATASET beside a file of weights, which names no images itself",
            path.display()
        );
        return Err(Refusal(text).into());
    };
    if let Some(part) = &asked.part {
        let text = format!("--part {part}: expected a run; a network of a file is scored whole");
        return Err(Refusal(text).into());
    }
    if let Some(set) = asked.overrides.first() {
        let text = format!(
            "--set {set}: expected a run, whose file it changes; a file is scored with usual settings"
        );
        return Err(Refusal(text).into());
    }
    let keys = if asked.protocols.is_empty() { vec!["knn"] } else { asked.keys() };
    let Opened { encoder, extractor, channels } = encoder_file::open(&asked.with, host)?;
    let spec = encoder.spec().expect("the encoder of a file has an architecture");
    let splits = labelled(dataset, &open(dataset, channels, asked.unreadable(), host)?)?;
    let name = name_of(dataset);
    host.out(&format_args!("evaluating on {name}: {} and {} images", splits.0.len(), splits.1.len()));
    let protocols = protocols(&Eval::usual(&keys), SEED);
    let benchmark = Benchmark {
        dataset: &name,
        train: &*splits.0,
        test: &*splits.1,
        extractor: &extractor,
        texts: None,
        protocols,
    };
    let model = Model::from(&*encoder);
    benchmark.check(model)?;
    let random_init = random(spec, extractor.to_tensor.device());
    let random_init = Model::from(&*random_init);
    let stop = Stop::from(host.stop()?);
    let scores = match evaluation::beside_baselines(&benchmark, model, random_init, &stop, host) {
        Err(_) if stop.is_requested() => {
            host.note(&"stopped; nothing was stored");
            return Ok(Status::Interrupted);
        }
        scores => scores?,
    };
    show(&scores, &splits, host);
    Ok(Status::Finished)
}

/// Scores that are stored nowhere, as the page of a run has them.
pub(crate) fn show(scores: &Scores, splits: &LabelledSplits, host: &dyn Host) {
    let mut summary = Summary { dataset: scores.dataset.clone(), ..Summary::default() };
    scores.enter(&mut summary);
    let tables = [scores_markdown(&summary), measures_markdown(&summary), layers_markdown(&summary)];
    for table in tables.iter().filter(|table| !table.is_empty()) {
        host.out(&format_args!("\n{}", table.trim_end()));
    }
    if let Some(line) = in_a_line(scores, splits.1.len()) {
        host.out(&format_args!("\n{line}"));
    }
}

/// The same network with random weights.
fn random(spec: EncoderSpec, device: tch::Device) -> Box<dyn kontrast_models::Encoder> {
    spec.build(&nn::VarStore::new(device), Init::new(SEED))
}
