//! One probe: its layers, which are those of RotNet's classifiers (Gidaris, Singh and Komodakis 2018, arXiv 1803.07728,
//! section 3.1), and its training, which is that of the published code without augmentation:
//! `config/CIFAR10_ConvClassifier_on_RotNet_NIN4blocks_Conv2_feats.py` of github.com/gidariss/FeatureLearningRotNet.

use super::LayerProbes;
use super::attention::AttentionPool;
use super::maps::Standardise;
use crate::{EvalError, Stop, Subject};
use kontrast_config::Probe;
use kontrast_models::{Head, HeadNorm, HeadSpec, Init, Mode, NinBlock, trained};
use kontrast_optim::{Group, Optimizer, Rates, Sgd};
use kontrast_rng::KeyedRng;
use kontrast_torch_ext::{Autocast, Precision};
use tch::{Kind, Reduction, Tensor, nn};

/// Momentum of SGD, Nesterov's, as in that file.
const MOMENTUM: f64 = 0.9;
/// What the rate is multiplied by at a drop, and after which per cent of the epochs the drops are: 35, 70 and 85 of 100
/// in that file, which trains what `conv` is. The MLP's has 20, 40 and 45 of 100:
/// `config/CIFAR10_MultLayerClassifier_on_RotNet_NIN4blocks_Conv2_feats.py`.
const DROP: f64 = 0.2;
const DROPS: [u32; 3] = [35, 70, 85];
/// Width of each of the two hidden layers of `mlp` (arXiv 1803.07728, section 3.1).
const HIDDEN: i64 = 200;
/// Channels of the convolutions of `conv`: `NIN_ConvBlock3` of the published `architectures/NonLinearClassifier.py`.
const CHANNELS: i64 = 192;
/// Maps that are scored at once.
const ROWS: i64 = 500;

/// A classifier of maps.
pub(crate) struct Net {
    store: nn::VarStore,
    body: Body,
    head: Head,
}

enum Body {
    /// Values without neighbours.
    Flat(Standardise),
    /// A map, in this precision; the global average of it follows.
    Block(NinBlock, Precision),
    /// A map, whose cells a learned query attends to.
    Attentive(AttentionPool),
}

impl Net {
    /// Logits in fp32.
    ///
    /// # Shapes
    /// - `maps`: `[n, c, grid, grid]`
    /// - returns `[n, classes]`
    fn logits(&self, maps: &Tensor, mode: Mode) -> Tensor {
        let x = match &self.body {
            Body::Flat(standardise) => standardise.apply(maps),
            Body::Block(block, precision) => {
                let _autocast = Autocast::new(self.store.device(), *precision);
                let map = block.forward(&maps.to_kind(Kind::Float), mode);
                map.mean_dim([2i64, 3].as_slice(), false, Kind::Float)
            }
            Body::Attentive(pool) => pool.forward(&maps.to_kind(Kind::Float), mode),
        };
        self.head.forward(&x, mode)
    }
}

/// All that the training of one probe follows from.
#[derive(Clone, Copy)]
pub(crate) struct Training<'a> {
    pub(crate) probe: Probe,
    pub(crate) lr: f64,
    pub(crate) stage: usize,
    pub(crate) of: &'a LayerProbes,
}

impl Training<'_> {
    /// The probe after its last epoch, of which `epoch_done` hears each. The last, smaller batch of an epoch is left out.
    ///
    /// # Shapes
    /// - `maps`: `[n, c, grid, grid]`, of the subject's training images
    pub(crate) fn run(
        &self,
        maps: &Tensor,
        subject: &Subject<'_>,
        precision: Precision,
        stop: &Stop,
        epoch_done: &dyn Fn(u32),
    ) -> Result<Net, EvalError> {
        let net = self.net(maps, subject.classes(), precision);
        let labels = subject.train().labels();
        let mut sgd = Sgd::new(vec![Group::new(trained(&net.store))], MOMENTUM, true);
        let n = maps.size()[0];
        let batch = (self.of.batch as i64).min(n);
        for epoch in 0..self.of.epochs {
            let rates = Rates { lr: self.rate(epoch), weight_decay: self.of.weight_decay };
            let order = self.order(n, epoch).to_device(maps.device());
            for step in 0..n / batch {
                stop.check()?;
                let rows = order.narrow(0, step * batch, batch);
                let logits = net.logits(&maps.index_select(0, &rows), Mode::Train);
                let labels = labels.index_select(0, &rows);
                let loss = logits.cross_entropy_loss(&labels, None::<&Tensor>, Reduction::Mean, -100, 0.0);
                sgd.zero_grad();
                loss.backward();
                sgd.step(rates);
            }
            epoch_done(epoch + 1);
        }
        Ok(net)
    }

    /// Initial weights follow from seed, stage and probe, so the probe of another encoder begins alike.
    fn net(&self, maps: &Tensor, classes: i64, precision: Precision) -> Net {
        let store = nn::VarStore::new(maps.device());
        let init = Init::new(self.of.seed).part(&format!("stage{}.{}", self.stage, self.probe.as_str()));
        let (channels, values) = (maps.size()[1], maps.size()[1..].iter().product());
        let (body, inputs, hidden) = match self.probe {
            Probe::Linear => (Body::Flat(Standardise::of(maps)), values, vec![]),
            Probe::Mlp => (Body::Flat(Standardise::of(maps)), values, vec![HIDDEN; 2]),
            Probe::Conv => {
                let block = NinBlock::new(&store, channels, CHANNELS, init);
                (Body::Block(block, precision), CHANNELS, vec![])
            }
            Probe::Attentive => {
                let pool = AttentionPool::new(&(store.root() / "pool"), channels, init);
                (Body::Attentive(pool), channels, vec![])
            }
        };
        let spec =
            HeadSpec { widths: [hidden, vec![classes]].concat(), ..HeadSpec::new(&[], HeadNorm::Hidden) };
        let head = Head::new(&store, inputs, &spec, init);
        Net { store, body, head }
    }

    fn rate(&self, epoch: u32) -> f64 {
        let passed =
            |per_cent: &u32| u64::from(epoch) * 100 >= u64::from(self.of.epochs) * u64::from(*per_cent);
        self.lr * DROP.powi(DROPS.iter().filter(|drop| passed(drop)).count() as i32)
    }

    fn order(&self, n: i64, epoch: u32) -> Tensor {
        let mut order: Vec<i64> = (0..n).collect();
        KeyedRng::named(*b"depth   ", self.of.seed, epoch, self.stage as u64).shuffle(&mut order);
        Tensor::from_slice(&order)
    }
}

/// Logits of maps `[n, c, grid, grid]`, `[n, classes]`, some at a time and without gradient.
pub(crate) fn logits(net: &Net, maps: &Tensor) -> Tensor {
    let n = maps.size()[0];
    tch::no_grad(|| {
        let parts = (0..n)
            .step_by(ROWS as usize)
            .map(|from| net.logits(&maps.narrow(0, from, ROWS.min(n - from)), Mode::Eval));
        Tensor::cat(&parts.collect::<Vec<_>>(), 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_drops_three_times_wherever_the_epochs_end() {
        let rates = |epochs: u32| {
            let of = LayerProbes {
                probes: vec![],
                stages: None,
                features: 1,
                epochs,
                batch: 2,
                weight_decay: 0.0,
                seed: 0,
            };
            let training = Training { probe: Probe::Linear, lr: 1.0, stage: 1, of: &of };
            (0..epochs).map(|epoch| training.rate(epoch)).collect::<Vec<_>>()
        };
        let near = |found: f64, expected: f64| (found - expected).abs() < 1e-12;
        let hundred = rates(100);
        for (epoch, rate) in
            [(0, 1.0), (34, 1.0), (35, 0.2), (69, 0.2), (70, 0.04), (84, 0.04), (85, 0.008), (99, 0.008)]
        {
            assert!(near(hundred[epoch], rate), "epoch {epoch}: {}", hundred[epoch]);
        }
        let twenty = rates(20);
        assert!(
            near(twenty[6], 1.0) && near(twenty[7], 0.2) && near(twenty[14], 0.04) && near(twenty[17], 0.008)
        );
    }
}
