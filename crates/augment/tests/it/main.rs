//! Integration tests of kontrast-augment: against torchvision, over many draws, and of allocation.

mod allocation;
mod distributions;
mod evaluation;
mod golden;
mod properties;
