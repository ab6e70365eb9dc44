//! Encoders and heads against torchvision and lightly.

mod heads;
mod nin;
mod resnet;
