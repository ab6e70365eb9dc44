//! Rotation, translation and shear, read from the source through the inverse map; outside is black.

use crate::canvas::Canvas;
use crate::recipe::{Op, Sampling};
use crate::transform::flip;
use kontrast_rng::KeyedRng;

impl Op {
    /// How many quarters a rotation turns a picture of `size`, where it moves whole pixels and reads nothing between them
    /// and the picture keeps its size; none for every other operation.
    pub fn quarters(&self, (width, height): (usize, usize)) -> Option<u8> {
        let Self::Rotate { degrees, .. } = self else { return None };
        let quarters = degrees.rem_euclid(360.0) / 90.0;
        let whole = quarters == 0.0 || quarters == 2.0 || (width == height && quarters.fract() == 0.0);
        whole.then_some(quarters as u8 % 4)
    }

    /// From a pixel of the view to its place in a picture of `size`, both measured from the middle, each row over half of
    /// its side: in f32, so that ties between two pixels fall as torchvision's do. None for what is no rotation,
    /// translation or shear.
    pub fn inverse_map(&self, size: (usize, usize)) -> Option<[[f32; 3]; 2]> {
        let (width, height) = (size.0 as f64, size.1 as f64);
        let [across, down] = match *self {
            // Counter-clockwise, about the middle.
            Self::Rotate { degrees, .. } => {
                let (sine, cosine) = f64::from(degrees.rem_euclid(360.0)).to_radians().sin_cos();
                [[cosine, -sine, 0.0], [sine, cosine, 0.0]]
            }
            Self::Translate { x, y, .. } => [[1.0, 0.0, -f64::from(x)], [0.0, 1.0, -f64::from(y)]],
            Self::Shear { x, y, .. } => {
                let (x, y) = (f64::from(x), f64::from(y));
                // What keeps the upper left corner in its place, measured from the middle.
                let (left, top) = (-width / 2.0, -height / 2.0);
                [[1.0 + x * y, x, -x * top - x * y * left], [y, 1.0, -y * left]]
            }
            _ => return None,
        };
        let over_half = |row: [f64; 3], side: usize| row.map(|value| value as f32 / (0.5 * side as f32));
        Some([over_half(across, size.0), over_half(down, size.1)])
    }
}

/// A translation by whole pixels, at most this fraction of the picture in either direction.
pub(crate) fn draw_translation(
    (width, height): (usize, usize),
    fraction: (f64, f64),
    sampling: Sampling,
    stream: &mut KeyedRng,
) -> Op {
    let mut pixels = |side: usize, fraction: f64| {
        let most = fraction * side as f64;
        stream.uniform(-most, most).round_ties_even() as f32
    };
    Op::Translate { x: pixels(width, fraction.0), y: pixels(height, fraction.1), sampling }
}

/// A shear by angles in degrees.
pub(crate) fn draw_shear(x: (f64, f64), y: (f64, f64), sampling: Sampling, stream: &mut KeyedRng) -> Op {
    let mut slope = |(low, high): (f64, f64)| stream.uniform(low, high).to_radians().tan() as f32;
    Op::Shear { x: slope(x), y: slope(y), sampling }
}

/// Draws the picture anew, each pixel from where a rotation, translation or shear takes it.
pub(crate) fn carry_out(canvas: &mut Canvas, op: Op, sampling: Sampling) {
    let (width, height) = canvas.size();
    if let Some(quarters) = op.quarters((width, height)) {
        return flip::quarter_turns(canvas, quarters);
    }
    let theta = op.inverse_map((width, height)).expect("a rotation, translation or shear");
    let grid = Grid { theta, size: [width as f32, height as f32] };
    canvas.redraw((width, height), |source, target| {
        for (y, row) in target.chunks_exact_mut(width).enumerate() {
            for (x, value) in row.iter_mut().enumerate() {
                let (x, y) = grid.source(x, y);
                *value = match sampling {
                    Sampling::Nearest => at(source, width, height, x.round_ties_even(), y.round_ties_even()),
                    Sampling::Bilinear => blended(source, width, height, x, y),
                };
            }
        }
    });
}

/// The map in f32, in the order of torchvision's operations: ties between two pixels fall the same way.
struct Grid {
    theta: [[f32; 3]; 2],
    size: [f32; 2],
}

impl Grid {
    /// Where the pixel comes from, in pixels of the source, their middles at whole numbers.
    fn source(&self, x: usize, y: usize) -> (f32, f32) {
        let (x, y) = (x as f32 + (1.0 - self.size[0]) * 0.5, y as f32 + (1.0 - self.size[1]) * 0.5);
        let place = |which: usize| {
            let [a, b, c] = self.theta[which];
            let normalised = x * a + y * b + c;
            ((normalised + 1.0) * self.size[which] - 1.0) / 2.0
        };
        (place(0), place(1))
    }
}

/// The pixel there, or black outside.
fn at(source: &[f32], width: usize, height: usize, x: f32, y: f32) -> f32 {
    let inside = x >= 0.0 && y >= 0.0 && x < width as f32 && y < height as f32;
    if inside { source[y as usize * width + x as usize] } else { 0.0 }
}

fn blended(source: &[f32], width: usize, height: usize, x: f32, y: f32) -> f32 {
    let (left, above) = (x.floor(), y.floor());
    let (right, below) = (x - left, y - above);
    let pixel = |dx: f32, dy: f32| at(source, width, height, left + dx, above + dy);
    pixel(0.0, 0.0) * (1.0 - right) * (1.0 - below)
        + pixel(1.0, 0.0) * right * (1.0 - below)
        + pixel(0.0, 1.0) * (1.0 - right) * below
        + pixel(1.0, 1.0) * right * below
}
