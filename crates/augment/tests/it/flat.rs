//! Pictures of one colour, whose values resampling leaves a rounding error apart.

use kontrast_augment::{ImageRef, Op, Recipe, Scratch, render_into};

/// Colours whose values resampling does not give back to the last bit.
const COLOURS: [[u8; 3]; 4] = [[255, 255, 255], [3, 130, 251], [77, 77, 78], [1, 0, 254]];

#[test]
fn field_a_flat_picture_stays_flat_whatever_stretches_its_contrast() {
    let crops = [(0, 0, 40, 40, true), (3, 5, 31, 29, true), (7, 1, 17, 38, false)];
    let mut scratch = Scratch::default();
    for colour in COLOURS {
        let pixels = colour.repeat(40 * 40);
        for (x, y, width, height, antialias) in crops {
            for after in [vec![Op::Autocontrast], vec![Op::Flip, Op::Autocontrast, Op::Autocontrast]] {
                let crop = Op::Crop { x, y, width, height, antialias };
                let recipe = Recipe { size: (32, 32), ops: [vec![crop], after].concat() };
                let mut view = vec![0; 32 * 32 * 3];
                render_into(&recipe, ImageRef::new(40, 40, &pixels), &mut view, &mut scratch);
                assert_eq!(view, colour.repeat(32 * 32), "{recipe:?}");
            }
        }
    }
}

#[test]
fn field_the_least_contrast_that_bytes_can_have_is_stretched() {
    let pixels: Vec<u8> = (0..8 * 8).flat_map(|place| [100 + place % 2, 0, 255 - place % 2]).collect();
    let recipe = Recipe { size: (8, 8), ops: vec![Op::Autocontrast] };
    let mut view = vec![0; 8 * 8 * 3];
    render_into(&recipe, ImageRef::new(8, 8, &pixels), &mut view, &mut Scratch::default());
    assert_eq!(view[..6], [0, 0, 255, 255, 0, 0]);
}
