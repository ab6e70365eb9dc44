//! Features of undistorted images, from a frozen encoder.

use crate::bank::broken_rows;
use crate::{EvalError, FeatureBank, Stop};
use kontrast_augment::ViewPlan;
use kontrast_augment_torch::ToTensor;
use kontrast_data::{Dataset, Labelled, fill, groups_of};
use kontrast_models::{Encoder, Head, Mode};
use kontrast_torch_ext::{Autocast, Precision};
use tch::{Kind, Tensor};

/// What is drawn of images: undistorted ones are drawn alike under every seed.
#[derive(Clone, Copy)]
pub(crate) struct DrawnViews<'a> {
    pub(crate) plan: &'a ViewPlan,
    pub(crate) seed: u64,
    pub(crate) epoch: u32,
}

impl<'a> From<&'a ViewPlan> for DrawnViews<'a> {
    fn from(plan: &'a ViewPlan) -> Self {
        Self { plan, seed: 0, epoch: 0 }
    }
}

/// How images become features.
pub struct Extractor {
    /// What is done to an image first; deterministic.
    pub plan: ViewPlan,
    /// From bytes to tensors.
    pub to_tensor: ToTensor,
    /// Precision of the encoder.
    pub precision: Precision,
    /// Images at once.
    pub batch: usize,
}

impl Extractor {
    /// Features of chosen images.
    ///
    /// # Shapes
    /// - returns `[indices, d]`, fp32
    ///
    /// # Errors
    /// Where an image cannot be read, a feature is no number, or the caller asked to stop.
    pub fn features(
        &self,
        encoder: &dyn Encoder,
        images: &dyn Dataset,
        indices: &[u32],
        stop: &Stop,
    ) -> Result<Tensor, EvalError> {
        self.features_of((&self.plan).into(), encoder, images, indices, stop)
    }

    /// Features and labels of a whole data set.
    ///
    /// # Errors
    /// As [`Extractor::features`].
    pub fn bank(
        &self,
        encoder: &dyn Encoder,
        images: &dyn Labelled,
        stop: &Stop,
    ) -> Result<FeatureBank, EvalError> {
        self.bank_of(&self.plan, encoder, images, stop)
    }

    /// The same of images of another size.
    pub(crate) fn bank_of(
        &self,
        plan: &ViewPlan,
        encoder: &dyn Encoder,
        images: &dyn Labelled,
        stop: &Stop,
    ) -> Result<FeatureBank, EvalError> {
        let indices: Vec<u32> = (0..images.len() as u32).collect();
        let labels: Vec<i64> = images.labels().into_iter().map(i64::from).collect();
        let features = self.features_of(plan.into(), encoder, images, &indices, stop)?;
        let labels = Tensor::from_slice(&labels).to_device(features.device());
        let bank = FeatureBank::of_checked(features, labels, images.class_names().len());
        match groups_of(images) {
            Some(groups) => bank.with_groups(groups),
            None => Ok(bank),
        }
    }

    /// Hands over chosen images, batch after batch, normalised, without gradients and in the encoder's precision.
    pub(crate) fn batches(
        &self,
        images: &dyn Dataset,
        indices: &[u32],
        stop: &Stop,
        take: impl FnMut(&Tensor),
    ) -> Result<(), EvalError> {
        self.batches_of((&self.plan).into(), images, indices, stop, take)
    }

    /// The same of drawn views of them.
    pub(crate) fn features_of(
        &self,
        views: DrawnViews<'_>,
        encoder: &dyn Encoder,
        images: &dyn Dataset,
        indices: &[u32],
        stop: &Stop,
    ) -> Result<Tensor, EvalError> {
        let mut parts = Vec::new();
        self.batches_of(views, images, indices, stop, |x| {
            parts.push(encoder.forward(x, Mode::Eval.into()).to_kind(Kind::Float));
        })?;
        let features = Tensor::cat(&parts, 0);
        require_finite(&features)?;
        Ok(features)
    }

    /// Representations of drawn views of chosen images, and the embeddings that a projector makes of them.
    ///
    /// # Shapes
    /// - returns `h`, `[indices, width]`, and `z`, `[indices, d]`, both fp32
    pub(crate) fn embeddings_of(
        &self,
        views: DrawnViews<'_>,
        (encoder, projector): (&dyn Encoder, &Head),
        images: &dyn Dataset,
        indices: &[u32],
        stop: &Stop,
    ) -> Result<(Tensor, Tensor), EvalError> {
        let (mut h, mut z) = (Vec::new(), Vec::new());
        self.batches_of(views, images, indices, stop, |x| {
            let own = encoder.forward(x, Mode::Eval.into());
            z.push(projector.forward(&own, Mode::Eval).to_kind(Kind::Float));
            h.push(own.to_kind(Kind::Float));
        })?;
        let (h, z) = (Tensor::cat(&h, 0), Tensor::cat(&z, 0));
        require_finite(&h)?;
        require_finite(&z)?;
        Ok((h, z))
    }

    fn batches_of(
        &self,
        views: DrawnViews<'_>,
        images: &dyn Dataset,
        indices: &[u32],
        stop: &Stop,
        mut take: impl FnMut(&Tensor),
    ) -> Result<(), EvalError> {
        let DrawnViews { plan, seed, epoch } = views;
        let mut bytes = Vec::new();
        for chunk in indices.chunks(self.batch) {
            stop.check()?;
            bytes.resize(chunk.len() * plan.bytes(), 0);
            fill(images, plan, seed, epoch, chunk, &mut bytes)?;
            tch::no_grad(|| {
                let x = self.to_tensor.images(&bytes, plan.size());
                let _autocast = Autocast::new(self.to_tensor.device(), self.precision);
                take(&x);
            });
        }
        Ok(())
    }
}

/// # Shapes
/// - `features`: `[n, d]`
///
/// # Errors
/// Where a row holds a value that is no number: no score of such features means anything.
pub(crate) fn require_finite(features: &Tensor) -> Result<(), EvalError> {
    match broken_rows(features) {
        0 => Ok(()),
        broken => Err(EvalError::NotFinite { broken, images: features.size()[0] as usize }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    #[test]
    fn field_features_that_are_no_numbers_are_counted_and_refused() {
        let features = Tensor::zeros([5, 3], (Kind::Float, Device::Cpu));
        assert!(require_finite(&features).is_ok());
        for (row, bad) in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].into_iter().enumerate() {
            let _ = features.get(row as i64).get(1).fill_(bad);
            let message = require_finite(&features).unwrap_err().to_string();
            assert!(message.starts_with(&format!("{} of 5 rows", row + 1)), "{message}");
        }
    }
}
