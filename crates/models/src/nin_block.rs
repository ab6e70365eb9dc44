//! A block of a network in network (Lin et al. 2013, arXiv 1312.4400): a spatial convolution, then two of 1x1 that mix
//! channels. RotNet builds its encoder of them, and a probe of one (Gidaris, Singh and Komodakis 2018, arXiv 1803.07728,
//! section 3.1).

use crate::batch_norm::BatchNorm;
use crate::layers::{Conv2d, Like};
use crate::{Init, Mode};
use tch::{Tensor, nn};

/// Three convolutions without bias, batch norm and ReLU after each; height and width stay.
#[derive(Debug)]
pub struct NinBlock {
    steps: Vec<(Conv2d, BatchNorm)>,
}

impl NinBlock {
    /// A block by itself, for maps of `inputs` channels: `width` channels after each convolution, the first of 3x3. Its
    /// variables stand in `store` as `conv1.weight`, `bn1.weight`, ...
    pub fn new(store: &nn::VarStore, inputs: i64, width: i64, init: Init) -> Self {
        let like = Like { init, channels_last: false, bn_splits: 1 };
        Self::of(&store.root(), inputs, [width; 3], 3, like)
    }

    /// `widths` are the channels after each convolution, `side` the kernel of the first.
    pub(crate) fn of(path: &nn::Path<'_>, inputs: i64, widths: [i64; 3], side: i64, like: Like) -> Self {
        let mut before = inputs;
        let step = |(place, width): (usize, i64)| {
            let side = if place == 0 { side } else { 1 };
            let number = place + 1;
            let shape = [width, before, side];
            before = width;
            let convolution = Conv2d::new(&(path / format!("conv{number}")), shape, 1, side / 2, like);
            (convolution, BatchNorm::new(&(path / format!("bn{number}")), width, like.bn_splits))
        };
        Self { steps: widths.into_iter().enumerate().map(step).collect() }
    }

    /// Feature maps of feature maps.
    ///
    /// # Shapes
    /// - `x`: `[n, inputs, h, w]`
    /// - returns `[n, width, h, w]`
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        let apply = |x: Tensor, (convolution, norm): &(Conv2d, BatchNorm)| {
            norm.forward(&convolution.forward(&x), mode).relu_()
        };
        self.steps.iter().fold(x.shallow_clone(), apply)
    }

    pub(crate) fn handle(&self) -> Self {
        Self {
            steps: self
                .steps
                .iter()
                .map(|(convolution, norm)| (convolution.handle(), norm.handle()))
                .collect(),
        }
    }
}
