//! The protocols, a file each, and those that an experiment asks for.

mod anomaly;
mod clustering;
mod few_shot;
mod fine_tuning;
mod head;
mod knn;
pub mod layers;
mod linear;
mod linear_adam;
mod linear_views;
mod logistic;
mod mlp;
mod retrieval;
mod zero_shot;

pub use anomaly::Anomaly;
pub use clustering::Clustering;
pub use few_shot::FewShot;
pub use fine_tuning::FineTuning;
pub use head::HeadProbes;
pub use knn::{Knn, knn_votes, nearest};
pub use layers::LayerProbes;
pub use linear::Linear;
pub use linear_adam::LinearAdam;
pub use linear_views::LinearViews;
pub use logistic::Logistic;
pub use mlp::Mlp;
pub use retrieval::Retrieval;
pub use zero_shot::ZeroShot;

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
    for &k in config.knn_dinov2.iter().flatten() {
        list.push(Box::new(Knn::dinov2(k)));
    }
    if let Some(retrieval) = &config.retrieval {
        list.push(Box::new(Retrieval::new(retrieval)));
    }
    if let Some(anomaly) = &config.anomaly {
        list.push(Box::new(Anomaly::new(anomaly)));
    }
    if let Some(zero_shot) = &config.zero_shot {
        list.push(Box::new(ZeroShot::new(zero_shot)));
    }
    if let Some(clustering) = &config.clustering {
        list.push(Box::new(Clustering::new(clustering, seed)));
    }
    if let Some(linear) = &config.linear {
        list.push(Box::new(Linear::new(linear, config.validation, seed)));
    }
    if let Some(linear_adam) = &config.linear_adam {
        list.push(Box::new(LinearAdam::new(linear_adam, seed)));
    }
    if let Some(mlp) = &config.mlp {
        list.push(Box::new(Mlp::new(mlp, seed)));
    }
    if let Some(logistic) = &config.logistic {
        list.push(Box::new(Logistic::new(logistic, config.validation, seed)));
    }
    if let Some(few_shot) = &config.few_shot {
        list.push(Box::new(FewShot::new(few_shot, seed)));
    }
    if let Some(linear_views) = &config.linear_views {
        list.push(Box::new(LinearViews::new(linear_views, config.validation, seed)));
    }
    if let Some(head) = &config.head {
        list.push(Box::new(HeadProbes::new(head, seed)));
    }
    if let Some(layers) = &config.layers {
        list.push(Box::new(LayerProbes::new(layers, seed)));
    }
    if let Some(fine_tuning) = &config.fine_tuning {
        list.push(Box::new(FineTuning::new(fine_tuning, config.validation, seed)));
    }
    list
}

/// Those of them that are evaluated while training: one k-NN and the linear probe, whose scores make a curve.
pub fn protocols_for_curves(config: &Eval, seed: u64) -> Vec<Box<dyn Protocol>> {
    let mut list = protocols(config, seed);
    list.retain(|protocol| ["knn", "linear"].contains(&protocol.name()));
    list
}
