//! Whether a run learns: how its embeddings lie, and when to stop because it diverged or collapsed.

use kontrast_losses::geometry;
use std::fmt::Write;
use tch::Tensor;

/// How the embeddings of one batch lie on the sphere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diagnosis {
    /// Share of embeddings, per cent, whose nearest is their partner; none with a single view.
    pub contrastive_accuracy: Option<f64>,
    /// Deviation times the square root of the width: 1 where they fill the sphere.
    pub deviation: f64,
    /// How many dimensions they use (RankMe).
    pub effective_rank: f64,
    /// Dimensions there are.
    pub width: i64,
}

impl Diagnosis {
    /// Looks at the embeddings of one batch, `[views, n, d]`.
    pub fn of(embeddings: &Tensor) -> Self {
        let (views, _, width) = embeddings.size3().expect("embeddings by view");
        let first = embeddings.get(0);
        let accuracy = || geometry::contrastive_accuracy(&first, &embeddings.get(1));
        Self {
            contrastive_accuracy: (views > 1).then(accuracy),
            deviation: geometry::deviation(&first),
            effective_rank: geometry::effective_rank(&kontrast_losses::unit(&first)),
            width,
        }
    }
}

/// Why a run has to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The loss is no number, or far above where it began, record after record.
    Diverged(String),
    /// The embeddings are one point or a line, record after record.
    Collapsed(String),
}

/// Judges record after record; one bad record is no verdict, a streak is.
#[derive(Clone, Debug)]
pub struct Judge {
    warmup: u64,
    hint: &'static str,
    /// Records in a row that are constant, and those that are poor, with the step before the first of these.
    constant: u32,
    poor: u32,
    healthy_at: Option<u64>,
    diverged: u32,
}

/// Records in a row that make a verdict. Our choice: the program records about ten times an epoch, or at every step
/// where an epoch has fewer than twenty, so that no single bad batch ends a run.
const STREAK: u32 = 10;
/// Below this deviation the embeddings are nearly one point. It is 1 where they fill the sphere and 0 where they are
/// one point (SimSiam, arXiv 2011.10566, section 4.1); the paper's runs lie at either end, and a quarter of the way
/// between them is our choice.
const DEVIATION: f64 = 0.25;
/// Far below that there is nothing to wait for: a constant encoder has no deviation, and a line one dimension.
const POINT: f64 = 0.05;
const LINE: f64 = 1.5;
/// Steps that embeddings between healthy and constant have to stay there. Our choice: a fresh network begins at a
/// deviation of about 0.3, and strong distortions press it lower before contrast spreads it, so that the first steps of
/// a healthy run look the same as the first of one that collapses; a run of fewer steps is never judged by this.
const PATIENCE: u64 = 100;
/// At most this many dimensions in use is a line, a plane or a space: collapse in dimensions, which the deviation
/// does not show (RankMe, arXiv 2210.02885, has the figure, but no threshold; this one is our choice).
const RANK: f64 = 3.0;
/// The loss, as a multiple of where it began, that counts as diverging. Our choice: a contrastive loss begins near
/// its chance level, so that half as much again is far worse than embeddings that say nothing.
const GROWTH: f64 = 1.5;

impl Judge {
    /// Judges steps after `warmup`; `hint` says what the method most likely needs.
    pub fn new(warmup: u64, hint: &'static str) -> Self {
        Self { warmup, hint, constant: 0, poor: 0, healthy_at: None, diverged: 0 }
    }

    /// A loss that is no number is a verdict at once.
    pub fn loss(&self, step: u64, loss: f64) -> Option<Verdict> {
        let text = || format!("the loss is {loss} at step {step}: the run diverged; {}", self.hint);
        (!loss.is_finite()).then(|| Verdict::Diverged(text()))
    }

    /// Takes in a record; a streak of bad ones is a verdict.
    pub fn record(&mut self, step: u64, loss: f64, first: f64, diagnosis: &Diagnosis) -> Option<Verdict> {
        if step <= self.warmup {
            return None;
        }
        // Of a narrow embedding a quarter of the width is all that can be asked.
        let rank = RANK.min(diagnosis.width as f64 / 4.0);
        let poor = diagnosis.deviation < DEVIATION || diagnosis.effective_rank <= rank;
        let constant = diagnosis.deviation < POINT || diagnosis.effective_rank <= LINE.min(rank);
        self.constant = if constant { self.constant + 1 } else { 0 };
        self.poor = if poor { self.poor + 1 } else { 0 };
        let healthy_at = self.healthy_at.get_or_insert(step - 1);
        if !poor {
            *healthy_at = step;
        }
        let lasting = self.poor >= STREAK && step >= *healthy_at + PATIENCE;
        self.diverged = if loss > GROWTH * first.abs().max(1.0) { self.diverged + 1 } else { 0 };
        let mut text = String::new();
        if self.diverged >= STREAK {
            let _ = write!(
                text,
                "the loss stands at {loss:.3} and began at {first:.3}: the run diverged; {}",
                self.hint
            );
            return Some(Verdict::Diverged(text));
        }
        if self.constant >= STREAK || lasting {
            let Diagnosis { deviation, effective_rank, .. } = diagnosis;
            let _ = write!(
                text,
                "the embeddings collapsed: deviation {deviation:.3} (healthy: above {DEVIATION}), effective rank \
                 {effective_rank:.1} (healthy: above {rank}) for {} records in a row; {}",
                self.poor, self.hint
            );
            return Some(Verdict::Collapsed(text));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    fn healthy() -> Diagnosis {
        Diagnosis { contrastive_accuracy: Some(50.0), deviation: 0.9, effective_rank: 60.0, width: 128 }
    }

    #[test]
    fn a_loss_that_is_no_number_ends_the_run_at_once_with_a_hint() {
        let judge = Judge::new(100, "lower the lr");
        for loss in [f64::NAN, f64::INFINITY] {
            let Some(Verdict::Diverged(text)) = judge.loss(3, loss) else { panic!("no verdict on {loss}") };
            assert!(text.contains("step 3") && text.contains("lower the lr"), "{text}");
        }
        assert_eq!(judge.loss(3, 5.0), None);
    }

    #[test]
    fn collapse_needs_a_streak_after_the_warm_up() {
        for bad in
            [Diagnosis { deviation: 0.01, ..healthy() }, Diagnosis { effective_rank: 1.2, ..healthy() }]
        {
            let mut judge = Judge::new(100, "");
            for step in 90..=100 {
                assert_eq!(judge.record(step, 5.0, 5.0, &bad), None, "judged during the warm-up");
            }
            for step in 101..110 {
                assert_eq!(judge.record(step, 5.0, 5.0, &bad), None, "judged before a streak");
            }
            assert_eq!(judge.record(110, 5.0, 5.0, &healthy()), None);
            for step in 111..120 {
                assert_eq!(judge.record(step, 5.0, 5.0, &bad), None, "a healthy record ends a streak");
            }
            assert!(matches!(judge.record(120, 5.0, 5.0, &bad), Some(Verdict::Collapsed(_))));
        }
    }

    #[test]
    fn embeddings_that_are_poor_but_not_constant_have_to_stay_so_for_longer() {
        for poor in
            [Diagnosis { deviation: 0.208, ..healthy() }, Diagnosis { effective_rank: 2.0, ..healthy() }]
        {
            let mut judge = Judge::new(4, "");
            for step in 5..104 {
                assert_eq!(judge.record(step, 5.0, 5.0, &poor), None, "judged at step {step}");
            }
            assert_eq!(judge.record(104, 5.0, 5.0, &healthy()), None);
            for step in (110..204).step_by(10) {
                assert_eq!(judge.record(step, 5.0, 5.0, &poor), None, "judged at step {step}");
            }
            assert!(matches!(judge.record(210, 5.0, 5.0, &poor), Some(Verdict::Collapsed(_))));
        }
    }

    #[test]
    fn a_loss_that_keeps_above_its_start_is_divergence() {
        let mut judge = Judge::new(0, "");
        let verdicts: Vec<_> = (1..=10).map(|step| judge.record(step, 9.0, 5.0, &healthy())).collect();
        assert!(
            verdicts[..9].iter().all(Option::is_none) && matches!(verdicts[9], Some(Verdict::Diverged(_)))
        );
    }

    #[test]
    fn a_batch_of_one_point_looks_collapsed_and_one_of_noise_does_not() {
        let point = Diagnosis::of(&Tensor::ones([2, 32, 16], (Kind::Float, Device::Cpu)));
        assert!(point.deviation < 1e-3 && point.effective_rank < 1.1);
        let noise = (Tensor::arange(2 * 32 * 16, (Kind::Float, Device::Cpu)).square() * 0.618_034).sin();
        let noise = Diagnosis::of(&noise.reshape([2, 32, 16]));
        assert!(noise.deviation > 0.9 && noise.effective_rank > 12.0, "{noise:?}");
    }
}
