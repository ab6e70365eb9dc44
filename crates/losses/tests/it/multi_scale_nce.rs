//! AMDIM's loss: golden values and gradients, tiles, groups, clipped scores, uniform values, invariants.

use crate::agreement::{assert_agree, assert_finite, assert_golden};
use crate::inputs::{leaf, random};
use kontrast_losses::{
    ScoreBounds, multi_scale_nce, multi_scale_nce_ignoring, multi_scale_nce_uniform,
    multi_scale_nce_uniform_ignoring,
};
use kontrast_testkit::assert_close;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

const BOUNDS: ScoreBounds = ScoreBounds { clip: 20.0, regulariser: 0.05 };

/// Sources and cells of n images.
fn inputs(n: i64, l: i64, d: i64, key: f64) -> [Tensor; 2] {
    let source = random(n, d, key) * 3.0;
    let cells = source.unsqueeze(1) * 0.5 + random(n * l, d, key + 0.37).view([n, l, d]) * 3.0;
    [source, cells]
}

/// Equations 2 to 5 over the whole matrix.
fn reference(inputs: &[Tensor], groups: Option<&Tensor>, bounds: ScoreBounds) -> Tensor {
    let (n, l, d) = inputs[1].size3().unwrap();
    let raw = inputs[0].matmul(&inputs[1].view([n * l, d]).tr()) / (d as f64).sqrt();
    let clipped = ((&raw / bounds.clip).tanh() * bounds.clip).view([n, n, l]);
    let images = Tensor::arange(n, (Kind::Int64, Device::Cpu));
    let groups = groups.unwrap_or(&images);
    let alike = groups.unsqueeze(1).eq_tensor(&groups.unsqueeze(0));
    let wrong = clipped.masked_fill(&alike.unsqueeze(2), f64::NEG_INFINITY).view([n, n * l]);
    let right = clipped.diagonal(0, 0, 1).tr();
    let nce = right.logaddexp(&wrong.logsumexp([1i64].as_slice(), true)) - &right;
    nce.mean(None) + raw.square().mean(None) * bounds.regulariser
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    let case = include_bytes!("../golden/multi_scale_nce/case.safetensors");
    for name in ["usual", "clipped", "vectors", "groups"] {
        assert_golden(case, name, |given| {
            let [source, cells] = ["source", "cells"].map(|name| given.tensor(name));
            let bounds = ScoreBounds { clip: given.number("clip"), regulariser: given.number("regulariser") };
            if name == "groups" {
                multi_scale_nce_ignoring(&source, &cells, &given.tensor("groups"), bounds)
            } else {
                multi_scale_nce(&source, &cells, bounds)
            }
        });
    }
}

#[test]
fn many_tiles_give_what_the_whole_matrix_gives() {
    // 320 rows of 15,680 products are 5 million: two tiles of 267 rows at most.
    let groups = Tensor::arange(320, (Kind::Int64, Device::Cpu)).remainder(150);
    let all = inputs(320, 49, 4, 0.0);
    assert_agree(&all, |z| multi_scale_nce(&z[0], &z[1], BOUNDS), |z| reference(z, None, BOUNDS));
    let ours = |z: &[Tensor]| multi_scale_nce_ignoring(&z[0], &z[1], &groups, BOUNDS);
    assert_agree(&all, ours, |z| reference(z, Some(&groups), BOUNDS));
}

#[test]
fn equal_scores_stand_at_the_uniform_value() {
    let plain = ScoreBounds { regulariser: 0.0, ..BOUNDS };
    let groups = Tensor::from_slice(&[0i64, 0, 1, 2, 2, 2, 3, 4]);
    for l in [1, 25, 49] {
        let (source, cells) = (random(8, 6, 0.0), Tensor::zeros([8, l, 6], (Kind::Float, Device::Cpu)));
        let expected = Tensor::from(multi_scale_nce_uniform(8, l as usize));
        assert!((multi_scale_nce_uniform(8, l as usize) - (1.0 + 7.0 * l as f64).ln()).abs() < 1e-12);
        assert_close(&multi_scale_nce(&source, &cells, plain), &expected, 1e-6);
        let expected = multi_scale_nce_uniform_ignoring(&[0, 0, 1, 2, 2, 2, 3, 4], l as usize);
        let found = multi_scale_nce_ignoring(&source, &cells, &groups, plain);
        assert_close(&found, &Tensor::from(expected), 1e-6);
    }
    let alone = multi_scale_nce_uniform_ignoring(&[0, 1, 2], 25);
    assert!((alone - multi_scale_nce_uniform(3, 25)).abs() < 1e-12);
}

#[test]
fn an_images_own_other_cells_are_no_candidates() {
    let [source, cells] = inputs(5, 4, 8, 0.0);
    // Of the first image alone: sources of zeros pass nothing on to cells.
    let _ = source.narrow(0, 1, 4).zero_();
    let gradient = |cells: &Tensor| {
        let cells = leaf(cells);
        multi_scale_nce(&source, &cells, ScoreBounds { regulariser: 0.0, ..BOUNDS }).backward();
        cells.grad()
    };
    let before = gradient(&cells);
    let other = cells.copy();
    let _ = other.get(0).get(1).g_mul_scalar_(-3.0);
    let after = gradient(&other);
    // Another own cell changes its own term alone; one of another image changes all.
    assert_eq!(after.get(0).get(0), before.get(0).get(0));
    assert_ne!(after.get(0).get(1), before.get(0).get(1));
    let far = cells.copy();
    let _ = far.get(3).get(1).g_mul_scalar_(-3.0);
    assert_ne!(gradient(&far).get(0).get(0), before.get(0).get(0));
}

#[test]
fn extremes_and_bf16_stay_finite_and_clipped_scores_pass_no_gradient() {
    for scale in [1.0, 1e4] {
        assert_finite(|a, b| multi_scale_nce(&(a * scale), &(b * scale).unsqueeze(1), BOUNDS));
    }
    // All images of one group have nothing to be told from.
    let [source, cells] = inputs(6, 4, 8, 0.0).map(|of| leaf(&of));
    let one = Tensor::zeros([6], (Kind::Int64, Device::Cpu));
    let plain = ScoreBounds { regulariser: 0.0, ..BOUNDS };
    let loss = multi_scale_nce_ignoring(&source, &cells, &one, plain);
    loss.backward();
    assert_eq!(loss.double_value(&[]), 0.0);
    assert_eq!(source.grad().abs().max().double_value(&[]), 0.0);
    // Scores far beyond the clip are all but flat, and the regulariser alone pulls.
    let far = leaf(&(&source.detach() * 1e3));
    multi_scale_nce(&far, &cells.detach(), ScoreBounds { clip: 1.0, regulariser: 0.0 }).backward();
    assert!(far.grad().abs().max().double_value(&[]) < 1e-3);
    let pulled = leaf(&far.detach());
    multi_scale_nce(&pulled, &cells.detach(), ScoreBounds { clip: 1.0, regulariser: 0.05 }).backward();
    assert!(pulled.grad().abs().max().double_value(&[]) > 1.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_inputs_agree_with_the_reference_in_any_order(
        n in 2i64..12, l in 1i64..10, d in 2i64..16, clip in 1f64..30.0, regulariser in 0f64..0.2,
        shift in 0i64..11, key in 0f64..1000.0,
    ) {
        let (all, bounds) = (inputs(n, l, d, key), ScoreBounds { clip, regulariser });
        prop_assume!(reference(&all, None, bounds).double_value(&[]) > 0.1);
        let ours = |z: &[Tensor]| multi_scale_nce(&z[0], &z[1], bounds);
        assert_agree(&all, ours, |z| reference(z, None, bounds));
        // Images in another order; and cells of each image in another order.
        let rolled: Vec<_> = all.iter().map(|of| of.roll([shift], [0i64])).collect();
        assert_close(&ours(&rolled), &ours(&all), 1e-5);
        let turned = [all[0].shallow_clone(), all[1].roll([shift], [1i64])];
        assert_close(&ours(&turned), &ours(&all), 1e-5);
    }
}
