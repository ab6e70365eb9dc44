//! Negative cosine similarity: golden values and gradients, invariants.

use crate::agreement::{assert_agree, assert_finite, assert_golden, assert_orderless};
use crate::inputs::{leaf, random};
use kontrast_losses::negative_cosine;
use proptest::prelude::*;
use tch::Tensor;

fn reference(z: &[Tensor]) -> Tensor {
    -Tensor::cosine_similarity(&z[0], &z[1], 1, 1e-8).mean(None)
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    let case = include_bytes!("../golden/negative_cosine/case.safetensors");
    for name in ["small", "usual", "short", "one"] {
        assert_golden(case, name, |given| negative_cosine(&given.tensor("p"), &given.tensor("z")));
    }
}

#[test]
fn equal_rows_give_minus_one_and_opposite_rows_one() {
    let p = random(20, 8, 0.0);
    assert!((negative_cosine(&p, &(&p * 3.0)).double_value(&[]) + 1.0).abs() < 1e-6);
    assert!((negative_cosine(&p, &-&p).double_value(&[]) - 1.0).abs() < 1e-6);
}

#[test]
fn a_detached_target_gets_no_gradient() {
    let (p, z) = (leaf(&random(5, 4, 0.0)), leaf(&random(5, 4, 0.3)));
    negative_cosine(&p, &z.detach()).backward();
    assert!(p.grad().defined() && !z.grad().defined());
}

#[test]
fn zero_rows_and_bf16_stay_finite() {
    assert_finite(negative_cosine);
}

#[test]
fn the_order_of_the_pairs_does_not_matter() {
    assert_orderless(negative_cosine);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_inputs_agree_with_the_reference(n in 1i64..40, d in 2i64..24, noise in 0f64..1.0, key in 0f64..1000.0) {
        let p = random(n, d, key);
        let z = [&p * 3.0, &p + random(n, d, key + 0.37) * noise];
        prop_assume!(reference(&z).double_value(&[]).abs() > 0.1 && noise > 0.1);
        assert_agree(&z, |z| negative_cosine(&z[0], &z[1]), reference);
    }
}
