//! The protocols, a file each, and those that an experiment asks for.

mod few_shot;
mod knn;
pub mod layers;
mod linear;

pub use few_shot::FewShot;
pub use knn::{Knn, knn_votes, nearest};
pub use layers::LayerProbes;
pub use linear::Linear;

use crate::Protocol;
use kontrast_config::Eval;

/// All that an experiment asks for, the slowest last.
pub fn protocols(config: &Eval, seed: u64) -> Vec<Box<dyn Protocol>> {
    let mut list: Vec<Box<dyn Protocol>> = Vec::new();
    if config.knn {
        list.push(Box::new(Knn::chosen(config.validation, seed)));
        list.push(Box::new(Knn::ten()));
        list.push(Box::new(Knn::two_hundred()));
    }
    if let Some(linear) = &config.linear {
        list.push(Box::new(Linear::new(linear, config.validation, seed)));
    }
    if let Some(few_shot) = &config.few_shot {
        list.push(Box::new(FewShot::new(few_shot, seed)));
    }
    if let Some(layers) = &config.layers {
        list.push(Box::new(LayerProbes::new(layers, seed)));
    }
    list
}

/// Those of them that are evaluated while training: one k-NN and the linear probe, whose scores make a curve.
pub fn protocols_for_curves(config: &Eval, seed: u64) -> Vec<Box<dyn Protocol>> {
    let mut list = protocols(config, seed);
    list.retain(|protocol| ["knn", "linear"].contains(&protocol.name()));
    list
}
