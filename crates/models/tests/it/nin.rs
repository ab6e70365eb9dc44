//! The network in network against PyTorch: names, outputs, feature maps, statistics, gradients, initial values.

use kontrast_models::{Encoder, EncoderSpec, Init, Mode, Nin, NinBlock, NinSpec, trained};
use kontrast_testkit::{Case, assert_close, relative_error};
use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};

fn case() -> Case {
    Case::from_bytes(include_bytes!("../golden/nin/case.safetensors"))
}

fn spec(blocks: i64) -> NinSpec {
    NinSpec { blocks, width: 192, channels: 3, channels_last: true, bn_splits: 1 }
}

/// Weights are those of convolutions.
fn fill(place: usize, shape: &[i64]) -> Tensor {
    crate::fill::fill(place, shape, 4)
}

fn images() -> Tensor {
    fill(1000, &[4, 3, 32, 32]).to_kind(Kind::Float)
}

fn filled(spec: NinSpec) -> (nn::VarStore, Nin) {
    let store = nn::VarStore::new(Device::Cpu);
    let encoder = Nin::new(&store, spec, Init::new(0));
    let value = |(place, (name, tensor)): (usize, (&str, &Tensor))| {
        (name.to_owned(), fill(place, &tensor.size()).to_kind(Kind::Float))
    };
    let values = encoder.variables().iter().enumerate().map(value).collect();
    encoder.variables().copy_from(&values).unwrap();
    (store, encoder)
}

#[test]
fn outputs_maps_statistics_and_gradients_are_pytorchs_in_both_modes() {
    let case = case();
    for blocks in [3, 4, 5] {
        let key = |part: &str| format!("{blocks}.{part}");
        for channels_last in [false, true] {
            let (_, encoder) = filled(NinSpec { channels_last, ..spec(blocks) });
            let maps = tch::no_grad(|| encoder.stages(&images(), Mode::Eval.into()));
            assert_eq!(maps.len(), blocks as usize);
            for (stage, map) in maps.iter().enumerate() {
                let part = map.narrow(0, 0, 1).narrow(1, 0, 8).narrow(2, 0, 4).narrow(3, 0, 4);
                assert_close(&part, &case[&key(&format!("stage{stage}"))], 1e-4);
            }
            let h = tch::no_grad(|| encoder.forward(&images(), Mode::Eval.into()));
            assert_close(&h, &case[&key("eval")], 1e-4);
        }
        // In fp64: through batch norm fp32 loses three digits of the gradients, in any library.
        let (mut store, encoder) = filled(spec(blocks));
        store.double();
        let h = encoder.forward(&images().to_kind(Kind::Double), Mode::Train.into());
        assert_close(&h, &case[&key("train")], 1e-6);
        let variables = store.variables();
        assert_close(&variables["block2.bn3.running_var"], &case[&key("running_var")], 1e-6);
        (&h * fill(2000, &h.size())).sum(Kind::Double).backward();
        let gradient = |name: &str| variables[name].grad();
        assert_close(&gradient("block1.conv1.weight").narrow(0, 0, 8), &case[&key("gradient_conv")], 1e-5);
        assert_close(&gradient("block3.bn2.weight"), &case[&key("gradient_bn")], 1e-5);
    }
}

#[test]
fn names_and_parameters_are_those_of_the_same_network_in_pytorch() {
    let case = case();
    for blocks in [3, 4, 5] {
        let store = nn::VarStore::new(Device::Cpu);
        let encoder = EncoderSpec::Nin(spec(blocks)).build(&store, Init::new(0));
        let bytes: Vec<u8> = Vec::try_from(&case[&format!("{blocks}.names")]).unwrap();
        let found: Vec<String> = encoder.variables().iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(found.join("\n"), String::from_utf8(bytes).unwrap());
        let parameters: usize = trained(&store).iter().map(|(_, v)| v.numel()).sum();
        assert_eq!(parameters as f64, case.number(&format!("{blocks}.parameters")));
        assert_eq!(encoder.width(), 192);
    }
}

#[test]
fn initial_values_are_normal_by_fan_out() {
    let store = nn::VarStore::new(Device::Cpu);
    Nin::new(&store, spec(3), Init::new(0));
    for (name, fan_out) in [("block1.conv1", 192 * 25), ("block2.conv2", 192), ("block3.conv1", 192 * 9)] {
        let std = store.variables()[&format!("{name}.weight")].std(false).double_value(&[]);
        let expected = (2.0 / f64::from(fan_out)).sqrt();
        assert!((std / expected - 1.0).abs() < 0.03, "{name}: {std} beside {expected}");
    }
}

#[test]
fn a_handle_follows() {
    let (store, encoder) = filled(NinSpec { width: 12, ..spec(3) });
    let handle = encoder.handle();
    let before = encoder.forward(&images(), Mode::Eval.into());
    let _ = tch::no_grad(|| store.variables()["block1.conv1.weight"].shallow_clone().g_mul_scalar_(0.5));
    let after = encoder.forward(&images(), Mode::Eval.into());
    assert_eq!(handle.forward(&images(), Mode::Eval.into()), after);
    assert_ne!(after, before);
}

#[test]
fn a_block_by_itself_keeps_height_and_width() {
    let store = nn::VarStore::new(Device::Cpu);
    let block = NinBlock::new(&store, 5, 12, Init::new(0));
    let map = block.forward(&fill(3, &[2, 5, 7, 9]).to_kind(Kind::Float), Mode::Eval);
    assert_eq!(map.size(), [2, 12, 7, 9]);
    assert_eq!(store.variables()["conv1.weight"].size(), [12, 5, 3, 3]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn in_evaluation_an_image_is_seen_alone_and_the_last_map_is_averaged(
        n in 2i64..5, blocks in 3i64..6, side in 8i64..24, channels_last: bool,
    ) {
        let (_, encoder) = filled(NinSpec { width: 12, channels_last, ..spec(blocks) });
        let images = fill(1000, &[n, 3, side, side]).to_kind(Kind::Float);
        let together = tch::no_grad(|| encoder.forward(&images, Mode::Eval.into()));
        let alone = tch::no_grad(|| encoder.forward(&images.narrow(0, n - 1, 1), Mode::Eval.into()));
        prop_assert!(relative_error(&alone, &together.narrow(0, n - 1, 1)) < 1e-4);
        let maps = tch::no_grad(|| encoder.stages(&images, Mode::Eval.into()));
        let pooled = maps[maps.len() - 1].mean_dim([2i64, 3].as_slice(), false, None);
        prop_assert!(relative_error(&pooled, &together) < 1e-4);
    }
}
