//! The crop that is resized to the view: random (Szegedy et al. 2015, arXiv 1409.4842), or the largest in the middle.

use crate::recipe::Op;
use kontrast_rng::KeyedRng;

/// The largest centred box with the proportions of `view`.
pub(crate) fn fit(image: (usize, usize), view: (usize, usize)) -> Op {
    let (width, height) = if image.0 * view.1 <= image.1 * view.0 {
        (image.0, rounded(image.0 as f64 * view.1 as f64 / view.0 as f64, image.1))
    } else {
        (rounded(image.1 as f64 * view.0 as f64 / view.1 as f64, image.0), image.1)
    };
    Op::crop((image.0 - width) / 2, (image.1 - height) / 2, width, height)
}

/// torchvision's `RandomResizedCrop`: ten attempts, then the largest centred box of allowed proportions.
pub(crate) fn random_resized_crop(
    image: (usize, usize),
    scale: (f64, f64),
    ratio: (f64, f64),
    antialias: bool,
    stream: &mut KeyedRng,
) -> Op {
    let boxed = |x, y, width, height| Op::Crop { x, y, width, height, antialias };
    let area = (image.0 * image.1) as f64;
    for _ in 0..10 {
        let target = area * stream.uniform(scale.0, scale.1);
        let aspect = stream.uniform(ratio.0.ln(), ratio.1.ln()).exp();
        let width = (target * aspect).sqrt().round_ties_even() as usize;
        let height = (target / aspect).sqrt().round_ties_even() as usize;
        if (1..=image.0).contains(&width) && (1..=image.1).contains(&height) {
            let y = stream.below(image.1 - height + 1);
            let x = stream.below(image.0 - width + 1);
            return boxed(x, y, width, height);
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
    boxed((image.0 - width) / 2, (image.1 - height) / 2, width, height)
}

/// The nearest whole number of pixels, at least one and at most what is there.
fn rounded(pixels: f64, available: usize) -> usize {
    (pixels.round_ties_even() as usize).clamp(1, available)
}

#[cfg(test)]
mod tests {
    use super::{fit, random_resized_crop};
    use crate::recipe::Op;
    use kontrast_rng::KeyedRng;

    #[test]
    fn the_centred_box_is_as_large_as_the_image_allows() {
        let square = Op::crop(2, 0, 6, 6);
        assert_eq!(fit((10, 6), (32, 32)), square);
        let wide = Op::crop(0, 2, 10, 5);
        assert_eq!(fit((10, 10), (64, 32)), wide);
        assert_eq!(fit((1, 9), (8, 8)), Op::crop(0, 4, 1, 1));
    }

    #[test]
    fn an_image_too_narrow_for_any_attempt_falls_back_to_its_centre() {
        // Of 100 pixels in a column, half of the area at 3:4 is 6 wide: no attempt can fit.
        let mut stream = KeyedRng::new(0, 0, 0, 0);
        let drawn = random_resized_crop((1, 100), (0.5, 1.0), (0.75, 4.0 / 3.0), true, &mut stream);
        assert_eq!(drawn, Op::crop(0, 49, 1, 1));
        let drawn = random_resized_crop((90, 3), (0.5, 1.0), (0.75, 4.0 / 3.0), true, &mut stream);
        assert_eq!(drawn, Op::crop(43, 0, 4, 3));
    }
}
