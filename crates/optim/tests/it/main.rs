//! Optimizers and schedules against PyTorch's and lightly's.

mod clip;
mod groups;
mod optimizers;
