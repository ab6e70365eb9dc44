//! What a method that learns to give images back makes of them: the error beside its baseline, and a picture.

use crate::canvas::{pixels, save};
use crate::figures::{SHOWN, Sheet};
use crate::log;
use crate::session::Session;
use crate::task_images::TaskImages;
use kontrast_config::{PixelLoss, Task};
use kontrast_methods::Method;
use kontrast_runlog::Reconstruction;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use tch::{Kind, Tensor};

/// Gives all test images back, or the training images where there is no test split, measures the error, and draws some.
/// None for a method that does not learn to.
pub(crate) fn measured(
    session: &Session,
    method: &Method,
    file: &Path,
    interrupt: &AtomicBool,
) -> anyhow::Result<Option<Reconstruction>> {
    let reconstructed = |task: Task| Some((task.first_view(), task.info.reconstructs?));
    let Some((view, loss)) = session.experiment.method.tasks().into_iter().find_map(reconstructed) else {
        return Ok(None);
    };
    let asked = TaskImages::new(session, view);
    let (mut error, mut baseline) = (0.0, 0.0);
    for views in asked.all(interrupt) {
        let views = views?;
        let images = views.view(0);
        let Some(found) = method.reconstruct(&images) else { return Ok(None) };
        // All images are of one size, so that a mean over images is one over values.
        error += sum_over_images(&found, &images, loss);
        baseline += sum_over_images(&colours(&images, loss), &images, loss);
    }
    let count = asked.len().max(1) as f64;
    let round = |sum: f64| (1e6 * sum / count).round() / 1e6;
    let reconstruction = Reconstruction {
        loss: name(loss).to_owned(),
        error: round(error),
        baseline: round(baseline),
        images: asked.len() as u64,
        on_test: asked.on_test,
    };
    log::note(format_args!(
        "reconstruction of the {} images: {} {:.4}, of one colour for each {:.4}",
        asked.whose(),
        reconstruction.loss,
        reconstruction.error,
        reconstruction.baseline
    ));
    draw(session, method, &asked, file)?;
    Ok(Some(reconstruction))
}

/// A dozen images in columns: as they are, and what comes back of them.
fn draw(session: &Session, method: &Method, asked: &TaskImages<'_>, file: &Path) -> anyhow::Result<()> {
    let count = asked.len().min(SHOWN);
    // Spread over the data set, which may be sorted by class.
    let indices: Vec<u32> = (0..count).map(|column| (column * asked.len() / count) as u32).collect();
    let images = asked.some(&indices)?.view(0);
    let Some(found) = method.reconstruct(&images) else { return Ok(()) };
    let mut sheet = Sheet::new(count, 2, (images.size()[3] as usize, images.size()[2] as usize));
    let to_tensor = session.to_tensor();
    for (row, pictures) in [images, found].iter().enumerate() {
        for column in 0..count {
            sheet.put(column, row, &pixels(&pictures.get(column as i64), &to_tensor), None);
        }
    }
    save(&sheet.picture, file)
}

fn name(loss: PixelLoss) -> &'static str {
    match loss {
        PixelLoss::Mse => "mse",
        PixelLoss::L1 => "l1",
    }
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
    fn what_is_given_back_as_it_is_has_no_error() {
        for loss in [PixelLoss::Mse, PixelLoss::L1] {
            assert!(sum_over_images(&images(), &images(), loss).abs() < 1e-9);
        }
    }
}
