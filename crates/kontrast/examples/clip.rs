//! CLIP (Radford et al. 2021, arXiv 2103.00020) on images and captions of your own: a CSV file with the columns `image` and
//! `caption`. A fifth of the captions is set apart with its images; at the end it prints how often an image finds its caption
//! among these and a caption its image, beside the networks as they began.
//!
//!     cargo run -p kontrast --example clip -- CAPTIONS.csv [EPOCHS [SEED [TOKENIZER]]]
//!
//! Without a tokenizer's file (CLIP's byte pairs, or a tokenizer.json) one is learned from the captions that are trained on.

use anyhow::Context;
use kontrast_augment::ViewPlan;
use kontrast_config::Experiment;
use kontrast_data::{Dataset, Source, Spec, Subset, Unreadable, WHITE, open};
use kontrast_embeddings::{Table, recall_between};
use kontrast_eval::{Extractor, Stop};
use kontrast_losses::Others;
use kontrast_methods::{Clip, ClipSpec, ImageGroups, Method, Objective, Progress, Setting, to_tensor};
use kontrast_models::{Mode, TextActivation, TextSpec, TextTransformerSpec};
use kontrast_rng::KeyedRng;
use kontrast_text::Tokenizer;
use kontrast_torch_ext::{Precision, StateDict, Texts, deterministic};
use kontrast_training::{Checkpoints, Observer, StepRecord, TextSource, Trainer, TrainerSpec};
use ndarray::Array2;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, atomic::AtomicBool};
use tch::{Device, Tensor};

/// One in so many captions is not trained on.
const HELD_OUT: usize = 5;
/// The most tokens of a caption, and of a vocabulary that is learned.
const LENGTH: usize = 24;
const VOCABULARY: usize = 2000;
/// Values of a token and of an embedding.
const WIDTH: i64 = 128;
/// Pixels on a side of an image, and images of a batch.
const SIDE: usize = 64;
const BATCH: usize = 64;

/// The captions of each image as ids. Of several captions of an image each epoch draws one.
struct Captions {
    by_image: Vec<Vec<Vec<i64>>>,
    seed: u64,
}

impl TextSource for Captions {
    fn texts(&self, indices: &[u32], progress: Progress) -> Vec<Texts> {
        let ids = |&image: &u32| {
            let captions = &self.by_image[image as usize];
            let mut stream = KeyedRng::named(*b"captions", self.seed, progress.epoch, u64::from(image));
            captions[stream.below(captions.len())].clone()
        };
        vec![Texts::padded(&indices.iter().map(ids).collect::<Vec<_>>(), 0)]
    }
}

fn ids(tokenizer: &Tokenizer, caption: &str) -> anyhow::Result<Vec<i64>> {
    Ok(tokenizer.encode(caption)?.ids.into_iter().map(i64::from).collect())
}

/// A line an epoch.
struct Lines(u32);

impl Observer for Lines {
    fn steps_done(&mut self, record: &StepRecord) -> anyhow::Result<()> {
        if record.epoch != self.0 {
            self.0 = record.epoch;
            let uniform = record.uniform.unwrap_or(f64::NAN);
            println!("epoch {}: loss {:.3} (uniform {uniform:.3})", record.epoch, record.loss);
        }
        Ok(())
    }
}

/// What the command line asks for.
struct Asked {
    captions: PathBuf,
    epochs: u32,
    seed: u64,
    tokenizer: Option<PathBuf>,
}

fn asked() -> anyhow::Result<Asked> {
    let mut words = std::env::args().skip(1);
    let captions = words.next().context("expected CAPTIONS.csv [EPOCHS [SEED [TOKENIZER]]]")?.into();
    let epochs =
        words.next().map_or(Ok(60), |word| word.parse()).context("EPOCHS: expected a whole number")?;
    let seed = words.next().map_or(Ok(0), |word| word.parse()).context("SEED: expected a whole number")?;
    Ok(Asked { captions, epochs, seed, tokenizer: words.next().map(PathBuf::from) })
}

/// Training images, and those whose captions are set apart. An image with a caption that says the same is on the same side.
fn split(images: &Arc<dyn Dataset>, seed: u64) -> [Arc<dyn Dataset>; 2] {
    let all: BTreeSet<&str> = (0..images.len()).map(|image| images.captions(image)[0].as_str()).collect();
    let mut order: Vec<&str> = all.into_iter().collect();
    KeyedRng::named(*b"held-out", seed, 0, 0).shuffle(&mut order);
    let held: BTreeSet<&str> = order[..order.len() / HELD_OUT].iter().copied().collect();
    let of = |wanted: bool| {
        let is_held = |image: usize| held.contains(images.captions(image)[0].as_str());
        let places = (0..images.len()).filter(|&image| is_held(image) == wanted).map(|image| image as u32);
        Arc::new(Subset::of(Arc::clone(images), places.collect())) as Arc<dyn Dataset>
    };
    [of(false), of(true)]
}

/// Images of one caption are not each other's negatives.
fn groups(images: &dyn Dataset) -> ImageGroups {
    let mut known = HashMap::new();
    let mut number = |image: usize| {
        let next = known.len() as u64;
        *known.entry(images.captions(image)[0].clone()).or_insert(next)
    };
    let by_image: Vec<u64> = (0..images.len()).map(&mut number).collect();
    ImageGroups::new(&by_image, Others::Ignored)
}

fn table(rows: &Tensor, labels: Vec<String>) -> anyhow::Result<Table> {
    let (n, width) = rows.size2()?;
    let values: Vec<f32> = rows.contiguous().view(-1).try_into()?;
    Ok(Table::new(Array2::from_shape_vec((n as usize, width as usize), values)?)?.with_labels(labels)?)
}

/// Recall at 1, 5 and 10 of captions for images, then of images for captions.
fn recall(
    clip: &Clip,
    images: &dyn Dataset,
    tokenizer: &Tokenizer,
    extractor: &Extractor,
) -> anyhow::Result<String> {
    let encoders = clip.encoders();
    let all: Vec<u32> = (0..images.len() as u32).collect();
    let h = extractor.features(encoders.evaluated(), images, &all, &Stop::default())?;
    let projector = encoders.projector().context("a projection")?;
    let labels: Vec<String> = all.iter().map(|&image| images.captions(image as usize)[0].clone()).collect();
    let of_images = table(&tch::no_grad(|| projector.forward(&h, Mode::Eval)), labels.clone())?;
    let captions: Vec<String> = labels.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let texts = captions.iter().map(|caption| ids(tokenizer, caption)).collect::<Result<Vec<_>, _>>()?;
    let of_captions = table(&clip.embed_texts(&Texts::padded(&texts, 0)), captions)?;
    let ks = [1, 5, 10].map(|k: usize| k.min(of_captions.len()).min(of_images.len()));
    let shown = |queries, candidates| {
        let found = recall_between(queries, candidates, &ks)?;
        let shown: Vec<_> = found.iter().map(|(k, value)| format!("R@{k} {:.1} %", 100.0 * value)).collect();
        anyhow::Ok(shown.join(", "))
    };
    let (to_text, to_image) = (shown(&of_images, &of_captions)?, shown(&of_captions, &of_images)?);
    Ok(format!("captions of images: {to_text}; images of captions: {to_image}"))
}

/// The clip of a setting, with a state where there is one.
fn clip(spec: &ClipSpec, setting: &Setting, state: Option<&StateDict>) -> anyhow::Result<Clip> {
    let clip = Clip::new(spec, setting);
    if let Some(state) = state {
        clip.state().copy_from(state)?;
    }
    Ok(clip)
}

fn experiment(asked: &Asked) -> anyhow::Result<Experiment> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/quickstart.toml");
    let sets = [
        format!("seed={}", asked.seed),
        format!("train.epochs={}", asked.epochs),
        format!("train.batch={BATCH}"),
        "train.precision=\"fp32\"".to_owned(),
        format!("views.simclr.size={SIDE}"),
        // An image keeps its colours, which captions name, and most of what they name.
        "views.simclr.crop_scale=[0.6, 1.0]".to_owned(),
        "views.simclr.jitter.probability=0.0".to_owned(),
        "views.simclr.grayscale=0.0".to_owned(),
        "optimizer={ adamw = { lr = { base = 1e-3, per = 64 }, betas = [0.9, 0.98], eps = 1e-6, weight_decay = 0.2, \
         exclude_bias_and_norm = true } }"
            .to_owned(),
    ];
    Ok(Experiment::load(&file, &sets)?.experiment)
}

/// The images of the file.
fn images(asked: &Asked) -> anyhow::Result<Arc<dyn Dataset>> {
    let source = Source::Csv {
        path: asked.captions.clone(),
        unreadable: Unreadable::Refuse,
        holdout: None,
        background: WHITE,
        levels: None,
    };
    let spec = Spec { source, subset: None, seed: asked.seed, channels: 3 };
    let images = open(&spec, Path::new("unused"))?.train.images();
    anyhow::ensure!(!images.captions(0).is_empty(), "{}: no column caption", asked.captions.display());
    Ok(images)
}

/// The tokenizer of the file that was named, or one of the captions that are trained on.
fn tokenizer(asked: &Asked, train: &dyn Dataset) -> anyhow::Result<Tokenizer> {
    let captions = (0..train.len()).flat_map(|image| train.captions(image)).map(String::as_str);
    Ok(match &asked.tokenizer {
        Some(file) => Tokenizer::open(file, LENGTH)?,
        None => Tokenizer::train(captions, VOCABULARY, LENGTH)?,
    })
}

/// The captions that are trained on, once for all epochs.
fn captions(tokenizer: &Tokenizer, train: &dyn Dataset, seed: u64) -> anyhow::Result<Captions> {
    let mut cut = 0;
    let mut of_image = |image: usize| {
        let mut encoded = Vec::new();
        for caption in train.captions(image) {
            let text = tokenizer.encode(caption)?;
            cut += usize::from(text.cut);
            encoded.push(text.ids.into_iter().map(i64::from).collect());
        }
        anyhow::Ok(encoded)
    };
    let by_image = (0..train.len()).map(&mut of_image).collect::<Result<_, _>>()?;
    println!("{} tokens; {cut} captions are longer than {LENGTH} of them and cut", tokenizer.vocabulary());
    Ok(Captions { by_image, seed })
}

/// A transformer over these tokens.
fn towers(tokenizer: &Tokenizer) -> ClipSpec {
    let text = TextTransformerSpec {
        vocabulary: tokenizer.vocabulary() as i64,
        length: LENGTH as i64,
        width: WIDTH,
        depth: 4,
        heads: 4,
        output: WIDTH,
        activation: TextActivation::Gelu,
    };
    ClipSpec { text: TextSpec::Transformer(text), frozen: false, dimension: WIDTH, temperature: 0.07 }
}

fn main() -> anyhow::Result<()> {
    let asked = asked()?;
    let experiment = experiment(&asked)?;
    let [train, test] = split(&images(&asked)?, asked.seed);
    println!("{} images to train on, {} set apart", train.len(), test.len());
    let tokenizer = tokenizer(&asked, &*train)?;
    let texts: Box<dyn TextSource> = Box::new(captions(&tokenizer, &*train, asked.seed)?);
    let spec = towers(&tokenizer);
    deterministic(true);
    let mut setting = kontrast_methods::setting(&experiment, train.len(), Device::Cpu)?;
    setting.views.plans.truncate(1);
    setting.groups = Some(groups(&*train));
    let extractor = Extractor {
        plan: ViewPlan::evaluation((SIDE, SIDE)),
        to_tensor: to_tensor(&experiment.data, Device::Cpu),
        precision: Precision::Fp32,
        batch: BATCH,
    };
    let begun = recall(&clip(&spec, &setting, None)?, &*test, &tokenizer, &extractor)?;
    let method = Method::new(Box::new(clip(&spec, &setting, None)?), &setting);
    let folder = tempfile::tempdir()?;
    let checkpoints = Checkpoints::new(folder.path(), 1);
    let own = TrainerSpec::of(&experiment, train, &setting.views, checkpoints, Device::Cpu);
    let mut trainer = Trainer::new(TrainerSpec { texts: Some(texts), ..own }, method, &experiment);
    trainer.run(&mut Lines(0), &AtomicBool::new(false))?;
    let trained = clip(&spec, &setting, Some(&trainer.method().state()))?;
    println!("as it began: {begun}");
    println!("trained:     {}", recall(&trained, &*test, &tokenizer, &extractor)?);
    Ok(())
}
