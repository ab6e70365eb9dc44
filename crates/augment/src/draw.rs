//! How the numbers of a recipe are drawn: torchvision's distributions.

use crate::recipe::Op;
use crate::rng::ViewRng;

/// The largest centred box with the proportions of `view`.
pub(crate) fn centre_crop(image: (usize, usize), view: (usize, usize)) -> Op {
    let (width, height) = if image.0 * view.1 <= image.1 * view.0 {
        (image.0, rounded(image.0 as f64 * view.1 as f64 / view.0 as f64, image.1))
    } else {
        (rounded(image.1 as f64 * view.0 as f64 / view.1 as f64, image.0), image.1)
    };
    Op::Crop { x: (image.0 - width) / 2, y: (image.1 - height) / 2, width, height }
}

/// torchvision's `RandomResizedCrop`: ten attempts, then the largest centred box of allowed proportions.
pub(crate) fn random_resized_crop(
    image: (usize, usize),
    scale: (f64, f64),
    ratio: (f64, f64),
    stream: &mut ViewRng,
) -> Op {
    let area = (image.0 * image.1) as f64;
    for _ in 0..10 {
        let target = area * stream.uniform(scale.0, scale.1);
        let aspect = stream.uniform(ratio.0.ln(), ratio.1.ln()).exp();
        let width = (target * aspect).sqrt().round_ties_even() as usize;
        let height = (target / aspect).sqrt().round_ties_even() as usize;
        if (1..=image.0).contains(&width) && (1..=image.1).contains(&height) {
            let y = stream.below(image.1 - height + 1);
            let x = stream.below(image.0 - width + 1);
            return Op::Crop { x, y, width, height };
        }
    }
    let proportions = image.0 as f64 / image.1 as f64;
    let (width, height) = if proportions < ratio.0 {
        (image.0, rounded(image.0 as f64 / ratio.0, image.1))
    } else if proportions > ratio.1 {
        (rounded(image.1 as f64 * ratio.1, image.0), image.1)
    } else {
        image
    };
    Op::Crop { x: (image.0 - width) / 2, y: (image.1 - height) / 2, width, height }
}

/// torchvision's `ColorJitter`: one order of the four, one factor each; a range of one point is left out.
///
/// `ranges` are those of brightness, contrast, saturation and hue.
pub(crate) fn jitter(ranges: [f64; 4], stream: &mut ViewRng, ops: &mut Vec<Op>) {
    let mut order = [0, 1, 2, 3];
    stream.shuffle(&mut order);
    let drawn: [Option<f32>; 4] = std::array::from_fn(|which| {
        let range = ranges[which];
        let (centre, least) = if which == 3 { (0.0, -0.5) } else { (1.0, 0.0_f64) };
        (range > 0.0).then(|| stream.uniform(least.max(centre - range), centre + range) as f32)
    });
    for which in order {
        let Some(factor) = drawn[which] else { continue };
        ops.push(match which {
            0 => Op::Brightness(factor),
            1 => Op::Contrast(factor),
            2 => Op::Saturation(factor),
            _ => Op::Hue(factor),
        });
    }
}

/// The nearest whole number of pixels, at least one and at most what is there.
fn rounded(pixels: f64, available: usize) -> usize {
    (pixels.round_ties_even() as usize).clamp(1, available)
}

#[cfg(test)]
mod tests {
    use super::{centre_crop, random_resized_crop};
    use crate::recipe::Op;
    use crate::rng::ViewRng;

    #[test]
    fn the_centred_box_is_as_large_as_the_image_allows() {
        let square = Op::Crop { x: 2, y: 0, width: 6, height: 6 };
        assert_eq!(centre_crop((10, 6), (32, 32)), square);
        let wide = Op::Crop { x: 0, y: 2, width: 10, height: 5 };
        assert_eq!(centre_crop((10, 10), (64, 32)), wide);
        assert_eq!(centre_crop((1, 9), (8, 8)), Op::Crop { x: 0, y: 4, width: 1, height: 1 });
    }

    #[test]
    fn an_image_too_narrow_for_any_attempt_falls_back_to_its_centre() {
        // Of 100 pixels in a column, half of the area at 3:4 is 6 wide: no attempt can fit.
        let mut stream = ViewRng::new(0, 0, 0, 0);
        let drawn = random_resized_crop((1, 100), (0.5, 1.0), (0.75, 4.0 / 3.0), &mut stream);
        assert_eq!(drawn, Op::Crop { x: 0, y: 49, width: 1, height: 1 });
        let drawn = random_resized_crop((90, 3), (0.5, 1.0), (0.75, 4.0 / 3.0), &mut stream);
        assert_eq!(drawn, Op::Crop { x: 43, y: 0, width: 4, height: 3 });
    }
}
