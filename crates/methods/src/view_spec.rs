//! The plans of a method's views, from the experiment file.

use kontrast_augment::{Blur, Jitter, PlanError, Simclr, Solarize, ViewPlan};
use kontrast_config::Views as Config;

/// One plan a view.
#[derive(Clone, Debug)]
pub struct ViewSpec {
    /// In the order of the views in a batch.
    pub plans: Vec<ViewPlan>,
}

/// The two views that the experiment file describes: drawn from one plan, independently.
///
/// # Errors
/// Where a plan's numbers cannot be drawn from.
pub fn view_spec(config: &Config) -> Result<ViewSpec, PlanError> {
    let Config::Simclr(views) = config;
    let plan = ViewPlan::simclr(&Simclr {
        size: (views.size, views.size),
        crop_scale: views.crop_scale.into(),
        crop_ratio: views.crop_ratio.into(),
        flip: views.flip,
        strength: views.strength,
        jitter: Jitter {
            probability: views.jitter.probability,
            brightness: views.jitter.brightness,
            contrast: views.jitter.contrast,
            saturation: views.jitter.saturation,
            hue: views.jitter.hue,
        },
        grayscale: views.grayscale,
        blur: views.blur.as_ref().map(|blur| Blur {
            probability: blur.probability,
            sigma: blur.sigma.into(),
            kernel: blur.kernel,
        }),
        solarize: views
            .solarize
            .as_ref()
            .map(|solarize| Solarize { probability: solarize.probability, threshold: solarize.threshold }),
    })?;
    Ok(ViewSpec { plans: vec![plan.clone(), plan] })
}
