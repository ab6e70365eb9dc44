//! Drawn shapes: a synthetic data set for tests and smoke runs, which needs no network.

use kontrast_augment::ImageRef;
use kontrast_rng::KeyedRng;

use crate::dataset::{Dataset, Labelled};
use crate::error::DataError;

/// Shapes on a noisy ground, drawn when they are asked for. A class is a kind of shape and how it is
/// filled; colours, place, size, turn and noise differ from image to image.
#[derive(Clone, Debug)]
pub struct Shapes {
    count: usize,
    side: usize,
    seed: u64,
    purpose: [u8; 8],
    class_names: Vec<String>,
}

const KINDS: [(&str, Distance); 5] =
    [("disc", disc), ("square", square), ("triangle", triangle), ("cross", cross), ("crescent", crescent)];

const FILLS: [&str; 3] = ["solid", "hollow", "striped"];

/// Negative inside a shape of radius about 1, positive outside.
type Distance = fn(f64, f64) -> f64;

impl Shapes {
    /// The training split: `count` square images, their classes in turn.
    ///
    /// # Errors
    /// When there is no image, the side is below 8 or above 1024, or the classes are not 2 to 15.
    pub fn train(count: usize, classes: usize, side: usize, seed: u64) -> Result<Self, DataError> {
        Self::new("train", *b"shapetrn", count, classes, side, seed)
    }

    /// The test split: other images of the same classes.
    ///
    /// # Errors
    /// As for the training split.
    pub fn test(count: usize, classes: usize, side: usize, seed: u64) -> Result<Self, DataError> {
        Self::new("test", *b"shapetst", count, classes, side, seed)
    }

    fn new(
        part: &'static str,
        purpose: [u8; 8],
        count: usize,
        classes: usize,
        side: usize,
        seed: u64,
    ) -> Result<Self, DataError> {
        let most = KINDS.len() * FILLS.len();
        check(part, count, 1, u32::MAX as usize)?;
        check("classes", classes, 2, most)?;
        check("size", side, 8, 1024)?;
        let name = |class: usize| format!("{} {}", FILLS[class / KINDS.len()], KINDS[class % KINDS.len()].0);
        Ok(Self { count, side, seed, purpose, class_names: (0..classes).map(name).collect() })
    }

    fn draw(&self, index: usize, pixels: &mut Vec<u8>) {
        let mut stream = KeyedRng::named(self.purpose, self.seed, 0, index as u64);
        let class = self.label(index) as usize;
        let figure = Figure::drawn(class, &mut stream);
        let ground = color(&mut stream);
        let paint = contrasting(ground, &mut stream);
        let slope = (stream.uniform(-0.2, 0.2), stream.uniform(-0.2, 0.2));
        let noise = stream.uniform(0.02, 0.1);
        pixels.clear();
        for y in 0..self.side {
            for x in 0..self.side {
                let place = |at: usize| (at as f64 + 0.5) / self.side as f64;
                let (u, v) = (place(x), place(y));
                let cover = figure.cover(u, v, self.side as f64);
                let light = slope.0 * (u - 0.5) + slope.1 * (v - 0.5);
                for channel in 0..3 {
                    let value = ground[channel] + cover * (paint[channel] - ground[channel]);
                    let value = value + light + stream.uniform(-noise, noise);
                    pixels.push((value * 255.0 + 0.5) as u8);
                }
            }
        }
    }
}

impl Dataset for Shapes {
    fn len(&self) -> usize {
        self.count
    }

    fn size(&self, _index: usize) -> Result<(usize, usize), DataError> {
        Ok((self.side, self.side))
    }

    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        assert!(index < self.count, "image {index} of {}", self.count);
        self.draw(index, buffer);
        Ok(ImageRef::new(self.side, self.side, buffer))
    }
}

impl Labelled for Shapes {
    fn class_names(&self) -> &[String] {
        &self.class_names
    }

    fn label(&self, index: usize) -> u32 {
        (index % self.class_names.len()) as u32
    }
}

/// A shape with its place on the image, whose sides are 1.
struct Figure {
    distance: Distance,
    fill: usize,
    centre: (f64, f64),
    radius: f64,
    turn: (f64, f64),
}

impl Figure {
    fn drawn(class: usize, stream: &mut KeyedRng) -> Self {
        let radius = stream.uniform(0.2, 0.36);
        let turn = stream.uniform(0.0, std::f64::consts::TAU);
        Self {
            distance: KINDS[class % KINDS.len()].1,
            fill: class / KINDS.len(),
            centre: (stream.uniform(radius, 1.0 - radius), stream.uniform(radius, 1.0 - radius)),
            radius,
            turn: turn.sin_cos(),
        }
    }

    /// How much of the pixel at `(u, v)` the shape covers, from 0 to 1.
    fn cover(&self, u: f64, v: f64, side: f64) -> f64 {
        let (u, v) = ((u - self.centre.0) / self.radius, (v - self.centre.1) / self.radius);
        let (sine, cosine) = self.turn;
        let (x, y) = (u * cosine + v * sine, v * cosine - u * sine);
        let outline = (self.distance)(x, y);
        let distance = match self.fill {
            0 => outline,
            1 => (outline + 0.1).abs() - 0.1,
            _ => outline.max((x * 9.0).sin() / 9.0),
        };
        (0.5 - distance * self.radius * side).clamp(0.0, 1.0)
    }
}

fn disc(x: f64, y: f64) -> f64 {
    length(x, y) - 1.0
}

fn square(x: f64, y: f64) -> f64 {
    x.abs().max(y.abs()) - 0.85
}

/// Three half-planes, a third of a turn apart.
fn triangle(x: f64, y: f64) -> f64 {
    let slanted = x.abs() * 0.75_f64.sqrt() + y * 0.5;
    slanted.max(-y) - 0.6
}

fn cross(x: f64, y: f64) -> f64 {
    let (x, y) = (x.abs(), y.abs());
    (x - 0.4).max(y - 1.0).min((x - 1.0).max(y - 0.4))
}

fn crescent(x: f64, y: f64) -> f64 {
    disc(x, y).max(0.85 - length(x - 0.55, y))
}

/// Without the care of `hypot`, which takes several times as long.
fn length(x: f64, y: f64) -> f64 {
    (x * x + y * y).sqrt()
}

fn color(stream: &mut KeyedRng) -> [f64; 3] {
    std::array::from_fn(|_| stream.uniform(0.05, 0.95))
}

/// A colour that stands out: drawn again until some channel differs much, which takes one or two draws.
fn contrasting(ground: [f64; 3], stream: &mut KeyedRng) -> [f64; 3] {
    loop {
        let paint = color(stream);
        if ground.iter().zip(paint).any(|(ground, paint)| (ground - paint).abs() > 0.4) {
            return paint;
        }
    }
}

fn check(key: &'static str, found: usize, least: usize, most: usize) -> Result<(), DataError> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(DataError::Synthetic { key, found, expected: format!("a number from {least} to {most}") })
}

#[cfg(test)]
mod tests {
    use super::Shapes;
    use crate::dataset::{Dataset, Labelled};

    fn pixels(shapes: &Shapes, index: usize) -> Vec<u8> {
        shapes.image(index, &mut Vec::new()).unwrap().pixels.to_vec()
    }

    #[test]
    fn an_image_depends_on_seed_split_and_index_only() {
        let shapes = |seed| Shapes::train(30, 10, 24, seed).unwrap();
        assert_eq!(pixels(&shapes(1), 7), pixels(&Shapes::train(300, 10, 24, 1).unwrap(), 7));
        assert_ne!(pixels(&shapes(1), 7), pixels(&shapes(2), 7));
        assert_ne!(pixels(&shapes(1), 7), pixels(&shapes(1), 17));
        assert_ne!(pixels(&shapes(1), 7), pixels(&Shapes::test(30, 10, 24, 1).unwrap(), 7));
    }

    #[test]
    fn classes_come_in_turn_and_have_names() {
        let shapes = Shapes::train(30, 7, 16, 0).unwrap();
        assert_eq!((shapes.label(0), shapes.label(6), shapes.label(7)), (0, 6, 0));
        assert_eq!(shapes.class_names()[6], "hollow square");
    }

    #[test]
    fn each_figure_covers_a_part_of_its_image() {
        for class in 0..15 {
            let mut stream = kontrast_rng::KeyedRng::named(*b"testing ", 0, 0, class);
            let figure = super::Figure::drawn(class as usize, &mut stream);
            let at = |at: usize| (at as f64 + 0.5) / 64.0;
            let cover: f64 = (0..64 * 64).map(|spot| figure.cover(at(spot % 64), at(spot / 64), 64.0)).sum();
            let fraction = cover / (64.0 * 64.0);
            assert!((0.03..0.45).contains(&fraction), "class {class} covers {fraction}");
        }
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let said = Shapes::train(10, 16, 32, 0).unwrap_err().to_string();
        assert_eq!(said, "data.synthetic.classes = 16; expected a number from 2 to 15");
        let said = Shapes::test(10, 4, 7, 0).unwrap_err().to_string();
        assert_eq!(said, "data.synthetic.size = 7; expected a number from 8 to 1024");
    }
}
