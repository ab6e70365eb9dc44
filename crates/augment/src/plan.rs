//! The plan of a view: what may be drawn, checked once.

use crate::check::MOST_PIXELS;
use crate::error::{PlanError, between};
use crate::image::{MOST_CHANNELS, colours};
use crate::recipe::Recipe;
use crate::step::{Drawing, Step};
use kontrast_rng::KeyedRng;

/// What may be done to an image to make a view of this size. Its numbers are checked when it is made.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewPlan {
    size: (usize, usize),
    channels: usize,
    steps: Vec<Step>,
}

impl ViewPlan {
    /// A plan for RGB views of `size` (width, height): a crop first, or a resize and then the crop; then what the steps say,
    /// in their order.
    ///
    /// # Errors
    /// When the crop is missing, late or inside a choice, or a number is outside its range.
    pub fn new(size: (usize, usize), steps: Vec<Step>) -> Result<Self, PlanError> {
        if size.0 == 0 || size.1 == 0 {
            return Err(PlanError::Empty(size.0, size.1));
        }
        between("view size", size.0.max(size.1) as f64, (1.0, MOST_PIXELS))?;
        let resized = usize::from(matches!(steps.first(), Some(Step::Resize { .. })));
        if steps.len() <= resized {
            return Err(PlanError::CropPlace(resized + 1));
        }
        for (position, step) in steps.iter().enumerate() {
            let late = position >= resized && matches!(step, Step::Resize { .. });
            if late || step.is_crop() != (position == resized) {
                return Err(PlanError::CropPlace(position + 1));
            }
            if position == 1 && resized == 1 && matches!(step, Step::Fit | Step::RandomResizedCrop { .. }) {
                return Err(PlanError::ResizedTwice);
            }
            let place = position + 1;
            step.check(size).map_err(|source| PlanError::Step { place, source: Box::new(source) })?;
        }
        Ok(Self { size, channels: 3, steps })
    }

    /// The same plan for images of 1 (gray), 2 (gray and alpha), 3 (RGB), 4 (RGB and alpha) channels, or of more bands.
    ///
    /// # Errors
    /// When there are none or more than 256, or a step changes colours that gray images and bands do not have. AutoAugment
    /// and RandAugment are allowed on gray images, whose operation on colour then does nothing, as torchvision's.
    pub fn of_channels(mut self, channels: usize) -> Result<Self, PlanError> {
        between("channels", channels as f64, (1.0, MOST_CHANNELS as f64))?;
        if colours(channels) != 3 {
            for (place, step) in self.steps.iter().enumerate() {
                let wrap = |source| PlanError::Step { place: place + 1, source: Box::new(source) };
                step.check_colourless(channels).map_err(wrap)?;
            }
        }
        self.channels = channels;
        Ok(self)
    }

    /// What evaluation reads of RGB images: the largest centred box, resized. An image of that size stays as it is.
    ///
    /// # Panics
    /// When a side of `size` is 0.
    pub fn evaluation(size: (usize, usize)) -> Self {
        assert!(size.0 > 0 && size.1 > 0, "a view of {}x{} has no pixels", size.0, size.1);
        Self { size, channels: 3, steps: vec![Step::Fit] }
    }

    /// Width and height of the views.
    pub fn size(&self) -> (usize, usize) {
        self.size
    }

    /// Channels of the images and of the views.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Bytes of a view, `height * width * channels`.
    pub fn bytes(&self) -> usize {
        self.size.0 * self.size.1 * self.channels
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Draws a recipe for an image of `size` (width, height), of a view by itself: shared steps are drawn as all others.
    /// Reuses the recipe's memory.
    pub fn draw_into(&self, recipe: &mut Recipe, size: (usize, usize), stream: &mut KeyedRng) {
        self.drawn(recipe, size, (stream, None));
    }

    /// The same of one of an image's views: shared steps are drawn from `shared`, which begins alike for each of them.
    pub fn draw_view(
        &self,
        recipe: &mut Recipe,
        size: (usize, usize),
        (stream, shared): (&mut KeyedRng, &mut KeyedRng),
    ) {
        self.drawn(recipe, size, (stream, Some(shared)));
    }

    fn drawn(
        &self,
        recipe: &mut Recipe,
        picture: (usize, usize),
        (stream, shared): (&mut KeyedRng, Option<&mut KeyedRng>),
    ) {
        recipe.size = self.size;
        recipe.ops.clear();
        let mut drawing = Drawing { view: self.size, picture, stream, shared, ops: &mut recipe.ops };
        self.steps.iter().for_each(|step| step.draw(&mut drawing));
    }
}

#[cfg(test)]
mod tests {
    use super::ViewPlan;
    use crate::error::PlanError;
    use crate::recipe::Sampling;
    use crate::step::{Choice, Step};

    fn message(step: Step) -> String {
        ViewPlan::new((8, 8), vec![Step::Fit, step]).unwrap_err().to_string()
    }

    #[test]
    fn a_plan_begins_with_its_only_crop() {
        let of = |steps: &[Step]| ViewPlan::new((8, 8), steps.to_vec());
        let (flip, crop, resize) = (Step::HorizontalFlip, Step::Fit, Step::Resize { short: 9 });
        for (place, steps) in [
            (1, vec![]),
            (1, vec![flip.clone(), crop.clone()]),
            (3, vec![crop.clone(), flip.clone(), crop.clone()]),
            (2, vec![resize.clone()]),
            (2, vec![resize.clone(), flip.clone(), crop.clone()]),
            (2, vec![crop.clone(), resize.clone()]),
        ] {
            assert_eq!(of(&steps), Err(PlanError::CropPlace(place)), "{steps:?}");
        }
        let inside = of(&[crop.clone(), crop.clone().sometimes(0.5)]).unwrap_err().to_string();
        assert!(inside.starts_with("step 2: a crop stands inside another step"), "{inside}");
        assert!(of(&[crop.clone(), flip]).is_ok() && of(&[resize.clone(), Step::CentreCrop]).is_ok());
        assert_eq!(of(&[resize, crop.clone()]), Err(PlanError::ResizedTwice));
        assert_eq!(ViewPlan::new((8, 0), vec![crop]), Err(PlanError::Empty(8, 0)));
    }

    #[test]
    fn an_even_or_too_wide_kernel_is_named() {
        for kernel in [0, 4, 17] {
            assert_eq!(
                message(Step::GaussianBlur { sigma: (0.1, 2.0), kernel }),
                format!("step 2: blur kernel is {kernel}; expected an odd number below 16 on a view of 8x8")
            );
        }
    }

    #[test]
    fn numbers_out_of_range_are_named_with_what_would_do() {
        let crop = Step::RandomResizedCrop { scale: (0.8, 0.2), ratio: (0.75, 1.33), antialias: true };
        let said = ViewPlan::new((8, 8), vec![crop]).unwrap_err().to_string();
        let ordered = "expected a smaller number, then a larger one, above 0, at most 1";
        assert_eq!(said, format!("step 1: crop scale is [0.8, 0.2]; {ordered}"));
        for (step, said) in [
            (Step::Invert.sometimes(f64::NAN), "a probability is NaN; expected a number from 0 to 1"),
            (Step::Invert.sometimes(1.1), "a probability is 1.1; expected a number from 0 to 1"),
            (
                Step::ColorJitter { brightness: 0.0, contrast: 0.0, saturation: 0.0, hue: 0.6 },
                "hue is 0.6; expected a number from 0 to 0.5",
            ),
            (Step::Solarize { threshold: -1.0 }, "solarize threshold is -1; expected a number from 0 to 1"),
            (
                Step::GaussianBlur { sigma: (0.0, 2.0), kernel: 3 },
                "blur sigma is [0, 2]; expected a smaller number, then a larger one, both from 0.01 to 1000",
            ),
            (
                Step::RandAugment { count: 17, magnitude: 9, sampling: Sampling::Nearest },
                "rand_augment count is 17; expected a number from 0 to 16",
            ),
            (Step::Posterize { bits: 9 }, "posterize bits is 9; expected a number from 0 to 8"),
            (
                Step::Sequence(vec![Step::GaussianNoise { std: -0.1 }]),
                "noise std is -0.1; expected a number of at least 0",
            ),
            (
                Step::OneOf(vec![Choice { weight: 0.0, step: Step::Invert }]),
                "a choice has no step of a weight above 0; give it one",
            ),
        ] {
            assert_eq!(message(step), format!("step 2: {said}"));
        }
    }

    #[test]
    fn sizes_that_no_machine_holds_are_refused() {
        let of = |size, crop| ViewPlan::new((size, size), vec![crop]).unwrap_err().to_string();
        assert_eq!(of(1_000_000, Step::Fit), "view size is 1000000; expected a number from 1 to 8192");
        let padded = of(32, Step::RandomCrop { padding: usize::MAX });
        assert!(
            padded.starts_with("step 1: random_crop padding is") && padded.ends_with("from 0 to 32"),
            "{padded}"
        );
        let resized = ViewPlan::new((32, 32), vec![Step::Resize { short: usize::MAX }, Step::CentreCrop]);
        assert!(resized.unwrap_err().to_string().starts_with("step 1: resize short is"));
    }

    #[test]
    fn gray_images_have_no_colours_to_change() {
        let jitter = |saturation, hue| Step::ColorJitter { brightness: 0.4, contrast: 0.4, saturation, hue };
        let of = |step: Step, channels| {
            let plan = ViewPlan::new((8, 8), vec![Step::Fit, step]).unwrap();
            plan.of_channels(channels).map(|plan| plan.bytes()).map_err(|error| error.to_string())
        };
        for (step, name) in [
            (Step::Grayscale, "grayscale"),
            (jitter(0.1, 0.0), "saturation of a colour jitter"),
            (jitter(0.0, 0.1).sometimes(0.8), "hue of a colour jitter"),
            (Step::ShiftChannels { most: 1 }, "shift_channels"),
            (Step::Sequence(vec![Step::DropChannels { fraction: 0.1 }]), "drop_channels"),
        ] {
            for channels in [1, 2] {
                let said = of(step.clone(), channels).unwrap_err();
                assert!(
                    said.starts_with(&format!("step 2: {name} changes colours, and images of")),
                    "{said}"
                );
            }
            assert_eq!((of(step.clone(), 3), of(step, 4)), (Ok(192), Ok(256)));
        }
        for step in [jitter(0.0, 0.0), Step::Grayscale.sometimes(0.0), Step::Equalize] {
            assert_eq!((of(step.clone(), 1), of(step, 2)), (Ok(64), Ok(128)));
        }
        assert_eq!(of(Step::Invert, 257).unwrap_err(), "channels is 257; expected a number from 1 to 256");
    }

    #[test]
    fn quarter_turns_want_a_square_view() {
        let said = ViewPlan::new((8, 6), vec![Step::Fit, Step::QuarterTurns]).unwrap_err().to_string();
        assert!(said.contains("but this one is 8x6"), "{said}");
    }
}
