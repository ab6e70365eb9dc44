//! The values of a tensor where they lie, without a copy.

use tch::{Device, Kind, Tensor};

/// Calls `read` with the values of a tensor in row order.
///
/// # Panics
/// Where it is not fp32, in one piece, on the CPU.
pub fn with_values<T>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> T) -> T {
    let fits = tensor.kind() == Kind::Float && tensor.device() == Device::Cpu && tensor.is_contiguous();
    assert!(fits, "expected fp32 in one piece on the CPU, found {tensor:?}");
    if tensor.numel() == 0 {
        return read(&[]);
    }
    // SAFETY: the tensor is borrowed, so its memory stays; it holds so many fp32 values one behind the other, as was
    // asserted. Another handle could write them meanwhile: callers read what they have just made.
    let values = unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast::<f32>(), tensor.numel()) };
    read(values)
}

#[cfg(test)]
mod tests {
    use super::with_values;
    use tch::{Device, Kind, Tensor};

    #[test]
    fn values_are_read_in_row_order_and_what_is_not_in_one_piece_is_refused() {
        let tensor = Tensor::arange(6, (Kind::Float, Device::Cpu)).view([2, 3]);
        assert_eq!(with_values(&tensor, <[f32]>::to_vec), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(with_values(&tensor.narrow(0, 1, 1), <[f32]>::to_vec), [3.0, 4.0, 5.0]);
        assert!(with_values(&tensor.narrow(0, 0, 0), <[f32]>::is_empty));
        for bad in [tensor.tr(), tensor.to_kind(Kind::Double)] {
            assert!(std::panic::catch_unwind(|| with_values(&bad, <[f32]>::len)).is_err());
        }
    }
}
