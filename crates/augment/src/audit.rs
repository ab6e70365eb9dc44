//! The shortcut audit: how often a trivial cue finds an image's other view among many candidates.
//!
//! Where such a cue is enough, an encoder can solve the pretext task with it and learn nothing else: two crops of one
//! photograph share most of their colour histogram (Chen et al. 2020, arXiv 2002.05709, section 3.1 and figure 6).

/// Something of a view that takes no understanding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cue {
    /// How often each of 64 colours occurs, 4 levels a channel.
    ColourHistogram,
    /// The mean of each channel.
    MeanColour,
    /// How strong the edges of each of 8 directions are, in each quarter of the view.
    EdgeHistogram,
}

/// Levels of a channel in the colour histogram.
const LEVELS: usize = 4;
/// Directions in the edge histogram, over half a circle.
const DIRECTIONS: usize = 8;

impl Cue {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ColourHistogram, Self::MeanColour, Self::EdgeHistogram];

    /// Its name in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::ColourHistogram => "colour histogram",
            Self::MeanColour => "mean colour",
            Self::EdgeHistogram => "edge histogram",
        }
    }

    /// Its numbers for a view of `height * width * 3` bytes. Views of different sizes can be compared.
    pub fn of(self, view: &[u8], width: usize) -> Vec<f32> {
        match self {
            Self::ColourHistogram => colour_histogram(view),
            Self::MeanColour => mean_colour(view),
            Self::EdgeHistogram => edge_histogram(view, width),
        }
    }
}

/// How often, in per cent, the numbers of a first view are nearest (in the sum of absolute differences) to those of its own
/// second view, among all second views. A tie counts its part. Chance is 100 over their number.
///
/// # Panics
/// When there are no views, or not as many first as second ones.
pub fn found(first: &[Vec<f32>], second: &[Vec<f32>]) -> f64 {
    assert!(!first.is_empty() && first.len() == second.len(), "pairs of views");
    let hit = |(index, query): (usize, &Vec<f32>)| {
        let distances: Vec<f32> = second.iter().map(|candidate| distance(query, candidate)).collect();
        let nearest = distances.iter().copied().fold(f32::INFINITY, f32::min);
        let ties = distances.iter().filter(|&&distance| distance == nearest).count();
        if distances[index] == nearest { 1.0 / ties as f64 } else { 0.0 }
    };
    100.0 * first.iter().enumerate().map(hit).sum::<f64>() / first.len() as f64
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum()
}

fn colour_histogram(view: &[u8]) -> Vec<f32> {
    let mut counts = vec![0.0; LEVELS.pow(3)];
    let fraction = 3.0 / view.len() as f32;
    for pixel in view.chunks_exact(3) {
        let level = |channel: usize| usize::from(pixel[channel]) * LEVELS / 256;
        counts[(level(0) * LEVELS + level(1)) * LEVELS + level(2)] += fraction;
    }
    counts
}

fn mean_colour(view: &[u8]) -> Vec<f32> {
    let sum = |channel: usize| view.iter().skip(channel).step_by(3).map(|&byte| f64::from(byte)).sum::<f64>();
    (0..3).map(|channel| (sum(channel) * 3.0 / view.len() as f64) as f32).collect()
}

fn edge_histogram(view: &[u8], width: usize) -> Vec<f32> {
    let height = view.len() / 3 / width;
    let luminance: Vec<f32> =
        view.chunks_exact(3).map(|pixel| pixel.iter().map(|&byte| f32::from(byte)).sum()).collect();
    let mut strengths = vec![0.0; 4 * DIRECTIONS];
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let at = |x: usize, y: usize| luminance[y * width + x];
            let (across, down) = (at(x + 1, y) - at(x - 1, y), at(x, y + 1) - at(x, y - 1));
            // An edge has no sign: opposite gradients are one direction.
            let turn = down.atan2(across).rem_euclid(std::f32::consts::PI) / std::f32::consts::PI;
            let direction = ((turn * DIRECTIONS as f32) as usize).min(DIRECTIONS - 1);
            let quarter = usize::from(2 * y >= height) * 2 + usize::from(2 * x >= width);
            strengths[quarter * DIRECTIONS + direction] += across.hypot(down);
        }
    }
    let total: f32 = strengths.iter().sum();
    if total > 0.0 {
        for strength in &mut strengths {
            *strength /= total;
        }
    }
    strengths
}

#[cfg(test)]
mod tests {
    use super::{Cue, found};

    fn numbers(cue: Cue, views: &[&[u8]], width: usize) -> Vec<Vec<f32>> {
        views.iter().map(|view| cue.of(view, width)).collect()
    }

    #[test]
    fn equal_views_are_found_always_and_equal_numbers_by_chance() {
        let views: [&[u8]; 3] = [&[0; 12], &[100; 12], &[200; 12]];
        for cue in [Cue::ColourHistogram, Cue::MeanColour] {
            let numbers = numbers(cue, &views, 2);
            assert_eq!(found(&numbers, &numbers), 100.0, "{}", cue.name());
        }
        let alike = numbers(Cue::EdgeHistogram, &views, 2);
        assert!((found(&alike, &alike) - 100.0 / 3.0).abs() < 1e-9, "none has an edge");
    }

    #[test]
    fn a_shifted_order_is_never_found() {
        let first = numbers(Cue::MeanColour, &[&[0; 12], &[100; 12], &[200; 12]], 2);
        let second = numbers(Cue::MeanColour, &[&[100; 12], &[200; 12], &[0; 12]], 2);
        assert_eq!(found(&first, &second), 0.0);
    }

    #[test]
    fn upright_and_level_edges_are_told_apart() {
        let upright: Vec<u8> = (0..36 * 3).map(|index| if index / 3 % 6 < 3 { 0 } else { 200 }).collect();
        let level: Vec<u8> = (0..36 * 3).map(|index| if index / 18 < 3 { 0 } else { 200 }).collect();
        let of = |view: &[u8]| Cue::EdgeHistogram.of(view, 6);
        let strongest =
            |view: &[u8]| of(view).iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(i, _)| i % 8);
        assert_eq!((strongest(&upright), strongest(&level)), (Some(0), Some(4)));
    }
}
