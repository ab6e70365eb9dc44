//! What can be said of an encoder without a single label.

use crate::{EvalError, Extractor, LabelFree};
use kontrast_augment::ViewPlan;
use kontrast_data::{Dataset, fill};
use kontrast_losses::geometry;
use kontrast_models::{Encoder, Mode};
use kontrast_torch_ext::Autocast;
use tch::{Kind, Tensor};

/// Images looked at; more would say the same.
const IMAGES: usize = 2048;

/// Alignment, uniformity, effective rank, deviation and contrastive accuracy of representations of two views of the
/// first images, drawn as in training.
///
/// # Errors
/// Where an image cannot be read.
pub fn label_free(
    encoder: &dyn Encoder,
    images: &dyn Dataset,
    plans: &[ViewPlan],
    extractor: &Extractor,
    seed: u64,
) -> Result<LabelFree, EvalError> {
    let indices: Vec<u32> = (0..images.len().min(IMAGES) as u32).collect();
    let view = |which: usize| -> Result<Tensor, EvalError> {
        let plan = &plans[which % plans.len()];
        let mut parts = Vec::new();
        for chunk in indices.chunks(extractor.batch) {
            let mut bytes = vec![0; chunk.len() * plan.bytes()];
            // Each view has an epoch of its own, so that the two are drawn independently.
            fill(images, plan, seed, which as u32, chunk, &mut bytes)?;
            parts.push(tch::no_grad(|| {
                let x = extractor.feed.images(&bytes, plan.size());
                let _autocast = Autocast::new(extractor.feed.device(), extractor.precision);
                encoder.forward(&x, Mode::Eval).to_kind(Kind::Float)
            }));
        }
        Ok(Tensor::cat(&parts, 0))
    };
    let (first, second) = (view(0)?, view(1)?);
    Ok(LabelFree {
        alignment: Some(geometry::alignment(&first, &second)),
        uniformity: Some(geometry::uniformity(&first)),
        effective_rank: Some(geometry::effective_rank(&first)),
        deviation: Some(geometry::deviation(&first)),
        contrastive_accuracy: Some(geometry::contrastive_accuracy(&first, &second)),
    })
}
