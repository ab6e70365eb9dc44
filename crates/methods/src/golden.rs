//! What pretext tasks make of their outputs, beside PyTorch.

use crate::autoencoder::Autoencoder;
use crate::classifier::Classifier;
use crate::example::{no_head, outputs, progress, setting};
use crate::exemplar::Exemplar;
use crate::jigsaw::task_loss;
use crate::objective::{BatchInfo, LossOutput, Objective};
use crate::relative_patch::{RelativePatch, beside_the_middle};
use crate::rotation::Rotation;
use crate::setting::Setting;
use crate::{Accuracy, Outputs};
use kontrast_config::PixelLoss;
use kontrast_models::HeadSpec;
use kontrast_testkit::{Case, assert_close};
use tch::Tensor;

fn case() -> Case {
    Case::from_bytes(include_bytes!("../tests/golden/pretext/case.safetensors"))
}

fn leaf(case: &Case, name: &str) -> Tensor {
    case[name].copy().set_requires_grad(true)
}

/// The loss and the gradients of `inputs`, which it is made of.
fn assert_loss(case: &Case, name: &str, found: &LossOutput, inputs: &[(&str, &Tensor)]) {
    assert_close(&found.loss, &case[&*format!("{name}.loss")], 1e-5);
    found.loss.backward();
    for (input, leaf) in inputs {
        assert_close(&leaf.grad(), &case[&*format!("{name}.{input}.grad")], 1e-5);
    }
}

fn assert_right(case: &Case, name: &str, accuracy: Option<&Accuracy>) {
    assert_close(&accuracy.unwrap().fraction, &case[name], 1e-6);
}

fn loss_of(objective: &mut impl Objective, named: &[(&str, &Tensor)], indices: &[u32]) -> LossOutput {
    objective.loss(&outputs(named), &Outputs::none(), BatchInfo::new(indices, progress(0)))
}

#[test]
fn rotation_is_judged_at_all_angles() {
    let case = case();
    let own = kontrast_config::Rotation { rotations: 4, upright: None, all: true, head: no_head() };
    let logits = leaf(&case, "rotation.logits");
    let indices: Vec<u32> = (0..6).collect();
    let found = loss_of(&mut Rotation::new(&own, &setting()), &[("logits", &logits)], &indices);
    assert_loss(&case, "rotation", &found, &[("logits", &logits)]);
    assert_right(&case, "rotation.accuracy", found.accuracy.as_ref());
}

#[test]
fn jigsaw_is_judged_by_permutation_and_by_place() {
    let case = case();
    let (logits, places) = (leaf(&case, "jigsaw.logits"), leaf(&case, "jigsaw.places"));
    let (orders, targets) = (&case["jigsaw.orders"], &case["jigsaw.targets"]);
    let found = task_loss(&logits, targets, Some((&places, orders, 0.5)));
    assert_loss(&case, "jigsaw", &found, &[("logits", &logits), ("places", &places)]);
    assert_right(&case, "jigsaw.accuracy", found.accuracy.as_ref());
    let parts = &found.parts;
    assert_eq!([&*parts[0].name, &*parts[1].name], ["permutations", "positions"]);
    assert_close(&parts[1].loss, &case["jigsaw.positions"], 1e-5);
    assert_right(&case, "jigsaw.placed", parts[1].accuracy.as_ref());
    assert_close(&(&parts[0].loss + &parts[1].loss * 0.5), &case["jigsaw.loss"], 1e-5);
    let uniform = 6f64.ln() + 0.5 * 4f64.ln();
    assert!((found.uniform.unwrap() - uniform).abs() < 1e-12);
}

#[test]
fn relative_patches_are_judged_beside_the_middle() {
    let case = case();
    let z = leaf(&case, "relative_patch.z");
    let setting = Setting { precision: kontrast_torch_ext::Precision::Fp32, ..setting() };
    let classifier = Classifier::new("classifier", &setting, 10, &HeadSpec::none(), 8);
    for (name, variable) in classifier.state().iter() {
        let mut variable = variable.shallow_clone();
        let value = if name.ends_with("weight") {
            case["relative_patch.weight"].shallow_clone()
        } else {
            variable.zeros_like()
        };
        tch::no_grad(|| variable.copy_(&value));
    }
    let logits = classifier.logits(&beside_the_middle(&z).flatten(0, 1), kontrast_models::Mode::Train);
    let own = kontrast_config::RelativePatch {
        tile: 5,
        all: true,
        normalise: true,
        drop_channels: None,
        projector: no_head(),
        head: no_head(),
    };
    let named = [("logits", &logits.view([1, 3, 8, 8]))];
    let found = loss_of(&mut RelativePatch::new(&own, &setting), &named, &[0, 1, 2]);
    assert_right(&case, "relative_patch.accuracy", found.accuracy.as_ref());
    assert_loss(&case, "relative_patch", &found, &[("z", &z)]);
}

#[test]
fn exemplars_are_judged_in_all_views() {
    let case = case();
    let own = kontrast_config::Exemplar { classes: 10, projector: no_head() };
    let logits = leaf(&case, "exemplar.logits");
    let mut exemplar = Exemplar::new(&own, &Setting { images: 10, ..setting() });
    let found = loss_of(&mut exemplar, &[("logits", &logits), ("z", &logits.detach())], &[4, 1, 7, 2]);
    assert_loss(&case, "exemplar", &found, &[("logits", &logits)]);
    assert_right(&case, "exemplar.accuracy", found.accuracy.as_ref());
    assert_eq!(found.accuracy.unwrap().chance, 0.1);
}

#[test]
fn autoencoders_are_judged_by_every_value_of_every_pixel() {
    let case = case();
    for (name, loss) in [("mse", PixelLoss::Mse), ("l1", PixelLoss::L1)] {
        let name = format!("autoencoder.{name}");
        let decoded = leaf(&case, &format!("{name}.found"));
        let images = case[&*format!("{name}.images")].shallow_clone();
        let own = kontrast_config::Autoencoder { loss, projector: no_head() };
        let mut autoencoder = Autoencoder::new(&own, &setting());
        let named = [("decoded", &decoded), ("images", &images), ("z", &decoded.detach())];
        let found = loss_of(&mut autoencoder, &named, &[0, 1, 2, 3]);
        assert_loss(&case, &name, &found, &[("found", &decoded)]);
    }
}
