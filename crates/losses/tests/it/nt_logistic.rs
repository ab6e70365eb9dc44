//! NT-Logistic: golden values and gradients, tiles, invariants.

use crate::agreement::{assert_agree, assert_finite, assert_golden, assert_orderless, itself, partners};
use crate::inputs::{random, views};
use kontrast_losses::{Mining, nt_logistic, unit};
use kontrast_testkit::assert_close;
use proptest::prelude::*;
use tch::{Kind, Tensor};

const MININGS: [(&str, Mining); 3] =
    [("none", Mining::None), ("semi_hard", Mining::SemiHard), ("batch_hard", Mining::BatchHard)];

/// The equation on the whole matrix.
fn reference(z: &[Tensor], temperature: f64, mining: Mining) -> Tensor {
    let n = z[0].size()[0];
    let z = unit(&Tensor::cat(z, 0));
    let logits = z.matmul(&z.tr()) / temperature;
    let positive = logits.masked_select(&partners(n)).unsqueeze(1);
    let mut negatives = partners(n).logical_or(&itself(2 * n)).logical_not();
    if mining == Mining::SemiHard {
        negatives = negatives.logical_and(&logits.lt_tensor(&positive));
    }
    // The softplus of this is nothing.
    let logits = logits.masked_fill(&negatives.logical_not(), -1e9);
    let terms = if mining == Mining::None {
        logits.softplus().sum_dim_intlist([1i64].as_slice(), true, Kind::Double) / (2 * n - 2) as f64
    } else {
        logits.amax([1i64], true).softplus()
    };
    ((-positive).softplus() + terms).mean(None)
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    let case = include_bytes!("../golden/nt_logistic/case.safetensors");
    for (kind, mining) in MININGS {
        for name in ["small", "usual", "cold"] {
            assert_golden(case, &format!("{name}.{kind}"), |given| {
                nt_logistic(&given.tensor("z1"), &given.tensor("z2"), given.number("temperature"), mining)
            });
        }
    }
}

#[test]
fn many_tiles_give_what_the_whole_matrix_gives() {
    let (z1, z2) = views(2100, 8, 0.0);
    let z = [z1, z2].map(|z| z.to_kind(Kind::Double));
    for (_, mining) in MININGS {
        assert_agree(&z, |z| nt_logistic(&z[0], &z[1], 0.2, mining), |z| reference(z, 0.2, mining));
    }
}

#[test]
fn a_low_temperature_and_bf16_stay_finite() {
    for (_, mining) in MININGS {
        assert_finite(|z1, z2| nt_logistic(z1, z2, 0.01, mining));
    }
}

#[test]
fn the_order_of_the_pairs_and_of_the_views_does_not_matter() {
    for (_, mining) in MININGS {
        let [a, b] = [0.0, 0.37].map(|key| random(12, 8, key));
        assert_close(&nt_logistic(&b, &a, 0.2, mining), &nt_logistic(&a, &b, 0.2, mining), 1e-5);
        assert_orderless(|z1, z2| nt_logistic(z1, z2, 0.2, mining));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_inputs_agree_with_the_reference(
        n in 2i64..40, d in 3i64..24, temperature in 0.02f64..1.0, key in 0f64..1000.0,
    ) {
        let z = [random(n, d, key), random(n, d, key + 0.37)].map(|z| z.to_kind(Kind::Double));
        for (_, mining) in MININGS {
            prop_assume!(reference(&z, temperature, mining).double_value(&[]) > 0.1);
            assert_agree(&z, |z| nt_logistic(&z[0], &z[1], temperature, mining), |z| reference(z, temperature, mining));
        }
    }
}
