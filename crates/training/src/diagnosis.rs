//! Whether a run learns: how its embeddings lie, and when to stop because it diverged or collapsed.

use kontrast_losses::{geometry, unit};
use kontrast_methods::CollapseCriterion;
use kontrast_torch_ext::StateDict;
use tch::Tensor;

/// How the embeddings of one batch lie on the sphere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diagnosis {
    /// Fraction of images, per cent, whose second view is the nearest to their first; none with a single view.
    pub contrastive_accuracy: Option<f64>,
    /// Standard deviation times the square root of the width: 1 where they fill the sphere.
    pub std: f64,
    /// How many dimensions they use (RankMe).
    pub effective_rank: f64,
    /// Dimensions there are.
    pub width: i64,
    /// How many dimensions the representations under them use.
    pub representation_rank: f64,
    /// Mean squared distance of two views of an image; none with a single view.
    pub alignment: Option<f64>,
    /// How evenly they fill the sphere, 0 for one point.
    pub uniformity: f64,
}

impl Diagnosis {
    /// Looks at the embeddings of one batch, `[views, n, d]`, and at the representations under them, `[rows, width]`.
    pub fn of(embeddings: &Tensor, representations: &Tensor) -> Self {
        let (views, n, width) = embeddings.size3().expect("embeddings by view");
        let first = embeddings.get(0);
        // One view's rows are enough, and a quarter of the work.
        let rows = representations.size()[0].min(n);
        let h = unit(&representations.narrow(0, 0, rows));
        Self {
            contrastive_accuracy: (views > 1)
                .then(|| geometry::contrastive_accuracy(&first, &embeddings.get(1))),
            std: geometry::std(&first),
            effective_rank: geometry::effective_rank(&unit(&first)),
            width,
            representation_rank: geometry::effective_rank(&h),
            alignment: (views > 1).then(|| geometry::alignment(&first, &embeddings.get(1))),
            uniformity: geometry::uniformity(&first),
        }
    }
}

/// Why a run has to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// The loss is no number, or far above where it began, record after record.
    Diverged(String),
    /// The embeddings are one point or a line, record after record.
    Collapsed(String),
}

/// Watches record after record; one bad record is no alarm, a streak is.
#[derive(Clone, Debug)]
pub struct Monitor {
    warmup: u64,
    /// Steps that a loss at its uniform value may last.
    at_uniform: u64,
    criterion: CollapseCriterion,
    steady: bool,
    hint: &'static str,
    /// Records in a row that are constant, and those that are poor, with the step before the first of these.
    constant: u32,
    poor: u32,
    healthy_at: Option<u64>,
    /// The last step whose loss was below its uniform value, or fell towards it, and the lowest loss that counted so.
    learned_at: Option<u64>,
    lowest: f64,
    diverged: u32,
}

/// Records in a row that make an alarm. Our choice: the program records about ten times an epoch, or at every step
/// where an epoch has fewer than twenty, so that no single bad batch ends a run.
const STREAK: u32 = 10;
/// Below this standard deviation the embeddings are nearly one point. It is 1 where they fill the sphere and 0 where
/// they are one point (SimSiam, arXiv 2011.10566, section 4.1); the paper's runs lie at either end, and a quarter of
/// the way between them is our choice.
const STD: f64 = 0.25;
/// Far below that there is nothing to wait for: a constant encoder has no std, and a line one dimension.
const POINT: f64 = 0.05;
const LINE: f64 = 1.5;
/// Steps that embeddings between healthy and constant have to stay there. Our choice: a fresh network begins at a
/// std of about 0.3, and strong distortions press it lower before contrast spreads it, so that the first steps of
/// a healthy run look the same as the first of one that collapses; a run of fewer steps is never judged by this.
const PATIENCE: u64 = 100;
/// At most this many dimensions in use is a line, a plane or a space: collapse in dimensions, which the std
/// does not show (RankMe, arXiv 2210.02885, has the figure, but no threshold; this one is our choice).
const RANK: f64 = 3.0;
/// The loss, as a multiple of where it began, that counts as diverging. Our choice: a contrastive loss begins near
/// its uniform value, so that half as much again is far worse than uninformative embeddings.
const GROWTH: f64 = 1.5;

/// What a diverged run needs, whatever its method.
const TOO_FAST: &str = "lower optimizer lr, to a third or a tenth, or lengthen schedule warmup_epochs; where the method's table \
                        has a temperature or weights of terms, compare them with the paper's";

/// A loss that is not this far below its uniform value, as a fraction of it, shows no learning. Our choice: a healthy
/// loss goes further below within its first epochs.
const NEAR_UNIFORM: f64 = 0.01;
/// Steps that a loss may stay there, at least, and as a fraction of the run. Our choice: prototypes need longer than
/// pairs to tell images apart.
const STEPS_AT_UNIFORM: u64 = 200;
const FRACTION_AT_UNIFORM: u64 = 4;

impl Monitor {
    /// Watches the steps after `warmup` of a run of `steps`. `criterion` says what the method's embeddings look like
    /// when it works; `hint` what it most likely needs where it collapsed or learns nothing.
    pub fn new(warmup: u64, steps: u64, criterion: CollapseCriterion, hint: &'static str) -> Self {
        let at_uniform = STEPS_AT_UNIFORM.max(steps / FRACTION_AT_UNIFORM);
        Self {
            warmup,
            at_uniform,
            criterion,
            steady: true,
            hint,
            constant: 0,
            poor: 0,
            healthy_at: None,
            learned_at: None,
            lowest: f64::INFINITY,
            diverged: 0,
        }
    }

    /// For a method whose loss does not mean the same throughout: only one that is no number has diverged.
    #[must_use]
    pub fn with_unsteady_loss(self) -> Self {
        Self { steady: false, ..self }
    }

    /// A loss that is no number is an alarm at once.
    pub fn loss(&self, step: u64, loss: f64) -> Option<Alarm> {
        let text = || format!("the loss is {loss} at step {step}: the run diverged; {TOO_FAST}");
        (!loss.is_finite()).then(|| Alarm::Diverged(text()))
    }

    /// Weights that are no numbers are an alarm at once: the loss of the last update is never measured.
    pub fn weights(&self, step: u64, state: &StateDict) -> Option<Alarm> {
        let whole = |tensor: &Tensor| tensor.isfinite().all().int64_value(&[]) == 1;
        let (name, _) = state.iter().find(|(_, tensor)| !whole(tensor))?;
        let text = format!(
            "{name} holds values that are no numbers after step {step}: the run diverged; {TOO_FAST}"
        );
        Some(Alarm::Diverged(text))
    }

    /// Takes in a record; a streak of bad ones is an alarm.
    pub fn record(&mut self, step: u64, loss: Loss, diagnosis: &Diagnosis) -> Option<Alarm> {
        if step <= self.warmup {
            return None;
        }
        self.divergence(loss).or_else(|| self.collapse(step, diagnosis)).or_else(|| self.uniform(step, loss))
    }

    fn divergence(&mut self, loss: Loss) -> Option<Alarm> {
        let Loss { now, first, uniform } = loss;
        // A queue of random directions is easy to tell from a key: such a loss begins far below its uniform value.
        let start = first.abs().max(uniform.unwrap_or(0.0)).max(1.0);
        self.diverged = if self.steady && now > GROWTH * start { self.diverged + 1 } else { 0 };
        let text =
            || format!("the loss stands at {now:.3} and began at {first:.3}: the run diverged; {TOO_FAST}");
        (self.diverged >= STREAK).then(|| Alarm::Diverged(text()))
    }

    fn collapse(&mut self, step: u64, diagnosis: &Diagnosis) -> Option<Alarm> {
        if self.criterion != CollapseCriterion::Spread {
            return None;
        }
        // Of a narrow embedding a quarter of the width is all that can be asked.
        let rank = RANK.min(diagnosis.width as f64 / 4.0);
        let Diagnosis { std, effective_rank, .. } = diagnosis;
        let poor = *std < STD || *effective_rank <= rank;
        let constant = *std < POINT || *effective_rank <= LINE.min(rank);
        self.constant = if constant { self.constant + 1 } else { 0 };
        self.poor = if poor { self.poor + 1 } else { 0 };
        let healthy_at = self.healthy_at.get_or_insert(step - 1);
        if !poor {
            *healthy_at = step;
        }
        let lasting = self.poor >= STREAK && step >= *healthy_at + PATIENCE;
        let text = || {
            format!(
                "the embeddings collapsed: std {std:.3} (healthy: above {STD}), effective rank \
                 {effective_rank:.1} (healthy: above {rank}) for {} records in a row; {}",
                self.poor, self.hint
            )
        };
        (self.constant >= STREAK || lasting).then(|| Alarm::Collapsed(text()))
    }

    fn uniform(&mut self, step: u64, loss: Loss) -> Option<Alarm> {
        let uniform = loss.uniform?;
        let learned_at = self.learned_at.get_or_insert(step - 1);
        let margin = NEAR_UNIFORM * uniform;
        // A loss above its uniform value says even less, but one that falls is on its way. A loss that does not
        // mean the same throughout may rise while the encoder learns.
        let falls = loss.now < self.lowest - margin;
        if falls || loss.now < uniform - margin || (!self.steady && loss.now > uniform + margin) {
            *learned_at = step;
            self.lowest = self.lowest.min(loss.now);
        }
        let since = step - *learned_at;
        let text = || {
            format!(
                "the loss stands at {:.3} and has not been {:.0} % below its uniform value {uniform:.3} for {since} \
                 steps: the run learns nothing; {}",
                loss.now,
                100.0 * NEAR_UNIFORM,
                self.hint
            )
        };
        (since >= self.at_uniform).then(|| Alarm::Collapsed(text()))
    }
}

/// What a record says of the loss.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// Mean since the last record.
    pub now: f64,
    /// That of the first record.
    pub first: f64,
    /// Its uniform value.
    pub uniform: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    fn healthy() -> Diagnosis {
        Diagnosis {
            contrastive_accuracy: Some(50.0),
            std: 0.9,
            effective_rank: 60.0,
            width: 128,
            representation_rank: 60.0,
            alignment: Some(0.5),
            uniformity: -3.0,
        }
    }

    fn loss(now: f64) -> Loss {
        Loss { now, first: 5.0, uniform: None }
    }

    #[test]
    fn a_loss_that_is_no_number_ends_the_run_at_once_with_a_hint() {
        let monitor = Monitor::new(100, 1000, CollapseCriterion::Spread, "more prototypes");
        for loss in [f64::NAN, f64::INFINITY] {
            let Some(Alarm::Diverged(text)) = monitor.loss(3, loss) else { panic!("no alarm on {loss}") };
            assert!(text.contains("step 3") && text.contains("lower optimizer lr"), "{text}");
        }
        assert_eq!(monitor.loss(3, 5.0), None);
    }

    #[test]
    fn collapse_needs_a_streak_after_the_warm_up() {
        for bad in [Diagnosis { std: 0.01, ..healthy() }, Diagnosis { effective_rank: 1.2, ..healthy() }] {
            let mut monitor = Monitor::new(100, 1000, CollapseCriterion::Spread, "");
            for step in 90..=100 {
                assert_eq!(monitor.record(step, loss(5.0), &bad), None, "alarmed during the warm-up");
            }
            for step in 101..110 {
                assert_eq!(monitor.record(step, loss(5.0), &bad), None, "alarmed before a streak");
            }
            assert_eq!(monitor.record(110, loss(5.0), &healthy()), None);
            for step in 111..120 {
                assert_eq!(monitor.record(step, loss(5.0), &bad), None, "a healthy record ends a streak");
            }
            assert!(matches!(monitor.record(120, loss(5.0), &bad), Some(Alarm::Collapsed(_))));
        }
    }

    #[test]
    fn embeddings_of_two_classes_are_two_points_and_no_collapse() {
        let z =
            Tensor::from_slice(&[1f32, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0]).view([2, 4]).repeat([2, 16, 1]);
        let two = Diagnosis::of(&z.view([2, 32, 4]), &z.get(0));
        assert!(two.effective_rank < 1.1, "{two:?}");
        for criterion in [CollapseCriterion::Classes, CollapseCriterion::Any] {
            let mut monitor = Monitor::new(0, 1000, criterion, "");
            assert!((1..=300).all(|step| monitor.record(step, loss(1.0), &two).is_none()));
        }
    }

    #[test]
    fn embeddings_that_are_poor_but_not_constant_have_to_stay_so_for_longer() {
        for poor in [Diagnosis { std: 0.208, ..healthy() }, Diagnosis { effective_rank: 2.0, ..healthy() }] {
            let mut monitor = Monitor::new(4, 1000, CollapseCriterion::Spread, "");
            for step in 5..104 {
                assert_eq!(monitor.record(step, loss(5.0), &poor), None, "alarmed at step {step}");
            }
            assert_eq!(monitor.record(104, loss(5.0), &healthy()), None);
            for step in (110..204).step_by(10) {
                assert_eq!(monitor.record(step, loss(5.0), &poor), None, "alarmed at step {step}");
            }
            assert!(matches!(monitor.record(210, loss(5.0), &poor), Some(Alarm::Collapsed(_))));
        }
    }

    #[test]
    fn a_loss_that_keeps_above_its_start_is_divergence() {
        let mut unsteady = Monitor::new(0, 1000, CollapseCriterion::Spread, "").with_unsteady_loss();
        assert!((1..=30).all(|step| unsteady.record(step, loss(9.0), &healthy()).is_none()));
        let mut monitor = Monitor::new(0, 1000, CollapseCriterion::Spread, "");
        let alarms: Vec<_> = (1..=10).map(|step| monitor.record(step, loss(9.0), &healthy())).collect();
        assert!(alarms[..9].iter().all(Option::is_none) && matches!(alarms[9], Some(Alarm::Diverged(_))));
    }

    #[test]
    fn a_loss_that_stays_at_its_uniform_value_for_a_quarter_of_the_run_raises_an_alarm() {
        let at = |now| Loss { now, first: 6.24, uniform: Some(6.24) };
        let mut monitor = Monitor::new(10, 2000, CollapseCriterion::Spread, "more prototypes");
        for step in (20..=500).step_by(10) {
            assert_eq!(monitor.record(step, at(6.22), &healthy()), None, "alarmed at step {step}");
        }
        assert_eq!(monitor.record(510, at(6.0), &healthy()), None, "it learns");
        for step in (520..1010).step_by(10) {
            assert_eq!(monitor.record(step, at(6.2), &healthy()), None, "alarmed at step {step}");
        }
        let Some(Alarm::Collapsed(text)) = monitor.record(1010, at(6.2), &healthy()) else {
            panic!("no alarm after 500 steps at the uniform value")
        };
        assert!(
            text.contains("uniform value 6.240 for 500 steps") && text.ends_with("more prototypes"),
            "{text}"
        );
    }

    #[test]
    fn field_a_loss_that_stays_above_its_uniform_value_raises_an_alarm() {
        for (at, wiggle) in [(6.3, 0.0), (7.2, 0.05), (9.3, 0.0)] {
            let mut monitor = Monitor::new(0, 520, CollapseCriterion::Spread, "a higher rate");
            let alarms = (1..=520).map(|step| {
                let now = at + wiggle * f64::from(u32::try_from(step % 3).unwrap());
                monitor.record(step, Loss { now, first: at, uniform: Some(6.24) }, &healthy())
            });
            let first = alarms.flatten().next();
            assert!(matches!(first, Some(Alarm::Collapsed(_))), "no alarm on {at}: {first:?}");
        }
    }

    #[test]
    fn field_a_loss_that_falls_from_above_its_uniform_value_is_none() {
        let falling = |step: u64| 9.3 - 6.0 * step as f64 / 2000.0;
        let mut monitor = Monitor::new(0, 2000, CollapseCriterion::Spread, "");
        for step in 1..=2000 {
            let loss = Loss { now: falling(step), first: 9.3, uniform: Some(6.24) };
            assert_eq!(monitor.record(step, loss, &healthy()), None, "alarmed at step {step}");
        }
        // Of NPID, whose loss rises while slots gather.
        let mut monitor = Monitor::new(0, 2000, CollapseCriterion::Spread, "").with_unsteady_loss();
        for step in 1..=2000 {
            let loss = Loss { now: 14.0, first: 9.7, uniform: Some(9.7) };
            assert_eq!(monitor.record(step, loss, &healthy()), None, "alarmed at step {step}");
        }
    }

    #[test]
    fn a_batch_of_one_point_looks_collapsed_and_one_of_noise_does_not() {
        let point = Tensor::ones([2, 32, 16], (Kind::Float, Device::Cpu));
        let point = Diagnosis::of(&point, &point.get(0));
        assert!(point.std < 1e-3 && point.effective_rank < 1.1);
        let noise = (Tensor::arange(2 * 32 * 16, (Kind::Float, Device::Cpu)).square() * 0.618_034).sin();
        let noise = Diagnosis::of(&noise.reshape([2, 32, 16]), &noise.reshape([64, 16]));
        assert!(noise.std > 0.9 && noise.effective_rank > 12.0, "{noise:?}");
    }
}
