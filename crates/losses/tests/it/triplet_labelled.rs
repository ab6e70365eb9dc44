//! Triplet losses of labelled batches: golden values and gradients, tiles, invariants.

use crate::agreement::{assert_agree, assert_finite, assert_golden, itself};
use crate::inputs::{labels, random};
use crate::triplet::{CASE, KINDS, mined, scores};
use kontrast_losses::{Mining, Similarity, triplet_labelled};
use kontrast_testkit::assert_close;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

/// A column of positives after the other, against all negatives.
fn reference(z: &Tensor, labels: &Tensor, margin: f64, similarity: Similarity, mining: Mining) -> Tensor {
    let n = z.size()[0];
    let scores = scores(z, z, similarity).masked_fill(&itself(n), 0.0);
    let alike = labels.unsqueeze(1).eq_tensor(labels);
    let (positives, negatives) = (alike.logical_and(&itself(n).logical_not()), alike.logical_not());
    if mining == Mining::BatchHard {
        let farthest = scores.masked_fill(&positives.logical_not(), 1e9).amin([1i64], true);
        return hinges(&scores, &negatives, &farthest, &farthest.lt(1e8), margin, mining);
    }
    let (sums, counts): (Vec<_>, Vec<_>) = (0..n)
        .filter(|&column| positives.select(1, column).any().int64_value(&[]) == 1)
        .map(|column| {
            let anchors = positives.select(1, column).nonzero().squeeze_dim(1);
            let [scores, negatives, some] =
                [&scores, &negatives, &positives.narrow(1, column, 1)].map(|of| of.index_select(0, &anchors));
            let positive = scores.narrow(1, column, 1);
            let count = counted(&negatives, &some, mining);
            (hinges(&scores, &negatives, &positive, &some, margin, mining) * &count, count)
        })
        .unzip();
    Tensor::stack(&sums, 0).sum(None) / Tensor::stack(&counts, 0).sum(None).clamp_min(1.0)
}

/// The mean over the triplets of one positive for each of `some` anchors.
fn hinges(
    scores: &Tensor,
    negatives: &Tensor,
    positive: &Tensor,
    some: &Tensor,
    margin: f64,
    mining: Mining,
) -> Tensor {
    let terms = mined(scores, negatives, positive, margin, mining) * some;
    terms.sum(None) / counted(negatives, some, mining).clamp_min(1.0)
}

fn counted(negatives: &Tensor, some: &Tensor, mining: Mining) -> Tensor {
    match mining {
        Mining::None => negatives.logical_and(some).sum(Kind::Double),
        Mining::SemiHard => some.sum(Kind::Double),
        Mining::BatchHard => negatives.any_dim(1, true).logical_and(some).sum(Kind::Double),
    }
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    for (kind, similarity, mining) in KINDS {
        for name in ["small", "usual"] {
            assert_golden(CASE, &format!("labelled.{name}.{kind}"), |given| {
                let (z, labels) = (given.tensor("z"), given.tensor("labels"));
                triplet_labelled(&z, &labels, given.number("margin"), similarity, mining)
            });
        }
    }
}

#[test]
fn many_tiles_give_what_the_whole_matrix_gives() {
    let z = [random(3000, 8, 0.0).to_kind(Kind::Double)];
    // Two pairs across both tiles: the reference visits a column a positive.
    let labels = Tensor::arange(3000, (Kind::Int64, Device::Cpu));
    labels.narrow(0, 0, 2).copy_(&labels.narrow(0, 2998, 2).flip([0i64]));
    for (kind, similarity, mining) in KINDS {
        println!("{kind}");
        let ours = |z: &[Tensor]| triplet_labelled(&z[0], &labels, 0.7, similarity, mining);
        assert_agree(&z, ours, |z| reference(&z[0], &labels, 0.7, similarity, mining));
    }
}

#[test]
fn triplets_worked_out_by_hand() {
    // Two of one label at 0 and 2 on a line, two of another at 5 and 6; the margin is 4. Triplets (anchor, positive,
    // negative): 0: 4 + 2 - 5 = 1, 4 + 2 - 6 = 0; 2: 4 + 2 - 3 = 3, 4 + 2 - 4 = 2; 5: 4 + 1 - 5 = 0, 4 + 1 - 3 = 2;
    // 6: 4 + 1 - 6 < 0, 4 + 1 - 4 = 1. Nine in all, of eight triplets; the hardest of each anchor 1, 3, 2, 1.
    let z = Tensor::from_slice(&[0f32, 2.0, 5.0, 6.0]).unsqueeze(1);
    let labels = Tensor::from_slice(&[7i64, 7, 1, 1]);
    let loss = |mining| triplet_labelled(&z, &labels, 4.0, Similarity::Euclidean, mining);
    assert_close(&loss(Mining::None), &Tensor::from(9.0 / 8.0), 1e-6);
    assert_close(&loss(Mining::BatchHard), &Tensor::from(7.0 / 4.0), 1e-6);
    assert_close(&loss(Mining::SemiHard), &Tensor::from(7.0 / 4.0), 1e-6);
}

#[test]
fn a_batch_of_one_class_or_of_none_twice_has_no_triplets() {
    let z = random(9, 4, 0.0);
    for labels in
        [Tensor::arange(9, (Kind::Int64, Device::Cpu)), Tensor::zeros([9], (Kind::Int64, Device::Cpu))]
    {
        for (_, similarity, mining) in KINDS {
            assert_eq!(triplet_labelled(&z, &labels, 0.7, similarity, mining).double_value(&[]), 0.0);
        }
    }
}

#[test]
fn equal_and_zero_rows_and_bf16_stay_finite() {
    let labels = labels(64, 9).repeat([2i64]);
    for (_, similarity, mining) in KINDS {
        assert_finite(|z1, z2| {
            triplet_labelled(&Tensor::cat(&[z1, z2], 0), &labels, 0.7, similarity, mining)
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn random_inputs_agree_with_the_reference(
        n in 3i64..20, d in 3i64..24, classes in 1i64..5, margin in 0.3f64..2.0, shift in 0i64..20, key in 0f64..1000.0,
    ) {
        let (z, labels) = ([random(n, d, key).to_kind(Kind::Double)], labels(n, classes));
        for (_, similarity, mining) in KINDS {
            let wide = |z: &[Tensor]| reference(&z[0], &labels, margin, similarity, mining);
            if n > classes + 1 && wide(&z).double_value(&[]) > 0.1 {
                assert_agree(&z, |z| triplet_labelled(&z[0], &labels, margin, similarity, mining), wide);
            }
            let loss = triplet_labelled(&z[0], &labels, margin, similarity, mining);
            let (rolled, labels) = (z[0].roll([shift], [0i64]), labels.roll([shift], [0i64]));
            let rolled = triplet_labelled(&rolled, &labels, margin, similarity, mining);
            prop_assert!((rolled.double_value(&[]) - loss.double_value(&[])).abs() < 1e-5);
        }
    }
}
