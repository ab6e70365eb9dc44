//! ResNets with group norm and without a norm, against torchvision's with the same layers.

use crate::fill::fill;
use kontrast_models::{Depth, Encoder, Init, Mode, Norm, ResNet, ResNetSpec, Stem};
use kontrast_testkit::{Case, assert_close};
use kontrast_torch_ext::{Autocast, Precision};
use tch::{Device, Kind, Tensor, nn};

fn build(depth: Depth, norm: Norm, width: i64) -> (nn::VarStore, ResNet) {
    let (stem, channels, channels_last, bn_splits) = (Stem::Cifar, 3, true, 1);
    let store = nn::VarStore::new(Device::Cpu);
    let spec = ResNetSpec { depth, stem, width, channels, channels_last, bn_splits, norm };
    let encoder = ResNet::new(&store, spec, Init::new(0));
    (store, encoder)
}

fn images() -> Tensor {
    fill(99, &[3, 3, 16, 16], 2) * 5.0
}

#[test]
fn outputs_and_gradients_are_torchvisions() {
    let case = Case::from_bytes(include_bytes!("../golden/norm/case.safetensors"));
    for (name, depth, norm) in [
        ("r18-group", Depth::ResNet18, Norm::Group),
        ("r18-none", Depth::ResNet18, Norm::None),
        ("r50-group", Depth::ResNet50, Norm::Group),
        ("r50-none", Depth::ResNet50, Norm::None),
    ] {
        let (mut store, encoder) = build(depth, norm, 64);
        let variables = encoder.variables();
        let names: Vec<String> = variables.iter().map(|(name, _)| name.to_owned()).collect();
        let expected: Vec<u8> = Vec::try_from(&case[&*format!("{name}.names")]).unwrap();
        assert_eq!(names.join("\n").into_bytes(), expected, "{name}");
        let values = names.iter().enumerate().map(|(place, name)| {
            let size = variables.get(name).unwrap().size();
            (name.clone(), fill(place, &size, 2).to_kind(Kind::Float))
        });
        variables.copy_from(&values.collect()).unwrap();
        let expected = &case[&*format!("{name}.h")];
        let found = tch::no_grad(|| encoder.forward(&images().to_kind(Kind::Float), Mode::Eval.into()));
        // In fp32 roundings of fifty layers add up; the same in fp64 follows.
        assert_close(&found, expected, 1e-4);
        store.double();
        let values = names.iter().enumerate().map(|(place, name)| {
            let size = store.variables()[name].size();
            (name.clone(), fill(place, &size, 2))
        });
        let own = store.variables();
        tch::no_grad(|| values.for_each(|(name, value)| own[&name].shallow_clone().copy_(&value)));
        let x = images().set_requires_grad(true);
        let h = encoder.forward(&x, Mode::Train.into());
        assert_close(&h, expected, 1e-9);
        (&h * fill(7, &h.size(), 2)).sum(Kind::Double).backward();
        let gradients = case.under(&format!("{name}.gradient"));
        assert_eq!(gradients.len(), if norm == Norm::Group { 6 } else { 4 });
        for (key, expected) in gradients.iter() {
            let found = if key == "images" { x.grad() } else { store.variables()[key].grad() };
            let part =
                |found: Tensor, (dimension, side): (usize, &i64)| found.narrow(dimension as i64, 0, *side);
            let found = expected.size().iter().enumerate().fold(found, part);
            assert_close(&found, expected, 1e-9);
        }
    }
}

#[test]
fn an_image_alone_has_the_output_that_it_has_in_a_batch_in_both_modes() {
    for norm in [Norm::Group, Norm::None] {
        let (_store, encoder) = build(Depth::ResNet18, norm, 8);
        let x = images().to_kind(Kind::Float);
        let whole = encoder.forward(&x, Mode::Train.into());
        assert_eq!(encoder.forward(&x, Mode::Eval.into()), whole, "{norm:?}");
        assert_close(&encoder.forward(&x.narrow(0, 1, 1), Mode::Train.into()), &whole.narrow(0, 1, 1), 1e-5);
    }
}

#[test]
fn under_bf16_outputs_are_near_and_gradients_finite() {
    for norm in [Norm::Group, Norm::None] {
        let (store, encoder) = build(Depth::ResNet18, norm, 8);
        let x = images().to_kind(Kind::Float);
        let expected = tch::no_grad(|| encoder.forward(&x, Mode::Train.into()));
        let found = {
            let _autocast = Autocast::new(Device::Cpu, Precision::Bf16);
            encoder.forward(&x, Mode::Train.into())
        };
        assert_eq!(found.kind(), Kind::Float);
        assert_close(&found, &expected, 0.1);
        found.square().sum(Kind::Float).backward();
        for (name, variable) in store.variables() {
            let largest = variable.grad().abs().max().double_value(&[]);
            assert!(largest.is_finite() && largest > 0.0, "{norm:?} {name}: {largest}");
        }
    }
}

#[test]
fn a_shape_with_batch_norm_is_stored_as_before_and_others_come_back() {
    for norm in [Norm::Batch, Norm::Group, Norm::None] {
        let spec = build(Depth::ResNet18, norm, 8).1.spec().unwrap();
        let text = serde_json::to_string(&spec).unwrap();
        assert_eq!(text.contains("norm"), norm != Norm::Batch, "{text}");
        assert_eq!(serde_json::from_str::<kontrast_models::EncoderSpec>(&text).unwrap(), spec);
    }
}
