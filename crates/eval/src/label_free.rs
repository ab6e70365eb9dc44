//! What can be said of an encoder without a single label.

use crate::extractor::require_finite;
use crate::{EvalError, Extractor, LabelFree, Stop};
use kontrast_augment::ViewPlan;
use kontrast_augment_torch::Views;
use kontrast_data::{Dataset, fill_views};
use kontrast_losses::geometry;
use kontrast_models::{Encoder, Mode};
use kontrast_torch_ext::Autocast;
use tch::{Kind, Tensor};

/// Images looked at. Contrastive accuracy depends on their number: it counts the candidates.
const IMAGES: usize = 2048;

/// Alignment, uniformity, effective rank, standard deviation, contrastive accuracy, LiDAR and spectrum of representations
/// of the first two views of some 2,000 images, drawn as in training; without alignment, accuracy and LiDAR where a plan
/// has one view, or a second of another size.
///
/// # Errors
/// Where an image cannot be read, a representation is no number, or the caller asked to stop.
pub fn label_free(
    encoder: &dyn Encoder,
    images: &dyn Dataset,
    plans: &[ViewPlan],
    extractor: &Extractor,
    seed: u64,
    stop: &Stop,
) -> Result<LabelFree, EvalError> {
    // Spread over the data set, which may be sorted by class.
    let count = images.len().min(IMAGES);
    let indices: Vec<u32> = (0..count).map(|i| (i * images.len() / count) as u32).collect();
    // Two views tell all; of a plan with small crops besides, the first two are the large ones. The views of joint tasks
    // may differ in size, and then are not meant to agree.
    let size = plans[0].size();
    let paired = plans.get(1).is_some_and(|second| second.size() == size);
    let plans = &plans[..if paired { 2 } else { 1 }];
    let bytes: usize = plans.iter().map(ViewPlan::bytes).sum();
    let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
    for chunk in indices.chunks(extractor.batch) {
        stop.check()?;
        let mut rendered = vec![0; chunk.len() * bytes];
        fill_views(images, plans, seed, 0, chunk, &mut rendered)?;
        let h = tch::no_grad(|| {
            let x = extractor.to_tensor.images(&rendered, size);
            let _autocast = Autocast::new(extractor.to_tensor.device(), extractor.precision);
            encoder.forward(&x, Mode::Eval.into()).to_kind(Kind::Float)
        });
        let by_view = Views::new(h, chunk.to_vec());
        firsts.push(by_view.view(0));
        seconds.push(by_view.view(by_view.count() - 1));
    }
    let (first, second) = (Tensor::cat(&firsts, 0), Tensor::cat(&seconds, 0));
    require_finite(&first)?;
    require_finite(&second)?;
    // Without a second view the first would be compared with itself, which is uninformative.
    Ok(LabelFree {
        alignment: paired.then(|| geometry::alignment(&first, &second)),
        uniformity: Some(geometry::uniformity(&first)),
        effective_rank: Some(geometry::effective_rank(&first)),
        std: Some(geometry::std(&first)),
        contrastive_accuracy: paired.then(|| geometry::contrastive_accuracy(&first, &second)),
        lidar: paired.then(|| geometry::lidar(&Tensor::stack(&[&first, &second], 0))),
        spectrum: geometry::spectrum(&first).into_iter().map(four_digits).collect(),
    })
}

/// Four significant digits: more are uninformative, and a summary is read by people.
fn four_digits(fraction: f64) -> f64 {
    format!("{fraction:.3e}").parse().unwrap_or(fraction)
}
