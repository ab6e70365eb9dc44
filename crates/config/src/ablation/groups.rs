//! Groups of cells whose rank correlation is reported separately: where one axis decides most, order within it says more.

use serde::{Deserialize, Serialize};

use super::{Ablation, Cell};
use crate::problems::Problems;

/// Some cells, under a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What the table calls it.
    pub name: String,
    /// The cells: a label of each axis, or `*` for any.
    pub cells: Vec<Vec<String>>,
}

impl Group {
    /// Whether a cell of these labels belongs to it.
    pub fn has(&self, labels: &[String]) -> bool {
        let fits = |(wanted, label): (&String, &String)| wanted == "*" || wanted == label;
        self.cells.iter().any(|cell| cell.len() == labels.len() && cell.iter().zip(labels).all(fits))
    }
}

impl Ablation {
    pub(super) fn check_groups(&self, cells: &[Cell], problems: &mut Problems) {
        for (index, group) in self.groups.iter().enumerate() {
            let key = |rest: &str| format!("group[{index}].{rest}");
            let twice = self.groups[..index].iter().any(|other| other.name == group.name);
            let named = !group.name.trim().is_empty() && !twice;
            problems.require(named, &key("name"), &group.name, "a name of its own");
            let expected = "cells that there are: a label of each axis, or \"*\" for any";
            for (place, cell) in group.cells.iter().enumerate() {
                let one = Group { name: String::new(), cells: vec![cell.clone()] };
                let known = cells.iter().any(|other| one.has(&other.labels));
                problems.require(known, &key(&format!("cells[{place}]")), cell, expected);
            }
            let papers = papers_of(Some(group), cells);
            problems.require(
                papers >= 4,
                &key("cells"),
                &papers,
                "a [[paper_value]] of at least four of its cells",
            );
        }
    }
}

/// How many cells a correlation has values of, all or those of a group.
pub(super) fn papers_of(group: Option<&Group>, cells: &[Cell]) -> usize {
    let of = |cell: &&Cell| cell.paper.is_some() && group.is_none_or(|group| group.has(&cell.labels));
    cells.iter().filter(of).count()
}
