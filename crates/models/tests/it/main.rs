//! Encoders and heads against torchvision and lightly.

mod heads;
mod resnet;
