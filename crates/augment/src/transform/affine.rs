//! Rotation, translation and shear, read from the source through the inverse map; outside is black.

use crate::canvas::Canvas;
use crate::recipe::Op;
use crate::rng::ViewRng;
use crate::transform::flip;
use serde::{Deserialize, Serialize};

/// How a value between pixels is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// The nearest pixel.
    #[default]
    Nearest,
    /// Blended from the four around.
    Bilinear,
}

/// From a pixel of the view to its place in the source, both measured from the middle: two rows of three.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Map([[f64; 3]; 2]);

impl Map {
    /// Counter-clockwise, about the middle.
    fn rotation(degrees: f32) -> Self {
        let (sine, cosine) = f64::from(degrees).to_radians().sin_cos();
        Self([[cosine, -sine, 0.0], [sine, cosine, 0.0]])
    }

    /// By this many pixels to the right and downwards.
    pub(crate) fn translation(x: f32, y: f32) -> Self {
        Self([[1.0, 0.0, -f64::from(x)], [0.0, 1.0, -f64::from(y)]])
    }

    /// By these slopes, about the upper left corner: a slope of .1 moves a pixel left by a tenth of its height.
    pub(crate) fn shear(x: f32, y: f32, (width, height): (usize, usize)) -> Self {
        let (x, y) = (f64::from(x), f64::from(y));
        // What keeps the corner in its place, measured from the middle.
        let (corner_x, corner_y) = (-(width as f64) / 2.0, -(height as f64) / 2.0);
        Self([[1.0 + x * y, x, -x * corner_y - x * y * corner_x], [y, 1.0, -y * corner_x]])
    }
}

/// A translation by whole pixels, at most this share of the picture in either direction.
pub(crate) fn draw_translation(
    (width, height): (usize, usize),
    share: (f64, f64),
    sampling: Sampling,
    stream: &mut ViewRng,
) -> Op {
    let mut pixels = |side: usize, share: f64| {
        let most = share * side as f64;
        stream.uniform(-most, most).round_ties_even() as f32
    };
    Op::Translate { x: pixels(width, share.0), y: pixels(height, share.1), sampling }
}

/// A shear by angles in degrees.
pub(crate) fn draw_shear(x: (f64, f64), y: (f64, f64), sampling: Sampling, stream: &mut ViewRng) -> Op {
    let mut slope = |(low, high): (f64, f64)| stream.uniform(low, high).to_radians().tan() as f32;
    Op::Shear { x: slope(x), y: slope(y), sampling }
}

/// Turns counter-clockwise. Whole quarters move pixels and read nothing between them, where the picture keeps its size.
pub(crate) fn rotate(canvas: &mut Canvas, degrees: f32, sampling: Sampling) {
    let (width, height) = canvas.size();
    let degrees = degrees.rem_euclid(360.0);
    let quarters = degrees / 90.0;
    if quarters == 0.0 || quarters == 2.0 || (width == height && quarters.fract() == 0.0) {
        flip::quarter_turns(canvas, quarters as u8);
    } else {
        apply(canvas, Map::rotation(degrees), sampling);
    }
}

/// Draws the picture anew, each pixel from where `map` sends it.
pub(crate) fn apply(canvas: &mut Canvas, map: Map, sampling: Sampling) {
    let (width, height) = canvas.size();
    let grid = Grid::new(map, width, height);
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
    fn new(Map(map): Map, width: usize, height: usize) -> Self {
        let size = [width as f32, height as f32];
        let row = |which: usize| map[which].map(|value| value as f32 / (0.5 * size[which]));
        Self { theta: [row(0), row(1)], size }
    }

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
