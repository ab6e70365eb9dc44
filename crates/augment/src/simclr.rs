//! SimCLR's augmentation (Chen et al. 2020, arXiv 2002.05709, appendix A) as settings.

use crate::step::Step;

/// The settings of [`ViewPlan::simclr`](crate::ViewPlan::simclr): crop, flip, jitter, grayscale, blur and solarize, in this order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Simclr {
    /// Width and height of a view.
    pub size: (usize, usize),
    /// Smallest and largest share of the area.
    pub crop_scale: (f64, f64),
    /// Smallest and largest width / height.
    pub crop_ratio: (f64, f64),
    /// Probability of a flip.
    pub flip: f64,
    /// Multiplies the four ranges of the jitter: `s` of the paper.
    pub strength: f64,
    /// The jitter at strength 1.
    pub jitter: Jitter,
    /// Probability of a gray view.
    pub grayscale: f64,
    /// The blur, where there is one; the paper leaves it out on CIFAR-10.
    pub blur: Option<Blur>,
    /// Solarisation, which is BYOL's and not SimCLR's.
    pub solarize: Option<Solarize>,
}

/// Ranges of the colour jitter, as torchvision means them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jitter {
    /// How often.
    pub probability: f64,
    /// 0.8 in the paper.
    pub brightness: f64,
    /// 0.8 in the paper.
    pub contrast: f64,
    /// 0.8 in the paper.
    pub saturation: f64,
    /// 0.2 in the paper.
    pub hue: f64,
}

/// A blur with a random sigma.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blur {
    /// How often.
    pub probability: f64,
    /// Smallest and largest sigma; 0.1 and 2 in the paper.
    pub sigma: (f64, f64),
    /// Width of the kernel, odd; a tenth of the view in the paper.
    pub kernel: usize,
}

/// Solarisation: values of at least the threshold are inverted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Solarize {
    /// How often.
    pub probability: f64,
    /// From 0 to 1.
    pub threshold: f64,
}

impl Simclr {
    /// The steps, with the strength multiplied in.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let jitter = self.jitter;
        let mut steps = vec![
            Step::RandomResizedCrop { scale: self.crop_scale, ratio: self.crop_ratio, antialias: true },
            Step::HorizontalFlip.sometimes(self.flip),
            Step::ColorJitter {
                brightness: jitter.brightness * self.strength,
                contrast: jitter.contrast * self.strength,
                saturation: jitter.saturation * self.strength,
                hue: jitter.hue * self.strength,
            }
            .sometimes(jitter.probability),
            Step::Grayscale.sometimes(self.grayscale),
        ];
        if let Some(Blur { probability, sigma, kernel }) = self.blur {
            steps.push(Step::GaussianBlur { sigma, kernel }.sometimes(probability));
        }
        if let Some(Solarize { probability, threshold }) = self.solarize {
            steps.push(Step::Solarize { threshold }.sometimes(probability));
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::{Jitter, Simclr};
    use crate::plan::ViewPlan;
    use crate::step::Step;

    fn settings(strength: f64) -> Simclr {
        let jitter = Jitter { probability: 0.8, brightness: 0.8, contrast: 0.8, saturation: 0.8, hue: 0.2 };
        Simclr {
            size: (32, 32),
            crop_scale: (0.08, 1.0),
            crop_ratio: (0.75, 4.0 / 3.0),
            flip: 0.5,
            strength,
            jitter,
            grayscale: 0.2,
            blur: None,
            solarize: None,
        }
    }

    #[test]
    fn the_strength_scales_the_jitter() {
        let plan = ViewPlan::simclr(&settings(0.5)).unwrap();
        let expected =
            Step::ColorJitter { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }.sometimes(0.8);
        assert_eq!(plan.steps()[2], expected);
        assert_eq!(plan.steps().len(), 4);
    }

    #[test]
    fn a_strength_that_turns_the_hue_too_far_is_refused() {
        let said = ViewPlan::simclr(&settings(3.0)).unwrap_err().to_string();
        assert!(said.starts_with("hue is 0.6"), "{said}");
    }
}
