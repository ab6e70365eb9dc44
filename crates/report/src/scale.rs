//! An axis: its range, its round ticks, and where a value falls.

/// Values beyond it fall where it does, so that the span of an axis is a number.
const MOST: f64 = f64::MAX / 4.0;
/// The least span of an axis, of its greatest value: below it numbers run out of digits.
const LEAST_SPAN: f64 = 1e-9;
/// Numbers from here on are written with an exponent.
const LONG: f64 = 1e7;

/// A linear scale from values to pixels.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
    step: f64,
}

impl Scale {
    /// The scale of these values over pixels `start` to `end`, widened to whole ticks at each padded side.
    pub(crate) fn new(values: impl Iterator<Item = f64>, start: f64, end: f64, widen: bool) -> Self {
        let (mut from, mut to) = values
            .filter(|value| value.is_finite())
            .map(drawable)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), v| (least.min(v), most.max(v)));
        if from > to {
            (from, to) = (0.0, 1.0);
        }
        let least = LEAST_SPAN * from.abs().max(to.abs());
        if to - from < least.max(LEAST_SPAN) {
            (from, to) = (from - least.max(0.5), to + least.max(0.5));
        }
        let step = round_step((to - from) / 5.0);
        if widen {
            from = (from / step).floor() * step;
            to = (to / step).ceil() * step;
        }
        Self { from, to, start, end, step }
    }

    /// Where a value falls.
    pub(crate) fn at(&self, value: f64) -> f64 {
        self.start + (drawable(value) - self.from) / (self.to - self.from) * (self.end - self.start)
    }

    /// Round values with what stands beside them.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        let first = (self.from / self.step - 1e-9).ceil() as i64;
        let last = (self.to / self.step + 1e-9).floor() as i64;
        (first..=last).map(|n| n as f64 * self.step).map(|v| (v, self.label(v))).collect()
    }

    /// With as many digits as ticks differ in.
    fn label(&self, value: f64) -> String {
        let power = |number: f64| (number * 1.000_001).log10().floor();
        let decimals = |above: f64| (above - power(self.step)).max(0.0) as usize;
        if self.from.abs().max(self.to.abs()) < LONG || value == 0.0 {
            let decimals = decimals(0.0);
            return format!("{value:.decimals$}");
        }
        let decimals = decimals(power(value.abs()));
        format!("{value:.decimals$e}")
    }
}

fn drawable(value: f64) -> f64 {
    value.clamp(-MOST, MOST)
}

/// The next of 1, 2, 5, 10, ... times a power of ten.
fn round_step(rough: f64) -> f64 {
    let magnitude = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|f| f * magnitude >= rough * 0.999_999);
    factor.unwrap_or(10.0) * magnitude
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64]) -> Vec<String> {
        let scale = Scale::new(values.iter().copied(), 0.0, 100.0, true);
        scale.ticks().into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_and_cover_the_values() {
        assert_eq!(labels(&[0.0, 20.0]), ["0", "5", "10", "15", "20"]);
        assert_eq!(labels(&[4.13, 6.2]), ["4.0", "4.5", "5.0", "5.5", "6.0", "6.5"]);
        assert_eq!(labels(&[-0.04, 0.05]), ["-0.04", "-0.02", "0.00", "0.02", "0.04", "0.06"]);
    }

    #[test]
    fn values_fall_between_start_and_end() {
        let scale = Scale::new([0.0, 10.0].into_iter(), 200.0, 0.0, true);
        assert_eq!([0.0, 2.5, 10.0].map(|value| scale.at(value)), [200.0, 150.0, 0.0]);
    }

    #[test]
    fn field_numbers_with_many_digits_are_written_with_an_exponent() {
        assert_eq!(labels(&[0.0, 2e9]), ["0", "5e8", "1.0e9", "1.5e9", "2.0e9"]);
        assert_eq!(labels(&[1e16, 1e16 + 1e8])[..2], ["1.000000000e16", "1.000000002e16"]);
        assert_eq!(labels(&[-4e300, 0.0]), ["-4e300", "-3e300", "-2e300", "-1e300", "0"]);
    }

    /// Magnitudes from the least number to the greatest.
    fn magnitudes() -> Vec<f64> {
        let powers = (-323..=308).step_by(7).map(|power| 10_f64.powi(power));
        let special = [
            0.0,
            f64::from_bits(1),
            f64::MIN_POSITIVE,
            2_f64.powi(53),
            u64::MAX as f64,
            f64::MAX / 4.0,
            f64::MAX,
        ];
        let near = [1.0, 1.0 + 1e-12, 9.999_999, 2_f64.powi(53) + 2.0, 1e16 + 2.0];
        powers.chain(special).chain(near).flat_map(|value| [value, -value]).collect()
    }

    #[test]
    fn field_ticks_of_any_numbers_are_finite_rising_within_the_axis_and_few() {
        let magnitudes = magnitudes();
        for (a, b) in magnitudes.iter().flat_map(|a| magnitudes.iter().map(move |b| (*a, *b))) {
            for widen in [true, false] {
                let scale = Scale::new([a, b].into_iter(), 200.0, 0.0, widen);
                let ticks = scale.ticks();
                assert!((2..=12).contains(&ticks.len()), "{a:e} {b:e}: {ticks:?}");
                assert!(
                    ticks.iter().all(|(value, label)| value.is_finite() && label.len() < 20),
                    "{ticks:?}"
                );
                assert!(ticks.is_sorted_by(|one, next| one.0 < next.0 && one.1 != next.1), "{ticks:?}");
                let places = ticks.iter().map(|tick| tick.0).chain([a, b]).map(|value| scale.at(value));
                assert!(
                    places.into_iter().all(|at| (-1e-4..=200.0 + 1e-4).contains(&at)),
                    "{a:e} {b:e}: {scale:?}"
                );
            }
        }
    }

    #[test]
    fn one_value_or_none_or_no_number_still_has_an_axis() {
        for values in [&[3.0, 3.0][..], &[], &[f64::NAN]] {
            let scale = Scale::new(values.iter().copied(), 0.0, 100.0, true);
            assert!(scale.ticks().len() >= 2, "{values:?}");
            assert!(scale.at(0.5).is_finite());
        }
    }
}
