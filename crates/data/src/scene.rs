//! A drawn scene: a shape on a noisy ground under a light, with the place, size and turn that it has at a moment.

use kontrast_rng::KeyedRng;

const KINDS: [(&str, Distance); 5] =
    [("disc", disc), ("square", square), ("triangle", triangle), ("cross", cross), ("crescent", crescent)];

const FILLS: [&str; 3] = ["solid", "hollow", "striped"];

/// How many classes there are: a kind of shape and how it is filled.
pub(crate) const CLASSES: usize = KINDS.len() * FILLS.len();

/// Negative inside a shape of radius about 1, positive outside.
type Distance = fn(f64, f64) -> f64;

/// The names of the first classes.
pub(crate) fn class_names(classes: usize) -> Vec<String> {
    let name = |class: usize| format!("{} {}", FILLS[class / KINDS.len()], KINDS[class % KINDS.len()].0);
    (0..classes).map(name).collect()
}

/// What is drawn. Colours are red, green and blue from 0 to 1.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) figure: Figure,
    pub(crate) ground: [f64; 3],
    pub(crate) paint: [f64; 3],
    /// How much lighter the right and the lower side of the image are than the others.
    pub(crate) slope: (f64, f64),
    /// The most by which noise changes a value.
    pub(crate) noise: f64,
}

impl Scene {
    /// A scene of this class.
    pub(crate) fn drawn(class: usize, stream: &mut KeyedRng) -> Self {
        let figure = Figure::drawn(class, stream);
        let ground = color(stream);
        let paint = contrasting(ground, stream);
        let slope = (stream.uniform(-0.2, 0.2), stream.uniform(-0.2, 0.2));
        Self { figure, ground, paint, slope, noise: stream.uniform(0.02, 0.1) }
    }

    /// Pixels `[side, side, 3]`, with noise from the stream.
    pub(crate) fn render(&self, side: usize, stream: &mut KeyedRng, pixels: &mut Vec<u8>) {
        let Self { figure, ground, paint, slope, noise } = self;
        let turn = figure.turn.sin_cos();
        pixels.clear();
        for y in 0..side {
            for x in 0..side {
                let place = |at: usize| (at as f64 + 0.5) / side as f64;
                let (u, v) = (place(x), place(y));
                let cover = figure.cover(u, v, turn, side as f64);
                let light = slope.0 * (u - 0.5) + slope.1 * (v - 0.5);
                for channel in 0..3 {
                    let value = ground[channel] + cover * (paint[channel] - ground[channel]);
                    let value = value + light + stream.uniform(-noise, *noise);
                    pixels.push((value * 255.0 + 0.5) as u8);
                }
            }
        }
    }
}

/// A shape with its place on the image, whose sides are 1.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    distance: Distance,
    fill: usize,
    pub(crate) centre: (f64, f64),
    pub(crate) radius: f64,
    /// In radians.
    pub(crate) turn: f64,
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
            turn,
        }
    }

    /// How much of the pixel at `(u, v)` the shape covers, from 0 to 1, given the sine and the cosine of its turn.
    fn cover(&self, u: f64, v: f64, (sine, cosine): (f64, f64), side: f64) -> f64 {
        let (u, v) = ((u - self.centre.0) / self.radius, (v - self.centre.1) / self.radius);
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

#[cfg(test)]
mod tests {
    use super::Figure;

    #[test]
    fn each_figure_covers_a_part_of_its_image() {
        for class in 0..15 {
            let mut stream = kontrast_rng::KeyedRng::named(*b"testing ", 0, 0, class);
            let figure = Figure::drawn(class as usize, &mut stream);
            let at = |at: usize| (at as f64 + 0.5) / 64.0;
            let turn = figure.turn.sin_cos();
            let cover: f64 =
                (0..64 * 64).map(|spot| figure.cover(at(spot % 64), at(spot / 64), turn, 64.0)).sum();
            let fraction = cover / (64.0 * 64.0);
            assert!((0.03..0.45).contains(&fraction), "class {class} covers {fraction}");
        }
    }
}
