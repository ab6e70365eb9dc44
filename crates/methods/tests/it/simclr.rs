//! SimCLR: gradients reach everything that is trained, views may be swapped, state round-trips.

use kontrast_augment::ViewPlan;
use kontrast_methods::{Method, Progress, Simclr, SimclrSpec, ViewSpec, Views};
use kontrast_models::{Depth, Mode, ProjectorSpec, ResNetSpec, Stem};
use kontrast_optim::{Optimizer, Rates, Sgd};
use kontrast_testkit::assert_close;
use kontrast_torch_ext::{Precision, StateDict};
use tch::{Device, Kind, Tensor};

const N: i64 = 16;

fn method(precision: Precision, batch_norm: bool, widths: &[i64]) -> Simclr {
    let spec = SimclrSpec {
        encoder: ResNetSpec { depth: Depth::ResNet18, stem: Stem::Cifar, width: 8, channels_last: true },
        projector: ProjectorSpec { widths: widths.to_vec(), batch_norm },
        temperature: 0.2,
        precision,
        seed: 1,
    };
    let plan = ViewPlan::evaluation((16, 16));
    Simclr::new(spec, ViewSpec { plans: vec![plan.clone(), plan] }, Device::Cpu)
}

/// Two noisy views of smooth images, from a formula.
fn batch(swapped: bool) -> Views {
    let ramp = Tensor::arange(N * 3 * 16 * 16, (Kind::Float, Device::Cpu)).reshape([N, 3, 16, 16]);
    let image = (&ramp * 0.013).sin() + (&ramp * 0.0007).cos();
    let (a, b) = (&image + (&ramp * 1.7).sin() * 0.3, &image + (&ramp * 2.3).sin() * 0.3);
    let views = if swapped { [b, a] } else { [a, b] };
    Views::new(Tensor::cat(&views, 0), (0..N as u32).collect())
}

fn progress(step: u64) -> Progress {
    Progress { step, steps: 100, epoch: 0, epochs: 1 }
}

fn gradients(method: &Simclr) -> StateDict {
    let variables = method.groups().into_iter().flat_map(|group| group.variables);
    variables.map(|(name, variable)| (name, variable.grad().copy())).collect()
}

#[test]
fn the_gradient_reaches_every_trained_variable() {
    for (precision, batch_norm, widths) in [
        (Precision::Fp32, false, &[32, 16][..]),
        (Precision::Fp32, true, &[32, 16]),
        (Precision::Bf16, false, &[16]),
        (Precision::Bf16, true, &[]),
    ] {
        let mut method = method(precision, batch_norm, widths);
        let output = method.step(&batch(false), progress(0));
        assert!(output.loss.double_value(&[]).is_finite() && !output.embeddings.requires_grad());
        for (name, gradient) in gradients(&method).iter() {
            let size = gradient.abs().max().double_value(&[]);
            assert!(size.is_finite() && size > 0.0, "{name}: largest gradient {size}");
        }
    }
}

#[test]
fn the_first_loss_stands_near_chance_and_falls() {
    let mut method = method(Precision::Bf16, false, &[32, 16]);
    let mut optimizer = Sgd::new(method.groups(), 0.9, false);
    let mut losses = Vec::new();
    for step in 0..30 {
        optimizer.zero_grad();
        let output = method.step(&batch(false), progress(step));
        optimizer.step(Rates { lr: 0.05, weight_decay: 0.0 });
        method.after_step(progress(step));
        assert_eq!(output.chance, Some(31f64.ln()));
        losses.push(output.loss.double_value(&[]));
    }
    // A tenth below chance at most: two views of an image are somewhat alike before any training.
    let chance = ((2 * N - 1) as f64).ln();
    assert!((losses[0] - chance).abs() < 0.1 * chance, "{} beside chance {chance}", losses[0]);
    assert!(losses[29] < 0.5 * losses[0], "{losses:?}");
}

#[test]
fn swapping_the_views_changes_neither_loss_nor_gradient() {
    let (mut a, mut b) = (method(Precision::Fp32, true, &[32, 16]), method(Precision::Fp32, true, &[32, 16]));
    let (first, second) = (a.step(&batch(false), progress(0)), b.step(&batch(true), progress(0)));
    assert_close(&second.loss, &first.loss, 1e-5);
    let (first, second) = (gradients(&a), gradients(&b));
    for ((name, expected), (_, found)) in first.iter().zip(second.iter()) {
        // The gradient of a bias before a norm is zero but for rounding.
        let largest = expected.abs().max().double_value(&[]);
        let error = (found - expected).abs().max().double_value(&[]);
        assert!(error < 1e-4 * largest.max(1e-2), "{name}: {error} of {largest}");
    }
}

#[test]
fn state_round_trips_and_training_goes_on_bit_equal() {
    kontrast_torch_ext::deterministic(true);
    let train = |method: &mut Simclr, steps: std::ops::Range<u64>| {
        let mut optimizer = Sgd::new(method.groups(), 0.0, false);
        for step in steps {
            optimizer.zero_grad();
            method.step(&batch(step % 2 == 1), progress(step));
            optimizer.step(Rates { lr: 0.05, weight_decay: 1e-4 });
        }
    };
    let mut straight = method(Precision::Bf16, true, &[32, 16]);
    train(&mut straight, 0..3);
    let bytes = straight.state().to_bytes(None).unwrap();
    train(&mut straight, 3..6);
    let mut resumed = method(Precision::Bf16, true, &[32, 16]);
    resumed.load_state(&StateDict::from_bytes(&bytes).unwrap()).unwrap();
    train(&mut resumed, 3..6);
    for ((name, a), (_, b)) in straight.state().iter().zip(resumed.state().iter()) {
        assert_eq!(a, b, "{name}");
    }
}

#[test]
fn what_evaluation_reads_is_the_encoder_that_is_trained() {
    let mut method = method(Precision::Fp32, false, &[16]);
    let x = batch(false).view(0);
    let before = method.encoder().forward(&x, Mode::Eval);
    method.step(&batch(false), progress(0));
    Sgd::new(method.groups(), 0.0, false).step(Rates { lr: 0.1, weight_decay: 0.0 });
    assert_ne!(method.encoder().forward(&x, Mode::Eval), before);
}
