//! The ablation file: a base experiment, axes, seeds, scales, the paper's value for each cell, and what it claims of them.

mod claims;
mod groups;
mod scales;
mod score;
mod tune;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::thread;

use serde::{Deserialize, Serialize};
use toml::Value;

use crate::digest::digest_but_name;
use crate::error::ConfigError;
use crate::experiment::Experiment;
use crate::kind::Kind;
use crate::load::{Loaded, refuse};
use crate::merge::Merged;
use crate::problems::{Problem, Problems};
use crate::source::Sources;
pub use claims::{Claim, ClaimTest};
pub use groups::Group;
pub use scales::Scale;
use tune::Grid;

/// An ablation: one experiment for each cell of the product of its axes, and for each seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Ablation {
    /// Names the ablation, its folder and the runs of its cells.
    pub name: String,
    /// What is reproduced: paper, figure or table, protocol.
    pub paper: String,
    /// What a reader of the table must know, such as differences in scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The experiment that cells change, relative to this file when it is read and a usable path once it is loaded.
    pub base: PathBuf,
    /// Each cell runs once with each.
    pub seeds: Vec<u64>,
    /// The score that fills the table, such as `knn` or `linear`; every cell has to make it. `head_color.h` and `head_color.z` are
    /// what is told from the representation and from the embedding, `layers.3.linear` is a probe on the third stage.
    pub score: String,
    /// Keys that all cells change in the base, such as `"train.epochs" = 12`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, serde_json::Value>"))]
    pub set: BTreeMap<String, Value>,
    /// Keys of which each cell takes the best of several values, such as `"optimizer.sgd.lr" = [0.03, 0.3]`. All are run with
    /// the first seed, and the one that scores best on the part of the training images that settings are chosen on is run with
    /// the others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, Vec<serde_json::Value>>"))]
    pub tune: Grid,
    /// The axes, whose product are the cells: each has a `name` and its `[[axis.value]]`s, each with a `label`, the keys it
    /// `set`s and those it `tune`s, and a `score` where that is another.
    #[serde(rename = "axis")]
    pub axes: Vec<Axis>,
    /// Cells that are not run, each by a label of each axis.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<Vec<String>>,
    /// The scales at which it can be run, by name: `tiny` takes minutes on two cores, `small` hours, `paper` GPUs.
    #[serde(default, rename = "scale", skip_serializing_if = "BTreeMap::is_empty")]
    pub scales: BTreeMap<String, Scale>,
    /// What the paper reports: `cell`, a label of each axis, and `value`, its top-1 in per cent.
    #[serde(default, rename = "paper_value")]
    pub paper_values: Vec<PaperValue>,
    /// Cells whose rank correlation with the paper is reported separately: `name`, and `cells`, each a label of each axis or `*` for
    /// any.
    #[serde(default, rename = "group", skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// What the paper says of its table, each with a test that is made of our scores.
    #[serde(default, rename = "claim", skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
    /// The scale that it was loaded at.
    #[serde(skip)]
    pub at: Option<String>,
    /// The experiments of each cell, one for each of its candidates.
    #[serde(skip)]
    experiments: Vec<Vec<Loaded>>,
}

/// One axis of an ablation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// The heading of its column.
    pub name: String,
    /// What it takes, in the order of the table.
    #[serde(rename = "value")]
    pub values: Vec<AxisValue>,
}

/// One value of an axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AxisValue {
    /// What the table calls it.
    pub label: String,
    /// The score of its cells, in place of the file's own; behind that of an earlier axis where it begins with a dot. Cells that
    /// differ in it alone are of one run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<String>,
    /// The keys it changes in the base.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, serde_json::Value>"))]
    pub set: BTreeMap<String, Value>,
    /// Keys of which its cells take the best of several values, beside those of the file's own `tune`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, Vec<serde_json::Value>>"))]
    pub tune: Grid,
}

/// What the paper reports for one cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PaperValue {
    /// A label of each axis.
    pub cell: Vec<String>,
    /// Per cent.
    pub value: f64,
}

/// One cell: an experiment to be run with each seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The experiment's name, and what `--only` takes: the ablation's name and the labels.
    pub name: String,
    /// A label of each axis.
    pub labels: Vec<String>,
    /// The score that fills it.
    pub score: String,
    /// What changes in the base, as arguments of `--set`; the name is among them, the seed is not.
    pub overrides: Vec<String>,
    /// What each candidate changes beside that, of which the best becomes the cell; a single one that changes nothing where
    /// nothing is tuned.
    pub candidates: Vec<Vec<String>>,
    /// The paper's value in per cent.
    pub paper: Option<f64>,
}

impl Ablation {
    /// Reads an ablation and checks it, the experiment of every cell at this scale included; as the file has it where none
    /// is named.
    ///
    /// # Errors
    /// Whatever is wrong with the file, or with the base once a cell has changed it, and a scale that it does not have.
    pub fn load(path: &Path, scale: Option<&str>) -> Result<Self, ConfigError> {
        let sources = Sources::collect(path, &[])?;
        let merged = Merged::new(&sources, &[])?;
        let mut ablation = Self::of_merged(path, &merged)?;
        if let Some(name) = scale {
            refuse(&merged, ablation.take_scale(name))?;
        }
        let base = path.with_file_name("").join(&ablation.base);
        let mut problems = Problems::default();
        let expected = format!("an experiment file, relative to this one; there is no {}", base.display());
        problems.require(base.exists(), "base", &ablation.base.display().to_string(), &expected);
        refuse(&merged, problems.into_list())?;
        ablation.base = base;
        let cells = ablation.cells();
        let load = |cell: &Cell| {
            let of = |candidate| Experiment::load(&ablation.base, &cell.arguments(candidate));
            let all: Result<Vec<_>, _> = (0..cell.candidates.len()).map(of).collect();
            all.map_err(|source| {
                let (path, source) = (path.to_owned(), Box::new(source));
                ConfigError::Cell { path, cell: cell.name.clone(), source }
            })
        };
        let experiments = in_parallel(&cells, load)?;
        refuse(&merged, ablation.check_experiments(&cells, &experiments))?;
        ablation.experiments = experiments;
        Ok(ablation)
    }

    /// The names of the scales that a file has, without its cells.
    ///
    /// # Errors
    /// Whatever is wrong with the file itself.
    pub fn scales_of(path: &Path) -> Result<Vec<String>, ConfigError> {
        let sources = Sources::collect(path, &[])?;
        let ablation = Self::of_merged(path, &Merged::new(&sources, &[])?)?;
        Ok(ablation.scales.into_keys().collect())
    }

    fn of_merged(path: &Path, merged: &Merged<'_>) -> Result<Self, ConfigError> {
        Kind::Ablation.require(path, merged.table())?;
        let ablation: Self = merged.typed()?;
        refuse(merged, ablation.check())?;
        Ok(ablation)
    }

    /// Each cell with the experiments of its candidates, as they were loaded.
    pub fn loaded_cells(&self) -> impl Iterator<Item = (Cell, &[Loaded])> {
        self.cells().into_iter().zip(self.experiments.iter().map(Vec::as_slice))
    }

    /// With seeds behind its own until there are so many; those of the file stay.
    #[must_use]
    pub fn with_seeds(mut self, count: Option<usize>) -> Self {
        let next = self.seeds.iter().max().map_or(0, |last| last.saturating_add(1));
        let missing = count.unwrap_or(0).saturating_sub(self.seeds.len());
        self.seeds.extend((next..).take(missing));
        self
    }

    /// The product of the axes without what is left out, the last axis running fastest. Cells of the same changes are of one
    /// run, which bears the name of the first.
    pub fn cells(&self) -> Vec<Cell> {
        let mut cells: Vec<Vec<&AxisValue>> = vec![Vec::new()];
        for axis in &self.axes {
            let extended = |cell: Vec<_>| axis.values.iter().map(move |value| [&cell[..], &[value]].concat());
            cells = cells.into_iter().flat_map(extended).collect();
        }
        let mut runs = HashMap::new();
        let mut named = |(mut cell, run): (Cell, String)| {
            let run = runs.entry((cell.overrides.clone(), cell.candidates.clone())).or_insert(run);
            cell.overrides.push(format!("name={}", Value::from(&**run)));
            cell
        };
        let cells = cells.iter().map(|values| self.cell(values));
        cells.filter(|(cell, _)| !self.left_out.contains(&cell.labels)).map(&mut named).collect()
    }

    /// A cell whose overrides do not name the run yet, and the name of that.
    fn cell(&self, values: &[&AxisValue]) -> (Cell, String) {
        let labels: Vec<String> = values.iter().map(|value| value.label.clone()).collect();
        let joined = |labels: &[String]| {
            let name = [std::slice::from_ref(&self.name), labels].concat().join("-");
            name.replace(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c), "-")
        };
        let name = joined(&labels);
        // What only names a score is no other run.
        let is_run =
            |value: &&&AxisValue| value.score.is_none() || !value.set.is_empty() || !value.tune.is_empty();
        let labels_of_run = values.iter().filter(is_run).map(|value| value.label.clone());
        let run = joined(&labels_of_run.collect::<Vec<_>>());
        let sets = values.iter().flat_map(|value| &value.set);
        let overrides = self.set.iter().chain(sets).map(|(key, value)| format!("{key}={value}")).collect();
        let paper = self.paper_values.iter().find(|paper| paper.cell == labels).map(|paper| paper.value);
        let candidates = tune::candidates(&self.tune, values);
        (Cell { name, labels, score: self.score_of(values), overrides, candidates, paper }, run)
    }

    /// Every cell has to be given the score that fills the table, and to be another experiment than the others.
    fn check_experiments(&self, cells: &[Cell], experiments: &[Vec<Loaded>]) -> Vec<Problem> {
        let mut problems = Problems::default();
        let all: Vec<_> = cells.iter().zip(experiments).collect();
        if self.check_scored(&all, &mut problems) {
            self.check_validated(&all, &mut problems);
        }
        let mut known = HashMap::new();
        for (cell, loaded) in all {
            let mut digests: Vec<_> =
                loaded.iter().map(|loaded| digest_but_name(&loaded.experiment)).collect();
            digests.sort();
            let distinct = digests.windows(2).all(|pair| pair[0] != pair[1]);
            let expected = "values to tune of which different weights follow";
            problems.require(distinct, "axis", &cell.name, expected);
            // Cells may be of one run, each with another of its scores.
            let other = known.insert((digests, &cell.score), &cell.name);
            let expected = format!(
                "cells of which different weights follow, but these are {}'s: the two differ in no key, or in eval, run, \
                 data.root, train.feed, train.keep or train.checkpoint_every alone, and they are of the same score",
                other.map_or("", |other| other)
            );
            problems.require(other.is_none(), "axis", &cell.name, &expected);
        }
        problems.into_list()
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems = Problems::default();
        problems.require(!self.name.is_empty(), "name", &self.name, "a name, which names folders");
        self.check_seeds("seeds", &mut problems);
        problems.require(!self.axes.is_empty(), "axis", &0, "at least one [[axis]]");
        for (index, axis) in self.axes.iter().enumerate() {
            let labels: Vec<_> = axis.values.iter().map(|value| &value.label).collect();
            let distinct = labels.iter().collect::<HashSet<_>>().len() == labels.len();
            let expected = format!("at least one value of axis {:?}, no label twice", axis.name);
            let key = format!("axis[{index}].value");
            problems.require(distinct && !labels.is_empty(), &key, &labels, &expected);
        }
        let cells = self.cells();
        problems.require(
            self.axes.is_empty() || !cells.is_empty(),
            "left_out",
            &self.left_out,
            "a cell that stays",
        );
        let all = Self { left_out: Vec::new(), ..self.clone() }.cells();
        for (index, labels) in self.left_out.iter().enumerate() {
            let known = all.iter().any(|cell| cell.labels == *labels);
            let expected = "a label of each axis, in the order of the axes";
            problems.require(known, &format!("left_out[{index}]"), labels, expected);
        }
        self.check_scores(&cells, &mut problems);
        self.check_grids(&mut problems);
        self.check_own_keys(&mut problems);
        self.check_groups(&cells, &mut problems);
        self.check_claims(&cells, &mut problems);
        for (index, paper) in self.paper_values.iter().enumerate() {
            let known = all.iter().any(|cell| cell.labels == paper.cell);
            let expected = "a label of each axis, in the order of the axes";
            problems.require(known, &format!("paper_value[{index}].cell"), &paper.cell, expected);
            let inside = (0.0..=100.0).contains(&paper.value);
            problems.require(
                inside,
                &format!("paper_value[{index}].value"),
                &paper.value,
                "0 to 100 per cent",
            );
            let twice = self.paper_values[..index].iter().any(|other| other.cell == paper.cell);
            let expected = "a cell that has no value yet";
            problems.require(!twice, &format!("paper_value[{index}].cell"), &paper.cell, expected);
        }
        let mut names = HashSet::new();
        for cell in &cells {
            let expected = "labels that still differ as names of folders";
            problems.require(names.insert(&cell.name), "axis.value", &cell.labels, expected);
        }
        problems.into_list()
    }

    fn check_seeds(&self, key: &str, problems: &mut Problems) {
        let distinct = self.seeds.iter().collect::<HashSet<_>>().len() == self.seeds.len();
        let expected = "at least one seed, none of them twice";
        problems.require(distinct && !self.seeds.is_empty(), key, &self.seeds, expected);
    }
}

/// The same of each, in its order, by all cores: cells may be a thousand. Of several errors the first.
fn in_parallel<T: Sync, R: Send, E: Send>(
    all: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let length = all.len().div_ceil(cores).max(1);
    let parts = thread::scope(|scope| {
        let work = &work;
        let chunks: Vec<_> = all
            .chunks(length)
            .map(|part| scope.spawn(move || part.iter().map(work).collect::<Result<Vec<_>, _>>()))
            .collect();
        let join = |part: thread::ScopedJoinHandle<'_, _>| {
            part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        chunks.into_iter().map(join).collect::<Result<Vec<_>, _>>()
    })?;
    Ok(parts.into_iter().flatten().collect())
}
