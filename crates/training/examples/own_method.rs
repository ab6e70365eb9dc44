//! A method of one's own in a crate of one's own: images beside captions with a learned temperature, as in CLIP (Radford
//! et al. 2021, arXiv 2103.00020). It is trained in chunks (GradCache), once straight and once with a stop half way; both
//! end with the same bits. `cargo run -p kontrast-training --example own_method`

use kontrast_augment_torch::Views;
use kontrast_config::Experiment;
use kontrast_data::{Labelled, Shapes};
use kontrast_losses::{Temperature, info_nce_batch, info_nce_batch_uniform};
use kontrast_methods::{
    BatchInfo, Branch, Encoders, LossOutput, Method, Objective, Outputs, Progress, Setting,
};
use kontrast_models::{HeadNorm, HeadSpec, Init, Mode, state};
use kontrast_torch_ext::{StateDict, Texts, deterministic};
use kontrast_training::{Checkpoints, Observer, StepRecord, TextSource, Trainer, TrainerSpec};
use std::sync::{Arc, atomic::AtomicBool, atomic::Ordering};
use tch::{Device, Kind, Tensor, nn};

/// An encoder of images, and as text tower the mean of a caption's word embeddings.
struct ImageText {
    images: Branch,
    text: nn::VarStore,
    words: Tensor,
    log_scale: Tensor,
}

impl ImageText {
    fn new(setting: &Setting, words: i64) -> Self {
        let text = nn::VarStore::new(setting.device);
        let words = Init::new(setting.seed).directions("words", [words, 32]);
        let words = text.root().add("words", words, true);
        let log_scale = text.root().add("log_scale", Tensor::from((1f32 / 0.07).ln()), true);
        let images = Branch::new(setting, &HeadSpec::new(&[32], HeadNorm::None), 1);
        Self { images, text, words, log_scale }
    }
}

impl Objective for ImageText {
    fn name(&self) -> &'static str {
        "image_text"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let (pass, captions) = (self.images.per_view(views, progress, mode), &views.texts()[0]);
        let words = self.words.index_select(0, &captions.ids().view(-1)).view([captions.n(), -1, 32]);
        let text = words.mean_dim([1i64].as_slice(), false, Kind::Float);
        Outputs::new(&pass.h).with("image", views.by_view(&pass.z)).with("text", text.unsqueeze(0))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, _batch: BatchInfo<'_>) -> LossOutput {
        let (image, text, scale) = (online["image"].get(0), online["text"].get(0), &self.log_scale);
        let term = |a: &Tensor, b: &Tensor| info_nce_batch(a, b, Temperature::Learned(scale));
        let uniform = info_nce_batch_uniform(image.size()[0] as usize);
        LossOutput::new((term(&image, &text) + term(&text, &image)) / 2.0, Some(uniform), &online["image"])
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::new(self.images.encoder())
    }

    fn state(&self) -> StateDict {
        self.images.state().and("text", &state(&self.text))
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr"
    }
}

/// The shapes' captions, two words each, such as "hollow disc".
struct Captions(Shapes);

impl TextSource for Captions {
    fn texts(&self, indices: &[u32], _progress: Progress) -> Vec<Texts> {
        let classes = indices.iter().map(|&image| i64::from(self.0.label(image as usize)));
        vec![Texts::padded(&classes.map(|class| vec![class % 5, 5 + class / 5]).collect::<Vec<_>>(), 0)]
    }
}

/// Asks for a stop after a step.
struct Listener<'a>(&'a AtomicBool, u64);

impl Observer for Listener<'_> {
    fn step_done(&mut self, step: u64) {
        self.0.store(step == self.1, Ordering::Relaxed);
    }

    fn steps_done(&mut self, record: &StepRecord) -> anyhow::Result<()> {
        println!("step {:2}: loss {:.3}", record.step, record.loss);
        Ok(())
    }
}

/// Optimizer, schedule, encoder and view are those of an experiment file; the method is ours.
fn trainer(experiment: &Experiment, checkpoints: Checkpoints) -> anyhow::Result<Trainer> {
    let shapes = Shapes::train(480, 15, 32, experiment.seed)?;
    let setting = kontrast_methods::setting(experiment, 480, Device::Cpu)?;
    let mut setting = Setting { chunk: Some(experiment.train.batch as i64 / 4), ..setting };
    setting.views.plans.truncate(1);
    let method = Method::new(Box::new(ImageText::new(&setting, 8)), &setting);
    let texts: Option<Box<dyn TextSource>> = Some(Box::new(Captions(shapes.clone())));
    let spec = TrainerSpec::of(experiment, Arc::new(shapes), &setting.views, checkpoints, Device::Cpu);
    Ok(Trainer::new(TrainerSpec { texts, ..spec }, method, experiment))
}

fn main() -> anyhow::Result<()> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/smoke/simclr.toml");
    let experiment = Experiment::load(file.as_ref(), &["train.batch=60".into()])?.experiment;
    let (folder, interrupt) = (tempfile::tempdir()?, AtomicBool::new(false));
    deterministic(true);
    let trainer = |name: &str| trainer(&experiment, Checkpoints::new(folder.path().join(name), 2));
    let (mut straight, mut stopped) = (trainer("straight")?, trainer("stopped")?);
    straight.run(&mut Listener(&interrupt, 0), &interrupt)?;
    println!("{:?} after step {}", stopped.run(&mut Listener(&interrupt, 12), &interrupt)?, stopped.step());
    let mut resumed = trainer("stopped")?;
    resumed.resume()?;
    resumed.run(&mut Listener(&interrupt, 0), &AtomicBool::new(false))?;
    let bits = |trainer: &Trainer| trainer.method().state().to_bytes(None);
    anyhow::ensure!(bits(&straight)? == bits(&resumed)?, "the two runs differ");
    Ok(())
}
