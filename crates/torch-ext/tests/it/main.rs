//! The shim against libtorch's own behaviour.

use kontrast_torch_ext::{
    Autocast, Precision, SgdStep, StateDict, StateError, channels_last, deterministic, fused_sgd,
};
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

fn ramp(shape: &[i64]) -> Tensor {
    let n: i64 = shape.iter().product();
    (Tensor::arange(n, (Kind::Float, Device::Cpu)) / n as f64 - 0.3).reshape(shape)
}

#[test]
fn autocast_runs_products_in_bf16_and_ends_with_its_guard() {
    let (a, b) = (ramp(&[4, 8]), ramp(&[8, 4]));
    {
        let _outer = Autocast::new(Device::Cpu, Precision::Bf16);
        assert_eq!(a.matmul(&b).kind(), Kind::BFloat16);
        {
            let _inner = Autocast::new(Device::Cpu, Precision::Bf16);
        }
        assert_eq!(a.matmul(&b).kind(), Kind::BFloat16, "an inner guard ended the outer one");
    }
    assert_eq!(a.matmul(&b).kind(), Kind::Float);
    assert!(Autocast::new(Device::Cpu, Precision::Fp32).is_none());
}

#[test]
fn a_forward_without_gradient_inside_autocast_does_not_cut_the_next_ones_gradient() {
    let weight = ramp(&[8, 4]).set_requires_grad(true);
    let x = ramp(&[4, 8]);
    let guard = Autocast::new(Device::Cpu, Precision::Bf16);
    let _ = tch::no_grad(|| x.matmul(&weight));
    let loss = x.matmul(&weight).sum(Kind::Float);
    drop(guard);
    loss.backward();
    assert!(weight.grad().abs().sum(Kind::Float).double_value(&[]) > 0.0);
}

#[test]
fn channels_last_keeps_values_and_changes_strides() {
    let x = ramp(&[2, 3, 4, 5]);
    let y = channels_last(&x);
    assert_eq!(y.stride(), [60, 1, 15, 3]);
    assert_eq!(x, y);
    assert_eq!(channels_last(&y).data_ptr(), y.data_ptr());
}

#[test]
fn deterministic_indexing_gives_the_same_gradient_every_time() {
    deterministic(true);
    let index = Tensor::arange(20_000, (Kind::Int64, Device::Cpu)).remainder(7);
    let weights = ramp(&[20_000, 8]);
    let gradient = || {
        let x = ramp(&[7, 8]).set_requires_grad(true);
        (x.index(&[Some(&index)]) * &weights).sum(Kind::Float).backward();
        x.grad()
    };
    let first = gradient();
    for _ in 0..5 {
        assert_eq!(gradient(), first);
    }
}

#[test]
fn fused_sgd_moves_by_the_rule_of_momentum() {
    let variable = ramp(&[3]);
    let (gradient, buffer) =
        (Tensor::from_slice(&[1f32, -2.0, 0.5]), Tensor::zeros([3], (Kind::Float, Device::Cpu)));
    let before = variable.copy();
    let step = SgdStep { lr: 0.1, momentum: 0.9, weight_decay: 0.0, nesterov: false };
    for _ in 0..2 {
        let one = |t: &Tensor| [t.shallow_clone()];
        fused_sgd(&one(&variable), &one(&gradient), &one(&buffer), step).unwrap();
    }
    // Two steps of a constant gradient: 1 + 1.9 times lr.
    let expected = before - &gradient * 0.29;
    assert!((variable - expected).abs().max().double_value(&[]) < 1e-6);
}

fn sample() -> StateDict {
    let mut state = StateDict::new();
    state.insert("b.weight", ramp(&[2, 3, 1, 1]));
    state.insert("a", Tensor::from_slice(&[1i64, -2, 3]));
    state.insert("c.scale", ramp(&[4]).to_kind(Kind::BFloat16));
    state
}

#[test]
fn a_state_survives_its_bytes() {
    let state = sample();
    let metadata = std::collections::HashMap::from([("step".to_owned(), "7".to_owned())]);
    let read = StateDict::from_bytes(&state.to_bytes(Some(metadata)).unwrap()).unwrap();
    assert_eq!(read.len(), 3);
    for ((name, a), (other, b)) in state.iter().zip(read.iter()) {
        assert_eq!((name, a.kind(), a), (other, b.kind(), b));
    }
}

#[test]
fn bytes_cut_short_are_an_error() {
    let bytes = sample().to_bytes(None).unwrap();
    for length in [0, 7, 40, bytes.len() - 1] {
        assert!(matches!(StateDict::from_bytes(&bytes[..length]), Err(StateError::Format(_))), "{length}");
    }
}

#[test]
fn copying_names_what_differs_and_keeps_strides() {
    let target = sample();
    let mut short = StateDict::new();
    short.insert("a", Tensor::from_slice(&[1i64, 2, 3]));
    let message = target.copy_from(&short).unwrap_err().to_string();
    assert!(message.contains("b.weight") && message.contains("c.scale"), "{message}");
    let mut other = sample();
    other.insert("more", ramp(&[1]));
    assert!(matches!(target.copy_from(&other), Err(StateError::Unknown { unknown }) if unknown == ["more"]));

    let mut weights = StateDict::new();
    weights.insert("w", channels_last(&Tensor::zeros([2, 3, 4, 5], (Kind::Float, Device::Cpu))));
    let mut source = StateDict::new();
    source.insert("w", ramp(&[2, 3, 4, 5]));
    weights.copy_from(&source).unwrap();
    let copied = weights.get("w").unwrap();
    assert_eq!(copied.stride(), [60, 1, 15, 3]);
    assert_eq!(copied, source.get("w").unwrap());
    let mut wrong = StateDict::new();
    wrong.insert("w", ramp(&[2, 3, 4, 4]));
    let message = weights.copy_from(&wrong).unwrap_err().to_string();
    assert!(message.contains("w: expected Float [2, 3, 4, 5], found Float [2, 3, 4, 4]"), "{message}");
}

#[test]
fn a_prefix_comes_off_as_it_went_on() {
    let mut whole = StateDict::new();
    whole.extend_under("encoder", &sample());
    whole.extend_under("encoder2", &sample());
    let part = whole.under("encoder");
    assert_eq!(part.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "b.weight", "c.scale"]);
}

proptest! {
    #[test]
    fn any_state_survives_its_bytes(
        shapes in prop::collection::vec(prop::collection::vec(0i64..5, 0..4), 0..6), which in 0usize..4,
    ) {
        let kind = [Kind::Float, Kind::BFloat16, Kind::Double, Kind::Int64][which];
        let tensor = |shape: &Vec<i64>| (ramp(shape) * 100.0).to_kind(kind);
        let state: StateDict =
            shapes.iter().enumerate().map(|(i, shape)| (format!("t.{i}"), tensor(shape))).collect();
        let read = StateDict::from_bytes(&state.to_bytes(None).unwrap()).unwrap();
        prop_assert_eq!(read.len(), state.len());
        for ((_, a), (_, b)) in state.iter().zip(read.iter()) {
            prop_assert_eq!((a.kind(), a.size()), (b.kind(), b.size()));
            prop_assert!(a.equal(b));
        }
    }
}
