//! Random erasing (Zhong et al. 2017, arXiv 1708.04896) and cutout (DeVries and Taylor 2017, arXiv 1708.04552).

use crate::canvas::Canvas;
use crate::clamp::unit;
use crate::recipe::{Fill, Op};
use kontrast_rng::Counter;
use kontrast_rng::KeyedRng;

/// Standard deviation of a box's noise, about that of the channels of natural images (CIFAR-10: .25).
const STD: f32 = 0.25;

/// How a plan fills a box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Filling {
    /// One value in all channels, from 0 to 1.
    Value(f64),
    /// Noise, drawn anew for each view.
    Noise,
}

impl Filling {
    fn draw(self, stream: &mut KeyedRng) -> Fill {
        match self {
            Self::Value(value) => Fill::Value(value as f32),
            Self::Noise => Fill::Noise(stream.key()),
        }
    }
}

/// torchvision's `RandomErasing`: ten attempts at a box of this fraction of the area, else nothing.
pub(crate) fn draw(
    (width, height): (usize, usize),
    scale: (f64, f64),
    ratio: (f64, f64),
    filling: Filling,
    stream: &mut KeyedRng,
) -> Option<Op> {
    let area = (width * height) as f64;
    for _ in 0..10 {
        let target = area * stream.uniform(scale.0, scale.1);
        let aspect = stream.uniform(ratio.0.ln(), ratio.1.ln()).exp();
        // Height over width, as in torchvision; it differs from the crop's.
        let rows = (target * aspect).sqrt().round_ties_even() as usize;
        let columns = (target / aspect).sqrt().round_ties_even() as usize;
        if rows < height && columns < width {
            let y = stream.below(height - rows + 1);
            let x = stream.below(width - columns + 1);
            return Some(Op::Erase { x, y, width: columns, height: rows, fill: filling.draw(stream) });
        }
    }
    None
}

/// A square of `side` pixels about a pixel drawn uniformly; what lies outside the view is cut off.
pub(crate) fn draw_cutout(
    (width, height): (usize, usize),
    side: usize,
    filling: Filling,
    stream: &mut KeyedRng,
) -> Op {
    let (centre_x, centre_y) = (stream.below(width), stream.below(height));
    let span = |centre: usize, limit: usize| {
        let start = centre.saturating_sub(side / 2);
        (start, (centre + side - side / 2).min(limit) - start)
    };
    let ((x, columns), (y, rows)) = (span(centre_x, width), span(centre_y, height));
    Op::Erase { x, y, width: columns, height: rows, fill: filling.draw(stream) }
}

/// Fills a box.
pub(crate) fn erase(canvas: &mut Canvas, (x, y): (usize, usize), size: (usize, usize), fill: Fill) {
    let (width, height) = canvas.size();
    assert!(
        x + size.0 <= width && y + size.1 <= height,
        "an erased box of {}x{} at {x}, {y} is no part of {width}x{height}",
        size.0,
        size.1
    );
    let mut index = 0;
    for plane in canvas.each_plane() {
        for row in plane.chunks_exact_mut(width).skip(y).take(size.1) {
            for value in &mut row[x..x + size.0] {
                *value = match fill {
                    Fill::Value(value) => value,
                    Fill::Noise(key) => unit(0.5 + STD * Counter::new(key).normal(index)),
                };
                index += 1;
            }
        }
    }
}
