//! A learned temperature: golden values and gradients, its own gradient too; tiles; a fixed one of the same value.

use crate::agreement::{Given, assert_golden};
use crate::inputs::{labels, leaf, random, views};
use kontrast_losses::{Temperature, dcl, dclw, info_nce, info_nce_batch, nt_xent, sup_con};
use kontrast_testkit::assert_close;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

const CASE: &[u8] = include_bytes!("../golden/temperature/case.safetensors");

/// A loss of one view, as of a temperature.
type Loss<'a> = dyn Fn(&Tensor, Temperature<'_>) -> Tensor + 'a;

fn scale(temperature: f64) -> Tensor {
    Tensor::from((1.0 / temperature).ln() as f32).set_requires_grad(true)
}

/// CLIP's loss, both ways.
fn clip(images: &Tensor, texts: &Tensor, log_scale: &Tensor) -> Tensor {
    (info_nce_batch(images, texts, Temperature::Learned(log_scale))
        + info_nce_batch(texts, images, Temperature::Learned(log_scale)))
        / 2.0
}

#[test]
fn value_and_gradients_are_those_of_the_fp64_reference() {
    for size in ["small", "usual"] {
        let golden = |name: &str, loss: &dyn Fn(&Given<'_>, Tensor) -> Tensor| {
            assert_golden(CASE, &format!("{name}.{size}"), |given| loss(given, given.tensor("log_scale")));
        };
        let pair = |given: &Given<'_>| ["z1", "z2"].map(|name| given.tensor(name));
        golden("nt_xent", &|given, log_scale| {
            nt_xent(&pair(given)[0], &pair(given)[1], Temperature::Learned(&log_scale))
        });
        golden("dcl", &|given, log_scale| {
            dcl(&pair(given)[0], &pair(given)[1], Temperature::Learned(&log_scale))
        });
        golden("sup_con", &|given, log_scale| {
            sup_con(
                &Tensor::stack(&pair(given), 0),
                &given.tensor("labels"),
                Temperature::Learned(&log_scale),
            )
        });
        golden("clip", &|given, log_scale| clip(&given.tensor("images"), &given.tensor("texts"), &log_scale));
        golden("info_nce", &|given, log_scale| {
            info_nce(
                &given.tensor("query"),
                &given.tensor("key"),
                &given.tensor("negatives"),
                Temperature::Learned(&log_scale),
            )
        });
    }
}

#[test]
fn many_tiles_give_what_the_whole_matrix_gives() {
    let (images, texts) = views(3000, 8, 0.0);
    let (tiled, whole) = (scale(0.2), scale(0.2));
    let loss = clip(&images, &texts, &tiled);
    let logits = kontrast_losses::unit(&images).matmul(&kontrast_losses::unit(&texts).tr()) * whole.exp();
    let own = Tensor::arange(3000, (Kind::Int64, Device::Cpu));
    let expected = (logits.cross_entropy_for_logits(&own) + logits.tr().cross_entropy_for_logits(&own)) / 2.0;
    loss.backward();
    expected.backward();
    assert_close(&loss, &expected, 1e-5);
    assert_close(&tiled.grad(), &whole.grad(), 1e-4);
}

#[test]
#[should_panic(expected = "a scale is one number, found [2]")]
fn several_scales_are_a_bug() {
    let (z1, z2) = views(4, 8, 0.0);
    let _ = nt_xent(&z1, &z2, Temperature::Learned(&Tensor::zeros([2], (Kind::Float, Device::Cpu))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn it_gives_what_a_fixed_one_of_its_value_gives(n in 4i64..30, temperature in 0.05f64..1.0, key in 0f64..100.0) {
        let (z1, z2, queue) = (random(n, 8, key), random(n, 8, key + 0.37), random(20, 8, key + 0.7));
        let losses: [&Loss<'_>; 6] = [
            &|z1, t| nt_xent(z1, &z2.to_kind(z1.kind()), t),
            &|z1, t| info_nce(z1, &z2.to_kind(z1.kind()), &queue.to_kind(z1.kind()), t),
            &|z1, t| info_nce_batch(z1, &z2.to_kind(z1.kind()), t),
            &|z1, t| dcl(z1, &z2.to_kind(z1.kind()), t),
            &|z1, t| dclw(z1, &z2.to_kind(z1.kind()), t, 0.5),
            &|z1, t| sup_con(&Tensor::stack(&[z1, &z2.to_kind(z1.kind())], 0), &labels(n, 3), t),
        ];
        for loss in losses {
            let (fixed, learned, log_scale) = (leaf(&z1), leaf(&z1), scale(temperature));
            let expected = loss(&fixed, Temperature::Fixed(temperature));
            let found = loss(&learned, Temperature::Learned(&log_scale));
            expected.backward();
            found.backward();
            let off = |found: &Tensor, expected: &Tensor| (found - expected).abs().max().double_value(&[]);
            // Terms are as large as the scale, and so is their rounding.
            let rounding = 1e-5 * (1.0 + 1.0 / temperature);
            prop_assert!(off(&found, &expected) < rounding, "{found:?} {expected:?}");
            prop_assert!(off(&learned.grad(), &fixed.grad()) < rounding);
            // The loss a little up and down the scale.
            let at = |step: f64| {
                let t = temperature * (-step).exp();
                loss(&z1.to_kind(Kind::Double), t.into()).double_value(&[])
            };
            let slope = (at(1e-4) - at(-1e-4)) / 2e-4;
            let own = log_scale.grad().double_value(&[]);
            prop_assert!((own - slope).abs() < 1e-3 * (1.0 + slope.abs()), "{own} {slope}");
        }
    }
}
