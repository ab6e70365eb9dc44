//! The N-pair loss: golden values and gradients, tiles, invariants.

use crate::agreement::{assert_agree, assert_finite, assert_golden, assert_orderless};
use crate::inputs::{random, views};
use kontrast_losses::n_pair;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

fn reference(z: &[Tensor], l2: f64) -> Tensor {
    let own = Tensor::arange(z[0].size()[0], (Kind::Int64, Device::Cpu));
    let squares = Tensor::cat(z, 0).square().sum_dim_intlist([1i64].as_slice(), false, None);
    z[0].matmul(&z[1].tr()).cross_entropy_for_logits(&own) + squares.mean(None) * l2
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    let case = include_bytes!("../golden/n_pair/case.safetensors");
    for name in ["small", "usual", "long", "one"] {
        assert_golden(case, name, |given| {
            n_pair(&given.tensor("anchor"), &given.tensor("positive"), given.number("l2"))
        });
    }
}

#[test]
fn many_tiles_give_what_the_whole_matrix_gives() {
    let (anchor, positive) = views(3000, 8, 0.0);
    assert_agree(&[anchor, positive], |z| n_pair(&z[0], &z[1], 0.02), |z| reference(z, 0.02));
}

#[test]
fn long_rows_and_bf16_stay_finite() {
    assert_finite(|anchor, positive| n_pair(&(anchor * 100.0), &(positive * 100.0), 0.02));
}

#[test]
fn the_order_of_the_pairs_does_not_matter() {
    assert_orderless(|anchor, positive| n_pair(anchor, positive, 0.02));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_inputs_agree_with_the_reference(
        n in 2i64..40, d in 2i64..24, l2 in 0f64..0.1, scale in 0.1f64..5.0, key in 0f64..1000.0,
    ) {
        let z = [random(n, d, key) * scale, random(n, d, key + 0.37) * scale];
        prop_assume!(reference(&z, l2).double_value(&[]) > 0.1);
        assert_agree(&z, |z| n_pair(&z[0], &z[1], l2), |z| reference(z, l2));
    }
}
