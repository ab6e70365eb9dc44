//! Heads against lightly's: SimCLR's, BYOL's, SimSiam's, and DINO's below its prototypes.

use kontrast_models::{Activation, Head, HeadNorm, HeadSpec, Init, Mode, Prototypes, state, trained};
use kontrast_testkit::{Case, assert_close};
use tch::{Device, Kind, Tensor, nn};

fn head(inputs: i64, widths: &[i64], batch_norm: HeadNorm, activation: Activation) -> (nn::VarStore, Head) {
    let store = nn::VarStore::new(Device::Cpu);
    let spec = HeadSpec { activation, ..HeadSpec::new(widths, batch_norm) };
    let head = Head::new(&store, inputs, &spec, Init::new(0));
    (store, head)
}

#[test]
fn heads_agree_with_lightly_in_value_gradient_and_names() {
    let case = Case::from_bytes(include_bytes!("../golden/heads/case.safetensors"));
    let (relu, gelu) = (Activation::Relu, Activation::Gelu);
    for (name, widths, batch_norm, activation) in [
        ("mlp2", &[12, 7][..], HeadNorm::None, relu),
        ("mlp2_bn", &[12, 7], HeadNorm::All, relu),
        ("mlp3_bn", &[12, 12, 7], HeadNorm::All, relu),
        ("byol", &[12, 7], HeadNorm::Hidden, relu),
        ("simsiam", &[12, 12, 7], HeadNorm::LastPlain, relu),
        ("dino", &[12, 12, 7], HeadNorm::Hidden, gelu),
    ] {
        let (store, head) = head(10, widths, batch_norm, activation);
        state(&store).copy_from(&case.under(&format!("{name}.state"))).unwrap();
        let h = case["h"].copy().set_requires_grad(true);
        assert_close(&head.forward(&h, Mode::Eval), &case[&format!("{name}.eval")], 1e-5);
        let z = head.forward(&h, Mode::Train);
        assert_close(&z, &case[&format!("{name}.train")], 1e-5);
        let direction = Tensor::linspace(-1, 1, z.numel() as i64, (Kind::Float, Device::Cpu));
        (&z * direction.reshape(z.size())).sum(Kind::Float).backward();
        assert_close(&h.grad(), &case[&format!("{name}.gradient")], 1e-5);
    }
}

#[test]
fn dinos_prototypes_agree_with_lightly_in_value_and_gradient() {
    let case = Case::from_bytes(include_bytes!("../golden/heads/case.safetensors"));
    let (store, head) = head(10, &[12, 12, 7], HeadNorm::Hidden, Activation::Gelu);
    state(&store).copy_from(&case.under("dino.state")).unwrap();
    let layer = nn::VarStore::new(Device::Cpu);
    let prototypes = Prototypes::new(&layer, 7, 9, Init::new(0));
    let weight = trained(&layer).remove(0).1;
    tch::no_grad(|| weight.shallow_clone().copy_(&case["prototypes.weight"]));

    let h = case["h"].copy().set_requires_grad(true);
    let z = head.forward(&h, Mode::Train);
    let z = &z / z.norm_scalaropt_dim(2, [-1i64], true);
    let scores = prototypes.scores_of_directions(&z);
    assert_close(&scores, &case["prototypes.scores"], 1e-5);
    let direction = Tensor::linspace(-1, 1, scores.numel() as i64, (Kind::Float, Device::Cpu));
    (&scores * direction.reshape(scores.size())).sum(Kind::Float).backward();
    assert_close(&h.grad(), &case["prototypes.gradient"], 1e-5);
    assert_close(&weight.grad(), &case["prototypes.gradient_weight"], 1e-5);
}

#[test]
fn without_layers_the_embedding_is_the_representation() {
    let (store, head) = head(10, &[], HeadNorm::None, Activation::Relu);
    let h = Tensor::ones([2, 10], (Kind::Float, Device::Cpu));
    assert_eq!(head.forward(&h, Mode::Train), h);
    assert_eq!((head.width(), trained(&store).len()), (10, 0));
}

#[test]
fn a_linear_head_has_one_layer_and_no_relu() {
    let (store, head) = head(4, &[3], HeadNorm::None, Activation::Relu);
    let names: Vec<String> = trained(&store).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["layers.0.bias", "layers.0.weight"]);
    let h = Tensor::ones([1, 4], (Kind::Float, Device::Cpu));
    let zero = head.forward(&h.zeros_like(), Mode::Eval);
    let sum = head.forward(&h, Mode::Eval) + head.forward(&-h, Mode::Eval);
    assert_close(&sum, &(zero * 2.0), 1e-5);
}
