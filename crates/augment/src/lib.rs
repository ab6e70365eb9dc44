//! Views of images: a recipe is drawn, then rendered.
//!
//! A [`ViewPlan`] says what may happen to an image. From it a [`Recipe`] is drawn: plain data that says
//! what does happen to one view, a crop box, a flip, jitter factors in their order, a blur's sigma. Then
//! [`render_into`] carries the recipe out, bytes in and bytes out. A recipe depends on four numbers,
//! `(seed, epoch, image, view)`, through [`KeyedRng`]; so a view can be replayed, shown to a person, or
//! rendered elsewhere, and no number of threads can change a byte of it.
//!
//! An image has one to four channels: gray, gray with alpha, RGB, or RGB with alpha; its views have as many. A plan is
//! made for RGB, and [`ViewPlan::of_channels`] makes it one for others.
//!
//! The transforms have the semantics of torchvision's *float* path, rounded once at the end, because
//! nearly equal colour jitter costs accuracy. Golden cases hold every byte within 1/255 of it.
//!
//! ```
//! use kontrast_augment::{ImageRef, Recipe, Scratch, Step, ViewPlan, KeyedRng, render_into};
//!
//! let crop = Step::RandomResizedCrop { scale: (0.2, 1.0), ratio: (0.75, 4.0 / 3.0), antialias: true };
//! let plan = ViewPlan::new((32, 32), vec![crop, Step::HorizontalFlip.sometimes(0.5)])?;
//!
//! let pixels = vec![127; 40 * 30 * 3];
//! let (mut recipe, mut scratch) = (Recipe::default(), Scratch::default());
//! let mut view = vec![0; 32 * 32 * 3];
//! plan.draw_into(&mut recipe, (40, 30), &mut KeyedRng::new(0, 0, 7, 1));
//! render_into(&recipe, ImageRef::new(40, 30, &pixels), &mut view, &mut scratch);
//! assert!(view.iter().all(|&byte| byte == 127));
//! # Ok::<(), kontrast_augment::PlanError>(())
//! ```

#![allow(
    clippy::inline_always,
    reason = "what a kernel calls has to be compiled for the kernel's instruction set"
)]

pub mod audit;
mod canvas;
mod check;
mod error;
mod image;
mod plan;
mod pointwise;
mod recipe;
mod render;
mod resample;
mod step;
mod transform;

pub use error::PlanError;
pub use image::{ImageRef, MOST_CHANNELS, colours};
pub use kontrast_rng::KeyedRng;
pub use plan::ViewPlan;
pub use recipe::{Op, Recipe};
pub use render::{Scratch, render_float_into, render_into};
pub use step::{Choice, Step};
pub use transform::affine::Sampling;
pub use transform::auto_augment::Policy;
pub use transform::autocontrast::FLAT;
pub use transform::erase::{Fill, Filling};
pub use transform::grayscale::WEIGHTS as GRAYSCALE_WEIGHTS;
pub use transform::resize::by_short_side;
