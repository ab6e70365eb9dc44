//! The spectrum of representations as a curve: how quickly variance falls from one principal component to the next.

use kontrast_runlog::LabelFree;

use crate::{Curve, Series};

/// The logarithm of each fraction by its place; none where fewer than two components have variance.
pub(crate) fn spectrum(figures: &LabelFree) -> Option<Curve> {
    let place = |(place, fraction): (usize, &f64)| ((place + 1) as f64, fraction.log10());
    let points: Vec<_> =
        figures.spectrum.iter().enumerate().filter(|(_, fraction)| **fraction > 0.0).map(place).collect();
    let last = points.last()?.0;
    (points.len() > 1).then(|| Curve {
        title: "Spectrum: variance of each principal component, log10 of its fraction".to_owned(),
        x_label: "component".to_owned(),
        x_ticks: ticks(last),
        series: vec![Series { name: "spectrum".to_owned(), points, ..Series::default() }],
        levels: Vec::new(),
    })
}

/// The first, the last, and quarters between them.
fn ticks(last: f64) -> Vec<(f64, String)> {
    let mut ticks: Vec<f64> =
        (0..=4).map(|quarter| (1.0 + (last - 1.0) * f64::from(quarter) / 4.0).round()).collect();
    ticks.dedup();
    ticks.into_iter().map(|at| (at, at.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_stand_by_their_logarithm_and_none_where_there_is_no_variance() {
        let figures = |spectrum: &[f64]| LabelFree { spectrum: spectrum.to_vec(), ..LabelFree::default() };
        let curve = spectrum(&figures(&[0.9, 0.1, 0.0])).unwrap();
        assert_eq!(curve.series[0].points[1], (2.0, -1.0));
        assert_eq!(curve.series[0].points.len(), 2);
        assert!(spectrum(&figures(&[1.0, 0.0])).is_none() && spectrum(&figures(&[])).is_none());
        assert_eq!(ticks(3.0).iter().map(|tick| tick.0).collect::<Vec<_>>(), [1.0, 2.0, 3.0]);
    }
}
