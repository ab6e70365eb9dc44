//! How long a step of an experiment takes here: measured on noise.

use kontrast_augment_torch::Views;
use kontrast_config::Experiment;
use kontrast_methods::{Progress, build, setting};
use std::time::Instant;
use tch::{Device, Kind, Tensor};

/// Steps that the clock counts, after one in which kernels are chosen and memory is taken.
const STEPS: u32 = 2;

/// Seconds of forward and backward, without reading images.
///
/// # Errors
/// Where the experiment cannot be built.
pub(super) fn seconds(experiment: &Experiment, images: usize, device: Device) -> anyhow::Result<f64> {
    let setting = setting(experiment, images, device)?;
    let mut method = build(&experiment.method, &setting, None)?;
    let (width, height) = experiment.views.size().width_and_height();
    let batch = experiment.train.batch;
    let shape = [2 * batch as i64, experiment.data.channels() as i64, height as i64, width as i64];
    let noise = Tensor::zeros(shape, (Kind::Float, device)).uniform_(-1.0, 1.0);
    let views = Views::new(noise, (0..batch as u32).collect());
    let mut started = Instant::now();
    for step in 0..=STEPS {
        if step == 1 {
            started = Instant::now();
        }
        let progress = Progress { step: u64::from(step), steps: 100, epoch: 0, epochs: 1 };
        // Reading the loss waits for the device.
        let _ = method.step(&views, progress).loss.double_value(&[]);
    }
    Ok(started.elapsed().as_secs_f64() / f64::from(STEPS))
}
