//! Prototypes: vectors that embeddings are scored against (SwAV, arXiv 2006.09882, section 3.1; the last layer of DINO,
//! arXiv 2104.14294, appendix C).

use crate::Init;
use tch::{Kind, Tensor, nn};

/// A matrix of prototypes, a row each. The variable is named `weight`.
#[derive(Debug)]
pub struct Prototypes {
    weight: Tensor,
}

impl Prototypes {
    /// `count` prototypes of width `width`, of unit length, in `store`.
    pub fn new(store: &nn::VarStore, width: i64, count: i64, init: Init) -> Self {
        let path = store.root();
        let value = unit(&init.linear(&path.path("weight"), &[count, width], width));
        Self { weight: path.add("weight", value.to_device(path.device()), true) }
    }

    /// Dot products of embeddings and prototypes.
    ///
    /// # Shapes
    /// - `z`: `[n, d]`
    /// - returns scores, `[n, k]`
    pub fn scores(&self, z: &Tensor) -> Tensor {
        z.linear(&self.weight, None::<&Tensor>)
    }

    /// Dot products of embeddings and prototypes brought to unit length: weight norm whose length is fixed at 1.
    ///
    /// # Shapes
    /// - `z`: `[n, d]`
    /// - returns scores, `[n, k]`
    pub fn scores_of_directions(&self, z: &Tensor) -> Tensor {
        z.linear(&unit(&self.weight), None::<&Tensor>)
    }

    /// Brings the prototypes to unit length, where a step of the optimizer left them elsewhere.
    pub fn normalise(&self) {
        tch::no_grad(|| self.weight.shallow_clone().copy_(&unit(&self.weight)));
    }
}

/// Rows of unit length.
fn unit(rows: &Tensor) -> Tensor {
    let length: Tensor = rows.square().sum_dim_intlist([1i64].as_slice(), true, Kind::Float);
    rows / length.sqrt().clamp_min(1e-12)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontrast_testkit::assert_close;
    use tch::Device;

    fn lengths(prototypes: &Prototypes) -> Tensor {
        prototypes.weight.square().sum_dim_intlist([1i64].as_slice(), false, Kind::Float)
    }

    #[test]
    fn prototypes_begin_and_are_brought_back_to_unit_length() {
        let store = nn::VarStore::new(Device::Cpu);
        let prototypes = Prototypes::new(&store, 8, 20, Init::new(0));
        let ones = Tensor::ones([20], (Kind::Float, Device::Cpu));
        assert_close(&lengths(&prototypes), &ones, 1e-6);
        let z = Tensor::ones([1, 8], (Kind::Float, Device::Cpu));
        let before = prototypes.scores(&z);
        let _ = tch::no_grad(|| prototypes.weight.shallow_clone().g_mul_scalar_(3.0));
        assert_close(&prototypes.scores(&z), &(&before * 3.0), 1e-6);
        assert_close(&prototypes.scores_of_directions(&z), &before, 1e-6);
        prototypes.normalise();
        assert_close(&lengths(&prototypes), &ones, 1e-6);
    }

    #[test]
    fn a_fixed_length_passes_no_gradient_along_the_prototype() {
        let store = nn::VarStore::new(Device::Cpu);
        let prototypes = Prototypes::new(&store, 8, 20, Init::new(0));
        let z = Tensor::arange(8, (Kind::Float, Device::Cpu)).reshape([1, 8]);
        prototypes.scores_of_directions(&z).sum(Kind::Float).backward();
        let along = (prototypes.weight.grad() * &prototypes.weight).sum_dim_intlist(
            [1i64].as_slice(),
            false,
            Kind::Float,
        );
        assert!(along.abs().max().double_value(&[]) < 1e-5);
    }
}
