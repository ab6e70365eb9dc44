//! Role and depth of the variables of every encoder.

use kontrast_models::{
    AmdimSpec, Depth, Encoder, EncoderSpec, Init, NinSpec, Norm, Parameter, PositionEmbedding, ResNetSpec,
    Role, Stem, VitSpec,
};
use tch::{Device, nn};

fn resnet(depth: Depth, stem: Stem) -> EncoderSpec {
    EncoderSpec::ResNet(ResNetSpec {
        depth,
        stem,
        width: 2,
        channels: 3,
        channels_last: true,
        bn_splits: 1,
        norm: Norm::Batch,
    })
}

fn nin(blocks: i64) -> EncoderSpec {
    EncoderSpec::Nin(NinSpec { blocks, width: 12, channels: 3, channels_last: true, bn_splits: 1 })
}

fn amdim(size: i64) -> EncoderSpec {
    let (width, rkhs, depth, channels, channels_last, bn_splits) = (2, 20, 2, 3, true, 1);
    EncoderSpec::Amdim(AmdimSpec { size, width, rkhs, depth, channels, channels_last, bn_splits })
}

fn vit(position: PositionEmbedding, frozen_projection: bool) -> EncoderSpec {
    let small = VitSpec { width: 12, depth: 3, ..VitSpec::tiny(4, 8) };
    EncoderSpec::Vit(VitSpec { position, frozen_projection, ..small })
}

fn every_architecture() -> Vec<EncoderSpec> {
    let depths = [Depth::ResNet18, Depth::ResNet34, Depth::ResNet50, Depth::ResNet101, Depth::ResNet152];
    let resnets =
        depths.into_iter().flat_map(|depth| [Stem::Cifar, Stem::Imagenet].map(|stem| resnet(depth, stem)));
    let vits = [PositionEmbedding::Learned, PositionEmbedding::Sines]
        .into_iter()
        .flat_map(|p| [false, true].map(|frozen| vit(p, frozen)));
    resnets.chain([1, 3, 5].map(nin)).chain([32, 64, 128].map(amdim)).chain(vits).collect()
}

fn encoder(spec: EncoderSpec) -> Box<dyn Encoder> {
    spec.build(&nn::VarStore::new(Device::Cpu), Init::new(1))
}

/// Role and depth by name.
fn found(spec: EncoderSpec) -> impl Fn(&str) -> (Role, usize) {
    let parameters = encoder(spec).parameters();
    move |name| {
        let parameter = parameters.iter().find(|parameter| parameter.name == name);
        let Parameter { role, depth, .. } = parameter.unwrap_or_else(|| panic!("no {name}"));
        (*role, *depth)
    }
}

#[test]
fn parameters_are_the_trained_variables_and_share_their_memory() {
    for spec in every_architecture() {
        let encoder = encoder(spec);
        let (parameters, trained) = (encoder.parameters(), encoder.variables().trained());
        assert_eq!(parameters.len(), trained.len(), "{spec:?}");
        for (parameter, (name, variable)) in parameters.iter().zip(&trained) {
            assert_eq!(parameter.name, *name, "{spec:?}");
            assert_eq!(parameter.tensor.data_ptr(), variable.data_ptr(), "{spec:?}: {name}");
        }
    }
}

#[test]
fn decay_by_role_is_decay_by_dimension() {
    for spec in every_architecture() {
        for parameter in encoder(spec).parameters() {
            let decays = matches!(parameter.role, Role::Weight | Role::Position | Role::Token);
            let weight = parameter.tensor.dim() > 1;
            assert_eq!((decays, parameter.decays()), (weight, weight), "{spec:?}: {}", parameter.name);
        }
    }
}

#[test]
fn every_depth_down_to_the_last_has_variables() {
    for (spec, last) in [
        (resnet(Depth::ResNet18, Stem::Cifar), 8),
        (resnet(Depth::ResNet34, Stem::Cifar), 16),
        (resnet(Depth::ResNet50, Stem::Imagenet), 16),
        (resnet(Depth::ResNet101, Stem::Imagenet), 33),
        (resnet(Depth::ResNet152, Stem::Imagenet), 50),
        (nin(1), 0),
        (nin(4), 3),
        (amdim(32), 6),
        (amdim(128), 6),
        (vit(PositionEmbedding::Learned, false), 4),
    ] {
        let mut depths: Vec<_> = encoder(spec).parameters().iter().map(|parameter| parameter.depth).collect();
        depths.sort_unstable();
        depths.dedup();
        assert_eq!(depths, (0..=last).collect::<Vec<_>>(), "{spec:?}");
    }
}

#[test]
fn a_resnet_has_its_stem_first_and_then_a_depth_a_block() {
    let found = found(resnet(Depth::ResNet50, Stem::Imagenet));
    assert_eq!(found("conv1.weight"), (Role::Weight, 0));
    assert_eq!(found("bn1.bias"), (Role::Norm, 0));
    assert_eq!(found("layer1.0.downsample.1.bias"), (Role::Norm, 1));
    assert_eq!(found("layer1.2.conv3.weight"), (Role::Weight, 3));
    assert_eq!(found("layer2.0.conv1.weight"), (Role::Weight, 4));
    assert_eq!(found("layer4.2.bn3.weight"), (Role::Norm, 16));
}

#[test]
fn a_network_in_network_has_a_depth_a_block() {
    let found = found(nin(4));
    assert_eq!(found("block1.conv1.weight"), (Role::Weight, 0));
    assert_eq!(found("block4.bn3.bias"), (Role::Norm, 3));
}

#[test]
fn amdims_encoder_has_its_stem_first_and_then_a_depth_a_block() {
    let found = found(amdim(128));
    assert_eq!(found("conv1.bias"), (Role::Bias, 0));
    assert_eq!(found("conv2.weight"), (Role::Weight, 0));
    assert_eq!(found("block1.1.conv2.weight"), (Role::Weight, 1));
    assert_eq!(found("block6.0.conv1.weight"), (Role::Weight, 6));
    assert_eq!(found("bn.weight"), (Role::Norm, 6));
}

#[test]
fn a_transformer_has_its_patches_first_and_its_last_norm_last() {
    let found = found(vit(PositionEmbedding::Learned, false));
    assert_eq!(found("cls_token"), (Role::Token, 0));
    assert_eq!(found("pos_embed"), (Role::Position, 0));
    assert_eq!(found("patch_embed.proj.weight"), (Role::Weight, 0));
    assert_eq!(found("patch_embed.proj.bias"), (Role::Bias, 0));
    assert_eq!(found("blocks.0.norm1.bias"), (Role::Norm, 1));
    assert_eq!(found("blocks.2.attn.qkv.bias"), (Role::Bias, 3));
    assert_eq!(found("blocks.2.mlp.fc2.weight"), (Role::Weight, 3));
    assert_eq!(found("norm.weight"), (Role::Norm, 4));
}

#[test]
fn a_transformer_of_twelve_blocks_counts_them_to_the_end() {
    let deep = VitSpec { width: 12, ..VitSpec::tiny(4, 8) };
    let found = found(EncoderSpec::Vit(deep));
    assert_eq!(found("blocks.1.norm1.weight").1, 2);
    assert_eq!(found("blocks.11.norm1.weight").1, 12);
}
