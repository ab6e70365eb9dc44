//! Whether a training can fit in memory, asked before any of it is made.

use crate::Refusal;
use crate::session::Session;
use kontrast_augment::ViewPlan;
use kontrast_config::{Experiment, Feed, Optimizer, Precision};
use kontrast_methods::setting;
use kontrast_models::EncoderSpec;
use kontrast_runlog::human;
use kontrast_torch_ext::available_memory;
use kontrast_training::DeviceImages;
use tch::Device;

const BYTES_OF_FP32: u64 = 4;
const BYTES_OF_BF16: u64 = 2;

/// The least bytes that training takes.
#[derive(Clone, Copy, Debug)]
struct Need {
    /// Weights, gradients and optimizer state of the encoder.
    weights: u64,
    /// Activations of one view of the images that go through the encoder at once.
    step: u64,
}

/// Refuses what cannot fit, with the keys to change. It is a lower bound: what it lets through may still be too much.
///
/// # Errors
/// Where the encoder's weights, the activations of a step, or images that are to lie on the device are more than the memory
/// that is there, and where these images have several sizes.
pub(crate) fn require_room(session: &Session<'_>) -> anyhow::Result<()> {
    let experiment = &session.experiment;
    let encoder = setting(experiment, session.trained_on.len(), session.runtime.device)?.encoder;
    let sizes = session.plans.iter().map(ViewPlan::size);
    let size = sizes.max_by_key(|(width, height)| width * height).unwrap_or((0, 0));
    if let Some(available) = available_memory(session.runtime.device) {
        fits(experiment, need(experiment, encoder, size), size, available)?;
    }
    if experiment.train.feed == Feed::Device {
        let channels = experiment.data.channels();
        DeviceImages::check(&*session.trained_on, channels, session.runtime.device)?;
    }
    Ok(())
}

/// The batch, halved until a step of it takes at most so many bytes; never less than 2.
///
/// # Errors
/// Where the experiment cannot be built.
pub(crate) fn largest_batch(experiment: &Experiment, batch: usize, bytes: u64) -> anyhow::Result<usize> {
    let encoder = setting(experiment, batch, Device::Cpu)?.encoder;
    let Need { weights, step } = need(experiment, encoder, experiment.views.size().width_and_height());
    // Two views, and of each at least what convolutions keep; batch norm and the shortcuts as much again.
    let of_image = 4 * step / experiment.train.batch as u64;
    let mut batch = batch;
    while batch > 2 && weights.saturating_add(of_image.saturating_mul(batch as u64)) > bytes {
        batch /= 2;
    }
    Ok(batch)
}

fn need(experiment: &Experiment, encoder: EncoderSpec, size: (usize, usize)) -> Need {
    let estimate = encoder.estimate(size);
    // Weight, gradient and what the optimizer keeps of each.
    let copies = match experiment.optimizer {
        Optimizer::Sgd(_) | Optimizer::Lars(_) => 3,
        Optimizer::Adamw(_) => 4,
    };
    let at_once = experiment.train.chunk.unwrap_or(experiment.train.batch) as u64;
    let bytes = match experiment.train.precision {
        Precision::Bf16 => BYTES_OF_BF16,
        Precision::Fp32 => BYTES_OF_FP32,
    };
    Need {
        weights: estimate.parameters.saturating_mul(copies * BYTES_OF_FP32),
        step: estimate.activations.saturating_mul(at_once).saturating_mul(bytes),
    }
}

fn fits(experiment: &Experiment, need: Need, size: (usize, usize), available: u64) -> Result<(), Refusal> {
    let there = human::bytes(available);
    let encoder = experiment.encoder.size_key();
    if need.weights > available {
        let text = format!(
            "{encoder}: weights, gradients and optimizer state of {} take at least {}, and {there} of memory \
             are available; lower it, or make room",
            experiment.encoder.shape(),
            human::bytes(need.weights)
        );
        return Err(Refusal(text));
    }
    if need.weights.saturating_add(need.step) > available {
        let at_once = experiment.train.chunk.unwrap_or(experiment.train.batch);
        let text = format!(
            "train.batch: a step with {at_once} images of {}x{} at once takes at least {}, and {there} of memory \
             are available; lower train.batch, let train.chunk embed it in parts, or lower the size of the views or \
             {encoder}",
            size.0,
            size.1,
            human::bytes(need.weights.saturating_add(need.step))
        );
        return Err(Refusal(text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/smoke/simclr.toml");

    fn refused(changes: &[&str], available: u64) -> Option<String> {
        let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
        let experiment = Experiment::load(Path::new(FILE), &changes).unwrap().experiment;
        let encoder = setting(&experiment, 64, Device::Cpu).unwrap().encoder;
        let size = experiment.views.size().width_and_height();
        fits(&experiment, need(&experiment, encoder, size), size, available).err().map(|refusal| refusal.0)
    }

    #[test]
    fn field_what_cannot_fit_is_refused_with_the_key_to_change() {
        let large = 24_000_000_000;
        for (changes, key) in [
            (&["encoder.resnet18.width=100000"][..], "encoder.resnet18.width"),
            (&["encoder.resnet18.width=4000000000"], "encoder.resnet18.width"),
            (&["views.simclr.size=8192"], "train.batch"),
            (&["views.simclr.size=8192", "train.chunk=4"], "train.batch"),
            (&["train.batch=2000000", "data.synthetic.train=2000000"], "train.batch"),
        ] {
            let text = refused(changes, large).unwrap_or_else(|| panic!("{changes:?} was let through"));
            assert!(text.starts_with(key) && text.contains("24.0 GB of memory"), "{changes:?}: {text}");
        }
    }

    #[test]
    fn field_what_fits_is_let_through_and_parts_of_a_batch_need_less() {
        assert_eq!(refused(&[], 1_000_000_000), None);
        let whole = ["train.batch=4096", "data.synthetic.train=4096", "encoder.resnet18.width=64"];
        assert!(refused(&whole, 2_000_000_000).is_some());
        assert_eq!(refused(&[&whole[..], &["train.chunk=64"]].concat(), 2_000_000_000), None);
    }
}
