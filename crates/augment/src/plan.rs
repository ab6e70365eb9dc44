//! The plan of a view: what may be drawn, checked once.

use thiserror::Error;

use crate::recipe::{Op, Recipe};
use crate::rng::ViewRng;
use crate::{draw, simclr::Simclr};

/// What may be done to an image to make a view of this size. Its numbers are checked when it is made.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewPlan {
    size: (usize, usize),
    steps: Vec<Step>,
}

/// One step of a plan. Ranges are drawn uniformly; a probability says how often the step is taken at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// The largest centred box with the view's proportions: nothing is drawn.
    CentreCrop,
    /// A box of random area, proportions and place (Szegedy et al. 2015), as torchvision draws it.
    RandomResizedCrop {
        /// Smallest and largest share of the image's area.
        scale: (f64, f64),
        /// Smallest and largest width / height, drawn uniformly in the logarithm.
        ratio: (f64, f64),
    },
    /// Left becomes right.
    HorizontalFlip {
        /// How often.
        probability: f64,
    },
    /// Brightness, contrast, saturation and hue in random order. 0.4 means a factor from 0.6 to 1.4; a hue
    /// of 0.1 means a turn from -0.1 to 0.1 of the circle.
    ColorJitter {
        /// How often.
        probability: f64,
        /// Half the range of the brightness factor.
        brightness: f64,
        /// Half the range of the contrast factor.
        contrast: f64,
        /// Half the range of the saturation factor.
        saturation: f64,
        /// Half the range of the turn, at most 0.5.
        hue: f64,
    },
    /// Gray in all three channels.
    Grayscale {
        /// How often.
        probability: f64,
    },
    /// A blur whose sigma is drawn for each view.
    GaussianBlur {
        /// How often.
        probability: f64,
        /// Smallest and largest sigma, in pixels of the view.
        sigma: (f64, f64),
        /// Width of the kernel, odd.
        kernel: usize,
    },
    /// Inverts what is bright.
    Solarize {
        /// How often.
        probability: f64,
        /// From 0 to 1.
        threshold: f64,
    },
}

/// A plan that cannot be drawn from.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PlanError {
    /// A view without pixels.
    #[error("a view of {0}x{1} has no pixels; give both sides at least 1")]
    Empty(usize, usize),
    /// The first step is no crop, or a later one is.
    #[error("step {0}: a plan begins with a crop and has no other one; move the crop to the front")]
    CropPlace(usize),
    /// A probability outside its range.
    #[error("{step}: the probability is {found}; expected a number from 0 to 1")]
    Probability {
        /// The step.
        step: &'static str,
        /// What was given.
        found: f64,
    },
    /// Another number outside its range.
    #[error("{name} is {found}; expected {expected}")]
    Range {
        /// Which number.
        name: &'static str,
        /// What was given.
        found: String,
        /// What would do.
        expected: String,
    },
}

impl ViewPlan {
    /// A plan for views of `size` (width, height): a crop first, then what the steps say, in their order.
    ///
    /// # Errors
    /// When the crop is missing or not first, or a number is outside its range.
    pub fn new(size: (usize, usize), steps: Vec<Step>) -> Result<Self, PlanError> {
        if size.0 == 0 || size.1 == 0 {
            return Err(PlanError::Empty(size.0, size.1));
        }
        if steps.is_empty() {
            return Err(PlanError::CropPlace(0));
        }
        for (position, step) in steps.iter().enumerate() {
            if step.is_crop() != (position == 0) {
                return Err(PlanError::CropPlace(position));
            }
            step.check(size)?;
        }
        Ok(Self { size, steps })
    }

    /// The plan of SimCLR (Chen et al. 2020, arXiv 2002.05709, appendix A).
    ///
    /// # Errors
    /// When a number is outside its range.
    pub fn simclr(settings: &Simclr) -> Result<Self, PlanError> {
        Self::new(settings.size, settings.steps())
    }

    /// What evaluation reads: the largest centred box, resized. An image of that size stays as it is.
    ///
    /// # Panics
    /// When a side of `size` is 0.
    pub fn evaluation(size: (usize, usize)) -> Self {
        assert!(size.0 > 0 && size.1 > 0, "a view of {}x{} has no pixels", size.0, size.1);
        Self { size, steps: vec![Step::CentreCrop] }
    }

    /// Width and height of the views.
    pub fn size(&self) -> (usize, usize) {
        self.size
    }

    /// Bytes of a view, `height * width * 3`.
    pub fn bytes(&self) -> usize {
        self.size.0 * self.size.1 * 3
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Draws a recipe for an image of `size` (width, height). Reuses the recipe's memory.
    pub fn draw_into(&self, recipe: &mut Recipe, size: (usize, usize), stream: &mut ViewRng) {
        recipe.size = self.size;
        recipe.ops.clear();
        for step in &self.steps {
            step.draw(self.size, size, stream, &mut recipe.ops);
        }
    }
}

impl Step {
    fn is_crop(&self) -> bool {
        matches!(self, Self::CentreCrop | Self::RandomResizedCrop { .. })
    }

    fn draw(&self, view: (usize, usize), image: (usize, usize), stream: &mut ViewRng, ops: &mut Vec<Op>) {
        match *self {
            Self::CentreCrop => ops.push(draw::centre_crop(image, view)),
            Self::RandomResizedCrop { scale, ratio } => {
                ops.push(draw::random_resized_crop(image, scale, ratio, stream));
            }
            Self::HorizontalFlip { probability } => {
                if stream.chance(probability) {
                    ops.push(Op::Flip);
                }
            }
            Self::ColorJitter { probability, brightness, contrast, saturation, hue } => {
                if stream.chance(probability) {
                    draw::jitter([brightness, contrast, saturation, hue], stream, ops);
                }
            }
            Self::Grayscale { probability } => {
                if stream.chance(probability) {
                    ops.push(Op::Grayscale);
                }
            }
            Self::GaussianBlur { probability, sigma, kernel } => {
                if stream.chance(probability) {
                    ops.push(Op::Blur { sigma: stream.uniform(sigma.0, sigma.1) as f32, kernel });
                }
            }
            Self::Solarize { probability, threshold } => {
                if stream.chance(probability) {
                    ops.push(Op::Solarize { threshold: threshold as f32 });
                }
            }
        }
    }

    fn check(&self, view: (usize, usize)) -> Result<(), PlanError> {
        match *self {
            Self::CentreCrop => Ok(()),
            Self::RandomResizedCrop { scale, ratio } => {
                ordered("crop scale", scale, 1.0)?;
                ordered("crop ratio", ratio, f64::MAX)
            }
            Self::HorizontalFlip { probability } => check_probability("flip", probability),
            Self::ColorJitter { probability, brightness, contrast, saturation, hue } => {
                check_probability("jitter", probability)?;
                between("brightness", brightness, f64::MAX)?;
                between("contrast", contrast, f64::MAX)?;
                between("saturation", saturation, f64::MAX)?;
                between("hue", hue, 0.5)
            }
            Self::Grayscale { probability } => check_probability("grayscale", probability),
            Self::GaussianBlur { probability, sigma, kernel } => {
                check_probability("blur", probability)?;
                ordered("blur sigma", sigma, f64::MAX)?;
                check_kernel(kernel, view)
            }
            Self::Solarize { probability, threshold } => {
                check_probability("solarize", probability)?;
                between("solarize threshold", threshold, 1.0)
            }
        }
    }
}

fn check_probability(step: &'static str, found: f64) -> Result<(), PlanError> {
    if (0.0..=1.0).contains(&found) { Ok(()) } else { Err(PlanError::Probability { step, found }) }
}

/// A number from 0 to `most`.
fn between(name: &'static str, found: f64, most: f64) -> Result<(), PlanError> {
    if (0.0..=most).contains(&found) {
        return Ok(());
    }
    let expected =
        if most == f64::MAX { "a number of at least 0".into() } else { format!("a number from 0 to {most}") };
    Err(PlanError::Range { name, found: found.to_string(), expected })
}

/// A smaller and a larger number, above 0 and at most `most`.
fn ordered(name: &'static str, (low, high): (f64, f64), most: f64) -> Result<(), PlanError> {
    if 0.0 < low && low <= high && high <= most {
        return Ok(());
    }
    let limit = if most == f64::MAX { String::new() } else { format!(", at most {most}") };
    let expected = format!("a smaller number, then a larger one, above 0{limit}");
    Err(PlanError::Range { name, found: format!("[{low}, {high}]"), expected })
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

#[cfg(test)]
mod tests {
    use super::{PlanError, Step, ViewPlan};

    fn message(steps: &[Step]) -> String {
        ViewPlan::new((8, 8), steps.to_vec()).unwrap_err().to_string()
    }

    #[test]
    fn a_plan_begins_with_its_only_crop() {
        let flip = Step::HorizontalFlip { probability: 0.5 };
        let crop = Step::CentreCrop;
        assert_eq!(ViewPlan::new((8, 8), vec![]), Err(PlanError::CropPlace(0)));
        assert_eq!(ViewPlan::new((8, 8), vec![flip, crop]), Err(PlanError::CropPlace(0)));
        assert_eq!(ViewPlan::new((8, 8), vec![crop, flip, crop]), Err(PlanError::CropPlace(2)));
        assert!(ViewPlan::new((8, 8), vec![crop, flip]).is_ok());
        assert_eq!(ViewPlan::new((8, 0), vec![crop]), Err(PlanError::Empty(8, 0)));
    }

    #[test]
    fn an_even_or_too_wide_kernel_is_named() {
        for kernel in [0, 4, 17] {
            let blur = Step::GaussianBlur { probability: 0.5, sigma: (0.1, 2.0), kernel };
            let said = message(&[Step::CentreCrop, blur]);
            assert_eq!(
                said,
                format!("blur kernel is {kernel}; expected an odd number below 16 on a view of 8x8")
            );
        }
    }

    #[test]
    fn numbers_out_of_range_are_named_with_what_would_do() {
        let crop = Step::RandomResizedCrop { scale: (0.8, 0.2), ratio: (0.75, 1.33) };
        let ordered = "expected a smaller number, then a larger one, above 0, at most 1";
        assert_eq!(message(&[crop]), format!("crop scale is [0.8, 0.2]; {ordered}"));
        let flip = Step::HorizontalFlip { probability: f64::NAN };
        assert_eq!(
            message(&[Step::CentreCrop, flip]),
            "flip: the probability is NaN; expected a number from 0 to 1"
        );
        let jitter =
            Step::ColorJitter { probability: 1.0, brightness: 0.0, contrast: 0.0, saturation: 0.0, hue: 0.6 };
        assert_eq!(message(&[Step::CentreCrop, jitter]), "hue is 0.6; expected a number from 0 to 0.5");
        let solarize = Step::Solarize { probability: 1.0, threshold: -1.0 };
        let said = "solarize threshold is -1; expected a number from 0 to 1";
        assert_eq!(message(&[Step::CentreCrop, solarize]), said);
    }
}
