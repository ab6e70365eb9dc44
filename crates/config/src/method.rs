//! `[method]`: what the encoder is trained with.

use serde::{Deserialize, Serialize};

use crate::Views;
use crate::problems::Problems;

/// The method. One variant is named, as in `[method.simclr]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// SimCLR (Chen et al. 2020, arXiv 2002.05709).
    Simclr(Simclr),
}

/// SimCLR: two views of an image attract, all others of the batch repel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simclr {
    /// Temperature of NT-Xent.
    pub temperature: f64,
    /// The head that the loss sees, thrown away afterwards.
    pub projector: Projector,
}

/// The projection head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Projector {
    /// Output width of each layer: none is no head, one is linear, more are an MLP with ReLU between.
    pub widths: Vec<u32>,
    /// Batch norm after every layer (SimCLR's own code) or none.
    pub batch_norm: bool,
}

impl Method {
    /// The variant's name as a file writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Simclr(_) => "simclr",
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        match self {
            Self::Simclr(Simclr { temperature, projector }) => {
                problems.positive("method.simclr.temperature", *temperature);
                let wide = projector.widths.iter().all(|width| *width >= 1);
                let key = "method.simclr.projector.widths";
                problems.require(wide, key, &projector.widths, "widths of at least 1");
            }
        }
    }

    /// Whether the plan yields the views that the method compares.
    pub(crate) fn check_views(&self, views: &Views, problems: &mut Problems) {
        match self {
            Self::Simclr(_) => {
                let sizes = views.sizes();
                // Views without a size are a problem of their own.
                let pair = sizes.is_empty() || matches!(sizes[..], [first, second] if first == second);
                let key = format!("views.{}", views.name());
                let found = format!("{} views of {sizes:?} pixels", sizes.len());
                let expected = "two views of one size: method.simclr compares two";
                problems.require(pair, &key, &format_args!("{found}"), expected);
            }
        }
    }
}
