//! The plans of the papers, by name: their files come with the program.

use super::Views;
use crate::choices::CHOICES;
use crate::error::ConfigError;
use crate::load::refuse;
use crate::merge::Merged;
use crate::problems::Problems;
use crate::source::Sources;
use serde::Deserialize;
use std::path::Path;

/// Each file of `configs/views`.
const PAPERS: [(&str, &str); 10] = [
    ("simclr", include_str!("../../../../configs/views/simclr.toml")),
    ("mocov1", include_str!("../../../../configs/views/mocov1.toml")),
    ("mocov2", include_str!("../../../../configs/views/mocov2.toml")),
    ("byol", include_str!("../../../../configs/views/byol.toml")),
    ("vicreg", include_str!("../../../../configs/views/vicreg.toml")),
    ("swav", include_str!("../../../../configs/views/swav.toml")),
    ("dino", include_str!("../../../../configs/views/dino.toml")),
    ("amdim", include_str!("../../../../configs/views/amdim.toml")),
    ("supervised", include_str!("../../../../configs/views/supervised.toml")),
    ("identity", include_str!("../../../../configs/views/identity.toml")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    views: Views,
}

impl Views {
    /// The names that [`Views::of_paper`] knows.
    pub fn papers() -> impl Iterator<Item = &'static str> {
        PAPERS.iter().map(|(name, _)| *name)
    }

    /// A paper's plan as `configs/views/<name>.toml` has it, changed by arguments such as `views.byol.size=32`; none
    /// where the name is unknown.
    ///
    /// # Errors
    /// Whatever is wrong with the arguments, out-of-range values all at once.
    pub fn of_paper(name: &str, overrides: &[String]) -> Option<Result<Self, ConfigError>> {
        let (_, text) = PAPERS.iter().find(|(known, _)| *known == name)?;
        Some(read(Path::new(&format!("configs/views/{name}.toml")), text, overrides))
    }
}

fn read(path: &Path, text: &str, overrides: &[String]) -> Result<Views, ConfigError> {
    let sources = Sources::of_text(path, text, overrides)?;
    let merged = Merged::new(&sources, &CHOICES)?;
    let File { views } = merged.typed()?;
    let mut problems = Problems::default();
    views.check(&mut problems);
    refuse(&merged, problems.into_list())?;
    Ok(views)
}
