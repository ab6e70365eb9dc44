//! InfoNCE against a queue and against the batch: golden values and gradients, tiles, parts of a batch, invariants.

use crate::agreement::{assert_agree, assert_finite, assert_golden, assert_orderless};
use crate::inputs::{leaf, random, views};
use kontrast_losses::{info_nce, info_nce_batch, info_nce_batch_rows, unit};
use kontrast_testkit::assert_close;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

const CASE: &[u8] = include_bytes!("../golden/info_nce/case.safetensors");

fn queue_reference(z: &[Tensor], temperature: f64) -> Tensor {
    let (query, key, negatives) = (unit(&z[0]), unit(&z[1]), unit(&z[2]));
    let positive = (&query * key).sum_dim_intlist([1i64].as_slice(), true, None);
    let logits = Tensor::cat(&[positive, query.matmul(&negatives.tr())], 1) / temperature;
    logits.cross_entropy_for_logits(&Tensor::zeros([query.size()[0]], (Kind::Int64, Device::Cpu)))
}

fn batch_reference(z: &[Tensor], temperature: f64) -> Tensor {
    let logits = unit(&z[0]).matmul(&unit(&z[1]).tr()) / temperature;
    logits.cross_entropy_for_logits(&Tensor::arange(z[0].size()[0], (Kind::Int64, Device::Cpu)))
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    for name in ["small", "usual", "cold", "one"] {
        assert_golden(CASE, &format!("queue.{name}"), |given| {
            let [query, key, negatives] = ["query", "key", "negatives"].map(|name| given.tensor(name));
            info_nce(&query, &key, &negatives, given.number("temperature"))
        });
    }
    for name in ["small", "usual", "cold"] {
        assert_golden(CASE, &format!("batch.{name}"), |given| {
            info_nce_batch(&given.tensor("query"), &given.tensor("key"), given.number("temperature"))
        });
    }
}

#[test]
fn many_tiles_give_what_the_whole_matrix_gives() {
    let (query, key) = views(3000, 8, 0.0);
    let queue = [query.shallow_clone(), key.shallow_clone(), random(3500, 8, 9.0)];
    assert_agree(&queue, |z| info_nce(&z[0], &z[1], &z[2], 0.2), |z| queue_reference(z, 0.2));
    assert_agree(&[query, key], |z| info_nce_batch(&z[0], &z[1], 0.2), |z| batch_reference(z, 0.2));
}

#[test]
fn parts_of_several_processes_add_up_to_the_whole() {
    let (query, keys) = views(48, 8, 0.0);
    let (whole, shared) = (leaf(&query), leaf(&query));
    let expected = info_nce_batch(&whole, &keys, 0.3);
    expected.backward();
    let mut sum = Tensor::from(0f32);
    for (offset, length) in [(0, 20), (20, 3), (23, 25)] {
        let part = info_nce_batch_rows(&shared.narrow(0, offset, length), &keys, offset, 0.3);
        sum += part * (length as f64 / 48.0);
    }
    sum.backward();
    assert_close(&sum, &expected, 1e-6);
    assert_close(&shared.grad(), &whole.grad(), 1e-5);
}

#[test]
fn a_queue_of_the_other_keys_is_the_batch() {
    let (query, keys) = (random(2, 8, 0.0), random(2, 8, 0.5));
    let of_row = |row: i64| {
        info_nce(&query.narrow(0, row, 1), &keys.narrow(0, row, 1), &keys.narrow(0, 1 - row, 1), 1.0)
    };
    assert_close(&((of_row(0) + of_row(1)) / 2.0), &info_nce_batch(&query, &keys, 1.0), 1e-6);
}

#[test]
fn a_low_temperature_and_bf16_stay_finite() {
    let negatives = random(50, 16, 3.0);
    assert_finite(|query, key| info_nce(query, key, &negatives, 0.01));
    assert_finite(|query, key| info_nce(query, &key.detach(), key, 0.01));
    assert_finite(|query, key| info_nce_batch(query, key, 0.01));
}

#[test]
fn the_order_of_the_pairs_does_not_matter() {
    let negatives = random(50, 8, 3.0);
    assert_orderless(|query, key| info_nce(query, key, &negatives, 0.2));
    assert_orderless(|query, key| info_nce_batch(query, key, 0.2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_inputs_agree_with_the_reference(
        n in 1i64..40, k in 1i64..40, d in 2i64..24, temperature in 0.02f64..1.0, key in 0f64..1000.0,
    ) {
        let (query, keys) = (random(n, d, key), random(n, d, key + 0.37));
        let queue = [query.shallow_clone(), keys.shallow_clone(), random(k, d, key + 0.8)];
        prop_assume!(queue_reference(&queue, temperature).double_value(&[]) > 0.1);
        assert_agree(&queue, |z| info_nce(&z[0], &z[1], &z[2], temperature), |z| queue_reference(z, temperature));
        let batch = [query, keys];
        prop_assume!(batch_reference(&batch, temperature).double_value(&[]) > 0.1);
        assert_agree(&batch, |z| info_nce_batch(&z[0], &z[1], temperature), |z| batch_reference(z, temperature));
    }
}
