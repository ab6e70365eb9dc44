//! VICReg: golden values and gradients, invariants.

use crate::agreement::{assert_agree, assert_finite, assert_golden, assert_orderless};
use crate::inputs::random;
use kontrast_losses::{VicregWeights, vicreg};
use kontrast_testkit::assert_close;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

fn reference(z: &[Tensor], weights: VicregWeights) -> Tensor {
    let d = z[0].size()[1];
    let mut loss = (&z[0] - &z[1]).square().mean(None) * weights.invariance;
    for z in z {
        let std = (z.var_dim([0i64].as_slice(), true, false) + 1e-4).sqrt();
        loss += (std.neg() + 1.0).relu().mean(None) * (weights.variance / 2.0);
        let others: Tensor = Tensor::eye(d, (Kind::Double, Device::Cpu)).neg() + 1.0;
        let squares = (z.tr().cov(1, None::<Tensor>, None::<Tensor>).reshape([d, d]) * others).square();
        loss += squares.sum(None) * (weights.covariance / d as f64);
    }
    loss
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    let case = include_bytes!("../golden/vicreg/case.safetensors");
    for name in ["small", "usual", "wide", "two"] {
        assert_golden(case, name, |given| {
            let weights = VicregWeights {
                invariance: given.number("invariance"),
                variance: given.number("variance"),
                covariance: given.number("covariance"),
            };
            vicreg(&given.tensor("z1"), &given.tensor("z2"), weights)
        });
    }
}

#[test]
fn the_weights_of_the_paper_are_the_default() {
    let weights = VicregWeights::default();
    assert_eq!((weights.invariance, weights.variance, weights.covariance), (25.0, 25.0, 1.0));
}

#[test]
fn a_collapsed_batch_costs_the_variance_term_alone() {
    // One point: standard deviations are the root of 1e-4, so each falls short of 1 by 0.99.
    let z = Tensor::ones([8, 4], (Kind::Float, Device::Cpu));
    assert_close(&vicreg(&z, &z, VicregWeights::default()), &Tensor::from(25.0 * 0.99), 1e-6);
}

#[test]
fn constant_dimensions_and_bf16_stay_finite() {
    assert_finite(|z1, z2| vicreg(z1, z2, VicregWeights::default()));
    assert_finite(|z1, z2| vicreg(&(z1 * 0.0), z2, VicregWeights::default()));
}

#[test]
fn the_order_of_the_pairs_does_not_matter() {
    assert_orderless(|z1, z2| vicreg(z1, z2, VicregWeights::default()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_inputs_agree_with_the_reference(
        n in 2i64..60, d in 1i64..24, scale in 0.2f64..3.0, variance in 0f64..30.0, key in 0f64..1000.0,
    ) {
        let z = [random(n, d, key) * scale, random(n, d, key + 0.37) * scale];
        let weights = VicregWeights { variance, ..VicregWeights::default() };
        prop_assume!(reference(&z, weights).double_value(&[]) > 0.1);
        assert_agree(&z, |z| vicreg(&z[0], &z[1], weights), |z| reference(z, weights));
    }
}
