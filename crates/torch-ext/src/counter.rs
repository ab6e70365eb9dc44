//! Numbers from a counter, as tensors: number i of a key is a function of both, with the bits of `kontrast_rng::Counter`.

use tch::Tensor;

/// The lowest 32 bits.
const MASK: i64 = 0xffff_ffff;

/// 32 bits for each key and index.
///
/// # Shapes
/// - `low`, `high`: the halves of the keys, i64, 32 bits each
/// - `index`: whole numbers, i64; all three broadcast
pub fn counter_bits(low: &Tensor, high: &Tensor, index: &Tensor) -> Tensor {
    let first = mixed(&index.bitwise_and(MASK).bitwise_xor_tensor(low));
    mixed(&(first + high).bitwise_and(MASK))
}

/// Every bit of the input changes half of the output's (constants: Wellons' "lowbias32").
fn mixed(x: &Tensor) -> Tensor {
    let folded = |x: &Tensor, by: i64| x.bitwise_xor_tensor(&x.bitwise_right_shift_tensor_scalar(by));
    let x = (folded(x, 16) * 0x7feb_352d_i64).bitwise_and(MASK);
    // The same modulo 2^32 as 0x846c_a68b, and small enough that no product leaves 64 bits.
    let x = (folded(&x, 15) * (0x846c_a68b_i64 - (1 << 32))).bitwise_and(MASK);
    folded(&x, 16)
}

#[cfg(test)]
mod tests {
    use super::counter_bits;
    use tch::{Device, Kind, Tensor};

    #[test]
    fn the_bits_are_those_of_the_counter_on_the_cpu() {
        let key = 0x0123_4567_89ab_cdef_i64;
        let (low, high) = (Tensor::from(key & 0xffff_ffff), Tensor::from(key >> 32));
        let found = counter_bits(&low, &high, &Tensor::arange(3, (Kind::Int64, Device::Cpu)));
        // As in `the_numbers_stay_the_same_over_versions` of crates/rng.
        assert_eq!(Vec::<i64>::try_from(found).unwrap(), [3_833_571_298, 1_263_670_817, 2_738_817_501]);
    }
}
