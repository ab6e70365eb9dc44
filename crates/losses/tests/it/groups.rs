//! Losses whose images come in groups: golden values and gradients, tiles, parts of a batch, uniform values, invariants.

use crate::agreement::{assert_agree, assert_finite, assert_golden};
use crate::inputs::{leaf, random, views};
use kontrast_losses::{
    Groups, Mining, Others, Similarity, dcl, dcl_ignoring, dcl_uniform_ignoring, dclw_ignoring, info_nce,
    info_nce_batch, info_nce_batch_grouped, info_nce_batch_uniform_ignoring, info_nce_grouped,
    info_nce_uniform_ignoring, nce_ignoring, nt_logistic, nt_logistic_ignoring, nt_xent, nt_xent_grouped,
    nt_xent_rows_grouped, nt_xent_uniform_ignoring, sup_con, triplet_margin, triplet_margin_ignoring, unit,
};
use kontrast_testkit::assert_close;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

const CASE: &[u8] = include_bytes!("../golden/groups/case.safetensors");
const NAMES: [&str; 3] = ["small", "usual", "cold"];
const OTHERS: [(&str, Others); 2] = [("ignored", Others::Ignored), ("positive", Others::Positive)];

fn ignoring(of: &Tensor) -> Groups<'_> {
    Groups { of, others: Others::Ignored }
}

fn positive(of: &Tensor) -> Groups<'_> {
    Groups { of, others: Others::Positive }
}

/// `n` images in groups of `size` that stand next to each other.
fn in_groups(n: i64, size: i64) -> Tensor {
    Tensor::arange(n, (Kind::Int64, Device::Cpu)).divide_scalar_mode(size, "floor").to_kind(Kind::Int64)
}

fn numbers(groups: &Tensor) -> Vec<i64> {
    groups.try_into().unwrap()
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    for name in NAMES {
        for (kind, others) in OTHERS {
            assert_golden(CASE, &format!("nt_xent.{kind}.{name}"), |given| {
                let [z1, z2, of] = ["z1", "z2", "groups"].map(|name| given.tensor(name));
                nt_xent_grouped(&z1, &z2, Groups { of: &of, others }, given.number("temperature"))
            });
            assert_golden(CASE, &format!("batch.{kind}.{name}"), |given| {
                let [query, key, of] = ["query", "key", "groups"].map(|name| given.tensor(name));
                info_nce_batch_grouped(&query, &key, Groups { of: &of, others }, given.number("temperature"))
            });
            assert_golden(CASE, &format!("queue.{kind}.{name}"), |given| {
                let [query, key, negatives] = ["query", "key", "negatives"].map(|name| given.tensor(name));
                let [of, of_negatives] = ["groups", "of_negatives"].map(|name| given.tensor(name));
                let groups = (Groups { of: &of, others }, &of_negatives);
                info_nce_grouped(&query, &key, &negatives, groups, given.number("temperature"))
            });
        }
        assert_golden(CASE, &format!("dcl.{name}"), |given| {
            let [z1, z2, of] = ["z1", "z2", "groups"].map(|name| given.tensor(name));
            dcl_ignoring(&z1, &z2, &of, given.number("temperature"))
        });
        assert_golden(CASE, &format!("dclw.{name}"), |given| {
            let [z1, z2, of] = ["z1", "z2", "groups"].map(|name| given.tensor(name));
            dclw_ignoring(&z1, &z2, &of, given.number("temperature"), given.number("sigma"))
        });
        assert_golden(CASE, &format!("triplet.{name}"), |given| {
            let [z1, z2, of] = ["z1", "z2", "groups"].map(|name| given.tensor(name));
            let margin = given.number("margin");
            triplet_margin_ignoring((&z1, &z2), &of, margin, Similarity::Dot, Mining::None)
        });
        assert_golden(CASE, &format!("nt_logistic.{name}"), |given| {
            let [z1, z2, of] = ["z1", "z2", "groups"].map(|name| given.tensor(name));
            nt_logistic_ignoring(&z1, &z2, &of, given.number("temperature"), Mining::None)
        });
        assert_golden(CASE, &format!("nce.{name}"), |given| {
            let [bank, slots, noise] = ["bank", "slots", "noise"].map(|name| given.tensor(name));
            let (t, normaliser) = (given.number("temperature"), given.number("normaliser"));
            nce_ignoring(&given.tensor("z"), (&bank, &slots, &noise), &given.tensor("groups"), t, normaliser)
        });
    }
}

/// The cross entropy of a whole matrix in which the group's columns are no candidates.
fn ignored_reference(z: &[Tensor], of: &Tensor, temperature: f64) -> Tensor {
    let n = z[0].size()[0];
    let all = unit(&Tensor::cat(&[&z[0], &z[1]], 0));
    let of = of.repeat([2]);
    let positives = Tensor::arange(2 * n, (Kind::Int64, Device::Cpu)).roll([n], [0]);
    let mut alike = of.unsqueeze(1).eq_tensor(&of);
    let _ = alike.scatter_value_(1, &positives.unsqueeze(1), 0i64);
    let logits = all.matmul(&all.tr()) / temperature;
    logits.masked_fill(&alike, f64::NEG_INFINITY).cross_entropy_for_logits(&positives)
}

#[test]
fn many_tiles_give_what_the_whole_matrix_gives() {
    let (z1, z2) = views(3000, 8, 0.0);
    let of = in_groups(3000, 7);
    let pair = [z1.shallow_clone(), z2.shallow_clone()];
    assert_agree(
        &pair,
        |z| nt_xent_grouped(&z[0], &z[1], ignoring(&of), 0.2),
        |z| ignored_reference(z, &of, 0.2),
    );
    let both = |z: &[Tensor]| Tensor::stack(&[&z[0], &z[1]], 0);
    assert_agree(
        &pair,
        |z| nt_xent_grouped(&z[0], &z[1], positive(&of), 0.2),
        |z| sup_con(&both(z), &of, 0.2),
    );
    // A queue of the batch's own keys, each row's own left out, is the batch.
    let queue = [z1, z2.shallow_clone(), z2];
    for others in [Others::Ignored, Others::Positive] {
        let alone = Groups { of: &of, others };
        assert_agree(
            &queue,
            |z| info_nce_grouped(&z[0], &z[1], &z[2], (alone, &(&of - 1)), 0.2),
            |z| {
                let (q, k, negatives) = (unit(&z[0]), unit(&z[1]), unit(&z[2]));
                let own = (&q * k).sum_dim_intlist([1i64].as_slice(), true, None) / 0.2;
                let products = q.matmul(&negatives.tr()) / 0.2;
                let alike = of.unsqueeze(1).eq_tensor(&(&of - 1));
                if others == Others::Ignored {
                    let products = products.masked_fill(&alike, f64::NEG_INFINITY);
                    let all = Tensor::cat(&[&own, &products], 1).logsumexp([1i64].as_slice(), true);
                    return (all - own).mean(None);
                }
                let all = Tensor::cat(&[&own, &products], 1).logsumexp([1i64].as_slice(), true);
                let alike = alike.to_kind(Kind::Double);
                let count = alike.sum_dim_intlist([1i64].as_slice(), true, None) + 1.0;
                let right = (products * alike).sum_dim_intlist([1i64].as_slice(), true, None) + own;
                (all - right / count).mean(None)
            },
        );
    }
}

#[test]
fn parts_of_several_processes_add_up_to_the_whole() {
    let (z1, z2) = views(24, 8, 0.0);
    let (of, z) = (in_groups(24, 3), unit(&Tensor::cat(&[z1.shallow_clone(), z2.shallow_clone()], 0)));
    for others in [Others::Ignored, Others::Positive] {
        let groups = Groups { of: &of, others };
        let mut sum = Tensor::from(0f32);
        for (offset, length) in [(0, 20), (20, 3), (23, 25)] {
            let rows = z.narrow(0, offset, length);
            sum += nt_xent_rows_grouped(&rows, &z, offset, groups, 0.3) * (length as f64 / 48.0);
        }
        assert_close(&sum, &nt_xent_grouped(&z1, &z2, groups, 0.3), 1e-6);
    }
}

#[test]
fn embeddings_that_are_all_alike_have_the_uniform_value() {
    let one = Tensor::ones([12, 4], (Kind::Float, Device::Cpu));
    let of = Tensor::from_slice(&[0i64, 0, 0, 1, 1, 2, 3, 4, 4, 4, 4, 5]);
    let groups = numbers(&of);
    let found = |loss: Tensor, uniform: f64| assert_close(&loss, &Tensor::from(uniform), 1e-5);
    found(nt_xent_grouped(&one, &one, ignoring(&of), 0.2), nt_xent_uniform_ignoring(&groups));
    found(info_nce_batch_grouped(&one, &one, ignoring(&of), 0.2), info_nce_batch_uniform_ignoring(&groups));
    // The positive, 1 / 0.2, is no candidate, and is taken off where it agrees.
    found(dcl_ignoring(&one, &one, &of, 0.2), dcl_uniform_ignoring(&groups));
    let queue = in_groups(20, 4);
    let negatives = Tensor::ones([20, 4], (Kind::Float, Device::Cpu));
    let loss = info_nce_grouped(&one, &one, &negatives, (ignoring(&of), &queue), 0.2);
    found(loss, info_nce_uniform_ignoring(&groups, &numbers(&queue)));
    // As right answers they stay candidates.
    found(nt_xent_grouped(&one, &one, positive(&of), 0.2), 23f64.ln());
}

#[test]
fn a_batch_of_one_group_and_bf16_stay_finite() {
    let of = Tensor::zeros([64], (Kind::Int64, Device::Cpu));
    let negatives = random(30, 16, 2.0);
    let same = Tensor::zeros([30], (Kind::Int64, Device::Cpu));
    for groups in [ignoring(&of), positive(&of)] {
        assert_finite(|a, b| nt_xent_grouped(a, b, groups, 0.05));
        assert_finite(|a, b| info_nce_batch_grouped(a, b, groups, 0.05));
        assert_finite(|a, b| info_nce_grouped(a, b, &negatives, (groups, &same), 0.05));
    }
    for mining in [Mining::None, Mining::SemiHard, Mining::BatchHard] {
        assert_finite(|a, b| triplet_margin_ignoring((a, b), &of, 0.5, Similarity::Euclidean, mining));
        assert_finite(|a, b| nt_logistic_ignoring(a, b, &of, 0.2, mining));
    }
    assert_finite(|a, b| dcl_ignoring(a, b, &of, 0.1));
    assert_finite(|a, b| dclw_ignoring(a, b, &of, 0.1, 0.5));
    // Without negatives nothing pulls or pushes.
    let (z1, z2) = views(64, 16, 0.0);
    let z1 = leaf(&z1);
    dcl_ignoring(&z1, &z2, &of, 0.1).backward();
    assert_eq!(z1.grad().abs().max().double_value(&[]), 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn images_that_are_each_a_group_are_as_without_groups(n in 2i64..40, shift in 0f64..10.0) {
        let (z1, z2) = (random(n, 6, shift), random(n, 6, shift + 0.3));
        let negatives = random(17, 6, shift + 2.0);
        let of = Tensor::arange(n, (Kind::Int64, Device::Cpu));
        let others_of = Tensor::full([17], -1, (Kind::Int64, Device::Cpu));
        let equal = |a: Tensor, b: Tensor| (a - b).abs().double_value(&[]) < 1e-5;
        for groups in [ignoring(&of), positive(&of)] {
            prop_assert!(equal(nt_xent_grouped(&z1, &z2, groups, 0.2), nt_xent(&z1, &z2, 0.2)));
            prop_assert!(equal(info_nce_batch_grouped(&z1, &z2, groups, 0.2), info_nce_batch(&z1, &z2, 0.2)));
            let queue = info_nce_grouped(&z1, &z2, &negatives, (groups, &others_of), 0.2);
            prop_assert!(equal(queue, info_nce(&z1, &z2, &negatives, 0.2)));
        }
        prop_assert!(equal(dcl_ignoring(&z1, &z2, &of, 0.2), dcl(&z1, &z2, 0.2)));
        for mining in [Mining::None, Mining::SemiHard, Mining::BatchHard] {
            let (s, m) = (Similarity::Dot, 0.5);
            let grouped = triplet_margin_ignoring((&z1, &z2), &of, m, s, mining);
            prop_assert!(equal(grouped, triplet_margin(&z1, &z2, m, s, mining)));
            let grouped = nt_logistic_ignoring(&z1, &z2, &of, 0.2, mining);
            prop_assert!(equal(grouped, nt_logistic(&z1, &z2, 0.2, mining)));
        }
    }

    #[test]
    fn what_is_ignored_gets_no_gradient_from_its_group(n in 3i64..20, shift in 0f64..10.0) {
        // The first image alone asks: the second, of its group, is neither attracted nor repelled.
        let mut of: Vec<i64> = (0..n).collect();
        of[1] = 0;
        let of = Tensor::from_slice(&of);
        let (query, keys) = (random(n, 6, shift), leaf(&random(n, 6, shift + 0.5)));
        let rows = unit(&query).narrow(0, 0, 1);
        let all = unit(&Tensor::cat(&[query.shallow_clone(), keys.shallow_clone()], 0));
        nt_xent_rows_grouped(&rows, &all, 0, ignoring(&of), 0.3).backward();
        let gradient = keys.grad();
        prop_assert_eq!(gradient.get(1).abs().max().double_value(&[]), 0.0);
        prop_assert!(gradient.get(0).abs().max().double_value(&[]) > 0.0);
        prop_assert!(gradient.get(2).abs().max().double_value(&[]) > 0.0);
    }
}
