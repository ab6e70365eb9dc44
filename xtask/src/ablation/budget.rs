//! The time that runs may take, and how long each has taken so far.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use kontrast_runlog::human;

/// A budget, which runs of several jobs share; without a limit where none is asked for.
#[derive(Debug)]
pub struct Budget {
    limit: Option<Duration>,
    begun: Instant,
    /// Of the runs that have ended since.
    ended: Mutex<TimeTaken>,
}

#[derive(Clone, Copy, Debug, Default)]
struct TimeTaken {
    epochs: u32,
    together: Duration,
}

impl Budget {
    /// Begins to count.
    pub fn new(limit: Option<Duration>) -> Self {
        Self { limit, begun: Instant::now(), ended: Mutex::default() }
    }

    /// Whether a run of so many epochs would end in time, if an epoch takes as long as those before. The first may always
    /// begin.
    pub fn allows(&self, epochs: u32) -> bool {
        self.limit.is_none_or(|limit| self.begun.elapsed() + self.of_epochs(epochs) <= limit)
    }

    /// Counts a run of so many epochs that began at `begun` and has ended now.
    pub fn record(&self, epochs: u32, begun: Instant) {
        let mut ended = self.ended();
        ended.epochs += epochs;
        ended.together += begun.elapsed();
    }

    /// How long runs of `epochs` in all take, `jobs` at a time, in words; none before one has ended.
    pub fn estimate(&self, epochs: u32, jobs: usize) -> Option<String> {
        let seconds = self.of_epochs(epochs).as_secs_f64() / jobs as f64;
        (self.ended().epochs > 0).then(|| human::seconds(seconds))
    }

    fn of_epochs(&self, epochs: u32) -> Duration {
        let TimeTaken { epochs: ended, together } = *self.ended();
        together.mul_f64(f64::from(epochs) / f64::from(ended.max(1)))
    }

    fn ended(&self) -> std::sync::MutexGuard<'_, TimeTaken> {
        self.ended.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_begins_where_it_would_end_in_time() {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        let begun = Instant::now().checked_sub(minutes(3)).unwrap();
        for (limit, expected) in [(None, true), (Some(minutes(3)), true), (Some(minutes(2)), false)] {
            let budget = Budget::new(limit);
            assert!(budget.allows(100), "the first may always begin");
            assert_eq!(budget.estimate(40, 2), None);
            budget.record(12, begun);
            budget.record(8, Instant::now().checked_sub(minutes(2)).unwrap());
            // Four epochs a minute.
            assert_eq!(budget.allows(10), expected, "{limit:?}");
            assert_eq!(budget.estimate(40, 2).as_deref(), Some("5 min 00 s"));
        }
    }
}
