//! Windows and percentiles: values of any range become bytes, a channel a window.

use std::cmp::Ordering;

/// The most channels that values become.
pub const MOST_LEVELS: usize = 8;

/// How the values of a gray image or a scan become bytes, a channel each: everything below a window is black, everything
/// above it white.
///
/// ```text
/// byte = 255 ((value - centre) / width + 1/2), rounded, from 0 to 255
/// ```
///
/// which is the function LINEAR_EXACT of DICOM (PS3.3, C.11.2.1.3.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    kind: Kind,
    /// Centre and width, or the lower and the upper percentile.
    pairs: [[f64; 2]; MOST_LEVELS],
    count: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Windows,
    Percentiles,
}

impl Levels {
    /// Windows of a centre and a width above 0, in the units of the values, such as HU. Those that have another width, and
    /// more than [`MOST_LEVELS`], are a defect of the caller.
    pub fn windows(windows: &[[f64; 2]]) -> Self {
        assert!(windows.iter().all(|[centre, width]| centre.is_finite() && *width > 0.0), "{windows:?}");
        Self::of(Kind::Windows, windows)
    }

    /// Windows from one percentile to another, 0 to 100, of each image or volume; numbers are expected as of
    /// [`Levels::windows`].
    pub fn percentiles(percentiles: &[[f64; 2]]) -> Self {
        let ordered = |&[low, high]: &[f64; 2]| (0.0..high).contains(&low) && high <= 100.0;
        assert!(percentiles.iter().all(ordered), "{percentiles:?}");
        Self::of(Kind::Percentiles, percentiles)
    }

    fn of(kind: Kind, given: &[[f64; 2]]) -> Self {
        assert!((1..=MOST_LEVELS).contains(&given.len()), "{} windows", given.len());
        let mut pairs = [[0.0; 2]; MOST_LEVELS];
        pairs[..given.len()].copy_from_slice(given);
        Self { kind, pairs, count: given.len() }
    }

    /// Channels of what comes out.
    pub fn channels(&self) -> usize {
        self.count
    }

    /// The windows of one image or volume, whose finite values decide where percentiles lie. A window of no width, where all
    /// values are alike, has all of them at its centre.
    pub(crate) fn bounds(&self, values: &[f32]) -> Bounds {
        let pairs = &self.pairs[..self.count];
        if self.kind == Kind::Windows {
            return Bounds(pairs.to_vec());
        }
        let mut finite: Vec<f32> = values.iter().copied().filter(|value| value.is_finite()).collect();
        let window = |&[low, high]: &[f64; 2]| {
            let (low, high) = (percentile(&mut finite, low), percentile(&mut finite, high));
            [f64::midpoint(low, high), high - low]
        };
        Bounds(pairs.iter().map(window).collect())
    }
}

/// Centre and width of each window.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bounds(Vec<[f64; 2]>);

impl Bounds {
    /// Appends the bytes of values, `[values, channels]`. What is no number is black.
    pub(crate) fn append(&self, values: &[f32], bytes: &mut Vec<u8>) {
        bytes.reserve(values.len() * self.0.len());
        for &value in values {
            let byte = |&[centre, width]: &[f64; 2]| {
                let away = f64::from(value) - centre;
                if width > 0.0 {
                    // A conversion keeps to the range of the type, and makes 0 of NaN.
                    return (255.0 * (away / width + 0.5)).round() as u8;
                }
                match away.partial_cmp(&0.0) {
                    Some(Ordering::Greater) => 255,
                    Some(Ordering::Equal) => 128,
                    _ => 0,
                }
            };
            bytes.extend(self.0.iter().map(byte));
        }
    }
}

/// A percentile, between the two nearest values as numpy's default has it; 0 of none.
fn percentile(values: &mut [f32], percent: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    let place = last as f64 * percent / 100.0;
    let (_, &mut below, above) = values.select_nth_unstable_by(place as usize, f32::total_cmp);
    let above = above.iter().copied().min_by(f32::total_cmp).unwrap_or(below);
    f64::from(below) + (f64::from(above) - f64::from(below)) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::Levels;

    fn bytes(levels: Levels, values: &[f32]) -> Vec<u8> {
        let mut bytes = Vec::new();
        levels.bounds(values).append(values, &mut bytes);
        bytes
    }

    #[test]
    fn windows_are_channels_and_clip_what_lies_outside() {
        let levels = Levels::windows(&[[40.0, 400.0], [-600.0, 1500.0]]);
        let found = bytes(levels, &[-2000.0, -160.0, 40.0, 240.0, 3000.0, f32::NAN]);
        assert_eq!(found, [0, 0, 0, 202, 128, 236, 255, 255, 255, 255, 0, 0]);
    }

    #[test]
    fn percentiles_lie_between_values_as_those_of_numpy() {
        // numpy.percentile([0, 1, 2, 4, 9], [10, 90]) is 0.4 and 7.
        let found = bytes(Levels::percentiles(&[[10.0, 90.0]]), &[9.0, 0.0, 4.0, 2.0, 1.0]);
        let byte = |value: f64| (255.0 * (value - 0.4) / 6.6).round().clamp(0.0, 255.0) as u8;
        assert_eq!(found, [9.0, 0.0, 4.0, 2.0, 1.0].map(byte));
    }

    #[test]
    fn values_that_are_all_alike_are_gray_and_none_at_all_are_nothing() {
        assert_eq!(bytes(Levels::percentiles(&[[1.0, 99.0]]), &[7.0; 4]), [128; 4]);
        assert_eq!(bytes(Levels::percentiles(&[[0.0, 50.0]]), &[3.0, 3.0, 3.0, 9.0]), [128, 128, 128, 255]);
        assert!(bytes(Levels::percentiles(&[[1.0, 99.0]]), &[]).is_empty());
    }
}
