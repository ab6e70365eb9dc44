//! Encoders and heads against torchvision and lightly.

mod amdim;
mod channels;
mod decoder;
mod fill;
mod heads;
mod nin;
mod norm;
mod parameters;
mod resnet;
mod text;
mod vit;
mod weights;
