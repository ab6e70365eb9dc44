//! Decay groups by role, and layer-wise rates beside those of MAE.

use kontrast_optim::{Group, GroupRate, Parameter, Role};
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

/// A weight and a bias at a depth.
fn layer(depth: usize) -> [Parameter; 2] {
    let parameter = |own: &str, shape: &[i64], role| {
        let tensor = Tensor::zeros(shape, (Kind::Float, Device::Cpu));
        Parameter { name: format!("{depth}.{own}"), tensor, role, depth }
    };
    [parameter("weight", &[2, 2], Role::Weight), parameter("bias", &[2], Role::Bias)]
}

fn names(group: &Group) -> Vec<&str> {
    group.variables.iter().map(|(name, _)| &**name).collect()
}

fn scale(group: &Group) -> f64 {
    match group.rate {
        GroupRate::Scale(scale) => scale,
        GroupRate::Fixed(rate) => panic!("a fixed rate, {rate}"),
    }
}

#[test]
fn rates_of_twelve_blocks_are_those_of_mae() {
    // `[0.65 ** (13 - i) for i in range(14)]`, as `lr_decay.py` of MAE's published code has it for ViT-Base.
    let expected = [
        0.003_697_205_891_018_715,
        0.005_688_009_063_105_715,
        0.008_750_783_174_008_792,
        0.013_462_743_344_628_911,
        0.020_711_912_837_890_63,
        0.031_864_481_289_062_51,
        0.049_022_278_906_250_015,
        0.075_418_890_625_000_01,
        0.116_029_062_500_000_02,
        0.178_506_25,
        0.274_625,
        0.422_5,
        0.65,
        1.0,
    ];
    let groups = Group::by_depth((0..14).flat_map(layer), 0.65);
    assert_eq!(groups.len(), 2 * expected.len());
    for (depth, (both, expected)) in groups.chunks(2).zip(expected).enumerate() {
        assert_eq!(names(&both[0]), [format!("{depth}.weight")]);
        assert_eq!(names(&both[1]), [format!("{depth}.bias")]);
        assert!(both[0].decay && !both[1].decay, "depth {depth}");
        for group in both {
            assert!((scale(group) / expected - 1.0).abs() < 1e-12, "depth {depth}: {}", scale(group));
        }
    }
}

#[test]
fn a_depth_without_biases_has_one_group() {
    let parameters = layer(0).into_iter().chain(layer(3).into_iter().take(1));
    let groups = Group::by_depth(parameters, 0.5);
    assert_eq!(groups.iter().map(scale).collect::<Vec<_>>(), [0.125, 0.125, 1.0]);
    assert!(Group::by_depth([], 0.5).is_empty());
}

#[test]
fn positions_and_tokens_decay_and_what_has_one_dimension_does_not() {
    let parameter = |(name, shape, role): (&str, &[i64], Role)| Parameter {
        name: name.to_owned(),
        tensor: Tensor::zeros(shape, (Kind::Float, Device::Cpu)),
        role,
        depth: 0,
    };
    let parameters = [
        ("positions", &[1, 4, 2][..], Role::Position),
        ("token", &[1, 1, 2], Role::Token),
        ("temperature", &[], Role::Weight),
        ("scale", &[2, 2], Role::Norm),
    ];
    let [decayed, others] = Group::decay_groups(parameters.map(parameter));
    assert_eq!(names(&decayed), ["positions", "token"]);
    assert_eq!(names(&others), ["temperature", "scale"]);
}

proptest! {
    #[test]
    fn a_layer_deeper_is_a_factor_quicker(depths in prop::collection::btree_set(0usize..60, 1..20), factor in 0.3f64..1.0) {
        let last = *depths.last().unwrap();
        let groups = Group::by_depth(depths.iter().copied().flat_map(layer), factor);
        let found: Vec<f64> = groups.chunks(2).map(|both| scale(&both[0])).collect();
        prop_assert_eq!(found.last(), Some(&1.0));
        for (depth, found) in depths.iter().zip(found) {
            let expected = factor.powf((last - depth) as f64);
            prop_assert!((found / expected - 1.0).abs() < 1e-9, "depth {}: {}", depth, found);
        }
    }
}
