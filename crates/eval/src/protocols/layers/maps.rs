//! Maps of one stage for a whole data set: pooled, stored in bf16, and standardised when they are read.

use crate::{EvalError, Network, Stop};
use kontrast_data::Labelled;
use kontrast_models::Mode;
use tch::{Kind, Tensor};

/// Rows whose sums are taken at once.
const ROWS: i64 = 1000;
/// Added to a variance, as batch norm does, which stands before the linear probes of arXiv 1603.08511.
const EPSILON: f64 = 1e-5;

/// A stage and the size of its maps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// From 1, shallow before deep.
    pub(crate) stage: usize,
    pub(crate) channels: i64,
    /// Cells on the shorter side: a map that is not square is averaged to a square at most so fine.
    pub(crate) side: i64,
}

/// Cells on a side of the finest square grid with which a map of so many channels has `features` values at most; one
/// at least, and no more than the map has.
///
/// ```
/// assert_eq!(kontrast_eval::protocols::layers::grid(64, 32, 9000), 11);
/// ```
pub fn grid(channels: i64, side: i64, features: i64) -> i64 {
    (features / channels).isqrt().clamp(1, side)
}

/// The maps' sizes after every stage, from the first training image.
pub(crate) fn shapes(network: &Network<'_>, stop: &Stop) -> Result<Vec<Shape>, EvalError> {
    let mut shapes = Vec::new();
    network.extractor.batches(network.train, &[0], stop, |x| {
        for (place, map) in network.encoder.stages(x, Mode::Eval.into()).iter().enumerate() {
            let (_, channels, height, width) = map.size4().expect("a map has channels, height and width");
            shapes.push(Shape { stage: place + 1, channels, side: height.min(width) });
        }
    })?;
    Ok(shapes)
}

/// What the maps of so many images take.
pub(crate) fn bytes(images: usize, shape: Shape, grid: i64) -> u64 {
    2 * images as u64 * (shape.channels * grid * grid) as u64
}

/// Maps of all images after one stage, averaged over a grid.
///
/// # Shapes
/// - returns `[images, channels, grid, grid]`, bf16: the range of fp32, eight bits of precision
pub(crate) fn read(
    network: &Network<'_>,
    images: &dyn Labelled,
    shape: Shape,
    grid: i64,
    stop: &Stop,
) -> Result<Tensor, EvalError> {
    let indices: Vec<u32> = (0..images.len() as u32).collect();
    let size = [images.len() as i64, shape.channels, grid, grid];
    // Made at once: parts that are joined would need twice the memory.
    let maps = Tensor::empty(size, (Kind::BFloat16, network.extractor.to_tensor.device()));
    let mut from = 0;
    network.extractor.batches(images, &indices, stop, |x| {
        let map = &network.encoder.stages(x, Mode::Eval.into())[shape.stage - 1];
        let n = map.size()[0];
        maps.narrow(0, from, n).copy_(&pooled(map, grid));
        from += n;
    })?;
    Ok(maps)
}

/// Averages over a square grid, as torch's `adaptive_avg_pool2d` places its cells.
///
/// # Shapes
/// - `map`: `[n, c, h, w]`
/// - returns `[n, c, grid, grid]`, fp32
pub(crate) fn pooled(map: &Tensor, grid: i64) -> Tensor {
    let map = map.to_kind(Kind::Float);
    if map.size()[2..] == [grid, grid] { map } else { map.adaptive_avg_pool2d([grid, grid]) }
}

/// Mean 0 and standard deviation 1 in every value of the training maps.
#[derive(Debug)]
pub(crate) struct Standardise {
    mean: Tensor,
    scale: Tensor,
}

impl Standardise {
    /// Of flattened `maps`, `[n, ...]`, without a copy of all of them in fp32.
    pub(crate) fn of(maps: &Tensor) -> Self {
        let n = maps.size()[0];
        let mean_of = |what: &dyn Fn(Tensor) -> Tensor| {
            let sums = (0..n).step_by(ROWS as usize).map(|from| {
                let rows = maps.narrow(0, from, ROWS.min(n - from)).flatten(1, -1).to_kind(Kind::Float);
                what(rows).sum_dim_intlist([0i64].as_slice(), false, Kind::Double)
            });
            sums.reduce(|sum, part| sum + part).expect("a data set has images") / n as f64
        };
        let mean = mean_of(&|rows| rows).to_kind(Kind::Float);
        let variance = mean_of(&|rows| (rows - &mean).square());
        Self { scale: (variance + EPSILON).rsqrt().to_kind(Kind::Float), mean }
    }

    /// # Shapes
    /// - `maps`: `[n, ...]`
    /// - returns `[n, values]`, fp32
    pub(crate) fn apply(&self, maps: &Tensor) -> Tensor {
        (maps.flatten(1, -1).to_kind(Kind::Float) - &self.mean) * &self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontrast_testkit::{Case, assert_close};
    use tch::Device;

    #[test]
    fn the_grid_is_the_finest_that_stays_within() {
        for (channels, side, features, expected) in
            [(64, 32, 9000, 11), (512, 4, 9000, 4), (96, 16, 9000, 9), (192, 8, 9216, 6), (512, 4, 10, 1)]
        {
            let found = grid(channels, side, features);
            assert_eq!(found, expected, "{channels} channels of {side} cells, {features} features");
            assert!(found == 1 || channels * found * found <= features);
        }
    }

    #[test]
    fn maps_are_pooled_as_torch_pools_them() {
        let case = Case::from_bytes(include_bytes!("../../../tests/golden/pooling/case.safetensors"));
        for side in [1, 3, 5, 11] {
            assert_close(&pooled(&case["maps"], side), &case[&format!("grid.{side}")], 1e-6);
        }
    }

    #[test]
    fn standardised_values_have_mean_0_and_std_1_and_dead_ones_stay_0() {
        let ramp = Tensor::arange(2500 * 8, (Kind::Float, Device::Cpu));
        let maps = ((ramp * 0.37).sin() * 3.0 + 5.0).reshape([2500, 2, 2, 2]);
        let _ = maps.narrow(1, 1, 1).fill_(3.1);
        let maps = maps.to_kind(Kind::BFloat16);
        let x = Standardise::of(&maps).apply(&maps);
        assert_eq!(x.size(), [2500, 8]);
        assert!(x.mean_dim([0i64].as_slice(), false, Kind::Float).abs().max().double_value(&[]) < 1e-4);
        let std = x.std_dim([0i64].as_slice(), false, false);
        let expected = Tensor::from_slice(&[1f32, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        assert!((std - expected).abs().max().double_value(&[]) < 1e-3);
    }
}
