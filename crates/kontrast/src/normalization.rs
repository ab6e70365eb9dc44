//! `data.mean = "measured"`: mean and std of the training images, measured once when a run begins.

use crate::Refusal;
use crate::host::Host;
use kontrast_augment::ImageRef;
use kontrast_augment_torch::{ColorSpace, ToTensor};
use kontrast_config::Experiment;
use kontrast_data::{Dataset, Measured, Moments, measure};
use kontrast_eval::Stop;
use kontrast_methods::color_space;
use kontrast_runlog::Normalization;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use tch::{Device, Kind, Tensor};

/// Without a terminal, at most one line in this time.
const QUIET: Duration = Duration::from_secs(5);

/// Enters mean and std into an experiment that has them measured: those of `known`, where a run measured them already, else
/// those of these images. None where the file has numbers.
///
/// # Errors
/// Where an image cannot be read, a channel has one value everywhere, or the measuring is stopped.
pub(crate) fn settle(
    experiment: &mut Experiment,
    images: &dyn Dataset,
    known: Option<Normalization>,
    stop: &Stop,
    host: &dyn Host,
) -> anyhow::Result<Option<Normalization>> {
    if experiment.data.normalization().is_some() {
        return Ok(None);
    }
    let found = match known {
        Some(known) => known,
        None => measured(experiment, images, stop, host)?,
    };
    let Normalization { mean, std, .. } = found.clone();
    experiment.data = experiment.data.clone().normalized_by(mean, std);
    Ok(Some(found))
}

fn measured(
    experiment: &Experiment,
    images: &dyn Dataset,
    stop: &Stop,
    host: &dyn Host,
) -> anyhow::Result<Normalization> {
    let (channels, space) = (experiment.data.channels(), color_space(&experiment.data));
    let bar = host.bar("measuring mean and std [{bar:30}] {pos}/{len} images, {eta} left");
    let (mut begun, mut said) = (false, Instant::now());
    let moments = |image: ImageRef<'_>| match space {
        ColorSpace::Rgb => Moments::of_bytes(image, channels),
        other => in_space(image, other),
    };
    let found = measure(images, experiment.seed, &moments, &mut |done, all| {
        if !begun {
            bar.begin(0, all as u64);
            begun = true;
        }
        bar.set(done as u64);
        if !bar.is_seen() && said.elapsed() >= QUIET {
            said = Instant::now();
            bar.line(&format!("measuring mean and std: {done} of {all} images"));
        }
        if stop.is_requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    bar.finish();
    let Some(Measured { mean, std, images: count }) = found? else {
        anyhow::bail!("stopped while mean and std were measured");
    };
    if let Some(channel) = std.iter().position(|&std| std <= 0.0) {
        let text = format!(
            "data.mean = \"measured\": expected a channel with several values, found channel {} of {channels} at {:.4} in every \
             pixel of all {count} images, which no std divides; lower data.channels where it is an alpha that is not used, or \
             give data.mean and data.std numbers",
            channel + 1,
            mean[channel]
        );
        return Err(Refusal(text).into());
    }
    let words = |values: &[f64]| {
        let each: Vec<_> = values.iter().map(|value| format!("{value:.4}")).collect();
        each.join(", ")
    };
    let of = if count < images.len() { format!(" of {}", images.len()) } else { String::new() };
    host.note(&format_args!(
        "note: measured on {count}{of} training images: mean {}; std {}",
        words(&mean),
        words(&std)
    ));
    Ok(Normalization { mean, std, images: count as u64 })
}

/// Of the three channels of an image in another space, as training converts it; summed in fp64, in the pixels' order.
fn in_space(image: ImageRef<'_>, space: ColorSpace) -> Moments {
    let to_tensor = ToTensor::in_space(space, [0.0; 3], [1.0; 3], Device::Cpu);
    let converted = to_tensor.images(image.pixels, image.size());
    let mut moments = Moments { mean: vec![], square: vec![], least: vec![], largest: vec![] };
    for channel in 0..3 {
        let plane: Tensor = converted.select(1, channel).contiguous().view([-1]).to_kind(Kind::Float);
        let values = Vec::<f32>::try_from(&plane).expect("a plane of fp32");
        let values = || values.iter().map(|&value| f64::from(value));
        let pixels = image.pixels.len() as f64 / 3.0;
        moments.mean.push(values().sum::<f64>() / pixels);
        moments.square.push(values().map(|value| value * value).sum::<f64>() / pixels);
        moments.least.push(values().fold(f64::INFINITY, f64::min));
        moments.largest.push(values().fold(f64::NEG_INFINITY, f64::max));
    }
    moments
}
