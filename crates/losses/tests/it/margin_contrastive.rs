//! The contrastive losses with a margin: golden values and gradients, tiles, invariants.

use crate::agreement::{assert_agree, assert_finite, assert_golden, assert_orderless, itself, squares};
use crate::inputs::{labels, random, views};
use kontrast_losses::{contrastive_labelled, margin_contrastive};
use kontrast_testkit::assert_close;
use proptest::prelude::*;
use tch::{Kind, Tensor};

const CASE: &[u8] = include_bytes!("../golden/margin_contrastive/case.safetensors");

/// The means over similar and over dissimilar pairs, added up.
fn reference(squares: &Tensor, similar: &Tensor, dissimilar: &Tensor, margin: f64) -> Tensor {
    let mean = |terms: Tensor, mask: &Tensor| {
        (terms / 2.0).masked_select(mask).sum(None) / mask.sum(Kind::Double).clamp_min(1.0)
    };
    // A distance of exactly zero has no direction.
    let distances = squares.masked_fill(&dissimilar.logical_not(), 1.0).sqrt();
    mean(squares.shallow_clone(), similar) + mean((distances.neg() + margin).relu().square(), dissimilar)
}

fn pairs_reference(z: &[Tensor], margin: f64) -> Tensor {
    let similar = itself(z[0].size()[0]);
    reference(&squares(&z[0], &z[1]), &similar, &similar.logical_not(), margin)
}

fn labelled_reference(z: &Tensor, labels: &Tensor, margin: f64) -> Tensor {
    let alike = labels.unsqueeze(1).eq_tensor(labels);
    let similar = alike.logical_and(&itself(z.size()[0]).logical_not());
    reference(&squares(z, z), &similar, &alike.logical_not(), margin)
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    for name in ["small", "usual", "far", "one"] {
        assert_golden(CASE, &format!("pairs.{name}"), |given| {
            margin_contrastive(&given.tensor("z1"), &given.tensor("z2"), given.number("margin"))
        });
    }
    for name in ["small", "usual", "far"] {
        assert_golden(CASE, &format!("labelled.{name}"), |given| {
            contrastive_labelled(&given.tensor("z"), &given.tensor("labels"), given.number("margin"))
        });
    }
}

#[test]
fn many_tiles_give_what_the_whole_matrix_gives() {
    let (z1, z2) = views(3000, 8, 0.0);
    let labels = labels(3000, 60);
    let z = [z1, z2];
    assert_agree(&z, |z| margin_contrastive(&z[0], &z[1], 2.5), |z| pairs_reference(z, 2.5));
    let ours = |z: &[Tensor]| contrastive_labelled(&z[0], &labels, 2.5);
    assert_agree(&z[..1], ours, |z| labelled_reference(&z[0], &labels, 2.5));
}

#[test]
fn pairs_worked_out_by_hand() {
    // First views at 0 and 3 on a line, second ones at 1 and 3; the margin is 4. Similar: distances 1 and 0, so
    // (1 / 2 + 0) / 2. Dissimilar: distances 3 and 2 fall short by 1 and 2, so (1 / 2 + 4 / 2) / 2.
    let (z1, z2) = (Tensor::from_slice2(&[[0f32], [3.0]]), Tensor::from_slice2(&[[1f32], [3.0]]));
    assert_close(&margin_contrastive(&z1, &z2, 4.0), &Tensor::from(1.5), 1e-6);
}

#[test]
fn where_the_rows_lie_does_not_matter() {
    let (z1, z2) = views(20, 8, 0.0);
    let moved = margin_contrastive(&(&z1 + 50.0), &(&z2 + 50.0), 2.5);
    assert_close(&moved, &margin_contrastive(&z1, &z2, 2.5), 1e-4);
}

#[test]
fn equal_and_zero_rows_and_bf16_stay_finite() {
    let labels = labels(64, 5);
    assert_finite(|z1, z2| margin_contrastive(z1, z2, 2.0));
    assert_finite(|z1, z2| contrastive_labelled(&Tensor::cat(&[z1, z2], 0), &labels.repeat([2i64]), 2.0));
    // All rows one point, with different labels: no direction leads away.
    assert_finite(|z1, z2| contrastive_labelled(&((z1 + z2) * 0.0), &labels, 2.0));
}

#[test]
fn the_order_of_the_pairs_does_not_matter() {
    assert_orderless(|z1, z2| margin_contrastive(z1, z2, 2.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_inputs_agree_with_the_reference(
        n in 2i64..40, d in 3i64..24, classes in 1i64..6, margin in 0.5f64..6.0, key in 0f64..1000.0,
    ) {
        let z = [random(n, d, key), random(n, d, key + 0.37)];
        // Of rows that nearly meet, fp32 knows little of the direction that leads away.
        prop_assume!(Tensor::cat(&z, 0).pdist(2.0).min().double_value(&[]) > 0.1);
        let labels = labels(n, classes);
        assert_agree(&z, |z| margin_contrastive(&z[0], &z[1], margin), |z| pairs_reference(z, margin));
        let labelled = |z: &[Tensor]| labelled_reference(&z[0], &labels, margin);
        prop_assume!(labelled(&z).double_value(&[]) > 0.1);
        assert_agree(&z[..1], |z| contrastive_labelled(&z[0], &labels, margin), labelled);
    }
}
