//! ResNets against torchvision: names, outputs, statistics, gradients, initial values.

use kontrast_models::{Depth, Encoder, Init, Mode, Norm, ResNet, ResNetSpec, Stem, trained};
use kontrast_testkit::{Case, assert_close, relative_error};
use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};

fn case() -> Case {
    Case::from_bytes(include_bytes!("../golden/resnet/case.safetensors"))
}

fn build(spec: ResNetSpec) -> (nn::VarStore, ResNet) {
    let store = nn::VarStore::new(Device::Cpu);
    let encoder = ResNet::new(&store, spec, Init::new(0));
    (store, encoder)
}

fn small() -> ResNetSpec {
    ResNetSpec {
        depth: Depth::ResNet18,
        stem: Stem::Cifar,
        width: 8,
        channels: 3,
        channels_last: true,
        bn_splits: 1,
        norm: Norm::Batch,
    }
}

/// The rule by which `generate.py` fills a tensor.
fn fill(name: &str, shape: &[i64]) -> Tensor {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let n: i64 = shape.iter().product();
    let phase = Tensor::arange(n, (Kind::Double, Device::Cpu)) * 12.9898 + (hash % 1000) as f64;
    let wave = (phase.sin() * 43_758.545_3).fmod(1.0).reshape(shape);
    let value: Tensor = if let [outputs, _, height, width] = shape {
        wave * (6.0 / (outputs * height * width) as f64).sqrt()
    } else if name.ends_with(".bn2.weight") || name.ends_with(".bn3.weight") {
        (wave * 0.3 + 1.0) * 0.1
    } else if name.ends_with("running_var") || name.ends_with("weight") {
        wave * 0.3 + 1.0
    } else {
        wave * 0.1
    };
    value.to_kind(Kind::Float)
}

fn filled(spec: ResNetSpec) -> (nn::VarStore, ResNet) {
    let (store, encoder) = build(spec);
    let values =
        encoder.variables().iter().map(|(name, t)| (name.to_owned(), fill(name, &t.size()))).collect();
    encoder.variables().copy_from(&values).unwrap();
    (store, encoder)
}

#[test]
fn outputs_statistics_and_gradients_are_torchvisions_in_both_modes() {
    let case = case();
    let images = fill("images", &[16, 3, 96, 96]);
    for (name, depth, stem, width, size) in [
        ("r18-cifar", Depth::ResNet18, Stem::Cifar, 64, 32),
        ("r18-imagenet", Depth::ResNet18, Stem::Imagenet, 64, 96),
        ("r50-cifar", Depth::ResNet50, Stem::Cifar, 64, 32),
        ("r50-imagenet", Depth::ResNet50, Stem::Imagenet, 64, 96),
        ("r18-narrow", Depth::ResNet18, Stem::Cifar, 16, 32),
    ] {
        let x = images.narrow(2, 0, size).narrow(3, 0, size);
        for channels_last in [false, true] {
            let key = |part: &str| format!("{name}.{part}");
            let (_, encoder) = filled(ResNetSpec {
                depth,
                stem,
                width,
                channels: 3,
                channels_last,
                bn_splits: 1,
                norm: Norm::Batch,
            });
            let eval = tch::no_grad(|| encoder.forward(&x, Mode::Eval.into()));
            assert_close(&eval.narrow(0, 0, 4), &case[&key("eval")], 1e-5);
            let h = encoder.forward(&x, Mode::Train.into());
            assert_close(&h.narrow(0, 0, 4), &case[&key("train")], 1e-5);
            let block = if depth == Depth::ResNet18 { "layer4.1.bn2" } else { "layer4.2.bn2" };
            for statistic in ["running_mean", "running_var"] {
                let variables = encoder.variables();
                let found = variables.get(&format!("{block}.{statistic}")).unwrap();
                assert_close(found, &case[&key(statistic)], 1e-5);
            }
        }
        gradients_agree_in_fp64(
            &case,
            name,
            ResNetSpec {
                depth,
                stem,
                width,
                channels: 3,
                channels_last: true,
                bn_splits: 1,
                norm: Norm::Batch,
            },
            &x,
        );
    }
}

fn gradients_agree_in_fp64(case: &Case, name: &str, spec: ResNetSpec, x: &Tensor) {
    let (mut store, encoder) = filled(spec);
    store.double();
    let h = encoder.forward(&x.to_kind(Kind::Double), Mode::Train.into());
    (&h * fill("direction", &h.size()).to_kind(Kind::Double)).sum(Kind::Double).backward();
    let gradient = |name: &str| store.variables()[name].grad();
    assert_close(&gradient("conv1.weight").narrow(0, 0, 8), &case[&format!("{name}.gradient_conv1")], 1e-9);
    assert_close(&gradient("layer3.0.bn1.weight"), &case[&format!("{name}.gradient_bn")], 1e-9);
}

#[test]
fn variables_bear_torchvisions_names() {
    let case = case();
    for (name, depth) in [("r18-cifar", Depth::ResNet18), ("r50-imagenet", Depth::ResNet50)] {
        let stem = if name.ends_with("cifar") { Stem::Cifar } else { Stem::Imagenet };
        let (store, encoder) = build(ResNetSpec {
            depth,
            stem,
            width: 64,
            channels: 3,
            channels_last: false,
            bn_splits: 1,
            norm: Norm::Batch,
        });
        let bytes: Vec<u8> = Vec::try_from(&case[&format!("{name}.names")]).unwrap();
        let mut expected: Vec<String> =
            String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect();
        expected.sort();
        let found: Vec<String> = encoder.variables().iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(found, expected);
        let parameters: usize = trained(&store).iter().map(|(_, v)| v.numel()).sum();
        assert_eq!(parameters as f64, case.number(&format!("{name}.parameters")));
    }
}

#[test]
fn initial_values_have_torchvisions_stds_and_norms_start_at_one() {
    let case = case();
    let spec = ResNetSpec {
        depth: Depth::ResNet18,
        stem: Stem::Imagenet,
        width: 64,
        channels: 3,
        channels_last: false,
        bn_splits: 1,
        norm: Norm::Batch,
    };
    let (_, encoder) = build(spec);
    let variables = encoder.variables();
    for layer in ["conv1", "layer1.0.conv1", "layer4.1.conv2"] {
        let std = variables.get(&format!("{layer}.weight")).unwrap().std(false).double_value(&[]);
        let expected = case.number(&format!("init.{layer}"));
        assert!((std / expected - 1.0).abs() < 0.03, "{layer}: {std} beside {expected}");
    }
    for (name, value) in [("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)] {
        let tensor = variables.get(&format!("layer2.0.bn1.{name}")).unwrap();
        assert_eq!(*tensor, tensor.full_like(value), "{name}");
    }
}

#[test]
fn initial_values_follow_from_the_seed_alone() {
    let values = |seed| {
        let store = nn::VarStore::new(Device::Cpu);
        ResNet::new(&store, small(), Init::new(seed)).variables().get("conv1.weight").unwrap().copy()
    };
    assert_eq!(values(3), values(3));
    assert_ne!(values(3), values(4));
}

#[test]
fn resnet34_is_as_large_as_in_the_paper() {
    let (store, encoder) = build(ResNetSpec {
        depth: Depth::ResNet34,
        stem: Stem::Imagenet,
        width: 64,
        channels: 3,
        channels_last: false,
        bn_splits: 1,
        norm: Norm::Batch,
    });
    let parameters: usize = trained(&store).iter().map(|(_, v)| v.numel()).sum();
    // torchvision's 21,797,672 less the classifier's 512 x 1000 + 1000.
    assert_eq!(parameters, 21_284_672);
    assert_eq!(encoder.width(), 512);
}

#[test]
fn replay_uses_the_batch_and_leaves_the_running_statistics_bit_equal() {
    let (_, encoder) = filled(small());
    let x = fill("images", &[4, 3, 16, 16]);
    let before = encoder.variables().detached_copy();
    let replayed = encoder.forward(&x, Mode::Replay.into());
    for ((_, a), (name, b)) in before.iter().zip(encoder.variables().iter()) {
        assert_eq!(a, b, "{name}");
    }
    assert_close(&replayed, &encoder.forward(&x, Mode::Train.into()), 1e-6);
}

#[test]
fn stages_end_in_what_the_pool_averages() {
    let (_, encoder) = filled(small());
    let x = fill("images", &[2, 3, 32, 32]);
    let stages = encoder.stages(&x, Mode::Eval.into());
    let shapes: Vec<Vec<i64>> = stages.iter().map(Tensor::size).collect();
    assert_eq!(shapes, [[2, 8, 32, 32], [2, 16, 16, 16], [2, 32, 8, 8], [2, 64, 4, 4]].map(Vec::from));
    let pooled = stages[3].mean_dim([2i64, 3].as_slice(), false, None);
    assert_close(&pooled, &encoder.forward(&x, Mode::Eval.into()), 1e-5);
}

#[test]
fn a_handle_follows() {
    let (store, encoder) = filled(small());
    let x = fill("images", &[2, 3, 16, 16]);
    let handle = encoder.handle();
    let before = encoder.forward(&x, Mode::Eval.into());
    let _ = tch::no_grad(|| store.variables()["conv1.weight"].shallow_clone().g_mul_scalar_(0.5));
    let after = encoder.forward(&x, Mode::Eval.into());
    assert_eq!(handle.forward(&x, Mode::Eval.into()), after);
    assert_ne!(after, before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn in_evaluation_an_image_is_seen_alone(n in 2i64..6, which in 0i64..6, side in 8i64..24, channels_last: bool) {
        let (_, encoder) = filled(ResNetSpec { channels_last, ..small() });
        let images = fill("images", &[n, 3, side, side]);
        let which = which % n;
        let together = tch::no_grad(|| encoder.forward(&images, Mode::Eval.into())).narrow(0, which, 1);
        let alone = tch::no_grad(|| encoder.forward(&images.narrow(0, which, 1), Mode::Eval.into()));
        prop_assert!(relative_error(&alone, &together) < 1e-5);
    }
}
