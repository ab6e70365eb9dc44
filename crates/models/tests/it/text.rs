//! Text encoders against open_clip and transformers: names, outputs, gradients; and that padding reaches nothing.

use kontrast_models::{
    BertSpec, Init, Mode, TextActivation, TextEncoder, TextPooling, TextSpec, TextTransformerSpec,
};
use kontrast_testkit::{Case, assert_close};
use kontrast_torch_ext::Texts;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};

fn clip(activation: TextActivation) -> TextSpec {
    let spec = TextTransformerSpec::base(40);
    TextSpec::Transformer(TextTransformerSpec {
        length: 12,
        width: 24,
        depth: 2,
        heads: 3,
        output: 16,
        activation,
        ..spec
    })
}

fn bert(pooling: TextPooling) -> TextSpec {
    TextSpec::Bert(BertSpec {
        vocabulary: 40,
        length: 12,
        width: 24,
        depth: 2,
        heads: 3,
        hidden: 40,
        pooling,
    })
}

fn specs() -> [(&'static str, TextSpec); 4] {
    [
        ("gelu", clip(TextActivation::Gelu)),
        ("quick_gelu", clip(TextActivation::QuickGelu)),
        ("mean", bert(TextPooling::Mean)),
        ("first", bert(TextPooling::First)),
    ]
}

/// Weights are all but vectors.
fn fill(place: usize, shape: &[i64]) -> Tensor {
    crate::fill::fill(place, shape, 2)
}

fn filled(spec: TextSpec) -> (nn::VarStore, Box<dyn TextEncoder>) {
    let store = nn::VarStore::new(Device::Cpu);
    let encoder = spec.build(&store, Init::new(0));
    let value = |(place, (name, tensor)): (usize, (&str, &Tensor))| {
        (name.to_owned(), fill(place, &tensor.size()).to_kind(Kind::Float))
    };
    let values = encoder.variables().iter().enumerate().map(value).collect();
    encoder.variables().copy_from(&values).unwrap();
    (store, encoder)
}

#[test]
fn names_outputs_and_gradients_are_those_of_open_clip_and_transformers() {
    let case = Case::from_bytes(include_bytes!("../golden/text/case.safetensors"));
    let texts = Texts::new(case["ids"].shallow_clone(), case["lengths"].shallow_clone());
    for (name, spec) in specs() {
        let (mut store, encoder) = filled(spec);
        let names: Vec<String> = encoder.variables().iter().map(|(name, _)| name.to_owned()).collect();
        let bytes: Vec<u8> = case[&*format!("{name}.names")].shallow_clone().try_into().unwrap();
        assert_eq!(names.join("\n"), String::from_utf8(bytes).unwrap());
        let expected = &case[&*format!("{name}.h")];
        let h = tch::no_grad(|| encoder.handle().forward(&texts, Mode::Eval.into()));
        assert_eq!(h.size()[1], encoder.width());
        assert_close(&h, expected, 1e-5);
        store.double();
        let h = encoder.forward(&texts, Mode::Train.into());
        (&h * fill(2000, &h.size())).sum(Kind::Double).backward();
        assert_eq!(encoder.parameters().len(), names.len());
        for (variable, value) in store.variables() {
            let expected = &case[&*format!("{name}.{variable}.grad")];
            let [expected_product, expected_largest] = [0, 1].map(|which| expected.double_value(&[which]));
            let gradient = value.grad();
            let direction = fill(3000, &gradient.size());
            let product = (&gradient * &direction).sum(Kind::Double).double_value(&[]);
            let largest = gradient.abs().max().double_value(&[]);
            let norm = gradient.norm().double_value(&[]) * direction.norm().double_value(&[]);
            // Keys have the same bias at all tokens, which a softmax does not see: their gradient is rounding alone.
            let floor = 1e-9;
            assert!((product - expected_product).abs() < 1e-5 * norm + floor, "{name} {variable}: {product}");
            assert!(
                (largest - expected_largest).abs() < 1e-5 * expected_largest + floor,
                "{name} {variable}: {largest}"
            );
        }
    }
}

#[test]
fn the_shape_of_a_bert_follows_from_its_weights() {
    let spec = BertSpec {
        vocabulary: 50,
        length: 12,
        width: 64,
        depth: 3,
        heads: 2,
        hidden: 40,
        pooling: TextPooling::Mean,
    };
    let store = nn::VarStore::new(Device::Cpu);
    let encoder = TextSpec::Bert(spec).build(&store, Init::new(0));
    assert_eq!(BertSpec::of_weights(&encoder.variables()), Some(spec));
    let other = clip(TextActivation::Gelu).build(&nn::VarStore::new(Device::Cpu), Init::new(0));
    assert_eq!(BertSpec::of_weights(&other.variables()), None);
}

#[test]
fn initial_values_of_clip_follow_from_width_and_depth() {
    let spec = TextTransformerSpec { width: 128, depth: 8, heads: 2, ..TextTransformerSpec::base(1000) };
    let encoder = TextSpec::Transformer(spec).build(&nn::VarStore::new(Device::Cpu), Init::new(5));
    let variables = encoder.variables();
    let of_width = 128f64.powf(-0.5);
    for (name, expected) in [
        ("token_embedding.weight", 0.02),
        ("positional_embedding", 0.01),
        ("text_projection", of_width),
        ("transformer.resblocks.3.attn.in_proj_weight", of_width),
        ("transformer.resblocks.3.attn.out_proj.weight", of_width / 4.0),
        ("transformer.resblocks.7.mlp.c_fc.weight", 256f64.powf(-0.5)),
        ("transformer.resblocks.7.mlp.c_proj.weight", of_width / 4.0),
    ] {
        let std = variables.get(name).unwrap().std(true).double_value(&[]);
        assert!((std - expected).abs() < 0.03 * expected, "{name}: {std}, expected {expected}");
    }
    assert_eq!(
        variables.get("transformer.resblocks.0.attn.in_proj_bias").unwrap().abs().max().double_value(&[]),
        0.0
    );
}

#[test]
#[should_panic(expected = "texts of 13 tokens: expected at most 12")]
fn texts_that_are_too_long_are_refused() {
    let (_, encoder) = filled(clip(TextActivation::Gelu));
    let _ = encoder.forward(&Texts::padded(&[vec![1; 13]], 0), Mode::Eval.into());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn padding_and_other_texts_reach_nothing(
        text in prop::collection::vec(0i64..40, 1..8),
        other in prop::collection::vec(0i64..40, 1..12),
        padding in 0i64..40,
    ) {
        for (name, spec) in specs() {
            let (_, encoder) = filled(spec);
            let of = |texts: &[Vec<i64>]| {
                tch::no_grad(|| encoder.forward(&Texts::padded(texts, padding), Mode::Eval.into()))
            };
            let (alone, both) = (of(std::slice::from_ref(&text)), of(&[text.clone(), other.clone()]));
            let error = (both.narrow(0, 0, 1) - &alone).abs().max().double_value(&[]);
            prop_assert!(error < 1e-5 * alone.abs().max().double_value(&[]), "{}: {}", name, error);
        }
    }
}
