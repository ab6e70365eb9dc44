//! Features: representations of undistorted images, from a frozen encoder.

use crate::EvalError;
use kontrast_augment::ViewPlan;
use kontrast_augment_torch::ToTensor;
use kontrast_data::{Dataset, Labelled, fill};
use kontrast_models::{Encoder, Mode};
use kontrast_torch_ext::{Autocast, Precision};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tch::{Device, Kind, Tensor};

/// Representations of a labelled data set.
#[derive(Debug)]
pub struct FeatureBank {
    /// `[n, d]`, fp32.
    pub features: Tensor,
    /// `[n]`, class indices.
    pub labels: Tensor,
}

impl FeatureBank {
    /// The labels as numbers on the CPU.
    pub(crate) fn classes(&self) -> Vec<i64> {
        Vec::try_from(self.labels.to_device(Device::Cpu)).expect("labels are one row of whole numbers")
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
    /// Set by the caller to stop: looked at before each batch.
    pub stop: Arc<AtomicBool>,
}

impl Extractor {
    /// Features of chosen images.
    ///
    /// # Shapes
    /// - returns `[indices, d]`, fp32
    ///
    /// # Errors
    /// Where an image cannot be read, or a feature is no number.
    pub fn features(
        &self,
        encoder: &dyn Encoder,
        images: &dyn Dataset,
        indices: &[u32],
    ) -> Result<Tensor, EvalError> {
        let mut parts = Vec::new();
        self.batches(images, indices, |x| {
            parts.push(encoder.forward(x, Mode::Eval.into()).to_kind(Kind::Float));
        })?;
        let features = Tensor::cat(&parts, 0);
        require_finite(&features)?;
        Ok(features)
    }

    /// Hands over chosen images, batch after batch, normalised, without gradients and in the encoder's precision.
    pub(crate) fn batches(
        &self,
        images: &dyn Dataset,
        indices: &[u32],
        mut take: impl FnMut(&Tensor),
    ) -> Result<(), EvalError> {
        let mut bytes = Vec::new();
        for chunk in indices.chunks(self.batch) {
            require_going(&self.stop)?;
            bytes.resize(chunk.len() * self.plan.bytes(), 0);
            fill(images, &self.plan, 0, 0, chunk, &mut bytes)?;
            tch::no_grad(|| {
                let x = self.to_tensor.images(&bytes, self.plan.size());
                let _autocast = Autocast::new(self.to_tensor.device(), self.precision);
                take(&x);
            });
        }
        Ok(())
    }

    /// Features and labels of a whole data set.
    ///
    /// # Errors
    /// As [`Extractor::features`].
    pub fn bank(&self, encoder: &dyn Encoder, images: &dyn Labelled) -> Result<FeatureBank, EvalError> {
        let indices: Vec<u32> = (0..images.len() as u32).collect();
        let labels: Vec<i64> = images.labels().into_iter().map(i64::from).collect();
        let features = self.features(encoder, images, &indices)?;
        let labels = Tensor::from_slice(&labels).to_device(features.device());
        Ok(FeatureBank { features, labels })
    }
}

/// # Errors
/// [`EvalError::Stopped`] once the caller has asked to stop.
pub(crate) fn require_going(stop: &AtomicBool) -> Result<(), EvalError> {
    if stop.load(Ordering::Relaxed) { Err(EvalError::Stopped) } else { Ok(()) }
}

/// # Shapes
/// - `features`: `[n, d]`
///
/// # Errors
/// Where a row holds a value that is no number: no score of such features means anything.
pub(crate) fn require_finite(features: &Tensor) -> Result<(), EvalError> {
    let broken = features.isfinite().all_dim(1, false).logical_not().sum(Kind::Int64).int64_value(&[]);
    if broken == 0 {
        return Ok(());
    }
    Err(EvalError::NotFinite { broken: broken as usize, images: features.size()[0] as usize })
}

#[cfg(test)]
mod tests {
    use super::*;

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
