//! Encoders and heads against torchvision and lightly.

mod decoder;
mod fill;
mod heads;
mod nin;
mod resnet;
mod vit;
