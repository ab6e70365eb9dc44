//! The uniform values of losses: constant embeddings, and embeddings without structure.

use crate::inputs::on_the_sphere;
use kontrast_losses::{
    Mining, ScoreBounds, cpc, cpc_uniform, dcl, dcl_uniform, dino, dino_uniform, info_nce, info_nce_batch,
    info_nce_batch_uniform, info_nce_uniform, multi_scale_nce, multi_scale_nce_uniform, n_pair,
    n_pair_uniform, nt_logistic, nt_logistic_uniform, nt_xent, nt_xent_uniform, sinkhorn, sup_con,
    sup_con_uniform, swapped_prediction, swapped_prediction_uniform,
};
use tch::{Device, Kind, Tensor};

const D: i64 = 128;

#[track_caller]
fn assert_near(loss: &Tensor, expected: f64, tolerance: f64) {
    let loss = loss.double_value(&[]);
    assert!((loss - expected).abs() <= tolerance * expected, "found {loss}, expected {expected}");
}

#[test]
fn uninformative_embeddings_stand_at_the_uniform_value() {
    let z = Tensor::ones([32, 8], (Kind::Float, Device::Cpu));
    let labels = Tensor::arange(32, (Kind::Int64, Device::Cpu)).remainder(5);
    let queue = Tensor::ones([100, 8], (Kind::Float, Device::Cpu));
    assert_near(&nt_xent(&z, &z, 0.5), nt_xent_uniform(32), 1e-5);
    assert_near(&info_nce(&z, &z, &queue, 0.5), info_nce_uniform(100), 1e-5);
    assert_near(&info_nce_batch(&z, &z, 0.5), info_nce_batch_uniform(32), 1e-5);
    assert_near(&dcl(&z, &z, 0.5), dcl_uniform(32), 1e-5);
    assert_near(&n_pair(&z, &z, 0.0), n_pair_uniform(32), 1e-5);
    let cells = z.unsqueeze(1).expand([32, 25, 8], false);
    let bounds = ScoreBounds { clip: 20.0, regulariser: 0.0 };
    assert_near(&multi_scale_nce(&z, &cells, bounds), multi_scale_nce_uniform(32, 25), 1e-5);
    let grid = z.view([2, 4, 4, 8]);
    assert_near(&cpc(&grid.narrow(1, 0, 2), &grid, 0.1), cpc_uniform(2, 16), 1e-5);
    assert_near(&sup_con(&Tensor::stack(&[&z, &z, &z], 0), &labels, 0.5), sup_con_uniform(3, 32), 1e-5);
    assert_near(&swapped_prediction(&z, &sinkhorn(&z, 0.05, 3), 0.1), swapped_prediction_uniform(8), 1e-5);
    let views = Tensor::stack(&[&z, &z], 0);
    assert_near(&dino(&views, &views, &z.get(0), 0.1, 0.04), dino_uniform(8), 1e-5);
    let axes = Tensor::eye(8, (Kind::Float, Device::Cpu));
    let (z1, z2) = (axes.narrow(0, 0, 4), axes.narrow(0, 4, 4));
    assert_near(&nt_logistic(&z1, &z2, 0.5, Mining::None), nt_logistic_uniform(), 1e-5);
}

#[test]
fn without_structure_losses_lie_above_by_the_spread_of_products() {
    // The products of even unit vectors have the mean 0 and the variance 1/d, so the mean of exp(x.y / t) is about
    // exp(1 / (2 d t^2)), and the positive, or the target, adds nothing in the mean.
    let [z1, z2, queue, prototypes] = [0.0, 11.0, 23.0, 37.0].map(|key| on_the_sphere(1024, D, key));
    let t = 0.1;
    let spread = 1.0 / (2.0 * D as f64 * t * t);
    assert_near(&nt_xent(&z1, &z2, t), nt_xent_uniform(1024) + spread, 0.02);
    assert_near(&info_nce(&z1, &z2, &queue, t), info_nce_uniform(1024) + spread, 0.02);
    assert_near(&info_nce_batch(&z1, &z2, t), info_nce_batch_uniform(1024) + spread, 0.02);
    assert_near(&dcl(&z1, &z2, t), dcl_uniform(1024) + spread, 0.02);
    let [first, second] = [z1, z2].map(|z| z.matmul(&prototypes.tr()));
    let swapped = swapped_prediction(&first, &sinkhorn(&second, 0.05, 3), t);
    assert_near(&swapped, swapped_prediction_uniform(1024) + spread, 0.02);
    let centre = Tensor::zeros([1024], (Kind::Float, Device::Cpu));
    let views = Tensor::stack(&[first, second], 0);
    assert_near(&dino(&views, &views, &centre, t, 0.04), dino_uniform(1024) + spread, 0.02);
}
