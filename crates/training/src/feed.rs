//! Where a step's views come from: bytes that the host rendered, or images on the device with recipes that the host drew.

use crate::{DeviceImages, TrainerSpec};
use kontrast_augment::ViewPlan;
use kontrast_augment_torch::Views;
use kontrast_data::{Batch, DataError, Loader, LoaderSpec, Recipes};

/// Batches made ready ahead of the step; more would only cost memory.
const AHEAD: usize = 3;

/// The source of a training's batches, in the order of its steps.
pub(crate) enum Feed {
    /// The loader's threads render ahead.
    Host(Loader<Vec<u8>>),
    /// One thread draws ahead, and the device renders in the step.
    Device(Loader<Recipes>, DeviceImages),
}

/// What the host made ready for a step.
pub(crate) enum Ready {
    Bytes(Vec<u8>),
    Recipes(Recipes),
}

impl Feed {
    /// Begins at this step; for views that are rendered on the device, its images are copied there first.
    ///
    /// # Errors
    /// Where images cannot be read, do not fit the device, or threads cannot be started.
    pub(crate) fn start(spec: &TrainerSpec, first_step: u64) -> anyhow::Result<Self> {
        let loader = LoaderSpec { first_step, ..spec.loader.clone() };
        let Some(renderer) = &spec.renderer else {
            let buffers = (0..AHEAD).map(|_| vec![0u8; loader.bytes()]).collect();
            return Ok(Self::Host(Loader::start(loader, buffers)?));
        };
        let channels = loader.plans.first().map_or(0, ViewPlan::channels);
        let images = DeviceImages::copied(&*loader.dataset, channels, renderer.device())?;
        // A recipe is drawn in a small part of the time in which it is rendered.
        let loader = LoaderSpec { workers: 1, ..loader };
        let recipes = (0..AHEAD).map(|_| Recipes::default()).collect();
        Ok(Self::Device(Loader::start(loader, recipes)?, images))
    }

    /// What the next step needs of the host; waits until it is there. `None` after the last step.
    ///
    /// # Errors
    /// When an image cannot be read or a thread panics.
    pub(crate) fn next(&mut self) -> Result<Option<Batch<Ready>>, DataError> {
        Ok(match self {
            Self::Host(loader) => loader.next()?.map(|batch| batch.map(Ready::Bytes)),
            Self::Device(loader, _) => loader.next()?.map(|batch| batch.map(Ready::Recipes)),
        })
    }

    /// The views of a batch on the device; what it was made of goes back to be filled again.
    pub(crate) fn views(&mut self, batch: Batch<Ready>, spec: &TrainerSpec) -> Views {
        let sizes: Vec<_> = spec.loader.plans.iter().map(ViewPlan::size).collect();
        match (self, batch.buffer) {
            (Self::Host(loader), Ready::Bytes(bytes)) => {
                let views = spec.to_tensor.views(&bytes, &sizes, batch.indices);
                loader.recycle(bytes);
                views
            }
            (Self::Device(loader, images), Ready::Recipes(drawn)) => {
                let renderer = spec.renderer.as_ref().expect("the feed began with a renderer");
                let Recipes { recipes, sources } = &drawn;
                let views = renderer.views(images.tensor(), (recipes, sources), &sizes, batch.indices);
                loader.recycle(drawn);
                views
            }
            _ => unreachable!("a batch goes to the feed that it came from"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Checkpoints;
    use kontrast_config::Experiment;
    use kontrast_data::{InChannels, Shapes};
    use kontrast_methods::view_spec;
    use std::path::Path;
    use std::sync::Arc;
    use tch::{Device, Kind};

    const SMOKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/smoke");

    /// The batch of this step, by one of the feeds.
    fn views(file: &str, changes: &[&str], feed: &str, step: u64) -> (Views, TrainerSpec) {
        let feed = format!("train.feed={feed}");
        let changes: Vec<_> = changes.iter().chain([&&*feed]).map(ToString::to_string).collect();
        let loaded = Experiment::load(&Path::new(SMOKE).join(file), &changes).unwrap();
        let experiment = &loaded.experiment;
        let channels = experiment.data.channels();
        let shapes = Arc::new(Shapes::train(experiment.train.batch * 2, 4, 32, 7).unwrap());
        let images = Arc::new(InChannels::new(shapes, channels));
        let plans = view_spec(&experiment.views, channels).unwrap();
        let spec = TrainerSpec::of(experiment, images, &plans, Checkpoints::new("unused", 1), Device::Cpu);
        let mut feed = Feed::start(&spec, step).unwrap();
        let batch = feed.next().unwrap().unwrap();
        assert_eq!((batch.step, batch.epoch), (step, (step / 2) as u32));
        (feed.views(batch, &spec), spec)
    }

    /// The fraction of bytes that are more than `steps` apart between the feeds.
    fn apart(file: &str, changes: &[&str], steps: i64) -> f64 {
        let ((host, spec), (device, _)) =
            (views(file, changes, "host", 3), views(file, changes, "device", 3));
        assert_eq!(host.indices(), device.indices());
        assert_eq!(host.groups().len(), device.groups().len());
        let (mut beyond, mut all) = (0.0, 0.0);
        for (host, device) in host.groups().iter().zip(device.groups()) {
            assert_eq!((host.size(), host.stride()), (device.size(), device.stride()));
            assert_eq!((host.kind(), device.kind()), (Kind::Float, Kind::Float));
            let bytes = |x| spec.to_tensor.bytes(x).to_kind(Kind::Int64);
            let differs = (bytes(host) - bytes(device)).abs().gt(steps);
            beyond += differs.to_kind(Kind::Double).sum(Kind::Double).double_value(&[]);
            all += differs.numel() as f64;
        }
        beyond / all
    }

    #[test]
    fn both_feeds_give_the_same_views_within_two_steps_of_a_byte() {
        let lab = ["data.color_space=lab", "data.mean=[50.0, 0.0, 0.0]", "data.std=[25.0, 20.0, 20.0]"];
        let gray = "autoencoder-gray.toml";
        for (file, changes) in
            [("simclr.toml", &[][..]), ("jigsaw.toml", &[]), (gray, &[]), ("simclr.toml", &lab)]
        {
            let found = apart(file, changes, 2);
            assert!(found == 0.0, "{file} {changes:?}: {found}");
        }
    }

    #[test]
    fn every_plan_of_the_smoke_runs_is_rendered_alike_by_both_but_for_pixels_at_a_threshold() {
        let mut files = 0;
        for entry in std::fs::read_dir(SMOKE).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let found = apart(&name, &[], 2);
            assert!(found < 1e-3, "{name}: {found}");
            files += 1;
        }
        assert!(files > 20, "{files} smoke runs");
    }
}
