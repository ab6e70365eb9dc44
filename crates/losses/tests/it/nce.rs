//! Noise-contrastive estimation against a bank: golden values and gradients, tiles, the normaliser.

use crate::agreement::{assert_agree, assert_finite, assert_golden};
use crate::inputs::{leaf, random};
use kontrast_losses::{nce, nce_normaliser, unit};
use kontrast_testkit::assert_close;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

/// Slots of a keyed stream.
fn drawn(shape: &[i64], size: i64, key: f64) -> Tensor {
    (random(shape.iter().product(), 1, key).abs() * size as f64).to_kind(Kind::Int64).reshape(shape)
}

/// Equations 5 to 8 as they are printed, in fp64.
fn reference(
    z: &Tensor,
    bank: &Tensor,
    slots: &Tensor,
    noise: &Tensor,
    temperature: f64,
    normaliser: f64,
) -> Tensor {
    let m = noise.size()[1];
    let all = Tensor::cat(&[&slots.unsqueeze(1), noise], 1);
    let products = (bank.to_kind(Kind::Double).matmul(&z.tr()).tr() / temperature).gather(1, &all, false);
    let probability = products.exp() / normaliser;
    let posterior = &probability / (&probability + m as f64 / bank.size()[0] as f64);
    let of_noise: Tensor = posterior.narrow(1, 1, m).neg() + 1.0;
    -(posterior.select(1, 0).log() + of_noise.log().sum_dim_intlist([1i64].as_slice(), false, None))
        .mean(None)
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    let case = include_bytes!("../golden/nce/case.safetensors");
    for name in ["small", "usual", "one"] {
        assert_golden(case, name, |given| {
            let [z, bank, slots, noise] = ["z", "bank", "slots", "noise"].map(|name| given.tensor(name));
            let (temperature, normaliser) = (given.number("temperature"), given.number("normaliser"));
            let estimated = nce_normaliser(&z, &bank, &noise, temperature);
            assert_close(&estimated, &Tensor::from(normaliser), 1e-6);
            nce(&z, &bank, &slots, &noise, temperature, normaliser)
        });
    }
}

#[test]
fn many_tiles_give_what_the_whole_gives() {
    // 100 images with 3,000 drawn vectors of 128 numbers are 38 million: three tiles of 43 images at most.
    let (z, bank) = ([unit(&random(100, 128, 0.0))], unit(&random(500, 128, 3.0)));
    let (slots, noise) = (drawn(&[100], 500, 5.0), drawn(&[100, 3000], 500, 7.0));
    let normaliser = nce_normaliser(&z[0], &bank, &noise, 0.1).double_value(&[]);
    let ours = |z: &[Tensor]| nce(&z[0], &bank, &slots, &noise, 0.1, normaliser);
    assert_agree(&z, ours, |z| reference(&z[0], &bank, &slots, &noise, 0.1, normaliser));
}

#[test]
fn the_normaliser_of_all_slots_makes_probabilities_add_up_to_one() {
    let (z, bank) = (unit(&random(1, 8, 0.0)), unit(&random(30, 8, 3.0)));
    let all = Tensor::arange(30, (Kind::Int64, Device::Cpu)).unsqueeze(0);
    let sum = (bank.matmul(&z.tr()) / 0.07).to_kind(Kind::Double).exp().sum(Kind::Double);
    assert_close(&nce_normaliser(&z, &bank, &all, 0.07), &sum, 1e-6);
}

#[test]
fn a_low_temperature_and_bf16_stay_finite() {
    let bank = unit(&random(70, 16, 3.0));
    let (slots, noise) = (drawn(&[64], 70, 5.0), drawn(&[64, 20], 70, 7.0));
    assert_finite(|z1, z2| {
        let (z1, z2) = (unit(z1), unit(z2));
        let normaliser = nce_normaliser(&z1, &bank, &noise, 0.01).double_value(&[]);
        assert!(normaliser.is_finite());
        nce(&z1, &bank, &slots, &noise, 0.01, normaliser) + nce(&z2, &bank, &slots, &noise, 0.01, normaliser)
    });
}

#[test]
fn the_bank_gets_no_gradient() {
    let (z, bank) = (leaf(&unit(&random(4, 8, 0.0))), leaf(&unit(&random(9, 8, 3.0))));
    nce(&z, &bank, &drawn(&[4], 9, 5.0), &drawn(&[4, 3], 9, 7.0), 0.2, 9.0).backward();
    assert!(z.grad().defined() && !bank.grad().defined());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_inputs_agree_with_the_reference_in_any_order(
        n in 1i64..20, m in 1i64..30, size in 2i64..50, temperature in 0.2f64..1.0, shift in 0i64..19, key in 0f64..1000.0,
    ) {
        let (z, bank) = ([unit(&random(n, 8, key))], unit(&random(size, 8, key + 0.4)));
        let (slots, noise) = (drawn(&[n], size, key + 0.5), drawn(&[n, m], size, key + 0.6));
        let normaliser = nce_normaliser(&z[0], &bank, &noise, temperature).double_value(&[]);
        let ours = |z: &[Tensor]| nce(&z[0], &bank, &slots, &noise, temperature, normaliser);
        assert_agree(&z, ours, |z| reference(&z[0], &bank, &slots, &noise, temperature, normaliser));
        let [rolled, slots, noise] = [&z[0], &slots, &noise].map(|of| of.roll([shift], [0i64]));
        assert_close(&nce(&rolled, &bank, &slots, &noise, temperature, normaliser), &ours(&z), 1e-5);
    }
}
