//! A learned query that attends to the cells of a map: AIM's attentive probe (El-Nouby et al. 2024, arXiv 2401.08541,
//! section 4), without its bias.

use kontrast_models::{BatchNorm, Init, Linear, Mode};
use std::ops::Div;
use tch::{Tensor, nn};

/// The most heads; as many as divide the channels.
const MOST_HEADS: i64 = 12;
/// Standard deviation of the query's initial values, as in the published code.
const STD: f64 = 0.02;

/// Cells are normalised by batch norm without scale and shift; their keys are compared with one learned query, head by
/// head, and their values averaged by the softmax of that.
pub(crate) struct AttentionPool {
    norm: BatchNorm,
    /// `[1, heads, 1, channels / heads]`
    query: Tensor,
    key: Linear,
    value: Linear,
}

impl AttentionPool {
    pub(crate) fn new(path: &nn::Path<'_>, channels: i64, init: Init) -> Self {
        let heads = (1..=MOST_HEADS).rev().find(|heads| channels % heads == 0).unwrap_or(1);
        let shape = [1, heads, 1, channels / heads];
        let query = init.truncated_normal(&path.path("query"), &shape, STD).to_device(path.device());
        Self {
            norm: BatchNorm::plain(&path.div("norm"), channels, 1),
            query: path.add("query", query, true),
            key: Linear::new(&path.div("key"), channels, channels, false, init),
            value: Linear::new(&path.div("value"), channels, channels, false, init),
        }
    }

    /// # Shapes
    /// - `maps`: `[n, channels, h, w]`, fp32
    /// - returns `[n, channels]`
    pub(crate) fn forward(&self, maps: &Tensor, mode: Mode) -> Tensor {
        let cells = self.norm.forward(maps, mode).flatten(2, 3).transpose(1, 2);
        let (n, count, channels) = cells.size3().expect("rows of cells");
        let heads = self.query.size()[1];
        let by_head = |x: Tensor| x.view([n, count, heads, channels / heads]).transpose(1, 2);
        let (key, value) = (by_head(self.key.forward(&cells)), by_head(self.value.forward(&cells)));
        let query = self.query.expand([n, heads, 1, channels / heads], true);
        let none = None::<&Tensor>;
        let mixed = Tensor::scaled_dot_product_attention(&query, &key, &value, none, 0.0, false, None, false);
        mixed.reshape([n, channels])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontrast_testkit::{Case, assert_close};
    use tch::{Device, Kind};

    #[test]
    fn pooled_values_and_gradients_are_those_of_pytorch() {
        let case = Case::from_bytes(include_bytes!("../../../tests/golden/attentive/case.safetensors"));
        let store = nn::VarStore::new(Device::Cpu);
        let pool = AttentionPool::new(&store.root(), 24, Init::new(0));
        for (name, variable) in kontrast_models::trained(&store) {
            tch::no_grad(|| variable.shallow_clone().copy_(&case[&*name]));
        }
        let maps = case["maps"].to_kind(Kind::Float).set_requires_grad(true);
        let pooled = pool.forward(&maps, Mode::Train);
        assert_close(&pooled, &case["pooled"], 1e-5);
        (pooled * &case["weights"].to_kind(Kind::Float)).sum(Kind::Float).backward();
        assert_close(&maps.grad(), &case["maps.grad"], 1e-5);
        for (name, variable) in kontrast_models::trained(&store) {
            assert_close(&variable.grad(), &case[&*format!("{name}.grad")], 1e-5);
        }
    }

    #[test]
    fn cells_in_another_order_are_pooled_alike() {
        let store = nn::VarStore::new(Device::Cpu);
        let pool = AttentionPool::new(&store.root(), 10, Init::new(1));
        let maps = Tensor::arange(3 * 10 * 6, (Kind::Float, Device::Cpu)).sin().view([3, 10, 2, 3]);
        let turned = maps.flip([2, 3]);
        assert_close(&pool.forward(&turned, Mode::Eval), &pool.forward(&maps, Mode::Eval), 1e-5);
    }
}
