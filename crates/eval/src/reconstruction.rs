//! The error of images that a method gives back, beside its baseline: one colour in place of each image. Where a method does not
//! see all of an image, both are of what it does not see.

use crate::{EvalError, Stop, TaskImages};
use kontrast_config::PixelLoss;
use kontrast_methods::Method;
use kontrast_runlog::Reconstruction;
use tch::{Kind, Tensor};

/// Gives all images back and measures the error; none for a method that does not learn to.
///
/// # Errors
/// Where an image cannot be read, or the caller asked to stop.
pub fn reconstruction(
    method: &Method,
    images: &TaskImages,
    loss: PixelLoss,
    stop: &Stop,
) -> Result<Option<Reconstruction>, EvalError> {
    let (mut error, mut baseline) = (0.0, 0.0);
    for views in images.all(stop) {
        let views = views?;
        let Some(found) = method.reconstruct(&views) else { return Ok(None) };
        let [given_back, originals] =
            [&found.images, &views.view(0)].map(|images| judged(images, found.hidden.as_ref()));
        // As many values are judged in all images, so that a mean over images is one over values.
        error += sum_over_images(&given_back, &originals, loss);
        baseline += sum_over_images(&colours(&originals, loss), &originals, loss);
    }
    let count = images.count().max(1) as f64;
    let round = |sum: f64| (1e6 * sum / count).round() / 1e6;
    Ok(Some(Reconstruction {
        loss: name(loss).to_owned(),
        error: round(error),
        baseline: round(baseline),
        images: images.count() as u64,
        on_test: images.on_test,
    }))
}

fn name(loss: PixelLoss) -> &'static str {
    match loss {
        PixelLoss::Mse => "mse",
        PixelLoss::L1 => "l1",
    }
}

/// What is judged of images: all of them, or the pixels that the method did not see, one below another.
fn judged(images: &Tensor, hidden: Option<&Tensor>) -> Tensor {
    let Some(hidden) = hidden else { return images.shallow_clone() };
    let (n, channels, ..) = images.size4().expect("images of four dimensions");
    images.masked_select(&hidden.eq(1.0)).view([n, channels, -1, 1])
}

/// Each image's mean error, `[n, c, h, w]`, summed over the images.
fn sum_over_images(found: &Tensor, images: &Tensor, loss: PixelLoss) -> f64 {
    let difference = found - images;
    let errors = match loss {
        PixelLoss::Mse => difference.square(),
        PixelLoss::L1 => difference.abs(),
    };
    errors.mean(Kind::Float).double_value(&[]) * images.size()[0] as f64
}

/// The one colour of each image that errs least, `[n, c, 1, 1]`: the mean for squares, the median for absolute values.
fn colours(images: &Tensor, loss: PixelLoss) -> Tensor {
    let values = images.flatten(2, 3);
    let colours = match loss {
        PixelLoss::Mse => values.mean_dim([2i64].as_slice(), true, Kind::Float),
        PixelLoss::L1 => values.median_dim(2, true).0,
    };
    colours.unsqueeze(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    /// Two images of four pixels: one of one colour, one with a pixel that differs by 4 in each channel.
    fn images() -> Tensor {
        let images = Tensor::ones([2, 3, 2, 2], (Kind::Float, Device::Cpu));
        let _ = images.get(1).narrow(1, 0, 1).narrow(2, 0, 1).fill_(5.0);
        images
    }

    #[test]
    fn one_colour_errs_by_what_the_image_varies() {
        let images = images();
        for (loss, expected) in [(PixelLoss::Mse, 3.0), (PixelLoss::L1, 1.0)] {
            let baseline = sum_over_images(&colours(&images, loss), &images, loss);
            assert!((baseline - expected).abs() < 1e-6, "{}: {baseline}", name(loss));
            // No other colour errs less.
            for shift in [-0.5, -0.1, 0.1, 0.5] {
                assert!(sum_over_images(&(colours(&images, loss) + shift), &images, loss) > baseline);
            }
        }
    }

    #[test]
    fn what_the_method_saw_is_not_judged() {
        let hidden = Tensor::from_slice(&[1f32, 0., 0., 1., 0., 1., 1., 0.]).view([2, 1, 2, 2]);
        let (images, other) = (images(), images().masked_fill(&hidden.eq(0.0), 1e3));
        let part = judged(&images, Some(&hidden));
        assert_eq!(part.size(), [2, 3, 2, 1]);
        assert_eq!(judged(&other, Some(&hidden)), part);
        // The pixel that differs is seen in the second image: what is hidden there is of one colour.
        assert_eq!(sum_over_images(&colours(&part, PixelLoss::Mse), &part, PixelLoss::Mse), 0.0);
        assert_eq!(judged(&images, None), images);
    }

    #[test]
    fn what_is_given_back_as_it_is_has_no_error() {
        for loss in [PixelLoss::Mse, PixelLoss::L1] {
            assert!(sum_over_images(&images(), &images(), loss).abs() < 1e-9);
        }
    }
}
