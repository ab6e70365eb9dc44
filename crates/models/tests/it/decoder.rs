//! The decoder against PyTorch: names, outputs, gradients.

use kontrast_models::{Decoder, DecoderSpec, Depth, EncoderSpec, Init, Mode, Norm, ResNetSpec, Stem};
use kontrast_testkit::{Case, assert_close};
use tch::{Device, Kind, Tensor, nn};

/// Weights are those of a linear layer and of convolutions.
fn fill(place: usize, shape: &[i64]) -> Tensor {
    crate::fill::fill(place, shape, 2)
}

#[test]
fn names_outputs_and_gradients_are_pytorchs() {
    let case = Case::from_bytes(include_bytes!("../golden/decoder/case.safetensors"));
    for channels_last in [false, true] {
        let (of_encoder, mut store) = (nn::VarStore::new(Device::Cpu), nn::VarStore::new(Device::Cpu));
        let resnet = ResNetSpec {
            depth: Depth::ResNet18,
            stem: Stem::Cifar,
            width: 8,
            channels: 3,
            channels_last,
            bn_splits: 1,
            norm: Norm::Batch,
        };
        let encoder = EncoderSpec::ResNet(resnet).build(&of_encoder, Init::new(0));
        let spec = DecoderSpec { width: 24, size: [32; 2], channels: 3, channels_last };
        let decoder = Decoder::mirroring(&*encoder, spec, &store, Init::new(0));
        store.double();
        let variables = store.variables();
        let mut names: Vec<&String> = variables.keys().collect();
        names.sort();
        let expected: Vec<u8> = Vec::try_from(&case["names"]).unwrap();
        assert_eq!(
            names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join("\n"),
            String::from_utf8(expected).unwrap()
        );
        for (place, name) in names.into_iter().enumerate() {
            let variable = &variables[name];
            // PyTorch's model is one of fp32 when it is filled.
            let value = fill(place, &variable.size()).to_kind(Kind::Float);
            tch::no_grad(|| variable.shallow_clone().copy_(&value));
        }
        let z = fill(1000, &[4, 24]);
        let out = tch::no_grad(|| decoder.forward(&z, Mode::Eval));
        assert_close(&out.narrow(0, 0, 1), &case["eval"], 1e-9);
        let z = z.set_requires_grad(true);
        let out = decoder.forward(&z, Mode::Train);
        assert_close(&out.narrow(0, 0, 1), &case["train"], 1e-9);
        (&out * fill(2000, &out.size())).sum(Kind::Double).backward();
        assert_close(&z.grad(), &case["gradient_z"], 1e-7);
        assert_close(&variables["last.weight"].grad(), &case["gradient_last"], 1e-7);
        let expand = variables["expand.weight"].grad();
        assert_close(&expand.narrow(0, 0, 8), &case["gradient_expand"], 1e-7);
    }
}
