//! A scalar with a given value and a given gradient: how a loss computed by hand enters autograd.

use tch::Tensor;

/// A scalar whose value is `value` and whose gradient with respect to each input is the tensor beside it.
///
/// The gradient is exact for any factor that multiplies the scalar later; a second derivative does not exist.
pub(crate) fn surrogate(value: &Tensor, inputs: &[(&Tensor, Tensor)]) -> Tensor {
    let linear = inputs
        .iter()
        .filter(|(input, _)| input.requires_grad())
        .map(|(input, gradient)| input.reshape(-1).dot(&gradient.reshape(-1)))
        .reduce(|a, b| a + b);
    match linear {
        // The difference is zero exactly, so the value is not rounded where the linear form is larger than it.
        Some(linear) => (&linear - linear.detach()) + value.detach(),
        None => value.detach(),
    }
}
