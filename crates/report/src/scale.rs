//! An axis: its range, its round ticks, and where a value falls.

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
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), v| (least.min(v), most.max(v)));
        if from > to {
            (from, to) = (0.0, 1.0);
        }
        if to - from < 1e-9 * to.abs().max(1.0) {
            (from, to) = (from - 0.5, to + 0.5);
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
        self.start + (value - self.from) / (self.to - self.from) * (self.end - self.start)
    }

    /// Round values with what stands beside them.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        let first = (self.from / self.step - 1e-9).ceil() as i64;
        let last = (self.to / self.step + 1e-9).floor() as i64;
        let decimals = (-(self.step * 1.000_001).log10().floor()).max(0.0) as usize;
        (first..=last).map(|n| n as f64 * self.step).map(|v| (v, format!("{v:.decimals$}"))).collect()
    }
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
    fn one_value_or_none_or_no_number_still_has_an_axis() {
        for values in [&[3.0, 3.0][..], &[], &[f64::NAN]] {
            let scale = Scale::new(values.iter().copied(), 0.0, 100.0, true);
            assert!(scale.ticks().len() >= 2, "{values:?}");
            assert!(scale.at(0.5).is_finite());
        }
    }
}
