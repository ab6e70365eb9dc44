//! Gradient clipping, and the norm of gradients.

use tch::{Kind, Tensor};

/// Added to a norm before it divides, as in PyTorch's `clip_grad_norm_`.
const EPS: f64 = 1e-6;

/// Gradient clipping: the largest norm, of each variable's gradient or of all together (Pascanu et al. 2013, arXiv
/// 1211.5063, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clip {
    /// The largest Euclidean norm.
    pub norm: f64,
    /// Whose norm it is.
    pub per: ClipPer,
}

/// Whose norm is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClipPer {
    /// Of each variable's gradient by itself, as DINO's code does.
    Tensor,
    /// Of all gradients together, as PyTorch's `clip_grad_norm_` does.
    All,
}

/// Multiplies gradients whose norm is above the limit, where there is one, so that it is the limit's. Variables without a
/// gradient are passed over.
///
/// # Shapes
/// - `variables`: of any shape
/// - returns a scalar, fp32: the norm of all gradients together before, without waiting for the device; 0 where there are
///   none
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
