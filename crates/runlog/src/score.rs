//! One score of a summary: what was measured, by which version of its protocol, and with which settings.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::nan::null_is_nan;

/// One score, with the settings that were chosen for it on a split of the training set, or fixed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Per cent; the mean over draws, where the protocol draws several times. Null, no number, where the protocol does not
    /// tell classes apart.
    #[serde(deserialize_with = "null_is_nan")]
    pub top1: f64,
    /// Standard deviation of top-1 over draws.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top1_std: Option<f64>,
    /// Per cent, where there are ten classes or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top5: Option<f64>,
    /// Top-1 within each class, averaged over the classes, in per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_per_class: Option<f64>,
    /// Top-1 on the part of the training images on which the settings were chosen, by those that were, in per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_top1: Option<f64>,
    /// What else was measured, by name: `nmi` of clusters, `recall_at_1` of a search.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, Measure>,
    /// Version of the protocol; scores of two versions are not comparable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// What it was measured with, each under a key beside those above: `k` neighbours that vote, `temperature` of the
    /// vote, `lr` and `weight_decay` of a probe.
    #[serde(flatten)]
    pub settings: BTreeMap<String, SettingValue>,
}

/// A figure that is no accuracy of classes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// The mean over draws, where the protocol draws several times.
    #[serde(deserialize_with = "null_is_nan")]
    pub value: f64,
    /// Standard deviation over draws.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub std: Option<f64>,
    /// What it is counted in.
    pub unit: String,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// The same of each class, in the order of the classes, where the protocol has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_class: Vec<f64>,
}

/// A setting of a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SettingValue {
    /// A count.
    Count(u64),
    /// A number.
    Number(f64),
    /// A choice.
    Name(String),
}

impl Score {
    /// Its figures to four decimals: ten thousand test images have no finer, and 90.15 is not 90.14999999999999.
    #[must_use]
    pub fn rounded(mut self) -> Self {
        let round = |value: f64| (value * 1e4).round() / 1e4;
        for measure in self.metrics.values_mut() {
            measure.value = round(measure.value);
            measure.std = measure.std.map(round);
            measure.by_class.iter_mut().for_each(|value| *value = round(*value));
        }
        Self {
            top1: round(self.top1),
            top1_std: self.top1_std.map(round),
            top5: self.top5.map(round),
            mean_per_class: self.mean_per_class.map(round),
            validation_top1: self.validation_top1.map(round),
            ..self
        }
    }

    /// The same with one more setting.
    #[must_use]
    pub fn with(mut self, name: &str, setting: impl Into<SettingValue>) -> Self {
        self.settings.insert(name.to_owned(), setting.into());
        self
    }

    /// A setting that is a count.
    pub fn count(&self, name: &str) -> Option<usize> {
        match self.settings.get(name)? {
            SettingValue::Count(count) => Some(*count as usize),
            _ => None,
        }
    }

    /// A setting that is a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.settings.get(name)? {
            SettingValue::Count(count) => Some(*count as f64),
            SettingValue::Number(number) => Some(*number),
            SettingValue::Name(_) => None,
        }
    }
}

impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl From<usize> for SettingValue {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

impl From<f64> for SettingValue {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for SettingValue {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}
