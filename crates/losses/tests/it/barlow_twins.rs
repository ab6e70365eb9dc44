//! Barlow Twins: golden values and gradients, invariants.

use crate::agreement::{assert_agree, assert_finite, assert_golden, assert_orderless};
use crate::inputs::random;
use kontrast_losses::barlow_twins;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

fn reference(z: &[Tensor], lambda: f64) -> Tensor {
    let (n, d) = z[0].size2().unwrap();
    let standard = |z: &Tensor| {
        let centred = z - z.mean_dim([0i64].as_slice(), true, None);
        let variance = centred.square().mean_dim([0i64].as_slice(), true, None);
        centred / (variance + 1e-5).sqrt()
    };
    let identity = Tensor::eye(d, (Kind::Double, Device::Cpu));
    let weights = &identity + (identity.neg() + 1.0) * lambda;
    let correlation = standard(&z[0]).tr().matmul(&standard(&z[1])) / n as f64;
    ((correlation - identity).square() * weights).sum(None)
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    let case = include_bytes!("../golden/barlow_twins/case.safetensors");
    for name in ["small", "usual", "wide", "three"] {
        assert_golden(case, name, |given| {
            barlow_twins(&given.tensor("z1"), &given.tensor("z2"), given.number("lambda_"))
        });
    }
}

#[test]
fn uncorrelated_equal_views_have_no_loss() {
    // The dimensions of a Hadamard matrix without its constant one: standard deviations of 1, and no two correlate.
    let z = Tensor::from_slice2(&[[1f32, 1.0, 1.0], [-1.0, 1.0, -1.0], [1.0, -1.0, -1.0], [-1.0, -1.0, 1.0]]);
    assert!(barlow_twins(&z, &(&z * 5.0 + 2.0), 0.5).double_value(&[]) < 1e-8);
}

#[test]
fn constant_dimensions_and_bf16_stay_finite() {
    assert_finite(|z1, z2| barlow_twins(z1, z2, 5e-3));
    assert_finite(|z1, z2| barlow_twins(&(z1 * 0.0), z2, 5e-3));
}

#[test]
fn the_order_of_the_pairs_does_not_matter() {
    assert_orderless(|z1, z2| barlow_twins(z1, z2, 5e-3));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_inputs_agree_with_the_reference(
        n in 4i64..60, d in 1i64..24, lambda in 0f64..1.0, noise in 0.2f64..1.0, key in 0f64..1000.0,
    ) {
        let z1 = random(n, d, key);
        let z = [&z1 * 2.0, &z1 + random(n, d, key + 0.37) * noise];
        prop_assume!(reference(&z, lambda).double_value(&[]) > 0.1);
        assert_agree(&z, |z| barlow_twins(&z[0], &z[1], lambda), |z| reference(z, lambda));
    }
}
