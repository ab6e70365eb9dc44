//! The tables of an experiment file of which one variant is chosen.

/// Their keys.
pub(crate) const CHOICES: [&str; 5] = ["views", "encoder", "method", "optimizer", "schedule"];
