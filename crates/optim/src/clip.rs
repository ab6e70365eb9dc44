//! Limits of gradients, and their norm.

use tch::{Kind, Tensor};

/// Added to a norm before it divides, as in PyTorch's `clip_grad_norm_`.
const EPS: f64 = 1e-6;

/// The longest that gradients may be (Pascanu et al. 2013, arXiv 1211.5063, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clip {
    /// The longest Euclidean norm.
    pub norm: f64,
    /// Of what.
    pub per: ClipPer,
}

/// Of what the norm is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClipPer {
    /// Of each variable's gradient by itself, as DINO's code does.
    Tensor,
    /// Of all gradients together, as PyTorch's `clip_grad_norm_` does.
    All,
}

/// Shortens the gradients of these variables to the limit, where there is one and they are longer; those that have none
/// are passed over. Returns the norm of all gradients together before, a scalar on their device that nobody waited for.
pub fn clip_gradients(variables: &[Tensor], limit: Option<Clip>) -> Tensor {
    tch::no_grad(|| {
        let gradients: Vec<_> = variables.iter().map(Tensor::grad).filter(Tensor::defined).collect();
        if gradients.is_empty() {
            return Tensor::from(0f32);
        }
        let norms: Vec<_> = gradients.iter().map(|gradient| gradient.to_kind(Kind::Float).norm()).collect();
        let together = Tensor::stack(&norms, 0).norm();
        if let Some(Clip { norm, per }) = limit {
            for (mut gradient, own) in gradients.into_iter().zip(&norms) {
                let length = match per {
                    ClipPer::Tensor => own,
                    ClipPer::All => &together,
                };
                let factor = ((length + EPS).reciprocal() * norm).clamp_max(1.0);
                let _ = gradient.g_mul_(&factor);
            }
        }
        together
    })
}
