//! A momentum encoder: variables that follow trained ones (MoCo, arXiv 1911.05722, eq. 2; BYOL, arXiv 2006.07733,
//! eq. 1).

use kontrast_torch_ext::StateDict;
use tch::Tensor;

/// Pairs of trained and following variables. Only variables follow; running statistics are the target's own, moved by
/// its own forward passes, as in the published code of MoCo and BYOL.
#[derive(Debug)]
pub struct MomentumEncoder {
    /// Trained, following.
    pairs: Vec<(Tensor, Tensor)>,
}

impl MomentumEncoder {
    /// `target` follows `trained`, whose names it has; it takes over their values now and no gradient reaches it. What
    /// `target` holds besides, its running statistics, stays its own.
    pub fn new(trained: &[(String, Tensor)], target: &StateDict) -> Self {
        let pair = |(name, variable): &(String, Tensor)| {
            let copy = target.get(name).unwrap_or_else(|| panic!("the target has no {name}"));
            let mut copy = copy.set_requires_grad(false);
            tch::no_grad(|| copy.copy_(variable));
            (variable.shallow_clone(), copy)
        };
        Self { pairs: trained.iter().map(pair).collect() }
    }

    /// Each following variable keeps this fraction of itself and takes the rest from the trained one.
    pub fn update(&self, momentum: f64) {
        tch::no_grad(|| {
            for (trained, target) in &self.pairs {
                let _ = target.shallow_clone().g_mul_scalar_(momentum).g_add_(&(trained * (1.0 - momentum)));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn the_copy_begins_equal_and_then_lags_behind() {
        let trained = Tensor::from_slice(&[2f32, 4.0]).set_requires_grad(true);
        let target = Tensor::zeros([2], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let state: StateDict = std::iter::once(("w".to_owned(), target.shallow_clone())).collect();
        let follower = MomentumEncoder::new(&[("w".to_owned(), trained.shallow_clone())], &state);
        assert!(target == trained && !target.requires_grad());
        let _ = tch::no_grad(|| trained.shallow_clone().fill_(0.0));
        follower.update(0.75);
        assert_eq!(Vec::<f32>::try_from(&target).unwrap(), [1.5, 3.0]);
        follower.update(0.0);
        assert_eq!(target, trained.detach());
    }
}
