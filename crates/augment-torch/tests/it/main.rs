//! The tests of this crate, one binary.

mod both;
mod operations;
mod recipes;
mod to_tensor;
