//! Images at another size of a pixel: a triangle as wide as a pixel of the coarser grid, in each direction.

/// A gray image, `[rows, columns]`, at so many rows and columns that cover the same field.
///
/// The weights are those of `torch.nn.functional.interpolate` with `mode="bilinear", antialias=True`.
pub(crate) fn resampled(values: &[f32], [rows, columns]: [usize; 2], [down, across]: [usize; 2]) -> Vec<f32> {
    let taps = taps(columns, across);
    let mut narrow = Vec::with_capacity(rows * across);
    for row in values.chunks_exact(columns) {
        narrow.extend(taps.iter().map(|(first, weights)| {
            weights.iter().zip(&row[*first..]).map(|(weight, &value)| weight * f64::from(value)).sum::<f64>()
        }));
    }
    let mut found = Vec::with_capacity(down * across);
    for (first, weights) in self::taps(rows, down) {
        for column in 0..across {
            let value = |(place, weight): (usize, &f64)| weight * narrow[(first + place) * across + column];
            found.push(weights.iter().enumerate().map(value).sum::<f64>() as f32);
        }
    }
    found
}

/// How many pixels of a new size cover so many of an old one, at least one.
pub(crate) fn count(pixels: usize, old: f64, new: f64) -> usize {
    ((pixels as f64 * old / new).round() as usize).max(1)
}

/// Of each new pixel the first old one that counts, and the weights from there on.
fn taps(old: usize, new: usize) -> Vec<(usize, Vec<f64>)> {
    let scale = old as f64 / new as f64;
    let reach = scale.max(1.0);
    let of = |pixel: usize| {
        let centre = (pixel as f64 + 0.5) * scale;
        let first = (centre - reach + 0.5).max(0.0) as usize;
        let last = ((centre + reach + 0.5) as usize).min(old);
        let weight = |place: usize| (1.0 - ((place as f64 + 0.5 - centre) / reach).abs()).max(0.0);
        let weights: Vec<f64> = (first..last).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        (first, weights.into_iter().map(|weight| weight / sum).collect())
    };
    (0..new).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::{count, resampled};

    #[test]
    fn a_size_that_stays_changes_nothing_and_a_constant_stays_one() {
        let values: Vec<f32> = (0..15).map(|value| value as f32).collect();
        assert_eq!(resampled(&values, [3, 5], [3, 5]), values);
        assert!(resampled(&[7.0; 15], [3, 5], [7, 2]).iter().all(|value| (value - 7.0).abs() < 1e-6));
    }

    #[test]
    fn halves_and_doubles_are_those_of_torch() {
        // interpolate(arange(6.).view(1, 1, 1, 6), size=(1, 3), mode="bilinear", antialias=True), and to (1, 8) of four.
        let halved = resampled(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [1, 6], [1, 3]);
        assert!(
            halved.iter().zip([0.714_285_7, 2.5, 4.285_714]).all(|(a, b)| (a - b).abs() < 1e-5),
            "{halved:?}"
        );
        let doubled = resampled(&[0.0, 4.0, 8.0, 12.0], [1, 4], [1, 8]);
        assert_eq!(doubled, [0.0, 1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 12.0]);
    }

    #[test]
    fn a_field_keeps_its_millimetres() {
        assert_eq!((count(100, 0.5, 1.0), count(3, 2.0, 0.5), count(1, 0.1, 5.0)), (50, 12, 1));
    }
}
