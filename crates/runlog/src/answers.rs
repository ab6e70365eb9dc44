//! What a worker begins its answers with, on lines of standard output among others.

/// Before the exit code of what it was asked for.
pub const EXIT_CODE: char = '\u{1e}';
/// Before a [`TrainingCost`](crate::TrainingCost) as JSON.
pub const TRAINING_COST: char = '\u{1f}';
