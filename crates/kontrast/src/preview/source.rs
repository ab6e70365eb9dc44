//! The plans and the images of a preview.

use super::Preview;
use crate::host::Host;
use crate::{Refusal, data, images, pairs};
use kontrast_augment::ViewPlan;
use kontrast_config::{self as config, Experiment, Task, Views};
use kontrast_data::{DataError, Dataset, Shapes, Spec, Unreadable};
use kontrast_methods::view_spec;
use kontrast_runlog::cache_home;
use kontrast_runlog::human::counted;
use std::path::Path;
use std::sync::Arc;

/// Drawn shapes stand in where no photographs are at hand: as many as the audit compares, and of CIFAR-10's size.
const SHAPES: usize = 2048;
const SIDE: usize = 32;
const CLASSES: usize = 10;

/// What is previewed.
pub(super) struct Previewed {
    pub(super) plans: Vec<ViewPlan>,
    /// What compares the views; none where a plan is previewed by itself.
    pub(super) tasks: Vec<Task>,
    pub(super) images: Arc<dyn Dataset>,
    pub(super) seed: u64,
    /// The images in words.
    pub(super) words: String,
}

impl Previewed {
    pub(super) fn of(arguments: &Preview, host: &dyn Host) -> anyhow::Result<Self> {
        let experiment = match &arguments.config {
            Some(path) => {
                let (experiment, notes) = Experiment::load_to_look(path, &arguments.overrides)?;
                for note in notes {
                    host.note(&format_args!("note: {note}"));
                }
                Some(experiment)
            }
            None => None,
        };
        let views = match (&experiment, &arguments.plan) {
            (Some(experiment), _) => experiment.views.clone(),
            (None, Some(name)) => paper(name, &arguments.overrides)?,
            (None, None) => {
                return Err(Refusal("name a plan with --plan, or a file with --config".into()).into());
            }
        };
        let channels = experiment.as_ref().map_or(3, |experiment| experiment.data.channels());
        let own_seed = experiment.as_ref().map_or(0, |experiment| experiment.seed);
        let (images, words) = match (&arguments.images, &experiment) {
            (Some(path), experiment) => {
                typed(path, unreadable(arguments, experiment.as_ref()), channels, host)?
            }
            (None, Some(experiment)) => {
                let splits = data::open(&experiment.data, experiment.seed, host)?;
                images::log_notes(&splits, host);
                let images = pairs::paired(splits.train.images(), &experiment.data, host)?;
                let words = format!("{} training images of {}", images.len(), experiment.data.name.as_str());
                (images, words)
            }
            (None, None) => at_hand(host)?,
        };
        let seed = arguments.seed.unwrap_or(own_seed);
        let tasks = experiment.map_or_else(Vec::new, |experiment| experiment.method.tasks());
        Ok(Self { plans: view_spec(&views, channels)?.plans, tasks, images, seed, words })
    }
}

fn paper(name: &str, overrides: &[String]) -> anyhow::Result<Views> {
    if let Some(views) = Views::of_paper(name, overrides) {
        return Ok(views?);
    }
    let known = Views::papers().collect::<Vec<_>>().join(", ");
    Err(Refusal(format!("--plan {name}: there is no such plan; expected one of {known}")).into())
}

impl Previewed {
    /// How many images are smaller than the largest view, in words; none where none is.
    pub(super) fn enlarged(&self) -> Result<Option<String>, DataError> {
        let side = self.plans.iter().map(|plan| plan.size().0.max(plan.size().1)).max().unwrap_or(0);
        let mut smaller = 0;
        for index in 0..self.images.len() {
            let (width, height) = self.images.size(index)?;
            smaller += usize::from(width.min(height) < side);
        }
        let all = counted(self.images.len() as u64, "image");
        Ok((smaller > 0).then(|| {
            format!(
                "{} of {all} are smaller than a view of {side} pixels: they are enlarged, or have black beside them, which \
                 says little about larger ones",
                kontrast_runlog::human::count(smaller as u64)
            )
        }))
    }
}

/// As the flag says, else as the experiment does.
fn unreadable(arguments: &Preview, experiment: Option<&Experiment>) -> Unreadable {
    let skips = experiment.is_some_and(|experiment| experiment.data.unreadable == config::Unreadable::Skip);
    if arguments.skip_unreadable || skips { Unreadable::Skip } else { Unreadable::Refuse }
}

/// The images that the command line names.
fn typed(
    path: &Path,
    unreadable: Unreadable,
    channels: usize,
    host: &dyn Host,
) -> anyhow::Result<(Arc<dyn Dataset>, String)> {
    let images = images::open(path, unreadable, None, channels, host)?.train.images();
    let words = format!("{} of {}", counted(images.len() as u64, "image"), path.display());
    Ok((images, words))
}

/// CIFAR-10 where it is in the cache: nothing is fetched for a preview.
fn at_hand(host: &dyn Host) -> anyhow::Result<(Arc<dyn Dataset>, String)> {
    let spec = Spec { source: kontrast_data::Source::Cifar10, subset: None, seed: 0, channels: 3 };
    match kontrast_data::open(&spec, &cache_home()) {
        Ok(splits) => Ok((splits.train.images(), "CIFAR-10's training images".to_owned())),
        Err(DataError::Missing { .. }) => {
            host.note(&"note: CIFAR-10 is not in the cache (cargo xtask data cifar10 fetches it): drawn shapes stand in",
            );
            Ok((Arc::new(Shapes::train(SHAPES, CLASSES, SIDE, 0)?), "drawn shapes".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}
