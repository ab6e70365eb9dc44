//! Which kind of file one is: an experiment, an ablation, or a base that others extend.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use crate::choices::CHOICES;
use crate::error::ConfigError;
use crate::views::Views;
use kontrast_runlog::human::printable;

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
        let shown = printable(path.display());
        let advice = match found {
            Self::Experiment => {
                format!("this is an experiment, no ablation; run it with: cargo xtask experiment {shown}")
            }
            Self::Ablation => {
                format!("this is an ablation, no experiment; run it with: cargo xtask ablation {shown}")
            }
            Self::Base if paper_of(table).is_some() => {
                let paper = paper_of(table).unwrap_or_default();
                format!("this is a plan of the views, no experiment; draw it with: cargo xtask run -- preview --plan {paper}")
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

/// The paper's plan that is all there is in a file.
fn paper_of<'t>(table: &'t DeTable<'_>) -> Option<&'t str> {
    let DeValue::Table(views) = table.get("views").filter(|_| table.len() == 1)?.get_ref() else {
        return None;
    };
    let name = views.keys().next()?.get_ref().as_ref();
    Views::papers().any(|paper| paper == name).then_some(name)
}
