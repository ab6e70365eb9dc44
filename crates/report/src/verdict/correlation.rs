//! Rank correlation of cells with the paper's values.

use serde::Serialize;

use super::statistics::{correlation_interval, kendall, spearman};

/// Rank correlation of our means with the paper's values.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RankCorrelation {
    /// The group of cells; all where there is no name.
    pub group: Option<String>,
    /// How many of them have both values.
    pub count: usize,
    /// Spearman's; none where one side does not vary.
    pub spearman: Option<f64>,
    /// Its 95 % interval (Bonett and Wright 2000), from four cells on.
    pub interval: Option<(f64, f64)>,
    /// Kendall's; none where one side does not vary.
    pub kendall: Option<f64>,
}

impl RankCorrelation {
    /// Of pairs of our mean and the paper's value.
    pub(crate) fn of(group: Option<&String>, pairs: impl Iterator<Item = (f64, f64)>) -> Self {
        let (ours, paper): (Vec<f64>, Vec<f64>) = pairs.unzip();
        let (count, spearman) = (ours.len(), spearman(&ours, &paper));
        let interval = spearman.filter(|_| count >= 4).map(|rho| correlation_interval(rho, count, 0.95));
        Self { group: group.cloned(), count, spearman, interval, kendall: kendall(&ours, &paper) }
    }

    /// In a sentence; none of fewer than four cells, or where there is no order.
    pub(crate) fn in_words(&self) -> Option<String> {
        let (rho, tau, (low, high)) = (self.spearman?, self.kendall?, self.interval?);
        let over = match &self.group {
            Some(name) => format!("Within \u{201c}{name}\u{201d}, over"),
            None => "Over".to_owned(),
        };
        Some(format!(
            "{over} {} cells Spearman's rank correlation with the paper is {rho:.2} (95 % interval {low:.2} to {high:.2}), \
             Kendall's {tau:.2}.",
            self.count
        ))
    }
}
