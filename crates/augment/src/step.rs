//! The steps that a plan is made of.

use crate::recipe::{Op, Sampling};
use crate::transform::auto_augment::{self, Policy};
use crate::transform::erase::{self, Filling};
use crate::transform::{affine, channels, color_jitter, crop, rand_augment, reflect, resize};
use kontrast_rng::KeyedRng;

/// One step of a plan. Ranges are drawn uniformly, ends included where they are whole numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The largest centred box with the view's proportions, resized to the view: nothing is drawn.
    Fit,
    /// Resizes the image so that its short side has this many pixels. A crop comes next.
    Resize {
        /// Pixels of the short side.
        short: usize,
    },
    /// The middle of the image, as large as the view, not resized; black beside a smaller image.
    CentreCrop,
    /// A box as large as the view, not resized, anywhere in the image.
    RandomCrop {
        /// Pixels of black that are put on each side first.
        padding: usize,
    },
    /// A box of random area, proportions and place (Szegedy et al. 2015), as torchvision draws it.
    RandomResizedCrop {
        /// Smallest and largest fraction of the image's area.
        scale: (f64, f64),
        /// Smallest and largest width / height, drawn uniformly in the logarithm.
        ratio: (f64, f64),
        /// Whether a smaller view blends all pixels of the box that it covers.
        antialias: bool,
    },
    /// Left becomes right.
    HorizontalFlip,
    /// Top becomes bottom.
    VerticalFlip,
    /// No, one, two or three quarter turns, equally often.
    QuarterTurns,
    /// Brightness, contrast, saturation and hue in random order. 0.4 means a factor from 0.6 to 1.4; a hue of 0.1 means
    /// a turn from -0.1 to 0.1 of the circle.
    ColorJitter {
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
    Grayscale,
    /// A blur whose sigma is drawn for each view.
    GaussianBlur {
        /// Smallest and largest sigma, in pixels of the view.
        sigma: (f64, f64),
        /// Width of the kernel, odd.
        kernel: usize,
    },
    /// Inverts what is bright.
    Solarize {
        /// From 0 to 1.
        threshold: f64,
    },
    /// Fewer levels.
    Posterize {
        /// Bits of a channel that stay, 0 to 8.
        bits: u8,
    },
    /// Spreads each channel's histogram.
    Equalize,
    /// The negative.
    Invert,
    /// Stretches each channel over the whole range.
    Autocontrast,
    /// Sharper or softer.
    Sharpness {
        /// Smallest and largest factor: 0 is blurred, 1 as it is.
        factor: (f64, f64),
    },
    /// Turned by any angle; black comes in from outside.
    Rotate {
        /// Smallest and largest angle in degrees, counter-clockwise.
        degrees: (f64, f64),
        /// How values between pixels are read.
        sampling: Sampling,
    },
    /// Moved by whole pixels.
    Translate {
        /// Largest fraction of the view's width and height, in either direction.
        fraction: (f64, f64),
        /// How values between pixels are read.
        sampling: Sampling,
    },
    /// Moved by whole pixels, each direction drawn by itself; what comes in from outside is the picture's mirror image.
    ReflectTranslate {
        /// Largest number of pixels, in either direction.
        most: usize,
    },
    /// Slanted.
    Shear {
        /// Smallest and largest angle of the columns, in degrees.
        x: (f64, f64),
        /// Smallest and largest angle of the rows, in degrees.
        y: (f64, f64),
        /// How values between pixels are read.
        sampling: Sampling,
    },
    /// A box of random area, proportions and place, filled (Zhong et al. 2017).
    Erase {
        /// Smallest and largest fraction of the view's area.
        scale: (f64, f64),
        /// Smallest and largest height / width, drawn uniformly in the logarithm.
        ratio: (f64, f64),
        /// With what.
        filling: Filling,
    },
    /// A square about a random pixel, filled (DeVries and Taylor 2017).
    Cutout {
        /// Pixels of a side.
        side: usize,
        /// With what.
        filling: Filling,
    },
    /// Noise on every value.
    GaussianNoise {
        /// Of values from 0 to 1.
        std: f64,
    },
    /// How steep each channel is.
    Sobel,
    /// Each channel moved on its own.
    ShiftChannels {
        /// Largest number of pixels, in either direction.
        most: usize,
    },
    /// One channel stays, the others become noise.
    DropChannels {
        /// Standard deviation of the noise, as a fraction of the kept channel's; a hundredth in Doersch et al. 2015.
        fraction: f64,
    },
    /// Operations from RandAugment's list, one after another (Cubuk et al. 2019, arXiv 1909.13719).
    RandAugment {
        /// How many.
        count: usize,
        /// How strong, from 0 to 30.
        magnitude: usize,
        /// How values between pixels are read.
        sampling: Sampling,
    },
    /// One of a learned policy's pairs of operations (Cubuk et al. 2018, arXiv 1805.09501).
    AutoAugment {
        /// Learned on which data set.
        policy: Policy,
        /// How values between pixels are read.
        sampling: Sampling,
    },
    /// All of these or none.
    RandomApply {
        /// How often.
        probability: f64,
        /// What.
        steps: Vec<Step>,
    },
    /// One of these.
    OneOf(Vec<Choice>),
    /// One after another.
    Sequence(Vec<Step>),
    /// One after another, drawn alike for all views of an image.
    Shared(Vec<Step>),
}

/// What may be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// How often, beside the other weights.
    pub weight: f64,
    /// What.
    pub step: Step,
}

/// A recipe on its way: what has been drawn, and how large the picture is by now.
pub(crate) struct Drawing<'a> {
    pub(crate) view: (usize, usize),
    pub(crate) picture: (usize, usize),
    pub(crate) stream: &'a mut KeyedRng,
    /// That all views of the image have alike; none where the view is drawn by itself.
    pub(crate) shared: Option<&'a mut KeyedRng>,
    pub(crate) ops: &'a mut Vec<Op>,
}

impl Drawing<'_> {
    /// Draws steps from what all views of the image have alike.
    fn alike(&mut self, steps: &[Step]) {
        let Some(shared) = self.shared.as_deref_mut() else {
            return steps.iter().for_each(|step| step.draw(self));
        };
        let mut drawing =
            Drawing { view: self.view, picture: self.picture, stream: shared, shared: None, ops: self.ops };
        for step in steps {
            step.draw(&mut drawing);
        }
        self.picture = drawing.picture;
    }
}

impl Step {
    /// This step with a probability.
    #[must_use]
    pub fn sometimes(self, probability: f64) -> Self {
        Self::RandomApply { probability, steps: vec![self] }
    }

    pub(crate) fn is_crop(&self) -> bool {
        matches!(
            self,
            Self::Fit | Self::CentreCrop | Self::RandomCrop { .. } | Self::RandomResizedCrop { .. }
        )
    }

    pub(crate) fn draw(&self, drawing: &mut Drawing<'_>) {
        match self {
            Self::RandomApply { probability, steps } => {
                if drawing.stream.chance(*probability) {
                    for step in steps {
                        step.draw(drawing);
                    }
                }
            }
            Self::OneOf(choices) => chosen(choices, drawing.stream).draw(drawing),
            Self::Sequence(steps) => steps.iter().for_each(|step| step.draw(drawing)),
            Self::Shared(steps) => drawing.alike(steps),
            Self::Resize { .. } | Self::HorizontalFlip | Self::VerticalFlip | Self::QuarterTurns => {
                self.draw_whole(drawing);
            }
            crop if crop.is_crop() => crop.draw_whole(drawing),
            Self::Rotate { .. } | Self::Translate { .. } | Self::Shear { .. } => self.draw_affine(drawing),
            Self::ReflectTranslate { most } => drawing.ops.push(reflect::draw(*most, drawing.stream)),
            _ => self.draw_values(drawing),
        }
    }

    /// Steps that move whole pixels, or make the picture another size.
    fn draw_whole(&self, Drawing { view, picture, stream, ops, .. }: &mut Drawing<'_>) {
        let op = match *self {
            Self::Resize { short } => {
                let (width, height) = resize::by_short_side(*picture, short);
                *picture = (width, height);
                ops.push(Op::Resize { width, height });
                return;
            }
            Self::Fit => crop::fit(*picture, *view),
            Self::CentreCrop => resize::centre(*picture, *view),
            Self::RandomCrop { padding } => resize::random(*picture, *view, padding, stream),
            Self::RandomResizedCrop { scale, ratio, antialias } => {
                crop::random_resized_crop(*picture, scale, ratio, antialias, stream)
            }
            Self::HorizontalFlip => Op::Flip,
            Self::VerticalFlip => Op::FlipVertical,
            _ => Op::QuarterTurns(stream.below(4) as u8),
        };
        if self.is_crop() {
            *picture = *view;
        }
        ops.push(op);
    }

    fn draw_affine(&self, Drawing { picture, stream, ops, .. }: &mut Drawing<'_>) {
        ops.push(match *self {
            Self::Translate { fraction, sampling } => {
                affine::draw_translation(*picture, fraction, sampling, stream)
            }
            Self::Shear { x, y, sampling } => affine::draw_shear(x, y, sampling, stream),
            Self::Rotate { degrees, sampling } => {
                Op::Rotate { degrees: stream.uniform(degrees.0, degrees.1) as f32, sampling }
            }
            _ => unreachable!("called for these three"),
        });
    }

    /// Steps that change values and leave pixels in their places.
    fn draw_values(&self, Drawing { picture, stream, ops, .. }: &mut Drawing<'_>) {
        ops.push(match *self {
            Self::ColorJitter { brightness, contrast, saturation, hue } => {
                return color_jitter::draw([brightness, contrast, saturation, hue], stream, ops);
            }
            Self::RandAugment { count, magnitude, sampling } => {
                return rand_augment::draw(*picture, count, magnitude, sampling, stream, ops);
            }
            Self::AutoAugment { policy, sampling } => {
                return auto_augment::draw(*picture, policy, sampling, stream, ops);
            }
            Self::Erase { scale, ratio, filling } => {
                return ops.extend(erase::draw(*picture, scale, ratio, filling, stream));
            }
            Self::Cutout { side, filling } => erase::draw_cutout(*picture, side, filling, stream),
            Self::Grayscale => Op::Grayscale,
            Self::GaussianBlur { sigma, kernel } => {
                Op::Blur { sigma: stream.uniform(sigma.0, sigma.1) as f32, kernel }
            }
            Self::Solarize { threshold } => Op::Solarize { threshold: threshold as f32 },
            Self::Posterize { bits } => Op::Posterize { bits },
            Self::Equalize => Op::Equalize,
            Self::Invert => Op::Invert,
            Self::Autocontrast => Op::Autocontrast,
            Self::Sharpness { factor } => Op::Sharpness(stream.uniform(factor.0, factor.1) as f32),
            Self::GaussianNoise { std } => Op::Noise { std: std as f32, key: stream.key() },
            Self::Sobel => Op::Sobel,
            Self::ShiftChannels { most } => channels::draw_shift(most, stream),
            Self::DropChannels { fraction } => channels::draw_drop(fraction, stream),
            _ => unreachable!("every other step is drawn elsewhere"),
        });
    }
}

/// One choice by its weight.
fn chosen<'s>(choices: &'s [Choice], stream: &mut KeyedRng) -> &'s Step {
    let total: f64 = choices.iter().map(|choice| choice.weight).sum();
    let mut left = stream.uniform(0.0, total);
    let heavy = || choices.iter().filter(|choice| choice.weight > 0.0);
    for choice in heavy() {
        left -= choice.weight;
        if left < 0.0 {
            return &choice.step;
        }
    }
    &heavy().next_back().expect("a checked choice has a weight above 0").step
}
