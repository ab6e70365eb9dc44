//! Limits of gradients beside PyTorch's, and what always holds of them.

use kontrast_optim::{Clip, ClipPer, clip_gradients};
use kontrast_testkit::{Case, assert_close};
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

/// Variables with these gradients.
fn variables(gradients: &[Tensor]) -> Vec<Tensor> {
    let with_gradient = |gradient: &Tensor| {
        let variable = gradient.zeros_like().set_requires_grad(true);
        (&variable * gradient).sum(Kind::Float).backward();
        variable
    };
    gradients.iter().map(with_gradient).collect()
}

fn norm(tensors: &[Tensor]) -> f64 {
    Tensor::cat(&tensors.iter().map(|tensor| tensor.flatten(0, -1)).collect::<Vec<_>>(), 0)
        .norm()
        .double_value(&[])
}

#[test]
fn gradients_are_those_that_pytorch_leaves() {
    let case = Case::from_bytes(include_bytes!("../golden/clip/case.safetensors"));
    let gradients: Vec<_> = (0..4).map(|i| case[&format!("gradient.{i}")].copy()).collect();
    for (name, per) in [("all", ClipPer::All), ("tensor", ClipPer::Tensor)] {
        for limit in ["0.5", "5.0", "50.0"] {
            let variables = variables(&gradients);
            let limited = Clip { norm: limit.parse().unwrap(), per };
            assert_close(&clip_gradients(&variables, Some(limited)), &case["norm"], 1e-6);
            for (i, variable) in variables.iter().enumerate() {
                assert_close(&variable.grad(), &case[&format!("{name}.{limit}.{i}")], 1e-6);
            }
        }
    }
}

#[test]
fn without_a_limit_or_a_gradient_nothing_changes() {
    let gradients = [Tensor::from_slice(&[3f32, 0.0]), Tensor::from_slice(&[4f32])];
    let mut all = variables(&gradients);
    all.push(Tensor::zeros([2], (Kind::Float, Device::Cpu)).set_requires_grad(true));
    assert_eq!(clip_gradients(&all, None).double_value(&[]), 5.0);
    assert!(all[0].grad() == gradients[0] && all[1].grad() == gradients[1] && !all[2].grad().defined());
    assert_eq!(clip_gradients(&all[2..], None).double_value(&[]), 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn nothing_is_longer_than_its_limit_nor_turned(scale in 0.001f64..100.0, limit in 0.01f64..10.0, seed in 0i64..1000) {
        tch::manual_seed(seed);
        let gradients: Vec<_> =
            [3, 40].map(|n| Tensor::randn([n], (Kind::Float, Device::Cpu)) * scale).into();
        for per in [ClipPer::Tensor, ClipPer::All] {
            let variables = variables(&gradients);
            let _ = clip_gradients(&variables, Some(Clip { norm: limit, per }));
            let left: Vec<_> = variables.iter().map(Tensor::grad).collect();
            match per {
                ClipPer::All => prop_assert!(norm(&left) <= limit.min(norm(&gradients)) * (1.0 + 1e-5)),
                ClipPer::Tensor => for (left, before) in left.iter().zip(&gradients) {
                    prop_assert!(norm(&[left.copy()]) <= limit.min(norm(&[before.copy()])) * (1.0 + 1e-5));
                },
            }
            for (left, before) in left.iter().zip(&gradients) {
                let cosine = left.dot(before).double_value(&[]) / (norm(&[left.copy()]) * norm(&[before.copy()]));
                prop_assert!(cosine > 1.0 - 1e-5);
            }
        }
    }
}
