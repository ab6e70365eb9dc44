//! Alignment and uniformity: golden values and gradients, tiles, invariants.

use crate::agreement::{assert_agree, assert_finite, assert_golden, assert_orderless, itself};
use crate::inputs::{on_the_sphere, random, views};
use kontrast_losses::{alignment, geometry, uniformity, unit};
use proptest::prelude::*;
use tch::{Kind, Tensor};

const CASE: &[u8] = include_bytes!("../golden/alignment/case.safetensors");

fn uniformity_reference(z: &Tensor, t: f64) -> Tensor {
    let z = unit(z);
    let n = z.size()[0];
    let kernel = ((z.matmul(&z.tr()) * -2.0 + 2.0) * -t).exp();
    kernel.masked_select(&itself(n).logical_not()).mean(None).log()
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    for name in ["small", "usual", "steep", "two"] {
        assert_golden(CASE, &format!("alignment.{name}"), |given| {
            alignment(&given.tensor("z1"), &given.tensor("z2"), given.number("alpha"))
        });
        assert_golden(CASE, &format!("uniformity.{name}"), |given| {
            uniformity(&given.tensor("z1"), given.number("t"))
        });
    }
}

#[test]
fn many_tiles_give_what_the_whole_matrix_gives() {
    let z = [random(3000, 8, 0.0)];
    assert_agree(&z, |z| uniformity(&z[0], 2.0), |z| uniformity_reference(&z[0], 2.0));
}

#[test]
fn figures_of_a_run_are_these_losses() {
    let (z1, z2) = views(40, 8, 0.0);
    assert_eq!(geometry::alignment(&z1, &z2), alignment(&z1, &z2, 2.0).double_value(&[]));
    assert_eq!(geometry::uniformity(&z1), uniformity(&z1, 2.0).double_value(&[]));
}

#[test]
fn a_filled_sphere_has_the_uniformity_of_its_dimension() {
    // Of even rows x.y has the variance 1/d, so the mean of exp(-2 t + 2 t x.y) is about exp(-2 t + 2 t^2 / d).
    let loss = uniformity(&on_the_sphere(2000, 128, 0.0), 2.0).double_value(&[]);
    assert!((loss + 4.0 - 8.0 / 128.0).abs() < 0.01, "{loss}");
}

#[test]
fn zero_rows_and_bf16_stay_finite() {
    for alpha in [1.0, 2.0, 3.0] {
        assert_finite(|z1, z2| alignment(z1, z2, alpha));
    }
    assert_finite(|z1, z2| uniformity(&Tensor::cat(&[z1, z2], 0), 2.0));
    assert_finite(|z1, z2| uniformity(z1, 20.0) + z2.sum(Kind::Float) * 0.0);
}

#[test]
fn the_order_of_the_pairs_does_not_matter() {
    assert_orderless(|z1, z2| alignment(z1, z2, 2.0));
    assert_orderless(|z1, _| uniformity(z1, 2.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_inputs_agree_with_the_reference(n in 2i64..60, d in 2i64..24, t in 0.2f64..10.0, key in 0f64..1000.0) {
        let z = [random(n, d, key)];
        prop_assume!(uniformity_reference(&z[0], t).double_value(&[]).abs() > 0.1);
        assert_agree(&z, |z| uniformity(&z[0], t), |z| uniformity_reference(&z[0], t));
    }
}
