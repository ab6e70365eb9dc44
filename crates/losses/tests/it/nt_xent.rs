//! NT-Xent: golden values and gradients, tiles, parts of a batch, invariants.

use crate::inputs::{leaf, random};
use kontrast_losses::{nt_xent, nt_xent_rows, unit};
use kontrast_testkit::{Case, assert_close, relative_error};
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

/// The equation written out on the whole matrix, in fp64.
fn reference(z1: &Tensor, z2: &Tensor, temperature: f64) -> Tensor {
    let z = unit(&Tensor::cat(&[z1, z2], 0).to_kind(Kind::Double));
    let (total, options) = (z.size()[0], (Kind::Int64, Device::Cpu));
    let own = Tensor::eye(total, (Kind::Double, Device::Cpu)).to_kind(Kind::Bool);
    let logits = (z.matmul(&z.tr()) / temperature).masked_fill(&own, f64::NEG_INFINITY);
    let positives = Tensor::arange(total, options).roll([total / 2], [0i64]);
    logits.cross_entropy_for_logits(&positives)
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    let case = Case::from_bytes(include_bytes!("../golden/nt_xent/case.safetensors"));
    for name in ["small", "usual", "cold", "one"] {
        let key = |part: &str| format!("{name}.{part}");
        let (z1, z2) = (leaf(&case[&key("z1")]), leaf(&case[&key("z2")]));
        let loss = nt_xent(&z1, &z2, case.number(&key("temperature")));
        if name == "one" {
            assert!(loss.double_value(&[]).abs() < 1e-6, "one pair has no negatives");
            continue;
        }
        loss.backward();
        assert_close(&loss, &case[&key("loss")], 1e-5);
        assert_close(&z1.grad(), &case[&key("grad1")], 1e-5);
        assert_close(&z2.grad(), &case[&key("grad2")], 1e-5);
    }
}

#[test]
fn many_tiles_give_what_the_whole_matrix_gives() {
    // 3,000 pairs are 6,000 candidates: a tile is 1,398 rows, and the last one is smaller.
    let (a, b) = (random(3000, 16, 0.0), random(3000, 16, 0.5));
    let (z1, z2) = (leaf(&a), leaf(&b));
    let loss = nt_xent(&z1, &z2, 0.2);
    loss.backward();
    let (r1, r2) = (leaf(&a), leaf(&b));
    let expected = reference(&r1, &r2, 0.2);
    expected.backward();
    assert_close(&loss, &expected, 1e-5);
    assert_close(&z1.grad(), &r1.grad(), 1e-5);
    assert_close(&z2.grad(), &r2.grad(), 1e-5);
}

#[test]
fn parts_of_several_processes_add_up_to_the_whole() {
    let (a, b) = (random(48, 8, 0.0), random(48, 8, 0.5));
    let whole = leaf(&Tensor::cat(&[&a, &b], 0));
    nt_xent_rows(&unit(&whole), &unit(&whole), 0, 0.3).backward();
    let shared = leaf(&whole.detach());
    let z = unit(&shared);
    let mut sum = Tensor::from(0f32);
    // Uneven parts, one of them across the border between the views.
    for (offset, length) in [(0, 40), (40, 20), (60, 36)] {
        let part = nt_xent_rows(&z.narrow(0, offset, length), &z, offset, 0.3);
        sum += part * (length as f64 / 96.0);
    }
    sum.backward();
    assert_close(&shared.grad(), &whole.grad(), 1e-5);
    assert_close(&sum, &nt_xent(&a, &b, 0.3), 1e-6);
}

#[test]
fn a_factor_on_the_loss_scales_the_gradient() {
    let (z1, z2) = (leaf(&random(9, 4, 0.0)), random(9, 4, 0.5));
    nt_xent(&z1, &z2, 0.5).backward();
    let scaled = leaf(&z1.detach());
    (nt_xent(&scaled, &z2, 0.5) * 3.0).backward();
    assert_close(&scaled.grad(), &(z1.grad() * 3.0), 1e-6);
}

#[test]
fn a_temperature_of_a_hundredth_stays_finite_also_in_bf16() {
    for kind in [Kind::Float, Kind::BFloat16] {
        for z2 in [random(64, 16, 0.5), random(64, 16, 0.0), -random(64, 16, 0.0)] {
            let z1 = leaf(&random(64, 16, 0.0).to_kind(kind));
            let loss = nt_xent(&z1, &z2.to_kind(kind), 0.01);
            loss.backward();
            assert_eq!(loss.kind(), Kind::Float);
            assert!(loss.double_value(&[]).is_finite());
            assert_eq!(z1.grad().isfinite().all().int64_value(&[]), 1);
        }
    }
}

#[test]
fn bf16_embeddings_give_the_gradient_of_their_rounded_values() {
    let (a, b) = (random(40, 16, 0.0).to_kind(Kind::BFloat16), random(40, 16, 0.5).to_kind(Kind::BFloat16));
    let z1 = leaf(&a);
    nt_xent(&z1, &b, 0.2).backward();
    let wide = leaf(&a.to_kind(Kind::Float));
    let loss = nt_xent(&wide, &b.to_kind(Kind::Float), 0.2);
    loss.backward();
    assert_close(&loss, &reference(&a, &b, 0.2), 1e-5);
    // bf16 keeps eight bits: the gradient itself is rounded on its way back.
    assert_close(&z1.grad(), &wide.grad(), 1.0 / 256.0);
}

#[test]
fn bf16_rows_are_computed_in_fp32() {
    let all = unit(&random(40, 16, 0.0)).to_kind(Kind::BFloat16);
    let (narrow, wide) = (leaf(&all), leaf(&all.to_kind(Kind::Float)));
    let loss = nt_xent_rows(&narrow.narrow(0, 10, 25), &narrow, 10, 0.2);
    let expected = nt_xent_rows(&wide.narrow(0, 10, 25), &wide, 10, 0.2);
    loss.backward();
    expected.backward();
    assert_eq!(loss.kind(), Kind::Float);
    assert_eq!(loss.double_value(&[]), expected.double_value(&[]));
    // A row's gradient is a sum of two, as one of the part and as a candidate: three roundings to eight bits.
    assert_close(&narrow.grad(), &wide.grad(), 1.0 / 128.0);
}

#[test]
fn two_images_worked_out_by_hand() {
    // z1 = (1, 0), (0, 1) and z2 = (3/5, 4/5), (0, 1): of z1[0] the products are 0 with z1[1], 3/5 with its positive and
    // 0 with z2[1]; of z1[1] they are 0, 4/5 and 1 (positive); of z2[0] 3/5 (positive), 4/5 and 4/5; of z2[1] 0,
    // 1 (positive) and 4/5. At a temperature of 1/2 products count twice.
    let z1 = Tensor::from_slice2(&[[1f32, 0.0], [0.0, 1.0]]);
    let z2 = Tensor::from_slice2(&[[0.6f32, 0.8], [0.0, 1.0]]);
    let row = |positive: f64, others: [f64; 2]| {
        let sum = others.iter().fold((2.0 * positive).exp(), |sum, other| sum + (2.0 * other).exp());
        sum.ln() - 2.0 * positive
    };
    let rows = [row(0.6, [0.0, 0.0]), row(1.0, [0.0, 0.8]), row(0.6, [0.8, 0.8]), row(1.0, [0.0, 0.8])];
    // 0.4715, 0.5909, 1.3822 and 0.5909.
    let expected = rows.iter().sum::<f64>() / 4.0;
    assert!((expected - 0.7589).abs() < 1e-4);
    assert_close(&nt_xent(&z1, &z2, 0.5), &Tensor::from(expected), 1e-6);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_inputs_agree_with_the_reference(
        n in 2i64..40, d in 2i64..24, temperature in 0.01f64..1.0, key in 0f64..1000.0,
    ) {
        let (a, b) = (random(n, d, key), random(n, d, key + 0.37));
        let (z1, r1) = (leaf(&a), leaf(&a));
        let (loss, expected) = (nt_xent(&z1, &b, temperature), reference(&r1, &b, temperature));
        loss.backward();
        expected.backward();
        prop_assume!(expected.double_value(&[]) > 0.1);
        prop_assert!(relative_error(&loss, &expected) < 1e-5);
        prop_assert!(relative_error(&z1.grad(), &r1.grad()) < 1e-5, "{}", relative_error(&z1.grad(), &r1.grad()));
    }

    #[test]
    fn the_order_of_the_pairs_and_of_the_views_does_not_matter(n in 2i64..30, shift in 1i64..29, key in 0f64..100.0) {
        let (a, b) = (random(n, 8, key), random(n, 8, key + 0.37));
        let loss = nt_xent(&a, &b, 0.2);
        let rolled = nt_xent(&a.roll([shift], [0i64]), &b.roll([shift], [0i64]), 0.2);
        // Each term is a difference of numbers up to 1 / 0.2, so a small loss has the rounding of those.
        let rounding = 1e-6 * (loss.double_value(&[]) + 5.0);
        for other in [rolled, nt_xent(&b, &a, 0.2)] {
            prop_assert!((&other - &loss).abs().double_value(&[]) < rounding, "{other:?} {loss:?}");
        }
    }

    #[test]
    fn the_length_of_an_embedding_does_not_matter(factor in 0.01f64..100.0, key in 0f64..100.0) {
        let (a, b) = (random(12, 8, key), random(12, 8, key + 0.37));
        let loss = nt_xent(&a, &b, 0.2);
        prop_assert!(relative_error(&nt_xent(&(&a * factor), &b, 0.2), &loss) < 1e-5);
    }
}
