//! The plan of evaluation: a centred box, nothing random.

use kontrast_augment::{ImageRef, KeyedRng, Recipe, Scratch, ViewPlan, render_into};

fn evaluated(size: (usize, usize), image: ImageRef<'_>) -> Vec<u8> {
    let plan = ViewPlan::evaluation(size);
    let mut recipe = Recipe::default();
    plan.draw_into(&mut recipe, image.size(), &mut KeyedRng::new(0, 0, 0, 0));
    let mut view = vec![0; plan.bytes()];
    render_into(&recipe, image, &mut view, &mut Scratch::default());
    view
}

#[test]
fn an_image_of_the_right_size_keeps_every_byte() {
    let pixels: Vec<u8> = (0..32 * 32 * 3).map(|value| (value * 7 % 256) as u8).collect();
    assert_eq!(evaluated((32, 32), ImageRef::new(32, 32, &pixels)), pixels);
}

#[test]
fn a_wide_image_loses_its_sides_only() {
    let pixels: Vec<u8> = (0..6 * 4 * 3).collect();
    let view = evaluated((4, 4), ImageRef::new(6, 4, &pixels));
    for row in 0..4 {
        assert_eq!(view[row * 12..row * 12 + 12], pixels[row * 18 + 3..row * 18 + 15]);
    }
}

#[test]
fn eight_pixels_of_thirty_two_blend_their_whole_neighbourhood() {
    // A ramp stays a ramp under a symmetric kernel, but at the border, where the kernel is cut off.
    let pixels: Vec<u8> = (0..32).flat_map(|_| (0..32).flat_map(|x| [x * 8, x * 4, 255])).collect();
    let view = evaluated((8, 8), ImageRef::new(32, 32, &pixels));
    for row in view.chunks_exact(24) {
        for (x, pixel) in row.chunks_exact(3).enumerate().skip(1).take(6) {
            assert_eq!(pixel, [(x * 32 + 12) as u8, (x * 16 + 6) as u8, 255]);
        }
    }
}
