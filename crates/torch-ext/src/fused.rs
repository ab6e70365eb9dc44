//! One call for a whole list of variables: libtorch's fused SGD and AdamW updates, in place.

use crate::ffi::{checked, kontrast_forget_gradients, kontrast_fused_adamw, kontrast_fused_sgd, pointers};
use tch::{TchError, Tensor};

/// Numbers of one SGD step, as `torch.optim.SGD` names them.
#[derive(Clone, Copy, Debug)]
pub struct SgdStep {
    /// Step size.
    pub lr: f64,
    /// Coefficient of the momentum buffer.
    pub momentum: f64,
    /// L2 penalty, added to the gradient.
    pub weight_decay: f64,
    /// Nesterov's form of momentum.
    pub nesterov: bool,
}

/// Numbers of one AdamW step, as `torch.optim.AdamW` names them.
#[derive(Clone, Copy, Debug)]
pub struct AdamwStep {
    /// Step size.
    pub lr: f64,
    /// Decay of the first and the second moment.
    pub betas: (f64, f64),
    /// Decoupled decay.
    pub weight_decay: f64,
    /// Added to the denominator.
    pub eps: f64,
}

/// Takes the gradients off `variables`, so that the next backward pass writes them instead of adding.
pub fn forget_gradients(variables: &[Tensor]) {
    let list = pointers(variables);
    // SAFETY: the list holds `n` live tensors.
    checked(unsafe { kontrast_forget_gradients(list.as_ptr(), list.len()) })
        .expect("no gradient is no error");
}

/// Updates `variables` by their `gradients`; `buffers` hold the momentum, zero before the first step.
///
/// # Errors
/// libtorch's message where devices or shapes of the lists differ.
pub fn fused_sgd(
    variables: &[Tensor],
    gradients: &[Tensor],
    buffers: &[Tensor],
    step: SgdStep,
) -> Result<(), TchError> {
    assert!(
        variables.len() == gradients.len() && variables.len() == buffers.len(),
        "lists of unequal length"
    );
    let (v, g, b) = (pointers(variables), pointers(gradients), pointers(buffers));
    // SAFETY: the three lists hold `n` live tensors each.
    checked(tch::no_grad(|| unsafe {
        kontrast_fused_sgd(
            v.as_ptr(),
            g.as_ptr(),
            b.as_ptr(),
            v.len(),
            step.lr,
            step.momentum,
            step.weight_decay,
            i32::from(step.nesterov),
        )
    }))
}

/// Updates `variables` by their `gradients`; `means` and `squares` hold the moments, `steps` the count of updates
/// of each variable (fp32 scalars), which the call raises by one itself.
///
/// # Errors
/// libtorch's message where devices or shapes of the lists differ.
pub fn fused_adamw(
    variables: &[Tensor],
    gradients: &[Tensor],
    means: &[Tensor],
    squares: &[Tensor],
    steps: &[Tensor],
    step: AdamwStep,
) -> Result<(), TchError> {
    let n = variables.len();
    assert!([gradients.len(), means.len(), squares.len(), steps.len()] == [n; 4], "lists of unequal length");
    let lists = [variables, gradients, means, squares, steps].map(pointers);
    // The kernel expects the count to include the step in hand, as torch.optim.AdamW raises it first.
    tch::no_grad(|| {
        for count in steps {
            let _ = count.shallow_clone().g_add_scalar_(1);
        }
    });
    // SAFETY: the five lists hold `n` live tensors each.
    checked(tch::no_grad(|| unsafe {
        kontrast_fused_adamw(
            lists[0].as_ptr(),
            lists[1].as_ptr(),
            lists[2].as_ptr(),
            lists[3].as_ptr(),
            lists[4].as_ptr(),
            n,
            step.lr,
            step.betas.0,
            step.betas.1,
            step.weight_decay,
            step.eps,
        )
    }))
}
