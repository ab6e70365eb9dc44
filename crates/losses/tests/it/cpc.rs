//! CPC's loss: golden values and gradients, tiles, groups, uniform values, invariants.

use crate::agreement::{assert_agree, assert_golden};
use crate::inputs::{leaf, random};
use kontrast_losses::{cpc, cpc_ignoring, cpc_uniform, cpc_uniform_ignoring};
use kontrast_testkit::assert_close;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

/// Predictions and targets of n images with grids of such rows and columns, so many rows ahead.
fn inputs([n, rows, columns]: [i64; 3], ahead: i64, d: i64, key: f64) -> [Tensor; 2] {
    let targets = random(n * rows * columns, d, key).view([n, rows, columns, d]) * 2.0;
    let noise = random(n * (rows - ahead) * columns, d, key + 0.37).view([n, rows - ahead, columns, d]);
    [targets.narrow(1, ahead, rows - ahead) * 0.5 + noise, targets]
}

/// Equation 4 over the whole matrix.
fn reference(inputs: &[Tensor], groups: Option<&Tensor>, scale: f64) -> Tensor {
    let (n, rows, columns, d) = inputs[1].size4().unwrap();
    let first = inputs[0].size()[1];
    let logits = inputs[0].reshape([n, first * columns, d]).matmul(&inputs[1].view([-1, d]).tr()) * scale;
    let logits = logits.view([n, first, columns, n, rows, columns]);
    let images = Tensor::arange(n, (Kind::Int64, Device::Cpu));
    let same = images.unsqueeze(1).eq_tensor(&images);
    let groups = groups.unwrap_or(&images);
    let others = groups.unsqueeze(1).eq_tensor(&groups.unsqueeze(0)).logical_and(&same.logical_not());
    let left = logits.masked_fill(&others.view([n, 1, 1, n, 1, 1]), f64::NEG_INFINITY);
    let of = |image: i64, row: i64, column: i64| {
        let own = left.get(image).get(row).get(column);
        own.logsumexp([0i64, 1, 2].as_slice(), false) - own.get(image).get(row + rows - first).get(column)
    };
    let cells = (0..n * first * columns).map(|cell| {
        let (image, cell) = (cell / (first * columns), cell % (first * columns));
        of(image, cell / columns, cell % columns)
    });
    Tensor::stack(&cells.collect::<Vec<_>>(), 0).mean(None)
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    let case = include_bytes!("../golden/cpc/case.safetensors");
    for name in ["usual", "far", "groups"] {
        assert_golden(case, name, |given| {
            let [predictions, targets] = ["predictions", "targets"].map(|name| given.tensor(name));
            let scale = given.number("scale");
            if name == "groups" {
                cpc_ignoring(&predictions, &targets, &given.tensor("groups"), scale)
            } else {
                cpc(&predictions, &targets, scale)
            }
        });
    }
}

#[test]
fn many_tiles_give_what_the_whole_matrix_gives() {
    // 2,400 predictions against 4,800 cells are 12 million products: three tiles at least.
    let all = inputs([300, 4, 4], 2, 4, 0.0);
    let [predictions, targets] = &all;
    let logits = predictions.reshape([-1, 4]).matmul(&targets.view([-1, 4]).tr()) * 0.5;
    let cell = Tensor::arange(2400, (Kind::Int64, Device::Cpu));
    let right = cell.divide_scalar_mode(8, "floor") * 16 + 8 + cell.remainder(8);
    let expected = logits.cross_entropy_for_logits(&right);
    assert_close(&cpc(predictions, targets, 0.5), &expected, 1e-5);
}

#[test]
fn equal_scores_stand_at_the_uniform_value() {
    let targets = Tensor::ones([8, 3, 5, 6], (Kind::Float, Device::Cpu));
    let predictions = random(8 * 2 * 5, 6, 0.0).view([8, 2, 5, 6]);
    assert_close(&cpc(&predictions, &targets, 0.1), &Tensor::from(cpc_uniform(8, 15)), 1e-6);
    assert!((cpc_uniform(8, 15) - 120f64.ln()).abs() < 1e-12);
    let groups = [0i64, 0, 1, 2, 2, 2, 3, 4];
    let found = cpc_ignoring(&predictions, &targets, &Tensor::from_slice(&groups), 0.1);
    let expected = (2.0 * 105f64.ln() + 3.0 * 90f64.ln() + 3.0 * 120f64.ln()) / 8.0;
    assert!((cpc_uniform_ignoring(&groups, 15) - expected).abs() < 1e-12);
    assert_close(&found, &Tensor::from(expected), 1e-6);
    assert!((cpc_uniform_ignoring(&[0, 1, 2], 15) - cpc_uniform(3, 15)).abs() < 1e-12);
}

#[test]
fn an_images_own_other_cells_are_candidates_also_where_its_group_is_left_out() {
    let all = inputs([4, 3, 3], 1, 6, 0.0);
    let one = Tensor::zeros([4], (Kind::Int64, Device::Cpu));
    let gradient = |groups: Option<&Tensor>| {
        let targets = leaf(&all[1]);
        // Of the first image alone.
        let first = all[0].narrow(0, 0, 1);
        let predictions = Tensor::cat(&[first, all[0].narrow(0, 1, 3).zeros_like()], 0);
        match groups {
            Some(groups) => cpc_ignoring(&predictions, &targets, groups, 1.0),
            None => cpc(&predictions, &targets, 1.0),
        }
        .backward();
        targets.grad().abs().amax([1i64, 2, 3].as_slice(), false)
    };
    let (alone, among) = (gradient(Some(&one)), gradient(None));
    assert!(alone.double_value(&[0]) > 0.0 && among.double_value(&[1]) > 0.0);
    assert_eq!(alone.narrow(0, 1, 3).max().double_value(&[]), 0.0);
}

#[test]
fn extremes_and_bf16_stay_finite() {
    for scale in [1.0, 1e4] {
        for kind in [Kind::Float, Kind::BFloat16] {
            let [predictions, targets] =
                inputs([3, 4, 2], 2, 6, 0.0).map(|of| leaf(&(of * scale).to_kind(kind)));
            let loss = cpc(&predictions, &targets, 0.1);
            assert_eq!(loss.kind(), Kind::Float);
            loss.backward();
            for gradient in [predictions.grad(), targets.grad()] {
                assert_eq!(gradient.isfinite().all().int64_value(&[]), 1);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_inputs_agree_with_the_reference_in_any_order(
        n in 1i64..6, rows in 2i64..6, columns in 1i64..4, lacking in 0i64..4, d in 2i64..12, scale in 0.05f64..1.5,
        key in 0f64..1000.0,
    ) {
        let ahead = 1 + lacking % (rows - 1);
        let all = inputs([n, rows, columns], ahead, d, key);
        prop_assume!(reference(&all, None, scale).double_value(&[]) > 0.1);
        let ours = |z: &[Tensor]| cpc(&z[0], &z[1], scale);
        assert_agree(&all, ours, |z| reference(z, None, scale));
        let groups = Tensor::arange(n, (Kind::Int64, Device::Cpu)).remainder(2);
        let grouped = |z: &[Tensor]| cpc_ignoring(&z[0], &z[1], &groups, scale);
        assert_agree(&all, grouped, |z| reference(z, Some(&groups), scale));
        // Images in another order; and columns in another order.
        for dimension in [0i64, 2] {
            let rolled: Vec<_> = all.iter().map(|of| of.roll([1], [dimension])).collect();
            assert_close(&ours(&rolled), &ours(&all), 1e-5);
        }
    }
}
