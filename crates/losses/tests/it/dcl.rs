//! Decoupled contrastive losses: golden values and gradients, tiles, invariants.

use crate::agreement::{assert_agree, assert_finite, assert_golden, assert_orderless, itself, partners};
use crate::inputs::{random, views};
use kontrast_losses::{dcl, dclw, unit};
use kontrast_testkit::assert_close;
use proptest::prelude::*;
use tch::Tensor;

const CASE: &[u8] = include_bytes!("../golden/dcl/case.safetensors");

/// The equation on the whole matrix; without `sigma` all weights are 1.
fn reference(z: &[Tensor], temperature: f64, sigma: Option<f64>) -> Tensor {
    let n = z[0].size()[0];
    let z = unit(&Tensor::cat(z, 0));
    let similarity = z.matmul(&z.tr());
    let partners = partners(n);
    let own = similarity.masked_select(&partners);
    let weights = sigma.map_or(own.ones_like(), |sigma| {
        (own.detach().narrow(0, 0, n) / sigma).softmax(0, None).repeat([2i64]) * -(n as f64) + 2.0
    });
    let no_candidates = partners.logical_or(&itself(2 * n));
    let negatives = (similarity / temperature).masked_fill(&no_candidates, f64::NEG_INFINITY);
    (negatives.logsumexp([1i64].as_slice(), false) - own * weights / temperature).mean(None)
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    for name in ["small", "usual", "cold", "two"] {
        assert_golden(CASE, &format!("dcl.{name}"), |given| {
            dcl(&given.tensor("z1"), &given.tensor("z2"), given.number("temperature"))
        });
        assert_golden(CASE, &format!("dclw.{name}"), |given| {
            let (temperature, sigma) = (given.number("temperature"), given.number("sigma"));
            dclw(&given.tensor("z1"), &given.tensor("z2"), temperature, sigma)
        });
    }
}

#[test]
fn many_tiles_give_what_the_whole_matrix_gives() {
    let (z1, z2) = views(2100, 8, 0.0);
    let z = [z1, z2];
    assert_agree(&z, |z| dcl(&z[0], &z[1], 0.2), |z| reference(z, 0.2, None));
    assert_agree(&z, |z| dclw(&z[0], &z[1], 0.2, 0.5), |z| reference(z, 0.2, Some(0.5)));
}

#[test]
fn weights_of_equally_alike_pairs_are_one() {
    let z = random(9, 4, 0.0);
    assert_close(&dclw(&z, &z, 0.2, 0.5), &dcl(&z, &z, 0.2), 1e-5);
}

#[test]
fn a_low_temperature_and_bf16_stay_finite() {
    assert_finite(|z1, z2| dcl(z1, z2, 0.01));
    assert_finite(|z1, z2| dclw(z1, z2, 0.01, 0.5));
}

#[test]
fn the_order_of_the_pairs_does_not_matter() {
    assert_orderless(|z1, z2| dcl(z1, z2, 0.2));
    assert_orderless(|z1, z2| dclw(z2, z1, 0.2, 0.5));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_inputs_agree_with_the_reference(
        n in 2i64..40, d in 2i64..24, temperature in 0.02f64..1.0, sigma in 0.1f64..2.0, key in 0f64..1000.0,
    ) {
        let z = [random(n, d, key), random(n, d, key + 0.37)];
        for sigma in [None, Some(sigma)] {
            prop_assume!(reference(&z, temperature, sigma).double_value(&[]).abs() > 0.1);
            let ours = |z: &[Tensor]| match sigma {
                None => dcl(&z[0], &z[1], temperature),
                Some(sigma) => dclw(&z[0], &z[1], temperature, sigma),
            };
            assert_agree(&z, ours, |z| reference(z, temperature, sigma));
        }
    }
}
