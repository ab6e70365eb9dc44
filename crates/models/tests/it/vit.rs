//! Vision transformers against timm: names, outputs, maps, gradients, stochastic depth, initial values.

use kontrast_models::{Encoder, EncoderSpec, Init, Mode, Pass, PositionEmbedding, Vit, VitSpec};
use kontrast_testkit::{Case, assert_close};
use kontrast_torch_ext::Draws;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};

fn spec() -> VitSpec {
    VitSpec { width: 24, depth: 3, heads: 3, channels_last: true, ..VitSpec::tiny(4, 16) }
}

/// Weights are all but vectors.
fn fill(place: usize, shape: &[i64]) -> Tensor {
    crate::fill::fill(place, shape, 2)
}

fn filled(spec: VitSpec) -> (nn::VarStore, Vit) {
    let store = nn::VarStore::new(Device::Cpu);
    let encoder = Vit::new(&store, spec, Init::new(0));
    let value = |(place, (name, tensor)): (usize, (&str, &Tensor))| {
        (name.to_owned(), fill(place, &tensor.size()).to_kind(Kind::Float))
    };
    let values = encoder.variables().iter().enumerate().map(value).collect();
    encoder.variables().copy_from(&values).unwrap();
    (store, encoder)
}

fn images(n: i64, side: i64) -> Tensor {
    fill(1000 + side as usize, &[n, 3, side, side]).to_kind(Kind::Float)
}

#[test]
fn outputs_maps_and_gradients_are_timms_at_its_own_size_and_at_another() {
    let case = Case::from_bytes(include_bytes!("../golden/vit/case.safetensors"));
    for side in [16, 24] {
        for channels_last in [false, true] {
            let (mut store, encoder) = filled(VitSpec { channels_last, ..spec() });
            let names: Vec<String> = encoder.variables().iter().map(|(name, _)| name.to_owned()).collect();
            let bytes: Vec<u8> = case["names"].shallow_clone().try_into().unwrap();
            assert_eq!(names.join("\n"), String::from_utf8(bytes).unwrap());
            let h = tch::no_grad(|| encoder.forward(&images(2, side), Mode::Eval.into()));
            assert_close(&h, &case[&*format!("h.{side}")], 1e-5);
            let maps = tch::no_grad(|| encoder.stages(&images(2, side), Mode::Eval.into()));
            assert_eq!(maps.len(), 3);
            assert_close(&maps[1], &case[&*format!("map.{side}")], 1e-5);
            store.double();
            let x = fill(1000 + side as usize, &[2, 3, side, side]).set_requires_grad(true);
            let h = encoder.forward(&x, Mode::Train.into());
            (&h * fill(2000, &h.size())).sum(Kind::Double).backward();
            assert_close(&x.grad().narrow(0, 0, 1), &case[&*format!("images.{side}.grad")], 1e-5);
            let mut compared = 0;
            for (name, variable) in store.variables() {
                if name.contains("blocks") && !name.contains("blocks.1") {
                    continue;
                }
                let expected = &case[&*format!("{name}.{side}.grad")];
                let gradient = variable.grad();
                let product = (&gradient * fill(3000, &gradient.size())).sum(Kind::Double).double_value(&[]);
                let largest = gradient.abs().max().double_value(&[]);
                let [expected_product, expected_largest] =
                    [0, 1].map(|which| expected.double_value(&[which]));
                let norm =
                    gradient.norm().double_value(&[]) * fill(3000, &gradient.size()).norm().double_value(&[]);
                assert!((product - expected_product).abs() < 1e-5 * norm.max(1e-6), "{name}: {product}");
                assert!((largest - expected_largest).abs() < 1e-5 * expected_largest, "{name}: {largest}");
                compared += 1;
            }
            assert_eq!(compared, 18, "twelve of a block, six around the blocks");
        }
    }
}

#[test]
fn stochastic_depth_leaves_out_whole_rows_and_keeps_the_mean() {
    let deep = VitSpec { depth: 2, stochastic_depth: 0.5, ..spec() };
    let ((_, with), (_, without)) = (filled(deep), filled(VitSpec { stochastic_depth: 0.0, ..deep }));
    let x = images(1, 16).expand([600, 3, 16, 16], false).contiguous();
    let rows: Vec<i64> = (0..600).collect();
    let draws = Draws::new(1, 2, &rows);
    let pass = |mode| Pass { mode, draws: Some(&draws) };
    let found = tch::no_grad(|| with.forward(&x, pass(Mode::Train)));
    // The last block has two branches, of which each is there or not: four different rows.
    let (kinds, ..) = (&found * 1e3).round().unique_dim(0, true, false, false);
    assert_eq!(kinds.size()[0], 4);
    assert_eq!(found, tch::no_grad(|| with.forward(&x, pass(Mode::Replay))), "a replay draws the same");
    let half = draws.select(&rows[300..]);
    let part =
        tch::no_grad(|| with.forward(&x.narrow(0, 300, 300), Pass { mode: Mode::Train, draws: Some(&half) }));
    assert_close(&part, &found.narrow(0, 300, 300), 1e-5);
    let whole = tch::no_grad(|| without.forward(&x, Mode::Train.into()));
    assert_eq!(
        tch::no_grad(|| with.forward(&x, pass(Mode::Eval))),
        whole,
        "nothing is left out in evaluation"
    );
    assert_eq!(tch::no_grad(|| with.forward(&x, Mode::Train.into())), whole, "nor without draws");
}

#[test]
fn what_is_not_trained_has_no_gradient() {
    let frozen = VitSpec { frozen_projection: true, position: PositionEmbedding::Sines, ..spec() };
    let (store, encoder) = filled(frozen);
    encoder.forward(&images(2, 16), Mode::Train.into()).sum(Kind::Float).backward();
    for (name, variable) in store.variables() {
        let fixed = name.starts_with("patch_embed.");
        assert_eq!(variable.grad().defined(), !fixed, "{name}");
    }
    assert!(encoder.variables().get("pos_embed").is_none());
}

#[test]
fn initial_values_are_timms_and_follow_from_the_seed() {
    let store = nn::VarStore::new(Device::Cpu);
    let encoder = Vit::new(&store, VitSpec::tiny(16, 224), Init::new(3));
    let variables = encoder.variables();
    let of = |name: &str| variables.get(name).unwrap_or_else(|| panic!("no {name}"));
    for name in ["blocks.5.attn.qkv.weight", "blocks.0.mlp.fc1.weight", "pos_embed"] {
        let (std, largest) = (of(name).std(true).double_value(&[]), of(name).abs().max().double_value(&[]));
        // A normal distribution cut off at two standard deviations has 0.8796 of one left.
        assert!((std - 0.8796 * 0.02).abs() < 2e-4, "{name}: {std}");
        assert!(largest <= 0.04, "{name}: {largest}");
    }
    assert_eq!(of("blocks.3.attn.proj.bias").abs().max().double_value(&[]), 0.0);
    assert_eq!(of("norm.weight").min().double_value(&[]), 1.0);
    let total: usize = variables.iter().map(|(_, variable)| variable.numel()).sum();
    // timm's vit_tiny_patch16_224 without its classifier, and vit_small.
    assert_eq!(total, 5_524_416);
    let count = |spec: VitSpec| EncoderSpec::Vit(spec).estimate((224, 224)).parameters;
    assert_eq!((count(VitSpec::tiny(16, 224)), count(VitSpec::small(16, 224))), (5_524_416, 21_665_664));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_row_does_not_depend_on_those_beside_it(rows in 2i64..5, columns in 2i64..5, which in 0i64..3) {
        let (_, encoder) = filled(spec());
        let x = fill(7, &[3, 3, rows * 4, columns * 4]).to_kind(Kind::Float);
        let (together, alone) = tch::no_grad(|| {
            let alone = encoder.forward(&x.narrow(0, which, 1), Mode::Eval.into());
            (encoder.forward(&x, Mode::Eval.into()), alone)
        });
        assert_close(&alone, &together.narrow(0, which, 1), 1e-5);
        prop_assert_eq!(together.size(), [3, 24]);
    }
}

#[test]
fn kept_tokens_are_those_of_an_image_of_the_kept_patches_alone() {
    let (_, encoder) = filled(spec());
    let x = images(2, 16);
    let tokens = |keep: &Tensor| {
        tch::no_grad(|| encoder.kept_tokens(&x, keep, Mode::Eval.into()))
            .expect("a vision transformer has patches")
    };
    let all = Tensor::arange(16, (Kind::Int64, Device::Cpu)).expand([2, 16], false);
    let h = tch::no_grad(|| encoder.forward(&x, Mode::Eval.into()));
    assert_close(&tokens(&all).select(1, 0), &h, 1e-5);
    // In another order the same tokens, and others where some are left out.
    assert_close(&tokens(&all.flip([1])).narrow(1, 1, 16).flip([1]), &tokens(&all).narrow(1, 1, 16), 1e-5);
    let keep = Tensor::from_slice(&[3i64, 8, 0, 15]).view([2, 2]);
    let some = tokens(&keep);
    assert_eq!(some.size(), [2, 3, 24]);
    assert!((some.select(1, 0) - h).abs().max().double_value(&[]) > 1e-3);
    // Each row has its own places.
    let one =
        tch::no_grad(|| encoder.kept_tokens(&x.narrow(0, 1, 1), &keep.narrow(0, 1, 1), Mode::Eval.into()));
    assert_close(&one.unwrap(), &some.narrow(0, 1, 1), 1e-5);
    let store = nn::VarStore::new(Device::Cpu);
    let other =
        kontrast_models::NinSpec { blocks: 3, width: 12, channels: 3, channels_last: true, bn_splits: 1 };
    assert!(
        EncoderSpec::Nin(other)
            .build(&store, Init::new(0))
            .kept_tokens(&x, &keep, Mode::Eval.into())
            .is_none()
    );
}
