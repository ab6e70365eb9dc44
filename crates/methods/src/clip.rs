//! CLIP (Radford et al. 2021, arXiv 2103.00020, section 2.3): an image and its caption attract each other, captions of other
//! images and images of other captions repel. A training asks a `TextSource` for the texts.

use crate::branch::Branch;
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective, TextSpace};
use crate::setting::{Setting, TextSetting};
use crate::{ImageGroups, Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_losses::{
    Temperature, info_nce_batch, info_nce_batch_grouped, info_nce_batch_uniform,
    info_nce_batch_uniform_ignoring, unit,
};
use kontrast_models::{
    Head, HeadNorm, HeadSpec, Init, Mode, Pass, TextEncoder, TextSpec, TextTransformerSpec, state,
};
use kontrast_torch_ext::{Autocast, Parameter, Precision, StateDict, StateError, Texts};
use std::collections::BTreeMap;
use tch::{Device, Kind, Tensor, nn};

/// The largest factor of a similarity (section 2.5).
pub const LARGEST_SCALE: f64 = 100.0;

/// What CLIP is made of beside its image encoder.
#[derive(Clone, Debug)]
pub struct ClipSpec {
    /// The text encoder.
    pub text: TextSetting,
    /// Values of an embedding. A text encoder of this width needs no projection of its own; others get one.
    pub dimension: i64,
    /// What similarities are divided by at first, above 0; learned from there. 0.07 in the paper.
    pub temperature: f64,
}

impl ClipSpec {
    /// What an experiment asks for. CLIP's own text encoder ends in the projection to the embedding's width.
    pub(crate) fn of(config: &kontrast_config::ImageText, text: TextSetting) -> Self {
        let dimension = i64::from(config.dimension);
        let spec = match text.spec {
            TextSpec::Transformer(spec) => {
                TextSpec::Transformer(TextTransformerSpec { output: dimension, ..spec })
            }
            TextSpec::Bert(spec) => TextSpec::Bert(spec),
        };
        Self { text: TextSetting { spec, ..text }, dimension, temperature: config.temperature }
    }
}

/// Two encoders, projections to one space, and the scale of its similarities.
pub struct Clip {
    branch: Branch,
    text: Box<dyn TextEncoder>,
    frozen: bool,
    /// From the text encoder's width to the embedding's, where they differ.
    text_projection: (nn::VarStore, Head),
    scale: nn::VarStore,
    logit_scale: Tensor,
    groups: Option<ImageGroups>,
    precision: Precision,
    device: Device,
}

impl Clip {
    /// With initial weights that follow from the setting's seed. `setting.groups` are images with captions that say the same, which
    /// are not to repel each other.
    ///
    /// # Errors
    /// Where weights that the text encoder is to begin from are not its own.
    ///
    /// # Panics
    /// Where the temperature is not above 0.
    pub fn new(spec: &ClipSpec, setting: &Setting) -> Result<Self, StateError> {
        assert!(spec.temperature > 0.0, "temperature {}: expected above 0", spec.temperature);
        let (device, init) = (setting.device, Init::new(setting.seed));
        let projection = HeadSpec { bias: false, ..HeadSpec::new(&[spec.dimension], HeadNorm::None) };
        let store = nn::VarStore::new(device);
        let text = spec.text.spec.build(&store, init.part("text"));
        if let Some(weights) = &spec.text.weights {
            // A file may hold more, such as an image encoder.
            let variables = text.variables();
            let own = weights.iter().filter(|(name, _)| variables.get(name).is_some());
            let own = own.map(|(name, tensor)| (name.to_owned(), tensor.to_kind(Kind::Float)));
            variables.copy_from(&own.collect())?;
        }
        if spec.text.frozen {
            store.variables().into_values().for_each(|variable| {
                let _ = variable.set_requires_grad(false);
            });
        }
        let of_text = if text.width() == spec.dimension { HeadSpec::none() } else { projection.clone() };
        let store = nn::VarStore::new(device);
        let head = Head::new(&store, text.width(), &of_text, init.part("text_projection"));
        let scale = nn::VarStore::new(device);
        let logit_scale = scale.root().var("logit_scale", &[], nn::Init::Const(-spec.temperature.ln()));
        Ok(Self {
            branch: Branch::new(setting, &projection, 1),
            text,
            frozen: spec.text.frozen,
            text_projection: (store, head),
            scale,
            logit_scale,
            groups: setting.groups.clone(),
            precision: setting.precision,
            device,
        })
    }

    /// Embeddings of images in the space that texts share, in evaluation.
    ///
    /// # Shapes
    /// - `images`: `[n, c, h, w]`, normalised
    /// - returns `[n, dimension]`, of unit length, without gradient
    pub fn embed_images(&self, images: &Tensor) -> Tensor {
        tch::no_grad(|| unit(&self.branch.images(images, Mode::Eval).z))
    }

    fn of_texts(&self, texts: &Texts, mode: Mode) -> Tensor {
        let _autocast = Autocast::new(self.device, self.precision);
        let read = |texts: &Texts, mode| self.text.forward(&texts.to_device(self.device), Pass::from(mode));
        let h = if self.frozen {
            // What it makes of a text is always the same, so that equal texts are read once.
            let (distinct, places) = texts.distinct();
            tch::no_grad(|| read(&distinct, Mode::Eval)).index_select(0, &places.to_device(self.device))
        } else {
            read(texts, mode)
        };
        unit(&self.text_projection.1.forward(&h, mode))
    }
}

impl TextSpace for Clip {
    fn encoder(&self) -> &dyn TextEncoder {
        &*self.text
    }

    fn embed_texts(&self, texts: &Texts) -> Tensor {
        tch::no_grad(|| self.of_texts(texts, Mode::Eval))
    }
}

impl Objective for Clip {
    fn name(&self) -> &'static str {
        "clip"
    }

    /// Of one view and one text an image; further texts are left out.
    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let texts = views.texts().first().expect("a batch with texts: the training's TextSource gives them");
        assert_eq!(views.count(), 1, "CLIP compares one view of an image with its text");
        let pass = self.branch.joint(views, progress, mode);
        Outputs::new(&pass.h).with("z", Tensor::stack(&[unit(&pass.z), self.of_texts(texts, mode)], 0))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let z = &online["z"];
        let (images, texts) = (z.get(0), z.get(1));
        let groups = self.groups.as_ref().map(|groups| groups.of(batch.indices, z.device()));
        let temperature = Temperature::Learned(&self.logit_scale);
        let term = |query: &Tensor, keys: &Tensor| match &groups {
            Some(groups) => info_nce_batch_grouped(query, keys, groups.for_loss(), temperature),
            None => info_nce_batch(query, keys, temperature),
        };
        let uniform = match &groups {
            Some(groups) if groups.are_ignored() => info_nce_batch_uniform_ignoring(&groups.numbers),
            _ => info_nce_batch_uniform(z.size()[1] as usize),
        };
        let loss = (term(&images, &texts) + term(&texts, &images)) / 2.0;
        LossOutput::new(loss, Some(uniform), z)
    }

    fn after_step(&mut self, _progress: Progress) {
        let _ = tch::no_grad(|| self.logit_scale.clamp_max_(LARGEST_SCALE.ln()));
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch).with_texts(self)
    }

    fn state(&self) -> StateDict {
        let projection = state(&self.text_projection.0);
        let all = self.branch.state().and("text", &self.text.variables());
        all.and("text_projection", &projection).and("loss", &state(&self.scale))
    }

    /// Those of the text encoder have its roles and depths.
    fn parameters(&self) -> Vec<Parameter> {
        let named = |own: Parameter| (format!("text.{}", own.name), own);
        let mut own: BTreeMap<_, _> = self.text.parameters().into_iter().map(named).collect();
        let all = self.encoders().parameters(&self.state()).into_iter();
        let placed = |found: Parameter| match own.remove(&found.name) {
            Some(own) => Parameter { name: found.name, ..own },
            None => found,
        };
        all.map(placed).collect()
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for CLIP also check that captions tell images apart (images of one \
         caption belong in one group), that few texts are cut, and that the temperature begins near 0.07"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Method;
    use crate::example::{progress, setting};
    use kontrast_losses::Others;
    use kontrast_models::{EncoderSpec, TextActivation, VitSpec};
    use kontrast_testkit::{Case, assert_close};

    const IMAGES: i64 = 4;

    fn case() -> Case {
        Case::from_bytes(include_bytes!("../tests/golden/clip/case.safetensors"))
    }

    fn spec() -> ClipSpec {
        let activation = TextActivation::Gelu;
        let text = TextTransformerSpec {
            vocabulary: 40,
            length: 8,
            width: 24,
            depth: 2,
            heads: 3,
            output: 16,
            activation,
        };
        let text = TextSetting { spec: TextSpec::Transformer(text), weights: None, frozen: false };
        ClipSpec { text, dimension: 16, temperature: 0.07 }
    }

    fn vit() -> Setting {
        let vit = VitSpec { width: 24, depth: 2, heads: 3, ..VitSpec::tiny(4, 16) };
        Setting { encoder: EncoderSpec::Vit(vit), ..setting() }
    }

    /// The rule by which `generate.py` fills the tensor of this number.
    fn fill(place: usize, shape: &[i64]) -> Tensor {
        let i = Tensor::arange(shape.iter().product::<i64>(), (Kind::Double, Device::Cpu)).reshape(shape);
        let wave = (&i * 0.7391 + place as f64 * 1.37 + (&i * 0.0113).sin()).sin();
        if shape.len() < 2 {
            return wave * 0.3 + 1.0;
        }
        wave * (4.0 / shape[1..].iter().product::<i64>() as f64).sqrt()
    }

    /// Our name of a variable of open_clip's.
    fn own_name(name: &str) -> String {
        match name {
            "logit_scale" => "loss.logit_scale".to_owned(),
            "visual.head.proj.weight" => "projector.layers.0.weight".to_owned(),
            _ => name
                .strip_prefix("visual.trunk.")
                .map_or_else(|| format!("text.{name}"), |rest| format!("encoder.{rest}")),
        }
    }

    fn names() -> Vec<String> {
        let bytes: Vec<u8> = case()["names"].shallow_clone().try_into().unwrap();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }

    /// With the values of `generate.py`.
    fn filled(clip: Clip, setting: &Setting) -> Method {
        let method = Method::new(Box::new(clip), setting);
        let state = method.state();
        for (place, name) in names().iter().enumerate() {
            let variable = state.get(&own_name(name)).unwrap_or_else(|| panic!("no {name}"));
            tch::no_grad(|| variable.shallow_clone().copy_(&fill(place, &variable.size())));
        }
        assert_eq!(state.trained().len(), names().len() + 1, "and the scale");
        method
    }

    fn batch() -> Views {
        let case = case();
        let texts = Texts::new(case["ids"].shallow_clone(), case["lengths"].shallow_clone());
        let images = fill(1000, &[IMAGES, 3, 16, 16]).to_kind(Kind::Float);
        Views::new(images, (0..IMAGES as u32).collect()).with_texts(vec![texts])
    }

    fn one_view() -> Setting {
        let setting = vit();
        let views = crate::ViewSpec { plans: setting.views.plans[..1].to_vec() };
        Setting { views, ..setting }
    }

    #[test]
    fn loss_and_gradients_are_those_of_open_clip() {
        let (setting, case) = (one_view(), case());
        let mut method = filled(Clip::new(&spec(), &setting).unwrap(), &setting);
        let output = method.step(&batch(), progress(0));
        assert_close(&output.loss, &case["loss"], 1e-5);
        assert_close(&output.embeddings.get(0), &case["images"], 1e-5);
        assert_close(&output.embeddings.get(1), &case["texts"], 1e-5);
        let state = method.state();
        let all: Vec<String> = names().into_iter().chain(["logit_scale".to_owned()]).collect();
        let expected = |name: &str, which| case[&*format!("{name}.grad")].double_value(&[which]);
        // In fp32, gradients that nearly cancel are as exact as what they are sums of.
        let scale = all.iter().map(|name| expected(name, 1)).fold(0.0, f64::max);
        for name in &all {
            let gradient = state.get(&own_name(name)).unwrap().grad().to_kind(Kind::Double);
            let direction = fill(3000, &gradient.size());
            let product = (&gradient * &direction).sum(Kind::Double).double_value(&[]);
            let largest = gradient.abs().max().double_value(&[]);
            let length = direction.norm().double_value(&[]);
            assert!((product - expected(name, 0)).abs() < 1e-5 * scale * length, "{name}: {product}");
            assert!((largest - expected(name, 1)).abs() < 1e-5 * scale, "{name}: {largest}");
        }
    }

    #[test]
    fn in_chunks_it_is_the_same_step() {
        let setting = one_view();
        let mut whole = filled(Clip::new(&spec(), &setting).unwrap(), &setting);
        let chunked = Setting { chunk: Some(2), ..setting.clone() };
        let mut chunks = filled(Clip::new(&spec(), &setting).unwrap(), &chunked);
        let (a, b) = (whole.step(&batch(), progress(0)), chunks.step(&batch(), progress(0)));
        assert_close(&b.loss, &a.loss, 1e-5);
        let (a, b) = (whole.state().trained(), chunks.state().trained());
        let largest = |gradient: &Tensor| gradient.abs().max().double_value(&[]);
        let scale = a.iter().map(|(_, variable)| largest(&variable.grad())).fold(0.0, f64::max);
        for ((name, a), (_, b)) in a.iter().zip(&b) {
            let error = largest(&(a.grad() - b.grad()));
            assert!(error < 1e-5 * scale, "{name}: {error} of {scale}");
        }
    }

    #[test]
    fn the_scale_stays_below_its_limit() {
        let setting = one_view();
        let mut method =
            filled(Clip::new(&ClipSpec { temperature: 0.005, ..spec() }, &setting).unwrap(), &setting);
        let scale = || method.state().get("loss.logit_scale").unwrap().exp().double_value(&[]);
        assert!((scale() - 200.0).abs() < 1e-3);
        method.after_step(progress(0));
        let scale = method.state().get("loss.logit_scale").unwrap().exp().double_value(&[]);
        assert!((scale - LARGEST_SCALE).abs() < 1e-3, "{scale}");
    }

    #[test]
    fn a_frozen_text_encoder_learns_nothing_and_is_projected() {
        let setting = one_view();
        let clip = Clip::new(
            &ClipSpec { text: TextSetting { frozen: true, ..spec().text }, dimension: 8, ..spec() },
            &setting,
        )
        .unwrap();
        let mut method = Method::new(Box::new(clip), &setting);
        let trained: Vec<String> = method.state().trained().into_iter().map(|(name, _)| name).collect();
        assert!(trained.iter().all(|name| !name.starts_with("text.")), "{trained:?}");
        assert!(trained.contains(&"text_projection.layers.0.weight".to_owned()));
        assert!(!trained.iter().any(|name| name.ends_with("layers.0.bias")));
        let output = method.step(&batch(), progress(0));
        assert_eq!(output.embeddings.size(), [2, IMAGES, 8]);
        assert!(method.state().trained().iter().all(|(_, variable)| variable.grad().defined()));
    }

    #[test]
    fn images_of_one_caption_are_no_negatives_of_each_other() {
        let setting = one_view();
        let grouped =
            Setting { groups: Some(ImageGroups::new(&[0, 1, 2, 0], Others::Ignored)), ..setting.clone() };
        let plain = filled(Clip::new(&spec(), &setting).unwrap(), &setting).step(&batch(), progress(0));
        let found = filled(Clip::new(&spec(), &grouped).unwrap(), &grouped).step(&batch(), progress(0));
        let expected = (2.0 * 4f64.ln() + 2.0 * 3f64.ln()) / 4.0;
        assert!((found.uniform.unwrap() - expected).abs() < 1e-9);
        assert!(found.loss.double_value(&[]) < plain.loss.double_value(&[]));
    }

    #[test]
    fn embeddings_of_evaluation_are_those_of_a_step() {
        let (setting, views) = (one_view(), batch());
        let clip = Clip::new(&spec(), &setting).unwrap();
        let z = clip.embed(&views, progress(0), Mode::Eval)["z"].detach();
        assert_close(&clip.embed_images(views.all()), &z.get(0), 1e-6);
        assert_close(&clip.embed_texts(&views.texts()[0]), &z.get(1), 1e-6);
    }
}
