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
    ended: Mutex<Ended>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Ended {
    runs: u32,
    together: Duration,
}

impl Budget {
    /// Begins to count.
    pub fn new(limit: Option<Duration>) -> Self {
        Self { limit, begun: Instant::now(), ended: Mutex::default() }
    }

    /// Whether one more run would end in time, if it takes as long as those before. The first may always begin.
    pub fn allows_one_more(&self) -> bool {
        self.limit.is_none_or(|limit| self.begun.elapsed() + self.mean() <= limit)
    }

    /// One run has ended, which was begun then.
    pub fn one_more(&self, begun: Instant) {
        let mut ended = self.ended();
        ended.runs += 1;
        ended.together += begun.elapsed();
    }

    /// How long so many runs will take, so many at a time, in words.
    pub fn estimate(&self, runs: usize, jobs: usize) -> String {
        human::seconds(self.mean().as_secs_f64() * runs.div_ceil(jobs) as f64)
    }

    fn mean(&self) -> Duration {
        let Ended { runs, together } = *self.ended();
        together / runs.max(1)
    }

    fn ended(&self) -> std::sync::MutexGuard<'_, Ended> {
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
            assert!(budget.allows_one_more(), "the first may always begin");
            budget.one_more(begun);
            budget.one_more(Instant::now().checked_sub(minutes(2)).unwrap());
            assert_eq!(budget.allows_one_more(), expected, "{limit:?}");
            assert_eq!(budget.estimate(3, 2), "5 min 00 s");
        }
    }
}
