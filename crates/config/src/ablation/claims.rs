//! What a paper claims of its table, as tests that our runs can pass or fail.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::groups::papers_of;
use super::{Ablation, Cell};
use crate::problems::Problems;

/// One statement of the paper about its table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The statement in words.
    pub says: String,
    /// What our scores must show for it to hold.
    pub test: ClaimTest,
    /// The scales it is meant for, such as `["small", "paper"]`; at others it is shown and not judged. All where it is
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scales: Option<Vec<String>>,
}

/// What is tested. A cell is a label of each axis; scores are in per cent, and differences are taken seed by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClaimTest {
    /// `cell` scores more than `than`, by more than `by` points; 0 where it is left out.
    Greater {
        /// The cell that is to score more.
        cell: Vec<String>,
        /// The cell that it is held against.
        than: Vec<String>,
        /// Points.
        #[serde(default)]
        by: f64,
    },
    /// `cell` scores more than every other cell, but those of `but`: its twins, of which the same images follow.
    Best {
        /// The cell.
        cell: Vec<String>,
        /// Cells that it is not held against.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        but: Vec<Vec<String>>,
    },
    /// Each of these cells scores more than the one before it.
    Rising {
        /// The cells, the lowest score first.
        cells: Vec<Vec<String>>,
    },
    /// These cells score the same, to less than `margin` points.
    Same {
        /// The cells.
        cells: Vec<Vec<String>>,
        /// Points.
        margin: f64,
    },
    /// Our cells stand in the paper's order: Spearman's rank correlation with its values is more than `least`.
    Correlated {
        /// From -1 to less than 1.
        least: f64,
        /// The name of a group, where it is of that group's cells alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<String>,
    },
    /// `cell` fails: it diverges or collapses, or scores less than `below`.
    Fails {
        /// The cell.
        cell: Vec<String>,
        /// Per cent.
        below: f64,
    },
}

impl ClaimTest {
    /// The cells that it names.
    pub fn cells(&self) -> Vec<&[String]> {
        match self {
            Self::Greater { cell, than, .. } => vec![cell, than],
            Self::Fails { cell, .. } => vec![cell],
            Self::Best { cell, but } => std::iter::once(cell).chain(but).map(Vec::as_slice).collect(),
            Self::Rising { cells } | Self::Same { cells, .. } => cells.iter().map(Vec::as_slice).collect(),
            Self::Correlated { .. } => Vec::new(),
        }
    }
}

impl Claim {
    /// Whether it is to be judged at this scale; without one every claim is.
    pub fn is_meant_at(&self, scale: Option<&str>) -> bool {
        match (&self.scales, scale) {
            (Some(scales), Some(scale)) => scales.iter().any(|known| known == scale),
            _ => true,
        }
    }
}

impl Ablation {
    /// Every claim must be about cells that there are, and say what decides it.
    pub(super) fn check_claims(&self, cells: &[Cell], problems: &mut Problems) {
        for (index, claim) in self.claims.iter().enumerate() {
            let key = |rest: &str| format!("claim[{index}].{rest}");
            let said = !claim.says.trim().is_empty();
            problems.require(said, &key("says"), &claim.says, "the statement in words");
            let named = claim.test.cells();
            for cell in &named {
                let known = cells.iter().any(|other| other.labels == *cell);
                let expected =
                    "a label of each axis, in the order of the axes, of a cell that is not left out";
                problems.require(known, &key("test"), cell, expected);
            }
            let distinct = named.iter().collect::<HashSet<_>>().len() == named.len();
            problems.require(distinct, &key("test"), &named, "different cells");
            for scale in claim.scales.iter().flatten() {
                let known = self.scales.contains_key(scale);
                problems.require(known, &key("scales"), scale, &self.expected_scale());
            }
            self.check_test(&claim.test, &key, cells, problems);
        }
    }

    /// What a test is held against has to be in range.
    fn check_test(
        &self,
        test: &ClaimTest,
        key: &dyn Fn(&str) -> String,
        cells: &[Cell],
        problems: &mut Problems,
    ) {
        match test {
            ClaimTest::Greater { by, .. } => {
                problems.require(
                    by.is_finite() && *by >= 0.0,
                    &key("test.greater.by"),
                    by,
                    "0 or more points",
                );
            }
            ClaimTest::Same { cells, margin } => {
                let inside = margin.is_finite() && *margin > 0.0;
                problems.require(inside, &key("test.same.margin"), margin, "more than 0 points");
                problems.require(cells.len() > 1, &key("test.same.cells"), cells, "at least two cells");
            }
            ClaimTest::Rising { cells } => {
                problems.require(cells.len() > 1, &key("test.rising.cells"), cells, "at least two cells");
            }
            ClaimTest::Correlated { least, group } => {
                let named = self.groups.iter().find(|known| Some(&known.name) == group.as_ref());
                let names: Vec<_> = self.groups.iter().map(|group| format!("{:?}", group.name)).collect();
                let expected = match names.join(", ") {
                    none if none.is_empty() => "no group: the file has none; add a [[group]]".to_owned(),
                    names => format!("a group of the file: {names}"),
                };
                let known = group.is_none() || named.is_some();
                let found = group.as_deref().unwrap_or_default();
                problems.require(known, &key("test.correlated.group"), &found, &expected);
                let papers = papers_of(named, cells);
                let inside = (-1.0..1.0).contains(least);
                problems.require(inside, &key("test.correlated.least"), least, "-1 to less than 1");
                let expected = "a [[paper_value]] of at least four cells";
                problems.require(papers >= 4, &key("test.correlated"), &papers, expected);
            }
            ClaimTest::Best { but, .. } => {
                let others = cells.len().saturating_sub(but.len());
                problems.require(others > 1, &key("test.best"), &others, "another cell to be held against");
            }
            ClaimTest::Fails { below, .. } => {
                let inside = (0.0..=100.0).contains(below);
                problems.require(inside, &key("test.fails.below"), below, "0 to 100 per cent");
            }
        }
    }
}
