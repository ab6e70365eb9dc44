//! CPC's encoder of patches (van den Oord et al. 2018, arXiv 1807.03748, section 3.2; Henaff et al. 2019, arXiv 1905.09272,
//! section 3): a ResNet sees each patch of a grid by itself, and an image is the mean of its patches.

use crate::layers::fp32_at_least;
use crate::{Encoder, EncoderSpec, Init, Pass, ResNet, ResNetSpec};
use kontrast_torch_ext::{Parameter, StateDict, channels_last};
use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

/// Everything that decides the shape of an encoder of patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchwiseSpec {
    /// Pixels on a side of a patch.
    pub patch: i64,
    /// Pixels from one patch to the next; half of a patch in the papers.
    pub stride: i64,
    /// The network that sees the patches.
    pub network: ResNetSpec,
}

impl PatchwiseSpec {
    /// Patches along a side of so many pixels.
    pub fn cells(self, side: i64) -> i64 {
        if side < self.patch { 0 } else { (side - self.patch) / self.stride + 1 }
    }

    /// Where the patches along a side begin. Pixels that the last patch does not reach are left out evenly before and behind.
    pub fn starts(self, side: i64) -> impl Iterator<Item = i64> {
        let cells = self.cells(side);
        let first = (side - self.patch - (cells - 1) * self.stride) / 2;
        (0..cells).map(move |cell| first + cell * self.stride)
    }

    /// The patches of images, row after row.
    ///
    /// # Shapes
    /// - `images`: `[n, c, h, w]`, as large as a patch or larger
    /// - returns `[n, rows, columns, c, patch, patch]`
    pub fn cut(self, images: &Tensor) -> Tensor {
        let whole = [2, 3].into_iter().fold(images.shallow_clone(), |images, dimension| {
            let side = images.size()[dimension as usize];
            let first = self.starts(side).next().unwrap_or(0);
            images.narrow(dimension, first, side - first).unfold(dimension, self.patch, self.stride)
        });
        whole.permute([0, 2, 3, 1, 4, 5])
    }
}

/// A ResNet that sees the patches of an image one by one.
#[derive(Debug)]
pub struct Patchwise {
    spec: PatchwiseSpec,
    network: ResNet,
}

impl Patchwise {
    /// Makes the variables in `store`, which holds nothing else, under the names of the ResNet.
    ///
    /// # Panics
    /// Where patches have no pixel, or no distance.
    pub fn new(store: &nn::VarStore, spec: PatchwiseSpec, init: Init) -> Self {
        let PatchwiseSpec { patch, stride, network } = spec;
        assert!(patch >= 1 && stride >= 1, "patches of a pixel or more, found {patch} every {stride}");
        Self { spec, network: ResNet::new(store, network, init) }
    }

    /// The patches of all images, `[n * rows * columns, c, patch, patch]`, and their grid: n, rows and columns.
    fn patches(&self, images: &Tensor) -> (Tensor, [i64; 3]) {
        let patches = self.spec.cut(images);
        let size = patches.size();
        let each = patches.reshape([size[..3].iter().product(), size[3], size[4], size[5]]);
        (
            if self.spec.network.channels_last { channels_last(&each) } else { each },
            [size[0], size[1], size[2]],
        )
    }
}

impl Encoder for Patchwise {
    fn forward(&self, images: &Tensor, pass: Pass<'_>) -> Tensor {
        let (patches, [n, rows, columns]) = self.patches(images);
        let h = self.network.forward(&patches, pass);
        h.view([n, rows * columns, -1]).mean_dim(1, false, None)
    }

    /// Of each stage the mean over a patch, `[n, channels, rows, columns]` of the grid; the last are the representations of the
    /// patches, whose mean is that of the image.
    fn stages(&self, images: &Tensor, pass: Pass<'_>) -> Vec<Tensor> {
        let (patches, [n, rows, columns]) = self.patches(images);
        let grid = |map: &Tensor| {
            let mean = fp32_at_least(map).mean_dim([2i64, 3].as_slice(), false, None);
            mean.view([n, rows, columns, -1]).permute([0, 3, 1, 2])
        };
        self.network.stages(&patches, pass).iter().map(grid).collect()
    }

    fn width(&self) -> i64 {
        self.network.width()
    }

    fn spec(&self) -> Option<EncoderSpec> {
        Some(EncoderSpec::Patchwise(self.spec))
    }

    fn variables(&self) -> StateDict {
        self.network.variables()
    }

    fn parameters(&self) -> Vec<Parameter> {
        self.network.parameters()
    }

    fn handle(&self) -> Box<dyn Encoder> {
        Box::new(Self { spec: self.spec, network: self.network.another() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Depth, Mode, Norm, Stem};
    use kontrast_testkit::assert_close;
    use tch::{Device, Kind};

    fn spec(patch: i64, stride: i64, norm: Norm) -> PatchwiseSpec {
        let (depth, stem, width, channels, channels_last, bn_splits) =
            (Depth::ResNet18, Stem::Cifar, 4, 3, true, 1);
        let network = ResNetSpec { depth, stem, width, channels, channels_last, bn_splits, norm };
        PatchwiseSpec { patch, stride, network }
    }

    fn encoder(spec: PatchwiseSpec) -> Patchwise {
        Patchwise::new(&nn::VarStore::new(Device::Cpu), spec, Init::new(3))
    }

    fn images(height: i64, width: i64) -> Tensor {
        let ramp = Tensor::arange(2 * 3 * height * width, (Kind::Float, Device::Cpu));
        (ramp.square() * 0.618).sin().view([2, 3, height, width])
    }

    #[test]
    fn each_cell_is_the_network_of_its_patch_alone() {
        for (norm, mode) in [(Norm::Group, Mode::Train), (Norm::None, Mode::Train), (Norm::Batch, Mode::Eval)]
        {
            let own = spec(8, 4, norm);
            let whole = encoder(own);
            let x = images(16, 20);
            let grid = whole.stages(&x, mode.into()).pop().unwrap();
            assert_eq!(grid.size(), [2, 32, 3, 4]);
            for (row, column) in [(0, 0), (1, 2), (2, 3)] {
                let patch = x.narrow(2, 4 * row, 8).narrow(3, 4 * column, 8);
                let expected = whole.network.forward(&patch, mode.into());
                assert_close(&grid.select(2, row).select(2, column), &expected, 1e-5);
            }
            let mean = grid.mean_dim([2i64, 3].as_slice(), false, None);
            assert_close(&whole.forward(&x, mode.into()), &mean, 1e-5);
        }
    }

    #[test]
    fn pixels_that_no_patch_reaches_lie_around_the_grid() {
        let own = spec(10, 5, Norm::Group);
        assert_eq!([9, 10, 14, 15, 30, 32].map(|side| own.cells(side)), [0, 1, 1, 2, 5, 5]);
        assert_eq!(own.starts(32).collect::<Vec<_>>(), [1, 6, 11, 16, 21]);
        assert_eq!(own.starts(10).collect::<Vec<_>>(), [0]);
        assert_eq!(own.starts(9).count(), 0);
        let whole = encoder(own);
        let of = |x: &Tensor| whole.forward(x, Mode::Eval.into());
        let x = images(32, 32);
        assert_close(&of(&x), &of(&x.narrow(2, 1, 30).narrow(3, 1, 30)), 1e-6);
    }

    #[test]
    fn batch_norm_lets_a_patch_see_the_others_and_group_norm_does_not() {
        let reaches = |norm| {
            let x = images(16, 16).set_requires_grad(true);
            let grid = encoder(spec(8, 8, norm)).stages(&x, Mode::Train.into()).pop().unwrap();
            (grid.select(2, 0).select(2, 0) * Tensor::arange(32, (Kind::Float, Device::Cpu)))
                .sum(Kind::Float)
                .backward();
            x.grad().narrow(2, 8, 8).narrow(3, 8, 8).abs().max().double_value(&[])
        };
        assert!(reaches(Norm::Batch) > 0.0);
        assert_eq!([reaches(Norm::Group), reaches(Norm::None)], [0.0, 0.0]);
    }

    #[test]
    fn its_variables_are_those_of_the_network_and_a_handle_shares_them() {
        let own = spec(8, 4, Norm::Group);
        let whole = encoder(own);
        let counted: usize = whole.variables().trained().iter().map(|(_, variable)| variable.numel()).sum();
        let (small, large) = ((8, 8), (16, 16));
        let of = |size| EncoderSpec::Patchwise(own).estimate(size);
        assert_eq!(of(large).parameters, counted as u64);
        assert_eq!(of(large).activations, 9 * of(small).activations);
        let handle = whole.handle();
        let _ = tch::no_grad(|| whole.variables().get("conv1.weight").unwrap().shallow_clone().fill_(0.0));
        let x = images(16, 16);
        assert_eq!(handle.forward(&x, Mode::Eval.into()), whole.forward(&x, Mode::Eval.into()));
        assert_eq!(handle.spec(), Some(EncoderSpec::Patchwise(own)));
    }
}
