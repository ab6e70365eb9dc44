//! What a training needs to know besides its method.

use crate::{Checkpoints, TextSource};
use kontrast_augment_torch::{DeviceRenderer, ToTensor};
use kontrast_config::{Experiment, Feed};
use kontrast_data::{Dataset, Epochs, LoaderSpec};
use kontrast_methods::{ViewSpec, device_renderer, to_tensor};
use kontrast_models::Preprocessing;
use std::sync::Arc;
use tch::Device;

/// What a training needs to know besides its method.
pub struct TrainerSpec {
    /// Images, views, their order, how many epochs.
    pub loader: LoaderSpec,
    /// Where views become tensors.
    pub to_tensor: ToTensor,
    /// What renders views where the network is, with all images on that device; none where the loader renders them.
    pub renderer: Option<DeviceRenderer>,
    /// The texts of the images, for a method that compares images with texts.
    pub texts: Option<Box<dyn TextSource>>,
    /// What is done to images, which checkpoints say.
    pub preprocessing: Preprocessing,
    /// Where checkpoints go.
    pub checkpoints: Checkpoints,
    /// Epochs between checkpoints.
    pub checkpoint_every: u32,
    /// Steps between records.
    pub log_every: u64,
    /// Digest of the configuration.
    pub digest: String,
    /// Fingerprint of the images: a checkpoint of others is refused.
    pub images: String,
    /// Threads of libtorch.
    pub threads: usize,
}

impl TrainerSpec {
    /// The training that an experiment describes, of these images in these views, with one thread of each kind, without
    /// texts, and with about ten records an epoch. The digest is empty: it says nothing of a method of your own.
    ///
    /// # Panics
    /// Where mean and std of the experiment are still to be measured.
    pub fn of(
        experiment: &Experiment,
        dataset: Arc<dyn Dataset>,
        views: &ViewSpec,
        checkpoints: Checkpoints,
        device: Device,
    ) -> Self {
        let (train, seed) = (&experiment.train, experiment.seed);
        let (mean, std) = experiment.data.normalization().expect("mean and std that are known");
        let epochs = Epochs { len: dataset.len(), batch: train.batch, seed };
        let loader = LoaderSpec {
            epochs,
            dataset,
            plans: views.plans.clone(),
            total_epochs: train.epochs,
            first_step: 0,
            seed,
            workers: 1,
        };
        Self {
            loader,
            to_tensor: to_tensor(&experiment.data, device),
            renderer: (train.feed == Feed::Device).then(|| device_renderer(&experiment.data, device)),
            texts: None,
            preprocessing: Preprocessing {
                size: experiment.views.size().width_and_height(),
                mean: mean.to_vec(),
                std: std.to_vec(),
                color_space: experiment.data.color_space.unwrap_or_default().as_str().to_owned(),
            },
            checkpoints,
            checkpoint_every: train.checkpoint_every,
            // About ten records an epoch, and at least one in ten steps.
            log_every: (epochs.steps_per_epoch() / 10).clamp(1, 10),
            digest: String::new(),
            images: String::new(),
            threads: 1,
        }
    }
}
