//! Turned images: golden values, inverses.

use kontrast_pretext::Rotations;
use kontrast_testkit::{Case, assert_close};
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

const EVENLY: [Rotations; 3] = [Rotations::Two, Rotations::Four, Rotations::Eight];
const ALL: [Rotations; 4] = [Rotations::Two, Rotations::Sideways, Rotations::Four, Rotations::Eight];

fn case() -> Case {
    Case::from_bytes(include_bytes!("../golden/tasks/case.safetensors"))
}

/// Images of smooth waves, so that what is interpolated twice is still near.
fn waves(n: i64, side: i64, key: f64) -> Tensor {
    let options = (Kind::Float, Device::Cpu);
    let ramp = Tensor::arange(side, options) / side as f64;
    let of = |image: i64| {
        let (a, b) = (key + image as f64 * 0.7, key * 1.3 + image as f64);
        let wave = (ramp.unsqueeze(1) * (2.0 + a.sin()) + &ramp * (2.0 + b.cos()) + a).sin();
        Tensor::stack(&[&wave, &(&wave * 0.5), &wave.cos()], 0)
    };
    Tensor::stack(&(0..n).map(of).collect::<Vec<_>>(), 0)
}

#[test]
fn every_angle_is_that_of_a_reference_pixel_by_pixel() {
    let case = case();
    for rotations in EVENLY {
        for class in 0..rotations.classes() {
            let expected = &case[&format!("turned.{}.{class}", rotations.classes())];
            assert_close(&rotations.turned(&case["images"], class), expected, 1e-5);
        }
    }
    for (class, of_four) in [(0, 1), (1, 3)] {
        let expected = &case[&format!("turned.4.{of_four}")];
        assert_close(&Rotations::Sideways.turned(&case["images"], class), expected, 1e-5);
        assert_eq!(Rotations::Sideways.degrees(class), Rotations::Four.degrees(of_four));
    }
}

#[test]
fn quarter_turns_are_taken_back_bit_for_bit_and_compute_no_pixel() {
    let images = &case()["images"];
    for rotations in [Rotations::Two, Rotations::Sideways, Rotations::Four] {
        for class in 0..rotations.classes() {
            let turned = rotations.turned(images, class);
            assert_eq!(&rotations.turned(&turned, rotations.inverse(class)), images);
            let (sorted, _) = turned.reshape(-1).sort(0, false);
            assert_eq!(sorted, images.reshape(-1).sort(0, false).0, "the same pixels elsewhere");
        }
    }
}

#[test]
fn eighths_are_taken_back_but_for_their_interpolation() {
    let images = waves(2, 32, 0.4);
    for class in 0..8 {
        let back = Rotations::Eight
            .turned(&Rotations::Eight.turned(&images, class), Rotations::Eight.inverse(class));
        // Twice enlarged: what is left is the middle of the upright image, enlarged twice.
        let expected = Rotations::Eight.turned(&Rotations::Eight.turned(&images, 0), 0);
        assert!((back - expected).abs().max().double_value(&[]) < 0.02, "class {class}");
    }
    assert_eq!(Rotations::Eight.degrees(3), 135);
}

#[test]
fn no_corner_of_an_eighth_is_empty() {
    let white = Tensor::ones([1, 3, 31, 31], (Kind::Float, Device::Cpu));
    for class in 0..8 {
        assert_close(&Rotations::Eight.turned(&white, class), &white, 1e-6);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn each_image_is_turned_as_if_it_were_alone(key in 0f64..100.0, n in 1i64..6, side in 4i64..17, which in 0usize..4) {
        let (rotations, images) = (ALL[which], waves(n, side, key));
        let classes: Vec<i64> = (0..n).map(|i| (i * 5 + key as i64) % rotations.classes()).collect();
        let turned = rotations.turned_each(&images, &Tensor::from_slice(&classes));
        for (image, &class) in classes.iter().enumerate() {
            let alone = rotations.turned(&images.narrow(0, image as i64, 1), class);
            prop_assert_eq!(turned.narrow(0, image as i64, 1), alone);
        }
    }
}
