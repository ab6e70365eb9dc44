//! Learning rates as pure functions of the step: nothing to save, nothing to restore.

/// A value for every step of training.
pub trait Schedule: Send {
    /// The value at a step, counted from 0.
    fn at(&self, step: u64) -> f64;
}

/// A linear warm-up, then half a cosine down to `last`: the schedule of SimCLR (arXiv 2002.05709, section 2.1), per
/// step and not per epoch, with lightly's end points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cosine {
    /// Value when the warm-up is over.
    pub peak: f64,
    /// Value at the last step.
    pub last: f64,
    /// Steps of the warm-up; its first step has `peak / warmup`.
    pub warmup: u64,
    /// Steps in all.
    pub steps: u64,
}

impl Schedule for Cosine {
    fn at(&self, step: u64) -> f64 {
        if step < self.warmup {
            return self.peak * (step + 1) as f64 / self.warmup as f64;
        }
        let (step, steps) = (step - self.warmup, self.steps.saturating_sub(self.warmup));
        if step + 1 >= steps {
            return self.last;
        }
        let turn = std::f64::consts::PI * step as f64 / (steps - 1) as f64;
        self.last + (self.peak - self.last) * f64::midpoint(turn.cos(), 1.0)
    }
}

/// Half a cosine from one value to another, which is reached a step after the last: how momentum encoders' momentum rises
/// (BYOL, arXiv 2006.07733, section 3.3) and DINO's weight decay (arXiv 2104.14294, appendix A).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HalfCosine {
    /// Value at the first step.
    pub base: f64,
    /// Value after the last.
    pub last: f64,
    /// Steps in all.
    pub steps: u64,
}

impl Schedule for HalfCosine {
    fn at(&self, step: u64) -> f64 {
        let done = step as f64 / self.steps.max(1) as f64;
        self.last - (self.last - self.base) * (1.0 + (std::f64::consts::PI * done).cos()) / 2.0
    }
}

/// A linear warm-up, then the same value to the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    /// Value when the warm-up is over.
    pub value: f64,
    /// Steps of the warm-up.
    pub warmup: u64,
}

impl Schedule for Constant {
    fn at(&self, step: u64) -> f64 {
        if step < self.warmup { self.value * (step + 1) as f64 / self.warmup as f64 } else { self.value }
    }
}

/// A linear warm-up, then the peak, multiplied by `gamma` at each milestone: PyTorch's `MultiStepLR`, with milestones in
/// steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Multistep {
    /// Value when the warm-up is over.
    pub peak: f64,
    /// Factor at each milestone.
    pub gamma: f64,
    /// Steps at which the value is lowered, counted from the beginning.
    pub milestones: Vec<u64>,
    /// Steps of the warm-up.
    pub warmup: u64,
}

impl Schedule for Multistep {
    fn at(&self, step: u64) -> f64 {
        let passed = self.milestones.iter().filter(|&&milestone| milestone <= step).count();
        let climbed = if step < self.warmup { (step + 1) as f64 / self.warmup as f64 } else { 1.0 };
        self.peak * climbed * self.gamma.powi(passed as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_warm_up_is_linear_and_meets_the_peak() {
        let schedule = Cosine { peak: 0.4, last: 0.0, warmup: 4, steps: 12 };
        for (step, value) in [(0, 0.1), (1, 0.2), (3, 0.4), (4, 0.4), (11, 0.0), (50, 0.0)] {
            assert!((schedule.at(step) - value).abs() < 1e-12, "step {step}: {}", schedule.at(step));
        }
    }

    proptest! {
        #[test]
        fn after_the_warm_up_a_cosine_only_falls_and_stays_between_its_ends(
            peak in 0.01f64..10.0, fraction in 0f64..1.0, warmup in 0u64..50, more in 2u64..500, step in 0u64..600,
        ) {
            let schedule = Cosine { peak, last: peak * fraction, warmup, steps: warmup + more };
            let (now, next) = (schedule.at(warmup + step), schedule.at(warmup + step + 1));
            prop_assert!(next <= now + 1e-12);
            prop_assert!(now <= peak + 1e-12 && now >= peak * fraction - 1e-12);
        }

        #[test]
        fn many_steps_only_fall_after_the_warm_up_and_end_at_the_last(
            peak in 0.01f64..10.0, gamma in 0.05f64..0.95, warmup in 0u64..50, step in 0u64..600,
        ) {
            let milestones = vec![warmup + 100, warmup + 101, warmup + 400];
            let schedule = Multistep { peak, gamma, milestones, warmup };
            prop_assert!(schedule.at(warmup + step + 1) <= schedule.at(warmup + step));
            prop_assert_eq!(schedule.at(warmup), peak);
            prop_assert!((schedule.at(warmup + 600) - peak * gamma * gamma * gamma).abs() < 1e-12);
        }

        #[test]
        fn a_constant_is_constant_after_its_warm_up(value in 0f64..10.0, warmup in 0u64..50, step in 0u64..600) {
            prop_assert_eq!(Constant { value, warmup }.at(warmup + step), value);
        }
    }
}
