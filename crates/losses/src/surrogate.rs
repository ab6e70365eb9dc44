//! A scalar with a given value and a given gradient: how a loss computed in tiles enters autograd.

use tch::Tensor;

/// A scalar whose value is `value` and whose gradient with respect to each input is the tensor beside it.
///
/// The gradient is exact for any factor that multiplies the scalar later; a second derivative does not exist.
pub(crate) fn surrogate(value: &Tensor, inputs: &[(&Tensor, Tensor)]) -> Tensor {
    let linear = inputs
        .iter()
        .filter(|(input, _)| input.requires_grad())
        .map(|(input, gradient)| (*input * gradient).sum(input.kind()))
        .reduce(|a, b| a + b);
    match linear {
        Some(linear) => {
            let shift = value.detach() - linear.detach();
            linear + shift
        }
        None => value.detach(),
    }
}
