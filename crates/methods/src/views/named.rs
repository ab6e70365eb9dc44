//! The named plans: the order of their steps. Every number comes from the file.

use super::custom;
use kontrast_augment::Step;
use kontrast_config::{
    AmdimCrop, AmdimViews, Blur, Crop, Crops, DinoViews, Finish, Jitter, PairViews, SimclrViews, Solarize,
    SupervisedViews, SwavViews, ViewSize,
};

/// Crop, flip, jitter, grayscale, blur, solarisation (Chen et al. 2020, arXiv 2002.05709, appendix A; MoCo v2 and all
/// after it keep the order).
pub(super) fn simclr(views: &SimclrViews) -> Vec<Step> {
    let mut steps = vec![crop(views.crop_scale, views.crop_ratio)];
    steps.extend(colours(views.flip, &views.jitter, views.strength, views.grayscale));
    steps.extend(views.blur.as_ref().map(blur));
    steps.extend(views.solarize.as_ref().map(solarize));
    steps
}

/// Crop, grayscale, jitter, flip, the order of MoCo's published code; then what the paper does not have.
pub(super) fn mocov1(views: &SimclrViews) -> Vec<Step> {
    let mut steps = vec![
        crop(views.crop_scale, views.crop_ratio),
        Step::Grayscale.sometimes(views.grayscale),
        jitter(&views.jitter, views.strength),
        Step::HorizontalFlip.sometimes(views.flip),
    ];
    steps.extend(views.blur.as_ref().map(blur));
    steps.extend(views.solarize.as_ref().map(solarize));
    steps
}

pub(super) fn pair(views: &PairViews) -> Vec<(ViewSize, Vec<Step>)> {
    let list = |end: &Finish| {
        let mut steps = vec![crop(views.crop_scale, views.crop_ratio)];
        steps.extend(colours(views.flip, &views.jitter, views.strength, views.grayscale));
        steps.extend(finish(end));
        (views.size, steps)
    };
    vec![list(&views.first), list(&views.second)]
}

pub(super) fn swav(views: &SwavViews) -> Vec<(ViewSize, Vec<Step>)> {
    let list = |crops: &Crops| {
        let mut steps = vec![crop(crops.crop_scale, views.crop_ratio)];
        steps.extend(colours(views.flip, &views.jitter, views.strength, views.grayscale));
        steps.extend(views.blur.as_ref().map(blur));
        vec![(crops.size, steps); crops.count]
    };
    [list(&views.global), list(&views.local)].concat()
}

pub(super) fn dino(views: &DinoViews) -> Vec<(ViewSize, Vec<Step>)> {
    let list = |crops: &Crops, end: &Finish| {
        let mut steps = vec![crop(crops.crop_scale, views.crop_ratio)];
        steps.extend(colours(views.flip, &views.jitter, views.strength, views.grayscale));
        steps.extend(finish(end));
        (crops.size, steps)
    };
    let mut lists = vec![list(&views.global, &views.first), list(&views.global, &views.second)];
    lists.extend(vec![list(&views.local, &views.others); views.local.count]);
    lists
}

/// Crop or move, flip, jitter, grayscale. The flip is of both views: the published code flips the image before it draws them.
pub(super) fn amdim(views: &AmdimViews) -> Vec<Step> {
    let mut steps = match views.crop {
        AmdimCrop::RandomResized { scale, ratio } => vec![crop(scale, ratio)],
        AmdimCrop::Translated { probability, most } => {
            vec![Step::Fit, Step::ReflectTranslate { most }.sometimes(probability)]
        }
    };
    let [flip, jitter, grayscale] = colours(views.flip, &views.jitter, 1.0, views.grayscale);
    steps.extend([Step::Shared(vec![flip]), jitter, grayscale]);
    steps
}

pub(super) fn supervised(views: &SupervisedViews) -> Vec<Step> {
    let first = match views.crop {
        Crop::RandomResized { scale, ratio } => crop(scale, ratio),
        Crop::Random { padding } => Step::RandomCrop { padding },
    };
    let mut steps = vec![first, Step::HorizontalFlip.sometimes(views.flip)];
    if let Some(policy) = &views.rand_augment {
        let sampling = custom::sampling(policy.sampling);
        steps.push(Step::RandAugment { count: policy.count, magnitude: policy.magnitude, sampling });
    }
    if let Some(policy) = views.auto_augment {
        let sampling = kontrast_augment::Sampling::Nearest;
        steps.push(Step::AutoAugment { policy: custom::policy(policy), sampling });
    }
    steps
}

fn crop(scale: [f64; 2], ratio: [f64; 2]) -> Step {
    Step::RandomResizedCrop { scale: scale.into(), ratio: ratio.into(), antialias: true }
}

fn colours(flip: f64, colours: &Jitter, strength: f64, grayscale: f64) -> [Step; 3] {
    [Step::HorizontalFlip.sometimes(flip), jitter(colours, strength), Step::Grayscale.sometimes(grayscale)]
}

fn jitter(jitter: &Jitter, strength: f64) -> Step {
    Step::ColorJitter {
        brightness: jitter.brightness * strength,
        contrast: jitter.contrast * strength,
        saturation: jitter.saturation * strength,
        hue: jitter.hue * strength,
    }
    .sometimes(jitter.probability)
}

fn finish(end: &Finish) -> Vec<Step> {
    end.blur.as_ref().map(blur).into_iter().chain(end.solarize.as_ref().map(solarize)).collect()
}

fn blur(blur: &Blur) -> Step {
    Step::GaussianBlur { sigma: blur.sigma.into(), kernel: blur.kernel }.sometimes(blur.probability)
}

fn solarize(solarize: &Solarize) -> Step {
    Step::Solarize { threshold: solarize.threshold }.sometimes(solarize.probability)
}
