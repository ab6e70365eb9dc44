//! Encoders and heads against torchvision and lightly.

mod decoder;
mod heads;
mod nin;
mod resnet;
