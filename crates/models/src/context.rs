//! CPC's context network (Henaff et al. 2019, arXiv 1905.09272, appendix A.2): what a grid of patches shows in the rows above
//! a cell and in its own.

use crate::Like;
use crate::layers::Conv2d;
use tch::{Tensor, nn};

/// Shape of a context network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextSpec {
    /// Values of a cell, before and after.
    pub width: i64,
    /// Channels inside a block; 256 in the paper.
    pub hidden: i64,
    /// Residual blocks; 5 in the paper.
    pub blocks: i64,
}

/// Residual blocks of masked convolutions, then ReLU. A cell sees one row more above it with each block, of its own row and of
/// those all columns that lie within as many cells, and nothing below.
#[derive(Debug)]
pub struct ContextNetwork {
    blocks: Vec<Block>,
}

/// Convolutions of 1x1, 1x3, 2x1 and 1x1 cells beside a shortcut.
#[derive(Debug)]
struct Block {
    narrow: Conv2d,
    across: Conv2d,
    above: Conv2d,
    widen: Conv2d,
}

impl ContextNetwork {
    /// Makes the variables in `store`, which holds nothing else, with PyTorch's initialisation.
    pub fn new(store: &nn::VarStore, spec: ContextSpec, like: Like) -> Self {
        let path = store.root() / "blocks";
        let blocks = (0..spec.blocks).map(|block| Block::new(&(&path / block), spec, like)).collect();
        Self { blocks }
    }

    /// The context of each cell.
    ///
    /// # Shapes
    /// - `grid`: `[n, width, rows, columns]`
    /// - returns the same
    pub fn forward(&self, grid: &Tensor) -> Tensor {
        self.blocks.iter().fold(grid.shallow_clone(), |grid, block| block.forward(&grid)).relu()
    }
}

impl Block {
    fn new(path: &nn::Path<'_>, ContextSpec { width, hidden, .. }: ContextSpec, like: Like) -> Self {
        let convolution = |number: i64, [outputs, inputs, height, width]: [i64; 4]| {
            let path = path / format!("conv{number}");
            let shape = [outputs, inputs, height, width];
            let value = like.init.linear(&path.path("weight"), &shape, inputs * height * width);
            Conv2d::with(&path, &value, 1, like).with_bias(&path, like)
        };
        Self {
            narrow: convolution(1, [hidden, width, 1, 1]),
            across: convolution(2, [hidden, hidden, 1, 3]),
            above: convolution(3, [hidden, hidden, 2, 1]),
            widen: convolution(4, [width, hidden, 1, 1]),
        }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        let y = self.narrow.forward(x).relu();
        // A column of zeros on either side, and a row of zeros above.
        let y = self.across.forward(&y.constant_pad_nd([1, 1, 0, 0]));
        let y = self.above.forward(&y.constant_pad_nd([0, 0, 1, 0])).relu();
        self.widen.forward(&y) + x
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Direction, Init};
    use tch::{Device, Kind};

    fn network(blocks: i64) -> ContextNetwork {
        let like = Like { init: Init::new(5), channels_last: true, bn_splits: 1 };
        let spec = ContextSpec { width: 6, hidden: 8, blocks };
        ContextNetwork::new(&nn::VarStore::new(Device::Cpu), spec, like)
    }

    /// A grid of three rows and four columns.
    fn grid() -> Tensor {
        let ramp = Tensor::arange(2 * 6 * 3 * 4, (Kind::Float, Device::Cpu));
        (ramp.square() * 0.618).sin().view([2, 6, 3, 4])
    }

    /// The context in a direction, turned back to where the cells lie.
    fn context(network: &ContextNetwork, direction: Direction, grid: &Tensor) -> Tensor {
        let found = network.forward(&direction.turned(grid, 2));
        match direction {
            Direction::Left => found.flip([2]).transpose(2, 3),
            other => other.turned(&found, 2),
        }
    }

    #[test]
    fn what_lies_ahead_of_a_cell_does_not_change_its_context_and_what_lies_behind_does() {
        let network = network(5);
        for direction in Direction::ALL {
            let before = context(&network, direction, &grid());
            for (row, column) in [(0, 0), (1, 2), (2, 3), (2, 0)] {
                let other = grid();
                let _ = other.narrow(2, row, 1).narrow(3, column, 1).g_add_scalar_(1.0);
                let moved = (context(&network, direction, &other) - &before).abs();
                let moved = moved.amax([0i64, 1].as_slice(), false);
                for (r, c) in (0..3).flat_map(|r| (0..4).map(move |c| (r, c))) {
                    let seen = match direction {
                        Direction::Down => r >= row,
                        Direction::Up => r <= row,
                        Direction::Right => c >= column,
                        Direction::Left => c <= column,
                    };
                    let found = moved.double_value(&[r, c]);
                    assert_eq!(found > 0.0, seen, "{direction:?}: ({row}, {column}) at ({r}, {c}): {found}");
                }
            }
        }
    }

    #[test]
    fn a_block_sees_a_row_above_and_a_column_on_either_side() {
        let (network, before) = (network(1), network(1).forward(&grid()));
        let other = grid();
        let _ = other.narrow(2, 0, 1).narrow(3, 0, 1).g_add_scalar_(1.0);
        let moved = (network.forward(&other) - before).abs().amax([0i64, 1].as_slice(), false);
        let seen: Vec<bool> = (0..12).map(|cell| moved.double_value(&[cell / 4, cell % 4]) > 0.0).collect();
        let expected = [[true, true, false, false], [true, true, false, false], [false; 4]].concat();
        assert_eq!(seen, expected);
    }
}
