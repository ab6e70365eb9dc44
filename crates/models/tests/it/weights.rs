//! Files of other programs: the encoders in them give the features that their networks give, or are refused with every
//! difference.

use kontrast_models::{
    Artifact, Depth, Encoder, EncoderSpec, Init, Mode, Norm, PositionEmbedding, ResNetSpec, Stem, Taken,
    VitSpec,
};
use kontrast_testkit::{Case, assert_close};
use kontrast_torch_ext::StateDict;
use std::path::{Path, PathBuf};
use tch::{Device, Kind, Tensor, nn};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/weights").join(name)
}

fn case() -> Case {
    Case::from_bytes(include_bytes!("../golden/weights/case.safetensors"))
}

fn resnet(stem: Stem) -> ResNetSpec {
    ResNetSpec {
        depth: Depth::ResNet18,
        stem,
        width: 2,
        channels: 3,
        channels_last: true,
        bn_splits: 1,
        norm: Norm::Batch,
    }
}

fn vit() -> VitSpec {
    VitSpec { width: 12, depth: 2, heads: 2, ..VitSpec::tiny(4, 16) }
}

fn encoder(spec: EncoderSpec) -> Box<dyn Encoder> {
    spec.build(&nn::VarStore::new(Device::Cpu), Init::new(0))
}

/// An encoder of this shape that took a file's weights, and what was taken.
fn started(name: &str, spec: EncoderSpec, tower: Option<&str>) -> (Box<dyn Encoder>, Taken) {
    let encoder = encoder(spec);
    let artifact = Artifact::open(&file(name)).unwrap_or_else(|error| panic!("{error}"));
    let taken = artifact.weights_for(&*encoder, tower).unwrap_or_else(|error| panic!("{error}"));
    encoder.variables().copy_from(&taken.state).unwrap();
    (encoder, taken)
}

fn refused(name: &str, spec: EncoderSpec) -> String {
    let refused = |error: kontrast_models::ArtifactError| error.to_string();
    match Artifact::open(&file(name)).map_err(refused) {
        Ok(artifact) => artifact.weights_for(&*encoder(spec), None).map_err(refused).unwrap_err(),
        Err(refused) => refused,
    }
}

fn features(encoder: &dyn Encoder, images: &Tensor) -> Tensor {
    tch::no_grad(|| encoder.forward(images, Mode::Eval.into()))
}

#[test]
fn resnets_of_every_style_give_the_features_of_their_networks() {
    let case = case();
    for (name, key, stem, style) in [
        ("torchvision.pth", "torchvision", Stem::Imagenet, "torchvision"),
        ("lightly.ckpt", "lightly", Stem::Cifar, "lightly (state_dict.backbone)"),
        ("lightly_own.ckpt", "lightly_own", Stem::Cifar, "lightly (state_dict.backbone)"),
        ("moco.pth", "moco", Stem::Imagenet, "MoCo (state_dict.module.encoder_q)"),
        ("solo_learn.ckpt", "solo_learn", Stem::Cifar, "solo-learn (state_dict.backbone)"),
        ("simclr.pth", "simclr", Stem::Cifar, "SimCLR (encoder)"),
        ("views.pth", "views", Stem::Cifar, "torchvision"),
    ] {
        let (encoder, taken) = started(name, EncoderSpec::ResNet(resnet(stem)), None);
        assert_eq!(taken.style, style, "{name}");
        assert_eq!(taken.notes.len(), usize::from(name == "lightly_own.ckpt"), "{name}: {:?}", taken.notes);
        let images = &case[if stem == Stem::Imagenet { "large" } else { "images" }];
        assert_close(&features(&*encoder, images), &case[key], 1e-5);
    }
}

#[test]
fn transformers_of_timm_torchvision_and_moco_v3_give_the_features_of_their_networks() {
    let case = case();
    for (name, key, style) in [
        ("timm.safetensors", "timm", "timm"),
        ("torchvision_vit.pth", "torchvision_vit", "torchvision"),
        ("mocov3.pth.tar", "mocov3", "MoCo v3 (state_dict.module.base_encoder)"),
    ] {
        let (encoder, taken) = started(name, EncoderSpec::Vit(vit()), None);
        assert_eq!(taken.style, style, "{name}");
        assert!(taken.notes[0].contains("how many heads of attention"), "{:?}", taken.notes);
        assert_close(&features(&*encoder, &case["images"]), &case[key], 1e-5);
    }
    // Stored positions that are the formula's need no place.
    let sines = VitSpec { position: PositionEmbedding::Sines, ..vit() };
    let (encoder, _) = started("mocov3.pth.tar", EncoderSpec::Vit(sines), None);
    assert_close(&features(&*encoder, &case["images"]), &case["mocov3"], 1e-5);
    assert!(refused("timm.safetensors", EncoderSpec::Vit(sines)).contains("with position = \"learned\""));
}

#[test]
fn positions_of_another_size_are_resized() {
    let larger = VitSpec { side: 32, ..vit() };
    let (encoder, taken) = started("timm.safetensors", EncoderSpec::Vit(larger), None);
    assert!(taken.notes[1].contains("resized from 4x4 to 8x8 patches"), "{:?}", taken.notes);
    let (own, _) = started("timm.safetensors", EncoderSpec::Vit(vit()), None);
    let images = &case()["large"];
    // A transformer of the smaller size resizes as it goes.
    assert_close(&features(&*encoder, images), &features(&*own, images), 1e-5);
}

#[test]
fn what_is_left_out_is_counted_and_named() {
    let said = |name: &str, stem| started(name, EncoderSpec::ResNet(resnet(stem)), None).1.in_words();
    assert_eq!(
        said("moco.pth", Stem::Imagenet),
        "took 100 tensors in the style of MoCo (state_dict.module.encoder_q); left out 146: 40 of num_batches_tracked, 100 of \
         state_dict.module.encoder_k, 2 of state_dict.module.encoder_k.fc, 2 of state_dict.module.encoder_q.fc, 1 of \
         state_dict.module.queue, 1 of state_dict.module.queue_ptr"
    );
    assert_eq!(
        said("lightly.ckpt", Stem::Cifar),
        "took 100 tensors in the style of lightly (state_dict.backbone); left out 35: 1 of callbacks, 22 of num_batches_tracked, \
         2 of optimizer_states, 10 of state_dict.projection_head"
    );
}

#[test]
fn a_momentum_encoder_is_taken_where_it_is_named() {
    let momentum = "state_dict.module.encoder_k";
    let (encoder, _) = started("moco.pth", EncoderSpec::ResNet(resnet(Stem::Imagenet)), Some(momentum));
    let own = Artifact::open(&file("moco.pth")).unwrap();
    let theirs = own.state().get(&format!("{momentum}.conv1.weight")).unwrap().to_kind(Kind::Float);
    assert_eq!(encoder.variables().get("conv1.weight").unwrap().detach(), theirs);
    let towers: Vec<_> = own.header().towers.iter().map(|tower| &*tower.name).collect();
    assert_eq!(towers, ["state_dict.module.encoder_q", momentum]);
    let read = own.encoder(momentum, Device::Cpu).unwrap();
    let images = &case()["large"];
    assert_eq!(features(&*read, images), features(&*encoder, images));
}

#[test]
fn another_network_is_refused_with_every_difference() {
    let stem = refused("torchvision.pth", EncoderSpec::ResNet(resnet(Stem::Cifar)));
    let expected = "the file has stem = \"imagenet\" (7x7, stride 2, max-pool) where \"cifar\" (3x3, stride 1) is asked for. 1 of \
                    another shape: conv1.weight (expected Float [2, 3, 3, 3], found Float [2, 3, 7, 7])";
    assert!(stem.contains(expected), "{stem}");
    let deeper = ResNetSpec { depth: Depth::ResNet34, ..resnet(Stem::Imagenet) };
    let deeper = refused("torchvision.pth", EncoderSpec::ResNet(deeper));
    assert!(deeper.contains("the network ResNet18 where ResNet34 is asked for. "), "{deeper}");
    assert!(deeper.contains("80 missing: layer1.2.bn1.bias, "), "{deeper}");
    let shallower = VitSpec { depth: 1, ..vit() };
    let shallower = refused("timm.safetensors", EncoderSpec::Vit(shallower));
    assert!(shallower.contains("depth = 2 where 1 is asked for. 12 unknown here: blocks.1."), "{shallower}");
    let kind = refused("timm.safetensors", EncoderSpec::ResNet(resnet(Stem::Cifar)));
    assert!(kind.contains("a vision transformer where a ResNet is asked for"), "{kind}");
    let learned = refused("torchvision.pth", EncoderSpec::Vit(vit()));
    assert!(learned.contains("a ResNet where a vision transformer is asked for"), "{learned}");
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let own = encoder(EncoderSpec::ResNet(resnet(Stem::Cifar)));
    let mut state: StateDict = own
        .variables()
        .iter()
        .filter(|(name, _)| *name != "bn1.bias")
        .map(|(n, t)| (n.to_owned(), t.copy()))
        .collect();
    state.insert("bn1.bias", Tensor::from_slice(&[0.0, f32::NAN]));
    let path = folder.path().join("nan.safetensors");
    std::fs::write(&path, state.to_bytes(None).unwrap()).unwrap();
    let refused =
        Artifact::open(&path).unwrap().weights_for(&*own, None).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("its bn1.bias holds NaN or infinite numbers"), "{refused}");
}

#[test]
fn shapes_that_claim_more_numbers_than_a_file_has_make_no_network() {
    let folder = tempfile::tempdir().unwrap();
    let own = encoder(EncoderSpec::ResNet(resnet(Stem::Cifar))).variables();
    let others = own.iter().filter(|(name, _)| *name != "conv1.weight");
    let mut state: StateDict = others.map(|(name, tensor)| (name.to_owned(), tensor.copy())).collect();
    state.insert("conv1.weight", Tensor::zeros([60_000, 3, 3, 0], (Kind::Float, Device::Cpu)));
    let path = folder.path().join("wide.safetensors");
    std::fs::write(&path, state.to_bytes(None).unwrap()).unwrap();
    let artifact = Artifact::open(&path).unwrap();
    let refused = artifact.encoder("encoder", Device::Cpu).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("numbers, and its tensors hold"), "{refused}");
}

#[test]
fn files_that_would_have_to_be_run_are_refused_with_what_to_do() {
    let said = |name| refused(name, EncoderSpec::ResNet(resnet(Stem::Cifar)));
    assert!(said("legacy.pth").contains("in the format of PyTorch before 1.6"), "{}", said("legacy.pth"));
    assert!(
        said("object.pth").contains("a pickled object, torch.nn.modules.linear.Linear"),
        "{}",
        said("object.pth")
    );
    assert!(said("script.pt").contains("a TorchScript module"), "{}", said("script.pt"));
    assert!(said("command.pth").contains("found 1 tensors of something else"), "{}", said("command.pth"));
    assert!(!Path::new("ran").exists(), "no code of a file is run");
}
