//! What can go wrong while a page is made.

use kontrast_config::ConfigError;
use kontrast_runlog::RunlogError;

/// What can go wrong while a page is made. Its text is all that a user needs to see.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file of the run cannot be read, or the page not written.
    #[error(transparent)]
    Runlog(#[from] RunlogError),
    /// The experiment of a cell cannot be loaded.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The template does not fit what it is given: a defect of this crate.
    #[error("the page's template failed: {0}; please report this")]
    Template(#[from] minijinja::Error),
}
