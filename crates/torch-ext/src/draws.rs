//! Draws inside a network (stochastic depth, dropout, masks): a counter hash of seed, step, row, layer and position, so
//! that they are the same in any chunk and replay, whatever else is in the batch.

use crate::counter_bits;
use kontrast_rng::KeyedRng;
use rand::RngExt;
use std::cell::OnceCell;
use tch::{Device, Kind, Tensor};

/// The most numbers that one layer draws for a row.
const POSITIONS: i64 = 1 << 20;

/// What a step draws for the rows of one pass.
#[derive(Debug)]
pub struct Draws {
    key: [u32; 2],
    rows: Vec<i64>,
    /// The rows where they are drawn for, from the first draw on: most networks draw nothing.
    there: OnceCell<Tensor>,
}

impl Draws {
    /// For rows that these numbers name: a row of another number draws other values, one of the same the same.
    ///
    /// # Shapes
    /// - `rows`: `[n]`, each 0 or above: which image and which view of it a row is
    pub fn new(seed: u64, step: u64, rows: &[i64]) -> Self {
        let mut stream = KeyedRng::of_words([seed, step, u64::from_be_bytes(*b"netdraws"), 0]);
        Self { key: [stream.random(), stream.random()], rows: rows.to_vec(), there: OnceCell::new() }
    }

    /// The draws of some of the rows, in this order.
    ///
    /// # Shapes
    /// - `order`: `[m]`, places of rows
    ///
    /// # Panics
    /// Where there is no such row.
    #[must_use]
    pub fn select(&self, order: &[i64]) -> Self {
        let rows = order.iter().map(|&place| self.rows[place as usize]).collect();
        Self { key: self.key, rows, there: OnceCell::new() }
    }

    /// Numbers of 0 or above and below 1, each as likely, for one layer of the network.
    ///
    /// # Shapes
    /// - returns `[n, count]`, fp32, on `device`
    ///
    /// # Panics
    /// Where a layer asks for more than 2^20 numbers a row.
    pub fn uniform(&self, layer: i64, count: i64, device: Device) -> Tensor {
        assert!(count <= POSITIONS, "{count} numbers a row: expected at most {POSITIONS}");
        let rows =
            self.there.get_or_init(|| Tensor::from_slice(&self.rows).to_device(device)).to_device(device);
        let [low, high] = self.key.map(|half| Tensor::from(i64::from(half)).to_device(device));
        // A key for each row, then a number for each place.
        let of_row = |part: i64| {
            let high = high.bitwise_xor_tensor(&rows.bitwise_right_shift_tensor_scalar(31));
            counter_bits(&low, &high, &(&rows * 2 + part)).unsqueeze(1)
        };
        let places = Tensor::arange(count, (Kind::Int64, device)) + layer * POSITIONS;
        let bits = counter_bits(&of_row(0), &of_row(1), &places.unsqueeze(0));
        bits.bitwise_right_shift_tensor_scalar(8).to_kind(Kind::Float) / f64::from(1_u32 << 24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CPU: Device = Device::Cpu;

    fn rows(n: i64) -> Vec<i64> {
        (0..n).map(|image| image * 65_536).collect()
    }

    #[test]
    fn a_row_draws_the_same_whatever_rows_are_beside_it() {
        let whole = Draws::new(3, 7, &rows(12)).uniform(4, 5, CPU);
        let order = [9i64, 2, 5];
        let part = Draws::new(3, 7, &rows(12)).select(&order).uniform(4, 5, CPU);
        assert_eq!(part, whole.index_select(0, &Tensor::from_slice(&order)));
        assert_eq!(Draws::new(3, 7, &rows(12)).uniform(4, 3, CPU), whole.narrow(1, 0, 3));
    }

    #[test]
    fn another_seed_step_row_layer_or_position_draws_another_number() {
        let first = |draws: &Draws, layer: i64| draws.uniform(layer, 2, CPU);
        let own = first(&Draws::new(3, 7, &rows(2)), 4);
        for other in [
            first(&Draws::new(4, 7, &rows(2)), 4),
            first(&Draws::new(3, 8, &rows(2)), 4),
            first(&Draws::new(3, 7, &[1, 65_537]), 4),
            first(&Draws::new(3, 7, &rows(2)), 5),
            own.flip([0]),
            own.flip([1]),
        ] {
            assert!((&own - other).abs().min().double_value(&[]) > 0.0);
        }
    }

    #[test]
    fn the_numbers_are_uniform_and_rows_are_independent() {
        let drawn = Draws::new(1, 2, &rows(4000)).uniform(0, 50, CPU);
        assert!(drawn.min().double_value(&[]) >= 0.0 && drawn.max().double_value(&[]) < 1.0);
        // Five standard errors of the moments of 200,000 numbers.
        let (mean, square) = (drawn.mean(None), drawn.square().mean(None));
        assert!(
            (mean.double_value(&[]) - 0.5).abs() < 0.0033
                && (square.double_value(&[]) - 1.0 / 3.0).abs() < 0.0034
        );
        let centred = drawn - 0.5;
        let beside = (centred.narrow(0, 0, 3999) * centred.narrow(0, 1, 3999)).mean(None);
        assert!(beside.double_value(&[]).abs() < 5.0 / 12.0 / 200_000f64.sqrt());
    }

    #[test]
    fn the_numbers_stay_the_same_over_versions() {
        // A resumed run draws what it drew: these may never change.
        let drawn = Draws::new(5, 6, &[7 * 65_536 + 1]).uniform(2, 2, CPU) * f64::from(1 << 24);
        let drawn: Vec<f32> = drawn.view(-1).try_into().unwrap();
        assert_eq!(drawn, [13_034_238.0, 2_909_118.0]);
    }
}
