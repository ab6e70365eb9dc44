//! The plans of the views, from the experiment file.

mod custom;
mod named;

use kontrast_augment::{PlanError, Step, ViewPlan};
use kontrast_config::{ViewSize, Views};

/// One plan a view.
#[derive(Clone, Debug)]
pub struct ViewSpec {
    /// In the order of the views in a batch.
    pub plans: Vec<ViewPlan>,
}

/// A view that cannot be drawn as the file says.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{key}: {source}")]
pub struct ViewError {
    /// The key in the file that decides it, with positions counted from 0 as in every other key.
    pub key: String,
    /// What is wrong with it.
    pub source: PlanError,
}

/// The views that the experiment file describes, of images with so many channels.
///
/// # Errors
/// Where a plan's numbers cannot be drawn from, or it changes colours that the images do not have.
pub fn view_spec(config: &Views, channels: usize) -> Result<ViewSpec, ViewError> {
    let plan = |(view, (size, steps)): (usize, (ViewSize, Vec<Step>))| {
        let plan = ViewPlan::new(size.width_and_height(), steps);
        plan.and_then(|plan| plan.of_channels(channels)).map_err(|error| wrong(config, view, error))
    };
    let plans = lists(config).into_iter().enumerate().map(plan).collect::<Result<_, _>>()?;
    Ok(ViewSpec { plans })
}

/// Names the list and the step where the file has them; the steps of a named plan are the paper's, not the file's.
fn wrong(config: &Views, view: usize, error: PlanError) -> ViewError {
    let Views::Custom(views) = config else {
        let source = match error {
            PlanError::Step { source, .. } => *source,
            other => other,
        };
        return ViewError { key: format!("views.{}", config.name()), source };
    };
    let lists = views.view.iter().enumerate().flat_map(|(position, list)| vec![position; list.count]);
    let list = lists.into_iter().nth(view).expect("every view comes from a list");
    match error {
        PlanError::Step { place, source } => {
            ViewError { key: format!("views.custom.view[{list}].steps[{}]", place - 1), source: *source }
        }
        source => ViewError { key: format!("views.custom.view[{list}]"), source },
    }
}

/// Size and steps of each view.
fn lists(config: &Views) -> Vec<(ViewSize, Vec<Step>)> {
    match config {
        Views::Simclr(views) | Views::Mocov2(views) => vec![(views.size, named::simclr(views)); 2],
        Views::Mocov1(views) => vec![(views.size, named::mocov1(views)); 2],
        Views::Byol(views) | Views::Vicreg(views) => named::pair(views),
        Views::Swav(views) => named::swav(views),
        Views::Dino(views) => named::dino(views),
        Views::Amdim(views) => vec![(views.size, named::amdim(views)); 2],
        Views::Supervised(views) => vec![(views.size, named::supervised(views)); views.count],
        Views::Identity(views) => vec![(views.size, vec![Step::Fit]); views.count],
        Views::Custom(views) => {
            let list = |list: &kontrast_config::ViewList| {
                let steps = list.steps.iter().map(custom::step).collect::<Vec<_>>();
                vec![(list.size, steps); list.count]
            };
            views.view.iter().flat_map(list).collect()
        }
    }
}
