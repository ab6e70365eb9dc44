//! A slot for every image of the data set (Wu et al. 2018, arXiv 1805.01978, section 3.1).

use crate::Init;
use kontrast_torch_ext::StateDict;
use tch::{Device, Kind, Tensor};

/// One embedding an image. At first they are random unit vectors.
#[derive(Debug)]
pub struct MemoryBank {
    rows: Tensor,
}

impl MemoryBank {
    /// `images` slots of width `width` on `device`.
    pub fn new(images: i64, width: i64, init: Init, device: Device) -> Self {
        Self { rows: init.directions("bank", [images, width]).to_device(device) }
    }

    /// All slots, `[images, d]`, sharing memory with the bank.
    pub fn rows(&self) -> Tensor {
        self.rows.shallow_clone()
    }

    /// Mixes new embeddings into their slots and brings these back to unit length.
    ///
    /// # Shapes
    /// - `slots`: `[n]`, each image once
    /// - `z`: `[n, d]`, unit rows
    /// - `momentum`: the fraction of itself that a slot keeps
    pub fn update(&mut self, slots: &Tensor, z: &Tensor, momentum: f64) {
        tch::no_grad(|| {
            let mixed =
                self.rows.index_select(0, slots) * momentum + z.to_kind(Kind::Float) * (1.0 - momentum);
            let length = mixed.norm_scalaropt_dim(2, [-1i64], true).clamp_min(1e-12);
            let _ = self.rows.index_copy_(0, slots, &(mixed / length));
        });
    }

    /// What a checkpoint holds, sharing memory with the bank.
    pub fn state(&self) -> StateDict {
        std::iter::once(("rows".to_owned(), self.rows())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_slots_of_the_batch_move_and_they_stay_unit() {
        let mut bank = MemoryBank::new(5, 2, Init::new(0), Device::Cpu);
        let before = bank.rows().copy();
        let z = Tensor::from_slice2(&[[1f32, 0.0], [0.0, 1.0]]);
        bank.update(&Tensor::from_slice(&[3i64, 0]), &z, 0.5);
        for still in [1, 2, 4] {
            assert_eq!(bank.rows().get(still), before.get(still));
        }
        let mixed = before.get(3) + z.get(0);
        let expected = &mixed / mixed.norm();
        assert!((bank.rows().get(3) - expected).abs().max().double_value(&[]) < 1e-6);
    }

    #[test]
    fn without_momentum_a_slot_is_the_newest_embedding() {
        let mut bank = MemoryBank::new(3, 2, Init::new(0), Device::Cpu);
        bank.update(&Tensor::from_slice(&[1i64]), &Tensor::from_slice2(&[[0.6f32, 0.8]]), 0.0);
        assert!(
            (bank.rows().get(1) - Tensor::from_slice(&[0.6f32, 0.8])).abs().max().double_value(&[]) < 1e-6
        );
    }
}
