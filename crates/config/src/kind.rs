//! Which kind of file one is: an experiment, an ablation, or a base that others extend.

use std::path::Path;

use toml::de::DeTable;

use crate::error::ConfigError;
use crate::load::CHOICES;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Experiment,
    Ablation,
    Base,
}

impl Kind {
    /// By its keys, of which each kind has its own; none where they say nothing.
    fn of(table: &DeTable<'_>) -> Option<Self> {
        let has = |key: &str| table.contains_key(key);
        let part = has("data") || has("train") || has("eval") || CHOICES.iter().any(|choice| has(choice));
        match (has("axis") || has("paper_value"), part) {
            (true, false) => Some(Self::Ablation),
            (false, true) if has("name") || has("seed") => Some(Self::Experiment),
            (false, true) => Some(Self::Base),
            _ => None,
        }
    }

    /// Refuses a file that is plainly of another kind, in one line instead of one for each of its keys.
    pub(crate) fn require(self, path: &Path, table: &DeTable<'_>) -> Result<(), ConfigError> {
        let found = match Self::of(table) {
            Some(found) if found != self => found,
            _ => return Ok(()),
        };
        let shown = path.display();
        let advice = match found {
            Self::Experiment => {
                format!("this is an experiment, no ablation; run it with: cargo xtask experiment {shown}")
            }
            Self::Ablation => {
                format!("this is an ablation, no experiment; run it with: cargo xtask ablation {shown}")
            }
            Self::Base => {
                "this is a part that experiments name with `extends`, without a name and a seed of its own; run one of \
                 those, such as: cargo xtask experiment configs/quickstart.toml"
                    .to_owned()
            }
        };
        Err(ConfigError::Kind { path: path.to_owned(), advice })
    }
}
