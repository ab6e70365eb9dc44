//! Keys of which a cell takes the best of several values, as papers tune each row of a table for itself.

use std::collections::BTreeMap;

use toml::Value;

use super::{Ablation, AxisValue, Cell};
use crate::load::Loaded;
use crate::problems::Problems;

/// Values to choose from, by key.
pub(super) type Grid = BTreeMap<String, Vec<Value>>;

impl Cell {
    /// Whether it is the best of several.
    pub fn is_tuned(&self) -> bool {
        self.candidates.len() > 1
    }

    /// What a candidate changes in the base, as arguments of `--set`.
    ///
    /// # Panics
    /// Where there is no such candidate.
    pub fn arguments(&self, candidate: usize) -> Vec<String> {
        [&self.overrides[..], &self.candidates[candidate]].concat()
    }
}

/// The product of the grids of the file and of a cell's values, the last key running fastest; of a key in several the last.
pub(super) fn candidates(file: &Grid, values: &[&AxisValue]) -> Vec<Vec<String>> {
    let mut grid = file.clone();
    grid.extend(values.iter().flat_map(|value| value.tune.clone()));
    grid.iter().fold(vec![Vec::new()], |product: Vec<Vec<String>>, (key, values)| {
        let extended = |one: Vec<String>| {
            values.iter().map(move |value| [&one[..], &[format!("{key}={value}")]].concat())
        };
        product.into_iter().flat_map(extended).collect()
    })
}

impl Ablation {
    /// Every tuned key has values to choose from, and no value besides.
    pub(super) fn check_grids(&self, problems: &mut Problems) {
        let axes = self.axes.iter().enumerate();
        let values = axes.flat_map(|(index, axis)| {
            let key = move |place| format!("axis[{index}].value[{place}].tune");
            axis.values
                .iter()
                .enumerate()
                .map(move |(place, value)| (key(place), &value.tune, Some(&value.set)))
        });
        for (place, grid, set) in std::iter::once(("tune".to_owned(), &self.tune, None)).chain(values) {
            for (key, values) in grid {
                let whole = format!("{place}.{key:?}");
                let distinct = values.iter().enumerate().all(|(at, value)| !values[..at].contains(value));
                let expected = "at least two values, none of them twice";
                let found = Value::Array(values.clone()).to_string();
                problems.require(values.len() > 1 && distinct, &whole, &format_args!("{found}"), expected);
                let twice = set.is_some_and(|set| set.contains_key(key));
                problems.require(
                    !twice,
                    &whole,
                    &format_args!("{found}"),
                    "a key that the same value does not set",
                );
            }
        }
    }

    /// Name and seed of a run are the ablation's own.
    pub(super) fn check_own_keys(&self, problems: &mut Problems) {
        let mut places: Vec<(String, Vec<&String>)> = vec![
            ("set".to_owned(), self.set.keys().collect()),
            ("tune".to_owned(), self.tune.keys().collect()),
        ];
        for (name, scale) in &self.scales {
            places.push((format!("scale.{name}.set"), scale.set.keys().collect()));
        }
        for (index, axis) in self.axes.iter().enumerate() {
            for (place, value) in axis.values.iter().enumerate() {
                let of = |table: &str| format!("axis[{index}].value[{place}].{table}");
                places.push((of("set"), value.set.keys().collect()));
                places.push((of("tune"), value.tune.keys().collect()));
            }
        }
        for (place, keys) in places {
            for (key, instead) in [("seed", "seeds"), ("name", "name")] {
                let expected = format!("none here: `{instead}` of the ablation gives it to every run");
                let none = !keys.iter().any(|known| *known == key);
                problems.require(none, &place, &key, &expected);
            }
        }
    }

    /// The best candidate is chosen by what the score reached on the part of the training images that its own settings are
    /// chosen on.
    pub(super) fn check_validated(&self, cells: &[(&Cell, &Vec<Loaded>)], problems: &mut Problems) {
        let validates = |cell: &Cell, loaded: &Loaded| loaded.experiment.eval.validates(&cell.score);
        let without: Vec<_> = cells
            .iter()
            .filter(|(cell, loaded)| cell.is_tuned() && !loaded.iter().all(|loaded| validates(cell, loaded)))
            .map(|(cell, _)| &*cell.name)
            .collect();
        let expected = format!(
            "a score whose settings are chosen on eval.validation of the training images, where something is tuned: `knn`, or \
             with several settings to choose from `linear`, `linear_views` or `logistic`; in {} it is none",
            without.join(", ")
        );
        problems.require(without.is_empty(), "score", &self.score, &expected);
    }
}
