//! An encoder with its projector, and what may stand on top: the parts that every joint-embedding method is made of.

use crate::Progress;
use crate::setting::{Setting, SharedEncoder};
use kontrast_augment_torch::Views;
use kontrast_config::Momentum;
use kontrast_models::{Encoder, Head, HeadSpec, Init, Mode, MomentumEncoder, Pass, state};
use kontrast_optim::{HalfCosine, Schedule};
use kontrast_torch_ext::{Autocast, Draws, Precision, StateDict};
use tch::{Device, Tensor, nn};

/// What a branch makes of views, in the order of the views.
pub struct Embedded {
    /// Representations, `[views * n, width]`, without gradient: diagnosis reads them.
    pub h: Tensor,
    /// Embeddings, `[views * n, d]`.
    pub z: Tensor,
}

/// Encoder and projector.
pub struct Branch {
    encoder: Box<dyn Encoder>,
    projector_store: nn::VarStore,
    projector: Head,
    precision: Precision,
    bn_splits: i64,
    device: Device,
    /// Of what the network draws in training; none where it leaves nothing out.
    seed: Option<u64>,
}

impl Branch {
    /// With initial weights that follow from the setting's seed, and the encoder that the setting shares among tasks,
    /// if there is one. `bn_splits` are those of batch norm in both.
    pub fn new(setting: &Setting, projector: &HeadSpec, bn_splits: i64) -> Self {
        let (device, init) = (setting.device, Init::new(setting.seed));
        let own = || {
            let spec = setting.encoder.with_bn_splits(bn_splits);
            spec.build(&nn::VarStore::new(device), init)
        };
        let encoder = setting.shared.as_ref().map_or_else(own, SharedEncoder::handle);
        let projector_store = nn::VarStore::new(device);
        let projector = HeadSpec { bn_splits, ..projector.clone() };
        let projector = Head::new(&projector_store, encoder.width(), &projector, init);
        let precision = setting.precision;
        let seed = Some(setting.seed);
        Self { encoder, projector_store, projector, precision, bn_splits, device, seed }
    }

    /// The branch of a momentum encoder, whose variables are its own: it never takes the shared encoder, and leaves nothing
    /// out where the trained side does (stochastic depth).
    pub fn of_momentum_encoder(setting: &Setting, projector: &HeadSpec, bn_splits: i64) -> Self {
        let own = Setting { shared: None, ..setting.clone() };
        Self { seed: None, ..Self::new(&own, projector, bn_splits) }
    }

    /// Width of an embedding.
    pub fn width(&self) -> i64 {
        self.projector.width()
    }

    /// The encoder.
    pub fn encoder(&self) -> &dyn Encoder {
        &*self.encoder
    }

    /// The projector, where it has a layer.
    pub fn projector(&self) -> Option<&Head> {
        (!self.projector.is_none()).then_some(&self.projector)
    }

    /// One pass of the encoder for all views of one size, then one of the projector for all views: they share the
    /// statistics of batch norm (SimCLR, SwAV, DINO).
    pub fn joint(&self, views: &Views, progress: Progress, mode: Mode) -> Embedded {
        let rows = views.rows();
        if let [images] = views.groups() {
            return self.group(images, self.draws(&rows, progress).as_ref(), views.n(), mode);
        }
        let mut first = 0;
        let h = views.groups().iter().map(|images| {
            let own = &rows[first..first + images.size()[0] as usize];
            first += own.len();
            self.represented(images, self.draws(own, progress).as_ref(), mode)
        });
        let h = Tensor::cat(&h.collect::<Vec<_>>(), 0);
        let _autocast = Autocast::new(self.device, self.precision);
        Embedded { z: self.projector.forward(&h, mode), h: h.detach() }
    }

    /// A pass for each view, which has statistics of its own (MoCo, BYOL, SimSiam, Barlow Twins, VICReg).
    pub fn per_view(&self, views: &Views, progress: Progress, mode: Mode) -> Embedded {
        let rows = views.rows();
        let passes = (0..)
            .zip(rows.chunks(views.n() as usize))
            .map(|(which, rows)| self.rows(&views.view(which), rows, progress, mode));
        let (h, z): (Vec<_>, Vec<_>) = passes.map(|pass| (pass.h, pass.z)).unzip();
        Embedded { h: Tensor::cat(&h, 0), z: Tensor::cat(&z, 0) }
    }

    /// Images of one pass: views, or what is made of them.
    ///
    /// # Shapes
    /// - `images`: `[m, channels, h, w]`
    /// - `rows`: `[m]`, a number for each image and copy of it, as [`Views::rows`] has them
    pub fn rows(&self, images: &Tensor, rows: &[i64], progress: Progress, mode: Mode) -> Embedded {
        self.embedded(images, self.draws(rows, progress).as_ref(), mode)
    }

    /// The class token and the patches at `keep` of images of one pass, as [`Encoder::kept_tokens`].
    pub fn kept_tokens(
        &self,
        images: &Tensor,
        keep: &Tensor,
        rows: &[i64],
        progress: Progress,
        mode: Mode,
    ) -> Option<Tensor> {
        let draws = self.draws(rows, progress);
        let _autocast = Autocast::new(self.device, self.precision);
        self.encoder.kept_tokens(images, keep, Pass { mode, draws: draws.as_ref() })
    }

    /// Images of one pass, from which the network leaves nothing out: in evaluation, and of a momentum encoder.
    pub fn images(&self, images: &Tensor, mode: Mode) -> Embedded {
        self.embedded(images, None, mode)
    }

    /// Feature maps of images of one pass, shallow before deep, `[m, channels, h, w]` each.
    pub fn stages(&self, images: &Tensor, mode: Mode) -> Vec<Tensor> {
        let _autocast = Autocast::new(self.device, self.precision);
        self.encoder.stages(images, mode.into())
    }

    /// Images of several views in one pass. With several splits of batch norm an image's views lie in one of them.
    fn group(&self, images: &Tensor, draws: Option<&Draws>, n: i64, mode: Mode) -> Embedded {
        let (rows, splits) = (images.size()[0], self.bn_splits);
        if splits == 1 || rows == n {
            return self.embedded(images, draws, mode);
        }
        let part = n / splits;
        let of_split = |split: i64| {
            (0..rows / n).flat_map(move |view| (0..part).map(move |image| view * n + split * part + image))
        };
        let order: Vec<i64> = (0..splits).flat_map(of_split).collect();
        let draws = draws.map(|draws| draws.select(&order));
        let order = Tensor::from_slice(&order).to_device(images.device());
        let Embedded { h, z } = self.embedded(&images.index_select(0, &order), draws.as_ref(), mode);
        let back = order.argsort(0, false);
        Embedded { h: h.index_select(0, &back), z: z.index_select(0, &back) }
    }

    fn embedded(&self, images: &Tensor, draws: Option<&Draws>, mode: Mode) -> Embedded {
        let h = self.represented(images, draws, mode);
        let _autocast = Autocast::new(self.device, self.precision);
        Embedded { z: self.projector.forward(&h, mode), h: h.detach() }
    }

    fn represented(&self, images: &Tensor, draws: Option<&Draws>, mode: Mode) -> Tensor {
        let _autocast = Autocast::new(self.device, self.precision);
        self.encoder.forward(images, Pass { mode, draws })
    }

    /// What the network draws for these rows; a momentum encoder draws nothing.
    fn draws(&self, rows: &[i64], progress: Progress) -> Option<Draws> {
        self.seed.map(|seed| Draws::new(seed, progress.step, rows))
    }

    /// Everything, running statistics too.
    pub fn state(&self) -> StateDict {
        let projector = state(&self.projector_store);
        StateDict::new().and("encoder", &self.encoder.variables()).and("projector", &projector)
    }
}

/// A head on embeddings: a predictor.
pub struct Predictor {
    store: nn::VarStore,
    head: Head,
    precision: Precision,
}

impl Predictor {
    /// For embeddings of width `inputs`, with initial weights that follow from the setting's seed.
    pub fn new(setting: &Setting, inputs: i64, head: &HeadSpec) -> Self {
        Self::named("predictor", setting, inputs, head)
    }

    /// The same, with initial weights of its own where there are several.
    pub fn named(name: &str, setting: &Setting, inputs: i64, head: &HeadSpec) -> Self {
        let store = nn::VarStore::new(setting.device);
        let head = Head::new(&store, inputs, head, Init::new(setting.seed).part(name));
        Self { store, head, precision: setting.precision }
    }

    /// Width of a prediction.
    pub fn width(&self) -> i64 {
        self.head.width()
    }

    /// A pass for each view, as [`Branch::per_view`].
    ///
    /// # Shapes
    /// - `z`: `[views * n, d]`
    /// - returns predictions of the same shape
    pub fn per_view(&self, z: &Tensor, views: i64, mode: Mode) -> Tensor {
        let _autocast = Autocast::new(self.store.device(), self.precision);
        let passes: Vec<_> = z.chunk(views, 0).iter().map(|z| self.head.forward(z, mode)).collect();
        Tensor::cat(&passes, 0)
    }

    /// Everything, running statistics too.
    pub fn state(&self) -> StateDict {
        state(&self.store)
    }
}

/// How a momentum encoder follows what is trained: its momentum changes over the run.
pub struct TargetUpdate {
    follower: MomentumEncoder,
    momentum: Momentum,
}

impl TargetUpdate {
    /// `target` follows what is trained of `online`, and no gradient reaches it.
    pub fn new(online: &StateDict, target: &StateDict, momentum: &Momentum) -> Self {
        Self { follower: MomentumEncoder::new(&online.trained(), target), momentum: momentum.clone() }
    }

    /// Follows by a step.
    pub fn follow(&self, progress: Progress) {
        self.follower.update(at(&self.momentum, progress));
    }
}

/// The momentum of a step: from the first value to the last by half a cosine (BYOL, arXiv 2006.07733, section 3.3).
pub(crate) fn at(momentum: &Momentum, progress: Progress) -> f64 {
    HalfCosine { base: momentum.base, last: momentum.last, steps: progress.steps }.at(progress.step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn momentum_goes_from_the_first_value_to_the_last_by_half_a_cosine() {
        let momentum = Momentum { base: 0.9, last: 1.0 };
        let of = |step| at(&momentum, Progress { step, steps: 100, epoch: 0, epochs: 1 });
        for (step, expected) in [(0, 0.9), (50, 0.95), (100, 1.0)] {
            assert!((of(step) - expected).abs() < 1e-12, "{} at {step}", of(step));
        }
        assert!(of(25) < 0.925, "slow at first: {}", of(25));
        let constant = Momentum { base: 0.99, last: 0.99 };
        assert_eq!(at(&constant, Progress { step: 37, steps: 100, epoch: 0, epochs: 1 }), 0.99);
    }
}
