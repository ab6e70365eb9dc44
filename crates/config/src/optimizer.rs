//! `[optimizer]`: how gradients change weights, and the learning rate's scaling with the batch.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::problems::Problems;

/// The optimizer. One variant is named, as in `[optimizer.sgd]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// Stochastic gradient descent with momentum.
    Sgd(Sgd),
    /// LARS (You et al. 2017, arXiv 1708.03888).
    Lars(Lars),
    /// AdamW (Loshchilov and Hutter 2017, arXiv 1711.05101).
    Adamw(AdamW),
}

/// Stochastic gradient descent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sgd {
    /// The peak learning rate: a number, or `{ base, per, rule }`.
    ///
    /// Range: `base` above 0
    pub lr: Lr,
    /// Fraction of the last step that is kept.
    ///
    /// Range: 0 or above, below 1
    pub momentum: f64,
    /// Whether the momentum is Nesterov's; default `false`.
    ///
    /// Range: `true` needs `momentum` above 0
    #[serde(default)]
    pub nesterov: bool,
    /// L2 penalty added to the gradient; with AdamW decoupled from it.
    ///
    /// Range: 0 or above
    pub weight_decay: f64,
}

/// Layer-wise adaptive rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Lars {
    /// The peak learning rate: a number, or `{ base, per, rule }`.
    ///
    /// Range: `base` above 0
    pub lr: Lr,
    /// Fraction of the last step that is kept.
    ///
    /// Range: 0 or above, below 1
    pub momentum: f64,
    /// L2 penalty added to the gradient; with AdamW decoupled from it.
    ///
    /// Range: 0 or above
    pub weight_decay: f64,
    /// Trust coefficient.
    ///
    /// Range: above 0
    pub eta: f64,
    /// Whether the adapted rate may never exceed the learning rate.
    ///
    /// Range: `true`, `false`
    pub clip_lr: bool,
    /// Whether biases and norms are neither adapted nor decayed.
    ///
    /// Range: `true`, `false`
    pub exclude_bias_and_norm: bool,
}

/// Adam with decoupled weight decay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdamW {
    /// The peak learning rate: a number, or `{ base, per, rule }`.
    ///
    /// Range: `base` above 0
    pub lr: Lr,
    /// Decay of the first and of the second moment.
    ///
    /// Range: two numbers, 0 or above, below 1
    pub betas: [f64; 2],
    /// Added to the denominator.
    ///
    /// Range: above 0
    pub eps: f64,
    /// L2 penalty added to the gradient; with AdamW decoupled from it.
    ///
    /// Range: 0 or above
    pub weight_decay: f64,
    /// The decay of the end; from `weight_decay` to it by half a cosine (DINO: from 0.04 to 0.4).
    ///
    /// Range: 0 or above
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_decay_final: Option<f64>,
    /// Whether biases, norms and other vectors go without decay; default `false`.
    ///
    /// Range: `true`, `false`
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exclude_bias_and_norm: bool,
}

/// A peak learning rate: `0.3`, or `{ base = 0.3, per = 256 }`, which grows with the batch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lr {
    /// The rate at a batch of `per`, or at any batch where `per` is left out.
    pub base: f64,
    /// The batch that `base` is meant for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per: Option<u32>,
    /// How the rate grows with the batch.
    pub rule: LrRule,
}

/// How a learning rate grows with the batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LrRule {
    /// `base * batch / per` (Goyal et al. 2017, arXiv 1706.02677).
    #[default]
    Linear,
    /// `base * sqrt(batch / per)` (SimCLR, appendix B.1).
    SquareRoot,
}

impl Lr {
    /// The peak rate at this batch.
    pub fn scaled(&self, batch: usize) -> f64 {
        let Some(per) = self.per else { return self.base };
        let ratio = batch as f64 / f64::from(per);
        match self.rule {
            LrRule::Linear => self.base * ratio,
            LrRule::SquareRoot => self.base * ratio.sqrt(),
        }
    }

    fn check(&self, optimizer: &str, problems: &mut Problems) {
        problems.positive(&format!("optimizer.{optimizer}.lr.base"), self.base);
        let key = format!("optimizer.{optimizer}.lr.per");
        match self.per {
            Some(per) => problems.require(per >= 1, &key, &per, "a batch of at least 1"),
            None if self.rule == LrRule::SquareRoot => {
                problems.missing(&key, "the batch that lr.base is meant for, since lr.rule is square-root");
            }
            None => {}
        }
    }
}

impl Optimizer {
    /// The variant's name as a file writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sgd(_) => "sgd",
            Self::Lars(_) => "lars",
            Self::Adamw(_) => "adamw",
        }
    }

    /// The learning rate of any variant.
    pub fn lr(&self) -> &Lr {
        match self {
            Self::Sgd(sgd) => &sgd.lr,
            Self::Lars(lars) => &lars.lr,
            Self::Adamw(adamw) => &adamw.lr,
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        self.lr().check(self.name(), problems);
        match self {
            Self::Sgd(Sgd { momentum, nesterov, weight_decay, .. }) => {
                problems.below_one("optimizer.sgd.momentum", *momentum);
                problems.not_negative("optimizer.sgd.weight_decay", *weight_decay);
                let fed = !nesterov || *momentum > 0.0;
                let expected = "false, or optimizer.sgd.momentum above 0";
                problems.require(fed, "optimizer.sgd.nesterov", nesterov, expected);
            }
            Self::Lars(Lars { momentum, weight_decay, eta, .. }) => {
                problems.below_one("optimizer.lars.momentum", *momentum);
                problems.not_negative("optimizer.lars.weight_decay", *weight_decay);
                problems.positive("optimizer.lars.eta", *eta);
            }
            Self::Adamw(AdamW { betas, eps, weight_decay, weight_decay_final, .. }) => {
                let inside = betas.iter().all(|beta| (0.0..1.0).contains(beta));
                problems.require(inside, "optimizer.adamw.betas", betas, "two numbers from 0, below 1");
                problems.positive("optimizer.adamw.eps", *eps);
                problems.not_negative("optimizer.adamw.weight_decay", *weight_decay);
                let last = weight_decay_final.unwrap_or(0.0);
                problems.not_negative("optimizer.adamw.weight_decay_final", last);
            }
        }
    }
}

impl<'de> Deserialize<'de> for Lr {
    /// By hand, since an untagged enum would lose line and column of what is wrong inside.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrTable)
    }
}

struct NumberOrTable;

impl<'de> Visitor<'de> for NumberOrTable {
    type Value = Lr;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a table such as { base = 0.3, per = 256 }")
    }

    fn visit_f64<E: Error>(self, base: f64) -> Result<Lr, E> {
        Ok(Lr { base, per: None, rule: LrRule::default() })
    }

    fn visit_i64<E: Error>(self, base: i64) -> Result<Lr, E> {
        self.visit_f64(base as f64)
    }

    fn visit_u64<E: Error>(self, base: u64) -> Result<Lr, E> {
        self.visit_f64(base as f64)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Lr, A::Error> {
        let LrTable { base, per, rule } = LrTable::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Lr { base, per, rule })
    }
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct LrTable {
    /// The rate, of a batch of `per` images where that is given.
    ///
    /// Range: above 0
    base: f64,
    /// The batch that `base` is meant for; without it the rate does not follow the batch.
    ///
    /// Range: 1 or above
    per: Option<u32>,
    /// `linear` is base · batch / per, `square-root` is base · √(batch / per); default `linear`.
    ///
    /// Range: `square-root` needs `per`
    #[serde(default)]
    rule: LrRule,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_does_not_grow_with_the_batch() {
        let lr = Lr { base: 0.3, per: None, rule: LrRule::Linear };
        assert_eq!(lr.scaled(4096), 0.3);
    }

    #[test]
    fn the_linear_rule_doubles_the_rate_with_the_batch() {
        let lr = Lr { base: 0.03, per: Some(256), rule: LrRule::Linear };
        assert!((lr.scaled(512) - 0.06).abs() < 1e-15);
    }

    #[test]
    fn the_square_root_rule_doubles_the_rate_with_four_times_the_batch() {
        let lr = Lr { base: 0.075, per: Some(1), rule: LrRule::SquareRoot };
        assert!((lr.scaled(4096) - 4.8).abs() < 1e-12);
    }
}
