//! Triplet losses of pairs of views: golden values and gradients, tiles, invariants.

use crate::agreement::{assert_agree, assert_finite, assert_golden, assert_orderless, itself, squares};
use crate::inputs::{random, views};
use kontrast_losses::{Mining, Similarity, triplet_margin, unit};
use kontrast_testkit::assert_close;
use proptest::prelude::*;
use tch::{Kind, Tensor};

pub const CASE: &[u8] = include_bytes!("../golden/triplet/case.safetensors");

/// Every kind of triplet loss, with the name that golden cases have for it.
pub const KINDS: [(&str, Similarity, Mining); 6] = [
    ("dot.none", Similarity::Dot, Mining::None),
    ("dot.semi_hard", Similarity::Dot, Mining::SemiHard),
    ("dot.batch_hard", Similarity::Dot, Mining::BatchHard),
    ("euclidean.none", Similarity::Euclidean, Mining::None),
    ("euclidean.semi_hard", Similarity::Euclidean, Mining::SemiHard),
    ("euclidean.batch_hard", Similarity::Euclidean, Mining::BatchHard),
];

/// All scores, in fp64: the higher, the more alike.
pub fn scores(rows: &Tensor, columns: &Tensor, similarity: Similarity) -> Tensor {
    match similarity {
        Similarity::Dot => unit(rows).matmul(&unit(columns).tr()),
        Similarity::Euclidean => -squares(rows, columns).sqrt(),
    }
}

/// Every hinge of a matrix of scores against a column of positives, or that of the mined negative alone.
pub fn mined(scores: &Tensor, negative: &Tensor, positive: &Tensor, margin: f64, mining: Mining) -> Tensor {
    let farther = scores.lt_tensor(positive).logical_and(negative);
    let candidates = if mining == Mining::SemiHard { farther } else { negative.shallow_clone() };
    let scores = scores.masked_fill(&candidates.logical_not(), -1e9);
    let picked = if mining == Mining::None { scores } else { scores.amax([1i64], true) };
    (picked - positive + margin).relu()
}

fn reference(z: &[Tensor], margin: f64, similarity: Similarity, mining: Mining) -> Tensor {
    let n = z[0].size()[0];
    let scores = scores(&z[0], &Tensor::cat(&[&z[1], &z[0]], 0), similarity);
    let own = Tensor::cat(&[itself(n), itself(n)], 1);
    // A distance of a row to itself has no slope, and is no negative.
    let scores = scores.masked_fill(&Tensor::cat(&[itself(n).zeros_like(), itself(n)], 1), 0.0);
    let positive = scores.narrow(1, 0, n).diagonal(0, 0, 1).unsqueeze(1);
    let terms = mined(&scores, &own.logical_not(), &positive, margin, mining);
    let count = if mining == Mining::None { n * (2 * n - 2) } else { n };
    terms.sum(Kind::Double) / count as f64
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    for (kind, similarity, mining) in KINDS {
        for name in ["small", "usual"] {
            assert_golden(CASE, &format!("pairs.{name}.{kind}"), |given| {
                let (anchor, positive) = (given.tensor("anchor"), given.tensor("positive"));
                triplet_margin(&anchor, &positive, given.number("margin"), similarity, mining)
            });
        }
    }
}

#[test]
fn many_tiles_give_what_the_whole_matrix_gives() {
    let (anchor, positive) = views(2100, 8, 0.0);
    let z = [anchor, positive].map(|z| z.to_kind(Kind::Double));
    for (kind, similarity, mining) in KINDS {
        println!("{kind}");
        let ours = |z: &[Tensor]| triplet_margin(&z[0], &z[1], 0.7, similarity, mining);
        assert_agree(&z, ours, |z| reference(z, 0.7, similarity, mining));
    }
}

#[test]
fn triplets_worked_out_by_hand() {
    // Anchors at 0 and 10 on a line, positives at 3 and 8; the margin is 4. The first anchor's positive is 3 away, its
    // negatives 8 (the other positive) and 10 (the other anchor): no term. The second's is 2 away, its negatives 7 and
    // 10: no term either. With a margin of 6: 6 + 3 - 8 = 1 and 6 + 2 - 7 = 1, of four triplets.
    let line = |at: [f32; 2]| Tensor::from_slice(&at).unsqueeze(1);
    let (anchor, positive) = (line([0.0, 10.0]), line([3.0, 8.0]));
    let loss = |margin, mining| triplet_margin(&anchor, &positive, margin, Similarity::Euclidean, mining);
    assert_eq!(loss(4.0, Mining::None).double_value(&[]), 0.0);
    assert_close(&loss(6.0, Mining::None), &Tensor::from(0.5), 1e-6);
    assert_close(&loss(6.0, Mining::BatchHard), &Tensor::from(1.0), 1e-6);
    assert_close(&loss(6.0, Mining::SemiHard), &Tensor::from(1.0), 1e-6);
}

#[test]
fn an_anchor_whose_negatives_are_all_nearer_has_no_semi_hard_term() {
    let line = |at: [f32; 2]| Tensor::from_slice(&at).unsqueeze(1);
    let loss =
        triplet_margin(&line([0.0, 1.0]), &line([9.0, -8.0]), 0.5, Similarity::Euclidean, Mining::SemiHard);
    assert_eq!(loss.double_value(&[]), 0.0);
}

#[test]
fn equal_and_zero_rows_and_bf16_stay_finite() {
    for (_, similarity, mining) in KINDS {
        assert_finite(|anchor, positive| triplet_margin(anchor, positive, 0.7, similarity, mining));
        assert_finite(|anchor, positive| {
            triplet_margin(&(anchor * 0.0), &(positive * 0.0), 0.7, similarity, mining)
        });
    }
}

#[test]
fn the_order_of_the_pairs_does_not_matter() {
    for (_, similarity, mining) in KINDS {
        assert_orderless(|anchor, positive| triplet_margin(anchor, positive, 0.7, similarity, mining));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn random_inputs_agree_with_the_reference(
        n in 2i64..30, d in 3i64..24, margin in 0.3f64..2.0, key in 0f64..1000.0,
    ) {
        let z = [random(n, d, key), random(n, d, key + 0.37)].map(|z| z.to_kind(Kind::Double));
        for (_, similarity, mining) in KINDS {
            if reference(&z, margin, similarity, mining).double_value(&[]) > 0.1 {
                let ours = |z: &[Tensor]| triplet_margin(&z[0], &z[1], margin, similarity, mining);
                assert_agree(&z, ours, |z| reference(z, margin, similarity, mining));
            }
        }
    }
}
