//! What is wrong with a step's numbers.

use crate::error::{PlanError, between, ordered, ordered_within, probability};
use crate::image::MOST_COLOURS;
use crate::step::Step;
use crate::transform::erase::Filling;
use crate::transform::rand_augment;

/// Pixels of a side, at most: beyond them is a slip.
pub(crate) const MOST_PIXELS: f64 = 8192.0;
/// Below the first standard deviation a blur changes nothing, beyond the second it leaves nothing.
const SIGMA: (f64, f64) = (0.01, 1000.0);

impl Step {
    /// What is wrong with its numbers, in a view of this size.
    pub(crate) fn check(&self, view: (usize, usize)) -> Result<(), PlanError> {
        match *self {
            Self::RandomApply { probability: found, ref steps } => {
                probability("a probability", found)?;
                inner(steps.iter(), view)
            }
            Self::Sequence(ref steps) | Self::Shared(ref steps) => inner(steps.iter(), view),
            Self::OneOf(ref choices) => {
                for choice in choices {
                    between("a choice's weight", choice.weight, (0.0, f64::MAX))?;
                }
                if !choices.iter().any(|choice| choice.weight > 0.0) {
                    return Err(PlanError::NoChoice);
                }
                inner(choices.iter().map(|choice| &choice.step), view)
            }
            Self::Resize { short } => between("resize short", short as f64, (1.0, MOST_PIXELS)),
            Self::RandomResizedCrop { scale, ratio, .. } => {
                ordered("crop scale", scale, 1.0)?;
                ordered("crop ratio", ratio, f64::MAX)
            }
            Self::RandomCrop { padding } => {
                between("random_crop padding", padding as f64, (0.0, view.0.max(view.1) as f64))
            }
            Self::QuarterTurns if view.0 != view.1 => Err(PlanError::NotSquare(view.0, view.1)),
            _ => self.check_values(view),
        }
    }

    /// Refuses what changes colours that images of 1 or 2 channels or of bands do not have. What is never drawn changes
    /// nothing; operations that are drawn among others leave gray images alone, as in torchvision, and know no bands.
    pub(crate) fn check_colourless(&self, channels: usize) -> Result<(), PlanError> {
        let refused = |step| Err(PlanError::NoColours { step, channels });
        match *self {
            Self::RandomApply { probability: 0.0, .. } => Ok(()),
            Self::RandomApply { ref steps, .. } | Self::Sequence(ref steps) | Self::Shared(ref steps) => {
                steps.iter().try_for_each(|step| step.check_colourless(channels))
            }
            Self::OneOf(ref choices) => {
                choices.iter().try_for_each(|choice| choice.step.check_colourless(channels))
            }
            Self::ColorJitter { saturation, .. } if saturation > 0.0 => {
                refused("saturation of a colour jitter")
            }
            Self::ColorJitter { hue, .. } if hue > 0.0 => refused("hue of a colour jitter"),
            Self::Grayscale => refused("grayscale"),
            Self::ShiftChannels { .. } => refused("shift_channels"),
            Self::DropChannels { .. } => refused("drop_channels"),
            Self::AutoAugment { .. } if channels > MOST_COLOURS => refused("auto_augment"),
            Self::RandAugment { .. } if channels > MOST_COLOURS => refused("rand_augment"),
            Self::Autocontrast if channels > MOST_COLOURS => refused("autocontrast"),
            _ => Ok(()),
        }
    }

    fn check_values(&self, view: (usize, usize)) -> Result<(), PlanError> {
        let any = f64::MAX;
        match *self {
            Self::ColorJitter { brightness, contrast, saturation, hue } => {
                between("brightness", brightness, (0.0, any))?;
                between("contrast", contrast, (0.0, any))?;
                between("saturation", saturation, (0.0, any))?;
                between("hue", hue, (0.0, 0.5))
            }
            Self::GaussianBlur { sigma, kernel } => {
                ordered_within("blur sigma", sigma, SIGMA)?;
                check_kernel(kernel, view)
            }
            Self::Solarize { threshold } => between("solarize threshold", threshold, (0.0, 1.0)),
            Self::Posterize { bits } => between("posterize bits", bits.into(), (0.0, 8.0)),
            Self::Sharpness { factor } => ordered_within("sharpness factor", factor, (0.0, any)),
            Self::Rotate { degrees, .. } => ordered_within("rotate degrees", degrees, (-360.0, 360.0)),
            Self::Translate { fraction: (x, y), .. } => {
                between("translate fraction x", x, (0.0, 1.0))?;
                between("translate fraction y", y, (0.0, 1.0))
            }
            Self::ReflectTranslate { most } => {
                let inside = (view.0.min(view.1) - 1) as f64;
                between("reflect_translate most", most as f64, (0.0, inside))
            }
            Self::Shear { x, y, .. } => {
                ordered_within("shear x", x, (-89.0, 89.0))?;
                ordered_within("shear y", y, (-89.0, 89.0))
            }
            Self::Erase { scale, ratio, filling } => {
                ordered("erase scale", scale, 1.0)?;
                ordered("erase ratio", ratio, any)?;
                check_filling(filling)
            }
            Self::Cutout { side, filling } => {
                between("cutout side", side as f64, (1.0, any))?;
                check_filling(filling)
            }
            Self::GaussianNoise { std } => between("noise std", std, (0.0, any)),
            Self::ShiftChannels { most } => {
                between("channel shift", most as f64, (0.0, view.0.min(view.1) as f64))
            }
            Self::DropChannels { fraction } => between("channel drop fraction", fraction, (0.0, any)),
            Self::RandAugment { count, magnitude, .. } => {
                between("rand_augment count", count as f64, (0.0, 16.0))?;
                between("rand_augment magnitude", magnitude as f64, (0.0, rand_augment::TOP as f64))
            }
            _ => Ok(()),
        }
    }
}

/// Steps inside another one: no crop among them.
fn inner<'s>(mut steps: impl Iterator<Item = &'s Step>, view: (usize, usize)) -> Result<(), PlanError> {
    steps.try_for_each(|step| {
        if step.is_crop() || matches!(step, Step::Resize { .. }) {
            return Err(PlanError::CropInside);
        }
        step.check(view)
    })
}

fn check_filling(filling: Filling) -> Result<(), PlanError> {
    match filling {
        Filling::Value(value) => between("erase value", value, (0.0, 1.0)),
        Filling::Noise => Ok(()),
    }
}

/// Reflection at the border needs more pixels than half the kernel.
fn check_kernel(kernel: usize, view: (usize, usize)) -> Result<(), PlanError> {
    let side = view.0.min(view.1);
    if kernel % 2 == 1 && kernel / 2 < side {
        return Ok(());
    }
    let expected = format!("an odd number below {} on a view of {}x{}", 2 * side, view.0, view.1);
    Err(PlanError::Range { name: "blur kernel", found: kernel.to_string(), expected })
}
