//! Colour spaces beside scikit-image's, and back again.

use kontrast_augment::Recipe;
use kontrast_augment_torch::{ColorSpace, DeviceRenderer, ToTensor};
use kontrast_testkit::{Case, assert_close};
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

/// Values as they are, in the units of a space.
fn plain(space: ColorSpace) -> ToTensor {
    ToTensor::in_space(space, [0.0; 3], [1.0; 3], Device::Cpu)
}

fn bytes(tensor: &Tensor) -> Vec<u8> {
    tensor.contiguous().view(-1).try_into().unwrap()
}

#[test]
fn both_spaces_are_those_of_scikit_image() {
    let case = Case::from_bytes(include_bytes!("../golden/color_space/case.safetensors"));
    let pixels = &case["bytes"];
    let size = (pixels.size()[1] as usize, pixels.size()[0] as usize);
    for (space, name) in [(ColorSpace::Lab, "lab"), (ColorSpace::Ycbcr, "ycbcr")] {
        let images = plain(space).images(&bytes(pixels), size);
        assert_eq!(images.stride()[1], 1, "channels lie last");
        assert_close(&images.get(0), &case[name], 1e-5);
    }
}

#[test]
fn white_black_and_grays_have_no_colour() {
    for level in 0..=255_u8 {
        let lab = plain(ColorSpace::Lab).images(&[level; 3], (1, 1)).view(-1);
        let [l, a, b] = [0, 1, 2].map(|channel| lab.double_value(&[channel]));
        // The matrix is given to six digits: white is not quite that of D65.
        assert!(a.abs() < 0.01 && b.abs() < 0.01, "{level}: {a}, {b}");
        assert!((0.0..=100.001).contains(&l), "{level}: {l}");
        let ycbcr = plain(ColorSpace::Ycbcr).images(&[level; 3], (1, 1)).view(-1);
        let [y, cb, cr] = [0, 1, 2].map(|channel| ycbcr.double_value(&[channel]));
        let expected = 16.0 + 219.0 * f64::from(level) / 255.0;
        assert!((y - expected).abs() < 1e-3 && (cb - 128.0).abs() < 1e-3 && (cr - 128.0).abs() < 1e-3);
    }
}

#[test]
fn both_renderers_normalise_in_the_space_that_they_are_given() {
    let (mean, std) = ([50.0, 6.0, -7.0], [50.0, 92.0, 101.0]);
    let pixels: Vec<u8> = (0..4 * 5 * 3).map(|index| (index * 37 % 256) as u8).collect();
    let expected = ToTensor::in_space(ColorSpace::Lab, mean, std, Device::Cpu).images(&pixels, (5, 4));
    let renderer = DeviceRenderer::new(Device::Cpu, mean, std, Kind::Float).with_space(ColorSpace::Lab);
    let recipe = Recipe { size: (5, 4), ops: Vec::new() };
    let found = renderer.render(&Tensor::from_slice(&pixels).view([1, 4, 5, 3]), &[recipe], &[0]);
    assert_close(&found, &expected, 1e-5);
}

proptest! {
    #[test]
    fn normalised_images_become_their_bytes_again(
        pixels in proptest::collection::vec(any::<u8>(), 3 * 4 * 12), which in 0..6_usize,
    ) {
        let spaces = [ColorSpace::Lab, ColorSpace::Ycbcr, ColorSpace::Rgb];
        // The last four are RGB with one to four channels.
        let (space, channels) = (spaces[which.min(2)], if which < 2 { 3 } else { which - 1 });
        let to_tensor = ToTensor::in_space(space, vec![0.4; channels], vec![0.3; channels], Device::Cpu);
        let back = to_tensor.bytes(&to_tensor.images(&pixels, (4, 36 / channels)));
        prop_assert_eq!(bytes(&back), pixels);
    }
}
