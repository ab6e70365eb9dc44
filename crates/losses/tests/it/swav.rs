//! Sinkhorn codes and swapped prediction: golden values and gradients, sums, invariants.

use crate::agreement::{assert_agree, assert_finite, assert_golden, assert_orderless};
use crate::inputs::{leaf, on_the_sphere, random};
use kontrast_losses::{sinkhorn, swapped_prediction};
use kontrast_testkit::{Case, assert_close};
use proptest::prelude::*;
use tch::{Kind, Tensor};

const CASE: &[u8] = include_bytes!("../golden/swav/case.safetensors");

fn sums(codes: &Tensor, dim: i64) -> Tensor {
    codes.sum_dim_intlist([dim].as_slice(), false, Kind::Double)
}

#[test]
fn codes_are_those_of_the_fp64_reference() {
    let case = Case::from_bytes(CASE);
    for name in ["small", "usual", "many", "one"] {
        let (epsilon, iterations) =
            (case.number(&format!("{name}.epsilon")), case.number(&format!("{name}.iterations")));
        let codes = sinkhorn(&case[&format!("{name}.other")], epsilon, iterations as usize);
        assert_close(&codes, &case[&format!("{name}.assigned")], 1e-5);
    }
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    for name in ["small", "usual", "many", "one"] {
        assert_golden(CASE, name, |given| {
            swapped_prediction(&given.tensor("scores"), &given.tensor("codes"), given.number("temperature"))
        });
    }
}

#[test]
fn every_embedding_has_one_code_and_prototypes_share_alike() {
    let scores = on_the_sphere(512, 128, 0.0).matmul(&on_the_sphere(64, 128, 7.0).tr());
    let codes = sinkhorn(&scores, 0.05, 3);
    assert!((sums(&codes, 1) - 1.0).abs().max().double_value(&[]) < 1e-6);
    assert!((sums(&codes, 0) / 8.0 - 1.0).abs().max().double_value(&[]) < 0.02);
}

#[test]
fn scores_far_apart_and_bf16_stay_finite() {
    // A prototype that no embedding comes near, and an epsilon at which exponentials leave fp32.
    let scores = random(40, 12, 0.0);
    let _ = scores.narrow(1, 3, 1).fill_(-1.0);
    for (factor, epsilon) in [(1.0, 0.05), (1.0, 0.001), (1000.0, 0.05)] {
        for kind in [Kind::Float, Kind::BFloat16] {
            let codes = sinkhorn(&(&scores * factor).to_kind(kind), epsilon, 3);
            assert_eq!((codes.kind(), codes.isfinite().all().int64_value(&[])), (Kind::Float, 1));
            assert!((sums(&codes, 1) - 1.0).abs().max().double_value(&[]) < 1e-6);
        }
    }
    assert_finite(|scores, other| {
        swapped_prediction(scores, &sinkhorn(other, 0.05, 3), 0.01) + other.sum(Kind::Float) * 0.0
    });
}

#[test]
fn codes_carry_no_gradient() {
    let scores = leaf(&random(6, 4, 0.0));
    assert!(!sinkhorn(&scores, 0.05, 3).requires_grad());
    let codes = leaf(&sinkhorn(&scores, 0.05, 3));
    swapped_prediction(&scores, &codes, 0.1).backward();
    assert!(scores.grad().defined() && !codes.grad().defined());
}

#[test]
fn the_order_of_the_embeddings_does_not_matter() {
    assert_orderless(|scores, other| swapped_prediction(scores, &sinkhorn(other, 0.05, 3), 0.1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_inputs_agree_with_the_reference(
        n in 1i64..40, k in 2i64..40, temperature in 0.05f64..1.0, key in 0f64..1000.0,
    ) {
        let codes = sinkhorn(&random(n, k, key + 0.5), 0.05, 3);
        let reference = |z: &[Tensor]| {
            let predicted = (&z[0] / temperature).log_softmax(1, None);
            -(predicted * &codes).sum(Kind::Double) / n as f64
        };
        let scores = [random(n, k, key)];
        prop_assume!(reference(&scores).double_value(&[]) > 0.1);
        assert_agree(&scores, |z| swapped_prediction(&z[0], &codes, temperature), reference);
    }
}
