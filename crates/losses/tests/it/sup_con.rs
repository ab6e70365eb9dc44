//! The supervised contrastive loss: golden values and gradients, tiles, invariants.

use crate::agreement::{assert_agree, assert_finite, assert_golden, assert_orderless, itself};
use crate::inputs::{labels, random, views};
use kontrast_losses::{nt_xent, sup_con, unit};
use kontrast_testkit::assert_close;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

/// The equation on the whole matrix.
fn reference(z: &Tensor, labels: &Tensor, temperature: f64) -> Tensor {
    let labels = labels.repeat([z.size()[0]]);
    let z = unit(&z.flatten(0, 1));
    let itself = itself(z.size()[0]);
    let logits = z.matmul(&z.tr()) / temperature;
    let of_all = logits.masked_fill(&itself, f64::NEG_INFINITY).logsumexp([1i64].as_slice(), true);
    let positives = labels.unsqueeze(1).eq_tensor(&labels).logical_and(&itself.logical_not());
    let counts = positives.sum_dim_intlist([1i64].as_slice(), false, Kind::Double);
    let terms = ((of_all - logits) * &positives).sum_dim_intlist([1i64].as_slice(), false, None);
    (terms / counts.clamp_min(1.0)).sum(None) / counts.gt(0.0).sum(Kind::Double)
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    let case = include_bytes!("../golden/sup_con/case.safetensors");
    for name in ["small", "usual", "cold", "single", "unlabelled"] {
        assert_golden(case, name, |given| {
            sup_con(&given.tensor("z"), &given.tensor("labels"), given.number("temperature"))
        });
    }
}

#[test]
fn many_tiles_give_what_the_whole_matrix_gives() {
    let (z1, z2) = views(2100, 8, 0.0);
    let (z, labels) = ([Tensor::stack(&[z1, z2], 0)], labels(2100, 70));
    assert_agree(&z, |z| sup_con(&z[0], &labels, 0.2), |z| reference(&z[0], &labels, 0.2));
}

#[test]
fn without_labels_in_common_it_is_nt_xent() {
    let (z1, z2) = views(30, 8, 0.0);
    let labels = Tensor::arange(30, (Kind::Int64, Device::Cpu));
    assert_close(&sup_con(&Tensor::stack(&[&z1, &z2], 0), &labels, 0.2), &nt_xent(&z1, &z2, 0.2), 1e-6);
}

#[test]
fn where_nobody_shares_a_label_there_is_no_loss() {
    let labels = Tensor::arange(7, (Kind::Int64, Device::Cpu));
    assert_eq!(sup_con(&random(7, 4, 0.0).unsqueeze(0), &labels, 0.2).double_value(&[]), 0.0);
}

#[test]
fn a_low_temperature_and_bf16_stay_finite() {
    let labels = labels(64, 5);
    assert_finite(|z1, z2| sup_con(&Tensor::stack(&[z1, z2], 0), &labels, 0.01));
    assert_finite(|z1, z2| sup_con(&z1.unsqueeze(0), &labels, 0.01) + z2.sum(Kind::Float) * 0.0);
}

#[test]
fn the_order_of_the_pairs_and_the_names_of_the_labels_do_not_matter() {
    // Each image carries its label in its embedding, so that both move together.
    let labels_of = |z: &Tensor| z.select(1, 0).gt(0.0).to_kind(Kind::Int64);
    assert_orderless(|z1, z2| sup_con(&Tensor::stack(&[z1, z2], 0), &labels_of(z1), 0.2));
    let (z1, z2) = views(20, 8, 0.0);
    let z = Tensor::stack(&[&z1, &z2], 0);
    assert_close(&sup_con(&z, &(labels_of(&z1) * -7 + 3), 0.2), &sup_con(&z, &labels_of(&z1), 0.2), 1e-6);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_inputs_agree_with_the_reference(
        views in 1i64..4, n in 4i64..20, d in 2i64..24, classes in 1i64..3,
        temperature in 0.02f64..1.0, key in 0f64..1000.0,
    ) {
        let (z, labels) = ([random(views * n, d, key).reshape([views, n, d])], labels(n, classes));
        prop_assume!(reference(&z[0].to_kind(Kind::Double), &labels, temperature).double_value(&[]) > 0.1);
        assert_agree(&z, |z| sup_con(&z[0], &labels, temperature), |z| reference(&z[0], &labels, temperature));
    }
}
