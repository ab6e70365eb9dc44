//! MAE's loss: golden values and gradients, patches that do not count, normalised patches, a reference patch by patch.

use crate::agreement::{assert_agree, assert_golden};
use crate::inputs::{leaf, random};
use kontrast_losses::{masked_mse, normalised_patches, patch_statistics};
use kontrast_testkit::assert_close;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

/// Predictions and targets of n images of l patches.
fn inputs(n: i64, l: i64, m: i64, key: f64) -> [Tensor; 2] {
    [0.0, 0.37].map(|more| random(n * l, m, key + more).view([n, l, m]) * 2.0)
}

/// The first `count` patches of every image are hidden, from another place on in each.
fn hidden(n: i64, l: i64, count: i64) -> Tensor {
    let (image, patch) =
        (Tensor::arange(n, (Kind::Int64, Device::Cpu)), Tensor::arange(l, (Kind::Int64, Device::Cpu)));
    (patch.unsqueeze(0) + image.unsqueeze(1)).remainder(l).lt(count).to_kind(Kind::Float)
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    let case = include_bytes!("../golden/masked_mse/case.safetensors");
    for name in ["plain", "normalised", "flat", "large"] {
        assert_golden(case, name, |given| {
            let patches = given.tensor("patches");
            let normalise = given.number("normalise") == 1.0;
            let targets = if normalise { normalised_patches(&patches) } else { patches };
            masked_mse(&given.tensor("predictions"), &targets, &given.tensor("hidden"))
        });
    }
}

#[test]
fn patches_that_are_seen_count_nothing_and_get_no_gradient() {
    let ([found, targets], hidden) = (inputs(3, 8, 5, 0.0), hidden(3, 8, 6));
    let seen = hidden.eq(0.0).unsqueeze(2);
    let (found, other) = (leaf(&found), found.masked_fill(&seen, 1e6));
    let loss = masked_mse(&found, &targets, &hidden);
    assert_eq!(masked_mse(&other, &targets, &hidden), loss);
    loss.backward();
    assert_eq!(found.grad().masked_select(&seen).abs().max().double_value(&[]), 0.0);
    assert!(found.grad().masked_select(&seen.logical_not()).abs().min().double_value(&[]) > 0.0);
}

#[test]
fn what_is_predicted_exactly_costs_nothing_and_zeros_cost_the_variance() {
    let ([_, patches], hidden) = (inputs(4, 9, 12, 0.0), hidden(4, 9, 7));
    let targets = normalised_patches(&patches);
    assert_eq!(masked_mse(&targets, &targets, &hidden).double_value(&[]), 0.0);
    // The variance is unbiased: of 12 values the mean square is 11 / 12.
    let zeros = masked_mse(&targets.zeros_like(), &targets, &hidden);
    assert!((zeros.double_value(&[]) - 11.0 / 12.0).abs() < 1e-4, "{zeros}");
}

#[test]
fn normalised_patches_forget_brightness_and_contrast_and_are_brought_back_by_their_statistics() {
    let [patches, _] = inputs(2, 5, 27, 0.0);
    let other = &patches * 3.0 - 0.7;
    assert_close(&normalised_patches(&other), &normalised_patches(&patches), 1e-5);
    let (mean, std) = patch_statistics(&patches);
    assert_close(&(normalised_patches(&patches) * std + mean), &patches, 1e-6);
    // A patch of one colour has no contrast to divide by.
    let flat = normalised_patches(&Tensor::full([1, 1, 8], 0.25, (Kind::Float, Device::Cpu)));
    assert_eq!(flat.abs().max().double_value(&[]), 0.0);
}

#[test]
fn bf16_is_compared_in_fp32_and_fp64_in_fp64() {
    let ([found, targets], hidden) = (inputs(3, 4, 6, 0.0), hidden(3, 4, 3));
    let narrow = masked_mse(&found.to_kind(Kind::BFloat16), &targets, &hidden);
    let expected = masked_mse(&found.to_kind(Kind::BFloat16).to_kind(Kind::Float), &targets, &hidden);
    assert_eq!((narrow.kind(), &narrow), (Kind::Float, &expected));
    assert_eq!(masked_mse(&found.to_kind(Kind::Double), &targets, &hidden).kind(), Kind::Double);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_patches_agree_with_a_reference_of_the_hidden_ones_alone(
        n in 1i64..6, l in 2i64..12, m in 2i64..20, part in 0f64..1.0, shift in 0i64..12, key in 0f64..1000.0,
    ) {
        let ([found, patches], hidden) = (inputs(n, l, m, key), hidden(n, l, 1 + (part * (l - 1) as f64) as i64));
        let ours = |z: &[Tensor]| masked_mse(&z[0], &normalised_patches(&patches), &hidden);
        let reference = |z: &[Tensor]| {
            let picked = |of: &Tensor| of.masked_select(&hidden.eq(1.0).unsqueeze(2)).view([-1, m]);
            let own = picked(&patches.to_kind(Kind::Double));
            let centred = &own - own.mean_dim([1i64].as_slice(), true, Kind::Double);
            let variance = centred.square().sum_dim_intlist([1i64].as_slice(), true, Kind::Double) / (m - 1) as f64;
            (picked(&z[0]) - centred / (variance + 1e-6).sqrt()).square().mean(None)
        };
        assert_agree(std::slice::from_ref(&found), ours, reference);
        // Patches in another order, and their masks with them.
        let rolled = |of: &Tensor| of.roll([shift], [1i64]);
        let turned = masked_mse(&rolled(&found), &normalised_patches(&rolled(&patches)), &rolled(&hidden));
        assert_close(&turned, &ours(std::slice::from_ref(&found)), 1e-5);
    }
}
