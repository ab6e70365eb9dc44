//! Everything that training and evaluation of one experiment share, made once.

use crate::data;
use crate::evaluation::{self, FinalScores};
use crate::host::{Host, Runtime};
use crate::images;
use crate::inventory::Inventory;
use crate::normalization;
use crate::pairs;
use crate::texts::{self, RunTexts};
use kontrast_augment::ViewPlan;
use kontrast_augment_torch::ToTensor;
use kontrast_config::{Experiment, Loaded};
use kontrast_data::{DataError, Dataset, Splits, Subset};
use kontrast_eval::{Extractor, Model, Stop};
use kontrast_methods::{
    Labels, Method, Setting, build, permutation_set, precision, setting, to_tensor, view_spec,
};
use kontrast_pretext::permutations::PermutationSet;
use kontrast_runlog::{Normalization, Summary};
use std::sync::Arc;

/// Images that evaluation sends through the encoder at once.
const BATCH: usize = 500;

/// An experiment with its device and its images.
pub struct Session<'h> {
    /// Who hears what is said of it.
    pub(crate) host: &'h dyn Host,
    /// What the file says.
    pub experiment: Experiment,
    /// Its digest, by which checkpoints know it.
    pub digest: String,
    /// Where it computes.
    pub runtime: Runtime,
    /// Training and test images.
    pub splits: Splits,
    /// What images these are.
    pub(crate) inventory: Inventory,
    /// How each view is drawn.
    pub plans: Vec<ViewPlan>,
    /// What is trained on: all training images, or as many as the method has classes for.
    pub trained_on: Arc<dyn Dataset>,
    /// Their places among the training images, where these are not all.
    places: Option<Vec<u32>>,
    /// What is said of the images that are trained on, for a method that reads texts.
    pub(crate) texts: Option<RunTexts>,
    /// Mean and std, where the file has them measured.
    pub(crate) normalization: Option<Normalization>,
    /// Set when the run is asked to stop.
    pub stop: Stop,
}

impl<'h> Session<'h> {
    /// Opens the images of an experiment, which are fetched first where the cache lacks them. `earlier` is what the
    /// run's summary says, where it goes on or is scored again: it keeps its threads, and mean and std that it measured.
    ///
    /// # Errors
    /// Where the device is not there, or the images cannot be read, are fewer than a batch, or have a channel of one value
    /// whose std is to be measured.
    pub fn new(
        loaded: &Loaded,
        host: &'h dyn Host,
        earlier: Option<&Summary>,
        stop: Stop,
    ) -> anyhow::Result<Self> {
        for note in &loaded.notes {
            host.note(&format_args!("note: {note}"));
        }
        let mut experiment = loaded.experiment.clone();
        let runtime = host.runtime(&experiment.run, earlier.map(|summary| summary.threads))?;
        let splits = data::open(&experiment.data, experiment.seed, host)?;
        images::log_notes(&splits, host);
        let inventory = Inventory::of(&splits)?;
        let all = splits.train.images();
        let labelled = splits.train.labelled().filter(|labelled| labelled.len() == all.len());
        let seen = texts::seen(&experiment, labelled.as_deref())?;
        let most = experiment.method.most_images().filter(|&most| most < all.len());
        let (trained_on, places): (Arc<dyn Dataset>, _) = match (most, seen) {
            (_, Some(seen)) => (texts::chosen(all, &seen), Some(seen)),
            (Some(most), None) => {
                let some = Subset::random(all, most, experiment.seed)?;
                let places = some.indices().to_vec();
                (Arc::new(some), Some(places))
            }
            (None, None) => (all, None),
        };
        let trained_on = pairs::paired(trained_on, &experiment.data, host)?;
        let (images, batch) = (trained_on.len(), experiment.train.batch);
        if images < batch {
            return Err(DataError::Batch { batch, images }.into());
        }
        let class = labelled.as_ref().map(|labelled| {
            let place = |image: usize| places.as_ref().map_or(image, |places| places[image] as usize);
            move |image: usize| labelled.class_names()[labelled.label(place(image)) as usize].clone()
        });
        let class = class.as_ref().map(|class| class as &dyn Fn(usize) -> String);
        let texts = RunTexts::open(&experiment, &*trained_on, class, host)?;
        let known = earlier.and_then(|summary| summary.normalization.clone());
        let normalization =
            normalization::settle(&mut experiment, &*splits.train.images(), known, &stop, host)?;
        let plans = view_spec(&experiment.views, experiment.data.channels())?.plans;
        Ok(Self {
            host,
            experiment,
            digest: loaded.digest.clone(),
            runtime,
            splits,
            inventory,
            plans,
            trained_on,
            places,
            texts,
            normalization,
            stop,
        })
    }

    /// The method with its initial weights.
    ///
    /// # Errors
    /// Where the images do not allow it: too few, or without labels that it needs.
    pub fn method(&self) -> anyhow::Result<Method> {
        let (experiment, train) = (&self.experiment, &self.splits.train);
        let of_texts = || self.texts.as_ref().map(RunTexts::groups);
        let groups = match &experiment.data.pairs {
            Some(_) => pairs::groups(&*self.trained_on, &experiment.data),
            None => of_texts(),
        };
        let text_setting = self.texts.as_ref().zip(experiment.text_encoder.as_ref());
        let texts = text_setting.map(|(texts, encoder)| texts.setting(encoder)).transpose()?;
        let setting =
            Setting { groups, texts, ..setting(experiment, self.trained_on.len(), self.runtime.device)? };
        // Only a method that needs them gets to see the labels.
        let labels = train.labelled().filter(|_| experiment.method.needs_labels()).map(|images| {
            let all = (0..images.len() as u32).collect();
            let places = self.places.clone().unwrap_or(all);
            let by_image: Vec<_> = places.iter().map(|&place| images.label(place as usize)).collect();
            Labels::new(&by_image, images.class_names().len())
        });
        Ok(build(&experiment.method, &setting, labels.as_ref())?)
    }

    /// What a method or an encoder has learned: its scores by the file's `[eval]` beside their baselines, where there are labels, and
    /// the figures that need none.
    ///
    /// # Errors
    /// Where the images do not allow what the file asks for, features are no numbers, or the flag asked to stop.
    pub fn scores<'m>(&self, model: impl Into<Model<'m>>) -> anyhow::Result<FinalScores> {
        let model = model.into();
        evaluation::check(self, model)?;
        evaluation::at_the_end(self, model)
    }

    /// The permutations that its jigsaws are made by.
    pub(crate) fn permutations(&self) -> anyhow::Result<Vec<PermutationSet>> {
        let shuffled = self.experiment.method.tasks().into_iter().filter_map(|task| task.info.shuffled);
        let sets = shuffled.map(|shuffled| permutation_set(shuffled.grid, &shuffled.permutations));
        Ok(sets.collect::<Result<_, _>>()?)
    }

    /// From bytes to normalised tensors.
    pub fn to_tensor(&self) -> ToTensor {
        to_tensor(&self.experiment.data, self.runtime.device)
    }

    /// Features of undistorted images of this width and height.
    pub fn extractor(&self, size: (usize, usize)) -> Extractor {
        Extractor {
            plan: self.undistorted(size),
            to_tensor: self.to_tensor(),
            precision: precision(self.experiment.train.precision),
            batch: BATCH,
        }
    }

    /// Images as they are, in this width and height.
    pub fn undistorted(&self, size: (usize, usize)) -> ViewPlan {
        let plan = ViewPlan::evaluation(size).of_channels(self.experiment.data.channels());
        plan.expect("a checked experiment has images of 1 to 256 channels, and cropping changes no colour")
    }

    /// Width and height of the first view, and so of an image under evaluation.
    pub fn size(&self) -> (usize, usize) {
        self.experiment.views.size().width_and_height()
    }
}
