//! Every operation and whole chains against torchvision's float path.

use std::path::Path;

use kontrast_augment::{ImageRef, Op, Recipe, Scratch, render_float_into, render_into};
use safetensors::SafeTensors;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    image: String,
    recipe: Recipe,
}

#[test]
fn views_are_within_one_step_of_torchvision_and_nearly_all_equal() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/views/case.safetensors");
    let file = std::fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let (_, header) = SafeTensors::read_metadata(&file).unwrap();
    let mut scratch = Scratch::default();
    let (mut cases, mut bytes, mut unequal) = (0, 0, 0);
    for (name, json) in header.metadata().as_ref().unwrap() {
        let case: Case = serde_json::from_str(json).unwrap();
        let image = tensors.tensor(&format!("image.{}", case.image)).unwrap();
        let expected = tensors.tensor(&format!("view.{name}")).unwrap();
        let image = ImageRef::new(image.shape()[1], image.shape()[0], image.data());
        let mut view = vec![0; expected.data().len()];
        render_into(&case.recipe, image, &mut view, &mut scratch);
        for (position, (&found, &expected)) in view.iter().zip(expected.data()).enumerate() {
            assert!(found.abs_diff(expected) <= 1, "{name} at {position}: {found}, expected {expected}");
            unequal += usize::from(found != expected);
        }
        cases += 1;
        bytes += view.len();
    }
    assert!(cases > 80, "only {cases} cases");
    // Float rounding reaches a byte only where the value lies halfway between two, as blends often do.
    assert!(unequal * 500 <= bytes, "{unequal} of {bytes} bytes differ");
}

#[test]
fn views_that_are_not_rounded_are_torchvisions_to_five_digits() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/views/case.safetensors");
    let file = std::fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let (_, header) = SafeTensors::read_metadata(&file).unwrap();
    let mut scratch = Scratch::default();
    let mut cases = 0;
    for (name, json) in header.metadata().as_ref().unwrap() {
        let Ok(expected) = tensors.tensor(&format!("float.{name}")) else { continue };
        let case: Case = serde_json::from_str(json).unwrap();
        let image = tensors.tensor(&format!("image.{}", case.image)).unwrap();
        let image = ImageRef::new(image.shape()[1], image.shape()[0], image.data());
        let mut view = vec![0.0; expected.data().len() / 4];
        render_float_into(&case.recipe, image, &mut view, &mut scratch);
        let (expected, _) = expected.data().as_chunks::<4>();
        for (position, (&found, &expected)) in view.iter().zip(expected).enumerate() {
            let expected = f32::from_le_bytes(expected);
            assert!((found - expected).abs() <= 1e-5, "{name} at {position}: {found}, expected {expected}");
        }
        cases += 1;
    }
    assert!(cases > 50, "only {cases} cases");
}

#[test]
fn a_recipe_survives_its_written_form() {
    let crop = Op::crop(1, 2, 3, 4);
    let ops = vec![crop, Op::Flip, Op::Hue(-0.1), Op::Blur { sigma: 0.5, kernel: 3 }];
    let recipe = Recipe { size: (8, 6), ops };
    let json = serde_json::to_string(&recipe).unwrap();
    assert_eq!(serde_json::from_str::<Recipe>(&json).unwrap(), recipe);
}
