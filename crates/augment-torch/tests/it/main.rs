//! The tests of this crate, one binary.

mod both;
mod feed;
mod operations;
mod recipes;
