//! MAE (He et al. 2021, arXiv 2111.06377): the encoder sees some patches of an image, and a small decoder predicts the pixels of
//! the others.

use crate::branch::Branch;
use crate::objective::{
    BatchInfo, CollapseCriterion, Encoders, LossOutput, Objective, Reconstructed, Reconstruction,
};
use crate::setting::Setting;
use crate::{Outputs, Progress, draw};
use kontrast_augment_torch::Views;
use kontrast_losses::{masked_mse, normalised_patches, patch_statistics};
use kontrast_models::{
    EncoderSpec, HeadSpec, Init, MaeDecoder, MaeDecoderSpec, Mode, hidden_patches, patchify, state,
    unpatchify,
};
use kontrast_torch_ext::{Autocast, Precision, StateDict};
use tch::{Kind, Tensor, nn};

/// The epoch under which masks of evaluation are drawn: none of training.
const EVALUATION: u32 = u32::MAX;

/// A vision transformer and the decoder of its tokens.
pub(crate) struct Mae {
    config: kontrast_config::Mae,
    branch: Branch,
    decoder_store: nn::VarStore,
    decoder: MaeDecoder,
    /// Pixels on a side of a patch.
    patch: i64,
    seed: u64,
    precision: Precision,
}

/// Predictions of the pixels of all patches.
struct Decoded {
    /// The class token, `[n, width]`.
    h: Tensor,
    /// `[n, patches, values]`, fp32.
    predictions: Tensor,
}

impl Mae {
    /// # Panics
    /// Where the encoder is no vision transformer: the experiment's check refuses that.
    pub(crate) fn new(config: &kontrast_config::Mae, setting: &Setting) -> Self {
        let EncoderSpec::Vit(spec) = setting.encoder else { panic!("method.mae has a vision transformer") };
        let store = nn::VarStore::new(setting.device);
        let decoder = MaeDecoderSpec {
            inputs: spec.width,
            width: config.decoder.width.into(),
            depth: config.decoder.depth.into(),
            heads: config.decoder.heads.into(),
            outputs: spec.patch * spec.patch * spec.channels,
        };
        Self {
            config: config.clone(),
            branch: Branch::new(setting, &HeadSpec::none(), 1),
            decoder: MaeDecoder::new(&store, decoder, Init::new(setting.seed).part("decoder")),
            decoder_store: store,
            patch: spec.patch,
            seed: setting.seed,
            precision: setting.precision,
        }
    }

    /// Rows and columns of patches.
    fn grid(&self, images: &Tensor) -> (i64, i64) {
        (images.size()[2] / self.patch, images.size()[3] / self.patch)
    }

    /// The places of the patches that the encoder sees, `[n, kept]`: drawn by seed, epoch and image.
    fn keep(&self, views: &Views, epoch: u32) -> Tensor {
        let images = views.view(0);
        let (rows, columns) = self.grid(&images);
        let patches = rows * columns;
        let kept = self.config.kept(patches as usize) as i64;
        draw::kept_patches(views.indices(), self.seed, epoch, (kept, patches)).to_device(images.device())
    }

    fn decoded(&self, views: &Views, keep: &Tensor, progress: Progress, mode: Mode) -> Decoded {
        let images = views.view(0);
        let tokens = self.branch.kept_tokens(&images, keep, &views.rows(), progress, mode);
        let tokens = tokens.expect("a vision transformer has patches");
        let _autocast = Autocast::new(self.decoder_store.device(), self.precision);
        let predictions = self.decoder.forward(&tokens, keep, self.grid(&images), mode);
        Decoded { h: tokens.select(1, 0), predictions: predictions.to_kind(Kind::Float) }
    }

    /// A pass in which the encoder sees the patches at `keep`.
    fn outputs(&self, views: &Views, keep: &Tensor, progress: Progress, mode: Mode) -> Outputs {
        let Decoded { h, predictions } = self.decoded(views, keep, progress, mode);
        let patches = patchify(&views.view(0), self.patch);
        let hidden = hidden_patches(keep, patches.size()[1]);
        Outputs::new(&h)
            .with("predictions", predictions.unsqueeze(0))
            .with("patches", patches.unsqueeze(0))
            .with("hidden", hidden.unsqueeze(0))
            .with("class", h.detach().unsqueeze(0))
    }
}

impl Objective for Mae {
    fn name(&self) -> &'static str {
        "mae"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        self.outputs(views, &self.keep(views, progress.epoch), progress, mode)
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, _batch: BatchInfo<'_>) -> LossOutput {
        let [predictions, patches, hidden] =
            ["predictions", "patches", "hidden"].map(|name| online[name].get(0));
        let patches = patches.detach();
        let targets = if self.config.normalise_pixels { normalised_patches(&patches) } else { patches };
        let loss = masked_mse(&predictions, &targets, &hidden.detach());
        LossOutput::new(loss, None, &online["class"])
    }

    fn reconstruction(&self) -> Option<&dyn Reconstruction> {
        Some(self)
    }

    fn collapse_criterion(&self) -> CollapseCriterion {
        CollapseCriterion::Any
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        self.branch.state().and("decoder", &state(&self.decoder_store))
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for MAE also train for more epochs: three quarters of an image are \
         hidden in each"
    }
}

impl Reconstruction for Mae {
    /// Normalised predictions get the mean and the standard deviation of the hidden patch itself.
    fn reconstruct(&self, views: &Views) -> Reconstructed {
        let images = views.view(0);
        let keep = self.keep(views, EVALUATION);
        let start = Progress { step: 0, steps: 1, epoch: EVALUATION, epochs: 1 };
        let mut predictions = self.decoded(views, &keep, start, Mode::Eval).predictions;
        let patches = patchify(&images, self.patch);
        if self.config.normalise_pixels {
            let (mean, std) = patch_statistics(&patches);
            predictions = predictions * std + mean;
        }
        let hidden = hidden_patches(&keep, patches.size()[1]).unsqueeze(2);
        let whole = predictions.where_self(&hidden.eq(1.0), &patches);
        let pixels = hidden.expand([-1, -1, self.patch * self.patch], false);
        let grid = self.grid(&images);
        Reconstructed {
            images: unpatchify(&whole, self.patch, grid),
            hidden: Some(unpatchify(&pixels, self.patch, grid)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Method;
    use crate::example::{progress, setting_of};
    use kontrast_augment::ViewPlan;
    use kontrast_config::MaeDecoder as DecoderConfig;
    use kontrast_models::VitSpec;
    use kontrast_testkit::{Case, assert_close};
    use tch::Device;

    const IMAGES: i64 = 3;

    fn case() -> Case {
        Case::from_bytes(include_bytes!("../tests/golden/mae/case.safetensors"))
    }

    fn vit() -> Setting {
        let vit = VitSpec { width: 24, depth: 2, heads: 3, ..VitSpec::tiny(4, 16) };
        let one = setting_of(1);
        let views = crate::ViewSpec { plans: vec![ViewPlan::evaluation((16, 16))] };
        Setting { encoder: EncoderSpec::Vit(vit), views, ..one }
    }

    fn config(normalise_pixels: bool) -> kontrast_config::Mae {
        let decoder = DecoderConfig { width: 16, depth: 2, heads: 2 };
        kontrast_config::Mae { mask_ratio: 0.75, normalise_pixels, decoder }
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

    fn names() -> Vec<String> {
        let bytes: Vec<u8> = case()["names"].shallow_clone().try_into().unwrap();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }

    /// With the values of `generate.py`.
    fn filled(normalise_pixels: bool) -> Mae {
        let mae = Mae::new(&config(normalise_pixels), &vit());
        let state = mae.state();
        let own: Vec<_> = state.iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(own, names());
        for (place, (_, variable)) in state.iter().enumerate() {
            tch::no_grad(|| variable.shallow_clone().copy_(&fill(place, &variable.size())));
        }
        mae
    }

    fn batch() -> Views {
        let images = fill(1000, &[IMAGES, 3, 16, 16]).to_kind(Kind::Float);
        Views::new(images, (0..IMAGES as u32).collect())
    }

    #[test]
    fn loss_and_gradients_are_those_of_timms_blocks_and_of_transformers() {
        let case = case();
        for normalise in [false, true] {
            let mut mae = filled(normalise);
            let of = |name: &str| format!("{name}.{}", u8::from(normalise));
            let batch = batch();
            let outputs = mae.outputs(&batch, &case["keep"], progress(0), Mode::Train);
            assert_close(&outputs["predictions"].get(0), &case["predictions"], 1e-5);
            let info = BatchInfo::new(batch.indices(), progress(0));
            let found = mae.loss(&outputs, &Outputs::none(), info);
            assert_close(&found.loss, &case[&*of("loss")], 1e-5);
            found.loss.backward();
            let expected = |name: &str, which| case[&*format!("{}.grad", of(name))].double_value(&[which]);
            // In fp32, gradients that nearly cancel are as exact as what they are sums of.
            let scale = names().iter().map(|name| expected(name, 1)).fold(0.0, f64::max);
            for (name, variable) in mae.state().trained() {
                let gradient = variable.grad().to_kind(Kind::Double);
                let direction = fill(3000, &gradient.size());
                let product = (&gradient * &direction).sum(Kind::Double).double_value(&[]);
                let largest = gradient.abs().max().double_value(&[]);
                let length = direction.norm().double_value(&[]);
                assert!((product - expected(&name, 0)).abs() < 1e-5 * scale * length, "{name}: {product}");
                assert!((largest - expected(&name, 1)).abs() < 1e-5 * scale, "{name}: {largest}");
            }
        }
    }

    #[test]
    fn hidden_patches_change_nothing_that_the_encoder_makes() {
        let mae = filled(true);
        let (batch, keep) = (batch(), case()["keep"].shallow_clone());
        let seen = |images: &Tensor| {
            let views = Views::new(images.shallow_clone(), batch.indices().to_vec());
            mae.outputs(&views, &keep, progress(0), Mode::Train)["predictions"].detach()
        };
        let (images, hidden) = (batch.view(0), hidden_patches(&keep, 16).unsqueeze(2));
        let hidden = unpatchify(&hidden.expand([-1, -1, 16], false), 4, (4, 4));
        let found = seen(&images);
        assert_eq!(seen(&images.masked_fill(&hidden.eq(1.0), 7.0)), found);
        assert_ne!(seen(&images.masked_fill(&hidden.eq(0.0), 7.0)), found);
    }

    #[test]
    fn in_chunks_it_is_the_same_step() {
        let step = |chunk| {
            let setting = Setting { chunk, ..vit() };
            let mut method = Method::new(Box::new(Mae::new(&config(true), &setting)), &setting);
            let images = fill(1000, &[4, 3, 16, 16]).to_kind(Kind::Float);
            let output = method.step(&Views::new(images, vec![5, 0, 9, 2]), progress(0));
            (output.loss, method.state().trained())
        };
        let ((a, whole), (b, chunks)) = (step(None), step(Some(2)));
        assert_close(&b, &a, 1e-5);
        let largest = |gradient: &Tensor| gradient.abs().max().double_value(&[]);
        let scale = whole.iter().map(|(_, variable)| largest(&variable.grad())).fold(0.0, f64::max);
        for ((name, a), (_, b)) in whole.iter().zip(&chunks) {
            let error = largest(&(a.grad() - b.grad()));
            assert!(error < 1e-5 * scale, "{name}: {error} of {scale}");
        }
    }

    #[test]
    fn masks_are_drawn_by_epoch_and_image_and_in_evaluation_stay_the_same() {
        let mae = filled(true);
        let hidden = |epoch| {
            let progress = Progress { epoch, ..progress(0) };
            mae.embed(&batch(), progress, Mode::Train)["hidden"].detach()
        };
        assert_eq!(hidden(3), hidden(3));
        assert_ne!(hidden(3), hidden(4));
        assert_eq!(
            hidden(3).sum_dim_intlist([2i64].as_slice(), false, Kind::Float),
            Tensor::full([1, 3], 12.0, (Kind::Float, Device::Cpu))
        );
        let one = Views::new(batch().view(0).narrow(0, 1, 1), vec![1]);
        let (all, alone) = (mae.reconstruct(&batch()), mae.reconstruct(&one));
        assert_eq!(alone.hidden.unwrap(), all.hidden.unwrap().narrow(0, 1, 1));
    }

    #[test]
    fn what_is_seen_comes_back_as_it_is_and_the_rest_with_the_patchs_own_statistics() {
        let mae = filled(true);
        let images = batch().view(0);
        let found = mae.reconstruct(&batch());
        let hidden = found.hidden.unwrap();
        assert_eq!(hidden.size(), [IMAGES, 1, 16, 16]);
        let difference = (&found.images - &images).abs();
        let part = |which: f64| difference.masked_select(&hidden.eq(which)).max().double_value(&[]);
        assert_eq!(part(0.0), 0.0);
        assert!(part(1.0) > 1e-3);
        // Hidden patches of one colour are painted in it, whatever the decoder says.
        let flat = Tensor::full([IMAGES, 3, 16, 16], 0.7, (Kind::Float, Device::Cpu));
        let found = mae.reconstruct(&Views::new(flat.shallow_clone(), batch().indices().to_vec()));
        assert!((found.images - flat).abs().max().double_value(&[]) < 0.01);
    }
}
