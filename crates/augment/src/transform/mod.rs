//! The transforms, a file each: how its numbers are drawn, and what it does to a picture.

pub(crate) mod affine;
pub(crate) mod auto_augment;
pub(crate) mod autocontrast;
pub(crate) mod blur;
pub(crate) mod channels;
pub(crate) mod color_jitter;
pub(crate) mod crop;
pub(crate) mod equalize;
pub(crate) mod erase;
pub(crate) mod flip;
pub(crate) mod gaussian_noise;
pub(crate) mod grayscale;
pub(crate) mod hue;
pub(crate) mod invert;
pub(crate) mod posterize;
pub(crate) mod rand_augment;
pub(crate) mod reflect;
pub(crate) mod resize;
pub(crate) mod sharpness;
pub(crate) mod sobel;
pub(crate) mod solarize;
