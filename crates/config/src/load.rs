//! Loading an experiment: text, table, merge, overrides, typed, checked.

use std::path::Path;

use crate::choices::CHOICES;
use crate::digest::digest;
use crate::error::{ConfigError, Fault};
use crate::experiment::Experiment;
use crate::kind::Kind;
use crate::location::Location;
use crate::merge::Merged;
use crate::problems::{Problem, Problems};
use crate::source::Sources;

/// A checked experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The experiment; it never changes.
    pub experiment: Experiment,
    /// All of it as one TOML file, which loads to the same digest.
    pub resolved: String,
    /// SHA-256 in hex of all that changes a result but the seed.
    pub digest: String,
    /// What a person should know of how the sources went together: which choices of a file an argument replaced.
    pub notes: Vec<String>,
}

impl Experiment {
    /// Reads a file, what it extends, and arguments of the form `key.path=value`; checks the whole, and finds out which
    /// files it begins from: weights, a tokenizer.
    ///
    /// # Errors
    /// Whatever is wrong with the files or the arguments, out-of-range values all at once.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Loaded, ConfigError> {
        let (experiment, notes) = read(path, overrides, Self::check_with_files)?;
        Ok(Loaded { resolved: experiment.to_toml()?, digest: digest(&experiment), experiment, notes })
    }

    /// As [`Experiment::load`], but with whatever views: to look at them, not to train on them. Beside it come the notes
    /// that [`Loaded::notes`] has.
    ///
    /// # Errors
    /// As [`Experiment::load`], but for views that the method cannot compare.
    pub fn load_to_look(path: &Path, overrides: &[String]) -> Result<(Self, Vec<String>), ConfigError> {
        read(path, overrides, |experiment| experiment.check_parts().into_list())
    }

    /// Checks the whole, and enters the SHA-256 of the files that it begins from.
    fn check_with_files(&mut self) -> Vec<Problem> {
        let mut problems = Problems::default();
        self.encoder.identify_weights(&mut problems);
        if let Some(texts) = &mut self.texts {
            texts.tokenizer.identify(&mut problems);
        }
        if let Some(encoder) = &mut self.text_encoder {
            encoder.identify(&mut problems);
        }
        [self.check(), problems.into_list()].concat()
    }

    fn to_toml(&self) -> Result<String, ConfigError> {
        toml::to_string(self).map_err(|error| {
            let message = format!("this experiment cannot be written as TOML: {error}");
            ConfigError::Faults(vec![Fault { place: None, key: String::new(), message }])
        })
    }
}

fn read(
    path: &Path,
    overrides: &[String],
    check: impl Fn(&mut Experiment) -> Vec<Problem>,
) -> Result<(Experiment, Vec<String>), ConfigError> {
    let sources = Sources::collect(path, overrides)?;
    let merged = Merged::new(&sources, &CHOICES)?;
    Kind::Experiment.require(path, merged.table())?;
    let mut experiment: Experiment = merged.typed()?;
    refuse(&merged, check(&mut experiment))?;
    Ok((experiment, merged.replaced().to_vec()))
}

/// Turns problems into an error that says where each stands.
pub(crate) fn refuse(merged: &Merged<'_>, problems: Vec<Problem>) -> Result<(), ConfigError> {
    if problems.is_empty() {
        return Ok(());
    }
    Err(ConfigError::Faults(problems.into_iter().map(|problem| placed(merged, problem)).collect()))
}

/// A value of a file that fits no more because of an argument is that argument's fault.
fn placed(merged: &Merged<'_>, problem: Problem) -> Fault {
    let own = merged.place(&problem.key);
    let argument = match own {
        Some(Location::File { .. }) => {
            merged.argument_under(&problem.key).or_else(|| merged.argument_in(&problem.expected))
        }
        _ => None,
    };
    let mut message = problem.to_string()[problem.key.len()..].to_owned();
    if let (Some(_), Some(own), false) = (&argument, &own, problem.found.is_empty()) {
        message = format!("{message} ({} stands at {own})", problem.key);
    }
    Fault { place: argument.or(own), message, key: problem.key }
}
