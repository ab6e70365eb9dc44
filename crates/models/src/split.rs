//! Two ResNets side by side, each of which sees its own channels (CMC, Tian, Krishnan and Isola 2019, arXiv 1906.05849,
//! section 3.3: one for L, one for ab).

use crate::{Encoder, EncoderSpec, Init, Pass, ResNet, ResNetSpec};
use kontrast_torch_ext::{Parameter, StateDict};
use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

/// Everything that decides the shape of two ResNets side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitSpec {
    /// Channels that the first network sees; the other sees the rest.
    pub first: i64,
    /// What both are, but for their channels: these are those of an image.
    pub network: ResNetSpec,
}

impl SplitSpec {
    /// The two networks, in the order of their channels.
    pub fn halves(self) -> [ResNetSpec; 2] {
        let rest = self.network.channels - self.first;
        [self.first, rest].map(|channels| ResNetSpec { channels, ..self.network })
    }
}

/// The names of the halves, which their variables' names begin with.
const NAMES: [&str; 2] = ["first", "rest"];

/// Representations and feature maps of both networks, side by side.
pub struct Split {
    spec: SplitSpec,
    halves: [Box<dyn Encoder>; 2],
}

impl Split {
    /// With initial weights that follow from `init` and differ between the halves.
    ///
    /// # Panics
    /// Where a half would see no channel.
    pub fn new(device: tch::Device, spec: SplitSpec, init: Init) -> Self {
        let within = (1..spec.network.channels).contains(&spec.first);
        assert!(within, "{} of {} channels leave the other half none", spec.first, spec.network.channels);
        let [first, rest] = spec.halves();
        let half = |name: &str, own| -> Box<dyn Encoder> {
            Box::new(ResNet::new(&nn::VarStore::new(device), own, init.part(name)))
        };
        Self { spec, halves: [half(NAMES[0], first), half(NAMES[1], rest)] }
    }

    /// What each half sees.
    fn seen(&self, images: &Tensor) -> [Tensor; 2] {
        let SplitSpec { first, network } = self.spec;
        [images.narrow(1, 0, first), images.narrow(1, first, network.channels - first)]
    }
}

impl Encoder for Split {
    fn forward(&self, images: &Tensor, pass: Pass<'_>) -> Tensor {
        let [first, rest] = self.seen(images);
        Tensor::cat(&[self.halves[0].forward(&first, pass), self.halves[1].forward(&rest, pass)], 1)
    }

    fn stages(&self, images: &Tensor, pass: Pass<'_>) -> Vec<Tensor> {
        let [first, rest] = self.seen(images);
        let maps = self.halves[0].stages(&first, pass).into_iter().zip(self.halves[1].stages(&rest, pass));
        maps.map(|(first, rest)| Tensor::cat(&[first, rest], 1)).collect()
    }

    fn width(&self) -> i64 {
        self.halves.iter().map(|half| half.width()).sum()
    }

    fn spec(&self) -> Option<EncoderSpec> {
        Some(EncoderSpec::Split(self.spec))
    }

    fn variables(&self) -> StateDict {
        NAMES
            .iter()
            .zip(&self.halves)
            .fold(StateDict::new(), |all, (name, half)| all.and(name, &half.variables()))
    }

    /// Those of both halves, a layer of each as deep as the other's.
    fn parameters(&self) -> Vec<Parameter> {
        let halves = NAMES.iter().zip(&self.halves);
        let of_half = halves.flat_map(|(name, half)| {
            let named = move |own: Parameter| Parameter { name: format!("{name}.{}", own.name), ..own };
            half.parameters().into_iter().map(named)
        });
        of_half.collect()
    }

    fn parts(&self) -> Vec<(&'static str, Box<dyn Encoder>)> {
        let [first, rest] = self.spec.halves().map(|half| half.channels);
        let seen = [(0, first), (first, rest)];
        let mut parts = Vec::<(_, Box<dyn Encoder>)>::new();
        for ((&name, half), seen) in NAMES.iter().zip(&self.halves).zip(seen) {
            parts.push((name, Box::new(Half { network: half.handle(), seen })));
        }
        parts
    }

    fn handle(&self) -> Box<dyn Encoder> {
        Box::new(Self { spec: self.spec, halves: [self.halves[0].handle(), self.halves[1].handle()] })
    }
}

/// One of the networks, of whole images.
struct Half {
    network: Box<dyn Encoder>,
    /// The first of the channels that it sees, and how many they are.
    seen: (i64, i64),
}

impl Half {
    fn channels(&self, images: &Tensor) -> Tensor {
        images.narrow(1, self.seen.0, self.seen.1)
    }
}

impl Encoder for Half {
    fn forward(&self, images: &Tensor, pass: Pass<'_>) -> Tensor {
        self.network.forward(&self.channels(images), pass)
    }

    fn stages(&self, images: &Tensor, pass: Pass<'_>) -> Vec<Tensor> {
        self.network.stages(&self.channels(images), pass)
    }

    fn width(&self) -> i64 {
        self.network.width()
    }

    fn variables(&self) -> StateDict {
        self.network.variables()
    }

    fn parameters(&self) -> Vec<Parameter> {
        self.network.parameters()
    }

    fn handle(&self) -> Box<dyn Encoder> {
        Box::new(Self { network: self.network.handle(), seen: self.seen })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Depth, Mode, Norm, Stem};
    use kontrast_testkit::assert_close;
    use tch::{Device, Kind};

    fn split(first: i64) -> (Split, SplitSpec) {
        let (depth, stem, channels_last) = (Depth::ResNet18, Stem::Cifar, true);
        let network =
            ResNetSpec { depth, stem, width: 4, channels: 3, channels_last, bn_splits: 1, norm: Norm::Batch };
        let spec = SplitSpec { first, network };
        (Split::new(Device::Cpu, spec, Init::new(3)), spec)
    }

    fn images() -> Tensor {
        let ramp = Tensor::arange(2 * 3 * 16 * 16, (Kind::Float, Device::Cpu));
        (ramp.square() * 0.618).sin().view([2, 3, 16, 16])
    }

    #[test]
    fn each_half_is_the_network_of_its_channels_alone() {
        for first in [1, 2] {
            let (whole, spec) = split(first);
            let h = whole.forward(&images(), Mode::Eval.into());
            assert_eq!((h.size(), whole.width()), (vec![2, 64], 64));
            let mut from = 0;
            for ((name, half), own) in NAMES.iter().zip(spec.halves()).zip([0, 32]) {
                let alone = ResNet::new(&nn::VarStore::new(Device::Cpu), half, Init::new(9));
                alone.variables().copy_from(&whole.variables().under(name)).unwrap();
                let seen = images().narrow(1, from, half.channels);
                from += half.channels;
                let expected = alone.forward(&seen, Mode::Eval.into());
                assert_close(&h.narrow(1, own, 32), &expected, 1e-6);
                let maps = whole.stages(&images(), Mode::Eval.into());
                for (map, expected) in maps.iter().zip(alone.stages(&seen, Mode::Eval.into())) {
                    let channels = expected.size()[1];
                    let start = if own == 0 { 0 } else { channels };
                    assert_close(&map.narrow(1, start, channels), &expected, 1e-6);
                }
            }
        }
    }

    #[test]
    fn its_parts_side_by_side_are_the_whole() {
        let (whole, _) = split(2);
        let parts = whole.parts();
        assert_eq!(
            parts.iter().map(|(name, part)| (*name, part.width())).collect::<Vec<_>>(),
            [("first", 32), ("rest", 32)]
        );
        let h: Vec<_> =
            parts.iter().map(|(_, part)| part.handle().forward(&images(), Mode::Eval.into())).collect();
        assert_eq!(Tensor::cat(&h, 1), whole.forward(&images(), Mode::Eval.into()));
        let maps = parts.iter().map(|(_, part)| part.stages(&images(), Mode::Eval.into()));
        let maps: Vec<_> = maps.map(|mut maps| maps.pop().unwrap()).collect();
        assert_eq!(Tensor::cat(&maps, 1), whole.stages(&images(), Mode::Eval.into()).pop().unwrap());
        let variables: usize = parts.iter().map(|(_, part)| part.variables().len()).sum();
        assert_eq!(variables, whole.variables().len());
    }

    #[test]
    fn a_channel_reaches_its_own_half_alone() {
        let (whole, _) = split(1);
        let images = images().set_requires_grad(true);
        whole.forward(&images, Mode::Train.into()).narrow(1, 0, 32).sum(Kind::Float).backward();
        let largest = |channel| images.grad().select(1, channel).abs().max().double_value(&[]);
        assert!(largest(0) > 0.0);
        assert_eq!((largest(1), largest(2)), (0.0, 0.0));
    }

    #[test]
    fn halves_begin_otherwise_and_a_handle_shares_them() {
        let (whole, spec) = split(1);
        let state = whole.variables();
        assert_eq!(state.len(), whole.handle().variables().len());
        let of = |name: &str| state.get(&format!("{name}.layer1.0.conv1.weight")).unwrap();
        assert_ne!(of("first"), of("rest"));
        assert_eq!(whole.parameters().len() as u64, 2 * whole.halves[0].parameters().len() as u64);
        let counted: usize = state.trained().iter().map(|(_, variable)| variable.numel()).sum();
        assert_eq!(EncoderSpec::Split(spec).estimate((16, 16)).parameters, counted as u64);
        let handle = whole.handle();
        let _ = tch::no_grad(|| of("rest").shallow_clone().fill_(0.0));
        let (a, b) =
            (whole.forward(&images(), Mode::Eval.into()), handle.forward(&images(), Mode::Eval.into()));
        assert_eq!(a, b);
    }
}
