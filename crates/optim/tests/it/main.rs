//! Optimizers and schedules against PyTorch's and lightly's.

mod optimizers;
