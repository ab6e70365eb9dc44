//! The scales at which an ablation can be run: keys that all its cells change, and seeds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Value;

use super::Ablation;
use crate::problems::{Problem, Problems};

/// One scale, such as `tiny`, `small` or `paper`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// Keys that all cells change in the base, beside those of the file's own `set`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, serde_json::Value>"))]
    pub set: BTreeMap<String, Value>,
    /// Seeds in place of the file's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds: Option<Vec<u64>>,
    /// What a reader must know of this scale, behind the file's own `note`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Ablation {
    /// Becomes what is run at a scale. Reports a scale that the file does not have.
    pub(super) fn take_scale(&mut self, name: &str) -> Vec<Problem> {
        let mut problems = Problems::default();
        let Some(Scale { set, seeds, note }) = self.scales.get(name).cloned() else {
            problems.require(false, "scale", &name, &self.expected_scale());
            return problems.into_list();
        };
        self.set.extend(set);
        if let Some(seeds) = seeds {
            self.seeds = seeds;
        }
        self.note =
            [self.note.take(), note].into_iter().flatten().reduce(|own, scale| format!("{own} {scale}"));
        self.at = Some(name.to_owned());
        self.check_seeds(&format!("scale.{name}.seeds"), &mut problems);
        problems.into_list()
    }

    pub(super) fn expected_scale(&self) -> String {
        let names: Vec<_> = self.scales.keys().map(|name| format!("`{name}`")).collect();
        if names.is_empty() {
            return "no scale: the file has none; add a table [scale.NAME]".to_owned();
        }
        format!("a scale of the file: {}", names.join(", "))
    }
}
