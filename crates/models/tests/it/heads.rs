//! Projectors against lightly's SimCLR heads.

use kontrast_models::{Init, Mode, Projector, ProjectorSpec, state, trained};
use kontrast_testkit::{Case, assert_close};
use tch::{Device, Kind, Tensor, nn};

fn head(inputs: i64, widths: &[i64], batch_norm: bool) -> (nn::VarStore, Projector) {
    let store = nn::VarStore::new(Device::Cpu);
    let spec = ProjectorSpec { widths: widths.to_vec(), batch_norm };
    let head = Projector::new(&store, inputs, &spec, Init::new(0));
    (store, head)
}

#[test]
fn heads_agree_with_lightly_in_value_gradient_and_names() {
    let case = Case::from_bytes(include_bytes!("../golden/heads/case.safetensors"));
    for (name, widths, batch_norm) in
        [("mlp2", &[12, 7][..], false), ("mlp2_bn", &[12, 7], true), ("mlp3_bn", &[12, 12, 7], true)]
    {
        let (store, head) = head(10, widths, batch_norm);
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
fn without_layers_the_embedding_is_the_representation() {
    let (store, head) = head(10, &[], false);
    let h = Tensor::ones([2, 10], (Kind::Float, Device::Cpu));
    assert_eq!(head.forward(&h, Mode::Train), h);
    assert_eq!((head.width(), trained(&store).len()), (10, 0));
}

#[test]
fn a_linear_head_has_one_layer_and_no_relu() {
    let (store, head) = head(4, &[3], false);
    let names: Vec<String> = trained(&store).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["layers.0.bias", "layers.0.weight"]);
    let h = Tensor::ones([1, 4], (Kind::Float, Device::Cpu));
    let zero = head.forward(&h.zeros_like(), Mode::Eval);
    let sum = head.forward(&h, Mode::Eval) + head.forward(&-h, Mode::Eval);
    assert_close(&sum, &(zero * 2.0), 1e-5);
}
