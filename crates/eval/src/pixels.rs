//! No network at all: the image's own pixels as its features, the baseline that learning has to clear.

use kontrast_models::{Encoder, Pass};
use kontrast_torch_ext::StateDict;
use tch::Tensor;

/// An "encoder" that hands images on. With a plan of 8x8 RGB pixels its features have 192 dimensions.
#[derive(Clone, Copy, Debug)]
pub struct Pixels {
    /// Values of the images it is given: channels times height times width.
    pub values: i64,
}

impl Encoder for Pixels {
    fn forward(&self, images: &Tensor, _pass: Pass<'_>) -> Tensor {
        images.flatten(1, -1)
    }

    fn stages(&self, images: &Tensor, pass: Pass<'_>) -> Vec<Tensor> {
        vec![self.forward(images, pass)]
    }

    fn width(&self) -> i64 {
        self.values
    }

    fn variables(&self) -> StateDict {
        StateDict::new()
    }

    fn handle(&self) -> Box<dyn Encoder> {
        Box::new(*self)
    }
}
