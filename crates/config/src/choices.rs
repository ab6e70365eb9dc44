//! The tables of an experiment file of which one variant is chosen.

/// Their keys.
pub(crate) const CHOICES: [&str; 6] = ["views", "encoder", "text_encoder", "method", "optimizer", "schedule"];
