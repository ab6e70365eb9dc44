//! Integration tests of kontrast-augment: against torchvision, over many draws, and of allocation.

mod allocation;
mod distributions;
mod drawing;
mod evaluation;
mod flat;
mod golden;
mod properties;
