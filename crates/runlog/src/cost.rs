//! What a training costs, by its first steps.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::human;

/// Time and memory of a training, measured on a few of its steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingCost {
    /// Steps of the whole training.
    pub steps: u64,
    /// Wall time of one, images and views included.
    pub step_seconds: f64,
    /// Most memory that the process held; none where the system does not say.
    pub peak_memory_bytes: Option<u64>,
}

impl TrainingCost {
    /// Of the whole training, without evaluation.
    pub fn seconds(&self) -> f64 {
        self.steps as f64 * self.step_seconds
    }
}

/// In words: `234 steps of 0.13 s, 30.0 s in all; 612 MB of memory`.
impl fmt::Display for TrainingCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { steps, step_seconds, peak_memory_bytes } = self;
        let (steps, all) = (human::counted(*steps, "step"), human::seconds(self.seconds()));
        write!(f, "{steps} of {step_seconds:.2} s, {all} in all")?;
        match peak_memory_bytes {
            Some(bytes) => write!(f, "; {} of memory", human::bytes(*bytes)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_told_for_the_whole_training() {
        let cost = TrainingCost { steps: 234, step_seconds: 0.128, peak_memory_bytes: Some(612_000_000) };
        assert_eq!(cost.to_string(), "234 steps of 0.13 s, 30.0 s in all; 612 MB of memory");
        let unknown = TrainingCost { peak_memory_bytes: None, ..cost };
        assert_eq!(unknown.to_string(), "234 steps of 0.13 s, 30.0 s in all");
    }
}
