//! What to train on some images on some machine: pure choices, by size and number.

use crate::Refusal;
use kontrast_data::Survey;
use std::path::Path;

/// Bytes of decoded images that a folder keeps in memory.
const KEPT: u64 = 512 << 20;
/// As many steps as the quickstart's method goes on learning for, and more.
const STEPS: usize = 6_000;
const LEAST_EPOCHS: u32 = 10;
const MOST_EPOCHS: u32 = 400;
/// A night is the most that a first run may take; a tenth of it for each of the least epochs decides a subset.
const SECONDS: f64 = 4.0 * 3600.0;
const MOST_SECONDS: f64 = 24.0 * 3600.0;
/// Of each class, where there are no test images.
pub(super) const HOLDOUT: f64 = 0.2;

/// What matters of the images.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) train: usize,
    /// Images of each class.
    pub(super) classes: Option<Vec<usize>>,
    pub(super) test: Option<usize>,
    /// Median width and height.
    pub(super) size: (usize, usize),
    pub(super) one_size: bool,
    pub(super) gray: bool,
    pub(super) transparent: usize,
    pub(super) unreadable: usize,
    pub(super) looked_at: usize,
    /// Seconds of one thread.
    pub(super) decoding: f64,
}

/// What matters of the machine.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) gpu: bool,
    /// Bytes that are free where the network is.
    pub(super) memory: Option<u64>,
    pub(super) workers: usize,
    /// Whether it is quick in bf16.
    pub(super) bf16: bool,
}

/// What is chosen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Choices {
    /// Pixels of a view.
    pub(super) side: usize,
    pub(super) encoder: &'static str,
    pub(super) stem: &'static str,
    pub(super) width: u32,
    pub(super) batch: usize,
    pub(super) epochs: u32,
    pub(super) subset: Option<usize>,
    pub(super) holdout: bool,
    pub(super) precision: &'static str,
    pub(super) on_device: bool,
    pub(super) gpu: bool,
}

/// Seconds of a step: of the network, and of reading its images.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    pub(super) step: f64,
    pub(super) reading: f64,
}

impl Seen {
    /// # Errors
    /// Where there are fewer than four images, or none that can be read.
    pub(super) fn of(folder: &Path, survey: &Survey) -> Result<Self, Refusal> {
        let refuse = |reason: String| Err(Refusal(format!("{}: {reason}", folder.display())));
        if survey.sizes.is_empty() {
            let first = survey.unreadable.first().cloned().unwrap_or_default();
            return refuse(format!("none of the images that were looked at can be read: {first}"));
        }
        if survey.train < 4 {
            return refuse(format!(
                "expected at least 4 images to train on, found {}; add some",
                survey.train
            ));
        }
        let median = |side: fn(&(usize, usize)) -> usize| {
            let mut sides: Vec<_> = survey.sizes.iter().map(side).collect();
            sides.sort_unstable();
            sides[sides.len() / 2]
        };
        Ok(Self {
            train: survey.train,
            classes: survey
                .classes
                .as_ref()
                .map(|classes| classes.iter().map(|(_, images)| *images).collect()),
            test: survey.test,
            size: (median(|size| size.0), median(|size| size.1)),
            one_size: survey.sizes.iter().all(|size| *size == survey.sizes[0]),
            gray: survey.gray == survey.sizes.len(),
            transparent: survey.transparent,
            unreadable: survey.unreadable.len(),
            looked_at: survey.sizes.len() + survey.unreadable.len(),
            decoding: survey.decoding.as_secs_f64(),
        })
    }

    pub(super) fn channels(&self) -> usize {
        if self.gray { 1 } else { 3 }
    }

    /// Whether some class has enough images to set one apart.
    fn can_hold_out(&self) -> bool {
        let enough = |&images: &usize| images >= 3;
        self.test.is_none() && self.classes.as_ref().is_some_and(|classes| classes.iter().any(enough))
    }

    /// In a sentence.
    pub(super) fn words(&self) -> String {
        let classes = match &self.classes {
            None => "without classes".to_owned(),
            Some(classes) => format!("in {} classes", classes.len()),
        };
        let test = self.test.map(|test| format!(", {test} test images")).unwrap_or_default();
        let (width, height) = self.size;
        let size = if self.one_size { "of" } else { "of several sizes, usually" };
        let colour = if self.gray { "gray" } else { "in colour" };
        let looked = self.looked_at;
        format!(
            "{} training images {classes}{test}; {size} {width}x{height}, {colour} ({looked} were looked at)",
            self.train
        )
    }

    /// Which scores there will be.
    pub(super) fn scores(&self, choices: &Choices) -> String {
        match (&self.classes, self.test) {
            (None, _) => "figures that need no labels, and the pictures nearest to each other".to_owned(),
            (Some(_), Some(test)) => format!("k-NN and a linear probe on the {test} test images"),
            (Some(_), None) if choices.holdout => format!(
                "k-NN and a linear probe on {:.0} % of the images of each class, which are not trained on",
                100.0 * HOLDOUT
            ),
            (Some(_), None) => {
                "figures that need no labels: no class has 3 images, to set one apart".to_owned()
            }
        }
    }

    /// What would make more of it.
    pub(super) fn lacks(&self, choices: &Choices) -> Vec<String> {
        let mut lacks = Vec::new();
        if self.classes.is_none() {
            lacks.push(
                "classes, a folder each, for scores; a few hundred labelled images are enough".to_owned(),
            );
        }
        if self.train < 1000 {
            lacks.push(format!(
                "images: {} are few to learn from without labels; compare with the scores of random weights and of pixels",
                self.train
            ));
        }
        if self.classes.is_some() && self.test.is_none() && choices.holdout {
            lacks.push(
                "knowledge of images that belong together, such as frames of a video: the holdout may part them; a CSV \
                 with a column group keeps them whole"
                    .to_owned(),
            );
        }
        lacks
    }
}

impl Choices {
    /// The choices, with epochs still to be fitted to the time.
    pub(super) fn of(seen: &Seen, machine: &Machine) -> Self {
        let short = seen.size.0.min(seen.size.1);
        let large = if machine.gpu { 224 } else { 64 };
        let (side, stem) = match short {
            ..48 => (short.clamp(16, 32), "cifar"),
            48..64 => (48, "imagenet"),
            _ => (large.min(short / 32 * 32).max(64), "imagenet"),
        };
        let encoder = if machine.gpu && seen.train >= 100_000 { "resnet50" } else { "resnet18" };
        let width = match (machine.gpu, stem) {
            (true, _) => 64,
            (false, "cifar") => 16,
            (false, _) => 32,
        };
        let left = if seen.can_hold_out() { seen.train * 4 / 5 } else { seen.train };
        let most = if machine.gpu { 512 } else { 256 };
        let least = if left >= 8 { 4 } else { 2 };
        let mut batch = most;
        while batch > least && batch * 4 > left {
            batch /= 2;
        }
        let bytes = (seen.train * seen.size.0 * seen.size.1 * seen.channels()) as u64;
        let on_device = machine.gpu
            && seen.one_size
            && seen.unreadable == 0
            && machine.memory.is_some_and(|memory| bytes < memory / 4);
        Self {
            side,
            encoder,
            stem,
            width,
            batch,
            epochs: 1,
            subset: None,
            holdout: seen.can_hold_out(),
            precision: if machine.bf16 { "bf16" } else { "fp32" },
            on_device,
            gpu: machine.gpu,
        }
    }

    /// DCL leaves the pair itself out of the candidates, and needs a large batch least.
    pub(super) fn method(&self) -> &'static str {
        if self.batch >= 64 { "simclr" } else { "dcl" }
    }

    /// How many images an epoch has.
    pub(super) fn images(&self, seen: &Seen) -> usize {
        let left = if self.holdout { seen.train * 4 / 5 } else { seen.train };
        self.subset.map_or(left, |subset| subset.min(left))
    }

    /// Epochs, and where even few of them take too long a subset.
    pub(super) fn fit(&mut self, seen: &Seen, time: &Time) {
        let images = self.images(seen);
        let steps = (images / self.batch).max(1);
        let wanted = STEPS.div_ceil(steps).clamp(20, MOST_EPOCHS as usize) as u32;
        let affordable = (SECONDS / time.epoch(images, self.batch)) as u32;
        self.epochs = wanted.min(affordable.max(LEAST_EPOCHS));
        let least = f64::from(LEAST_EPOCHS) * time.epoch(images, self.batch);
        if least > MOST_SECONDS {
            let steps = MOST_SECONDS / f64::from(LEAST_EPOCHS) / (time.step + time.reading);
            let subset = (steps as usize).max(4) * self.batch;
            self.subset = (subset < images).then_some(subset);
        }
    }

    /// In a sentence.
    pub(super) fn words(&self) -> String {
        let Self { encoder, width, side, epochs, batch, .. } = self;
        format!(
            "{} of {encoder}, width {width}, on views of {side} pixels: {epochs} epochs in batches of {batch}",
            self.method()
        )
    }
}

impl Time {
    /// Of a step that was measured, and of reading as long as one image took.
    pub(super) fn of(seen: &Seen, machine: &Machine, choices: &Choices, step: f64) -> Self {
        let bytes = (seen.train * seen.size.0 * seen.size.1 * seen.channels()) as u64;
        let decoding = if bytes <= KEPT { 0.0 } else { seen.decoding };
        let reading = decoding * choices.batch as f64 / machine.workers.max(1) as f64;
        // On a CPU both take the same cores; beside a GPU reading goes on meanwhile.
        Self { step, reading: if machine.gpu { (reading - step).max(0.0) } else { reading } }
    }

    /// Seconds of an epoch.
    pub(super) fn epoch(&self, images: usize, batch: usize) -> f64 {
        (images / batch).max(1) as f64 * (self.step + self.reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(train: usize, side: usize) -> Seen {
        Seen {
            train,
            classes: Some(vec![train / 2; 2]),
            test: None,
            size: (side, side),
            one_size: true,
            gray: false,
            transparent: 0,
            unreadable: 0,
            looked_at: 100,
            decoding: 0.005,
        }
    }

    fn chosen(seen: &Seen, gpu: bool, step: f64) -> Choices {
        let machine = Machine { gpu, memory: Some(16 << 30), workers: 2, bf16: true };
        let mut choices = Choices::of(seen, &machine);
        choices.fit(seen, &Time::of(seen, &machine, &choices, step));
        choices
    }

    #[test]
    fn the_stem_and_the_view_follow_the_size_of_the_images() {
        let of = |side, gpu| {
            let choices = chosen(&seen(10_000, side), gpu, 0.1);
            (choices.side, choices.stem)
        };
        assert_eq!(
            [of(16, false), of(32, false), of(40, false)],
            [(16, "cifar"), (32, "cifar"), (32, "cifar")]
        );
        assert_eq!(
            [of(60, false), of(96, false), of(375, false)],
            [(48, "imagenet"), (64, "imagenet"), (64, "imagenet")]
        );
        assert_eq!([of(96, true), of(375, true)], [(96, "imagenet"), (224, "imagenet")]);
    }

    #[test]
    fn the_batch_leaves_four_steps_an_epoch_and_small_ones_have_dcl() {
        let of = |images| {
            let choices = chosen(&seen(images, 32), false, 0.1);
            (choices.batch, choices.method())
        };
        assert_eq!(
            [of(12), of(200), of(600), of(100_000)],
            [(4, "dcl"), (32, "dcl"), (64, "simclr"), (256, "simclr")]
        );
    }

    #[test]
    fn two_million_photographs_on_a_cpu_are_cut_to_what_a_day_trains() {
        let all = seen(2_000_000, 375);
        let choices = chosen(&all, false, 1.0);
        assert_eq!(choices.epochs, 10);
        let subset = choices.subset.expect("a subset");
        assert!((100_000..2_000_000).contains(&subset) && subset.is_multiple_of(choices.batch), "{subset}");
        assert_eq!(chosen(&seen(10_000, 32), false, 0.1).subset, None);
    }

    #[test]
    fn nothing_is_held_out_of_test_images_or_of_classes_of_two() {
        assert!(chosen(&seen(100, 32), false, 0.1).holdout);
        assert!(!chosen(&Seen { test: Some(10), ..seen(100, 32) }, false, 0.1).holdout);
        assert!(!chosen(&Seen { classes: Some(vec![2; 50]), ..seen(100, 32) }, false, 0.1).holdout);
        assert!(!chosen(&Seen { classes: None, ..seen(100, 32) }, false, 0.1).holdout);
    }
}
