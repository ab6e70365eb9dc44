//! The tests of this crate, one binary.

mod both;
mod color_space;
mod operations;
mod recipes;
mod to_tensor;
