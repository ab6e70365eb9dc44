//! Shows on standard error how fetching goes: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::{FetchProgress, fetch};
use crate::error::DataError;

/// [`fetch`] for a person who waits: with a bar on a terminal, and plain lines elsewhere.
///
/// # Errors
/// As [`fetch`].
pub fn fetch_showing(name: &str, cache: &Path) -> Result<PathBuf, DataError> {
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new(0).with_style(style())
    } else {
        ProgressBar::hidden()
    };
    let fetched = fetch(name, cache, &mut |progress| match progress {
        FetchProgress::Doing(what) => {
            if bar.is_hidden() {
                eprintln!("{what}");
            }
            bar.set_message(what);
        }
        FetchProgress::Bytes { done, total } => {
            bar.set_length(total.unwrap_or(done));
            bar.set_position(done);
        }
    });
    // Before an error is shown too, which the bar would otherwise stand beside.
    bar.finish_and_clear();
    fetched
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec}");
    style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}
