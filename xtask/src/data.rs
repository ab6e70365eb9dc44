//! `data`: brings a data set into the cache.

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use kontrast_data::{Progress, fetch};
use kontrast_runlog::cache_home;

use crate::say;

/// Fetches a data set, with a bar on a terminal and plain lines elsewhere.
pub fn run(name: &str) -> Result<u8> {
    let live = say::is_live();
    let style = ProgressStyle::with_template("{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec}")?;
    let bar = if live {
        ProgressBar::new(0).with_style(style.progress_chars("=> "))
    } else {
        ProgressBar::hidden()
    };
    let folder = fetch(name, &cache_home(), &mut |progress| match progress {
        Progress::Doing(what) => {
            if !live {
                eprintln!("{what}");
            }
            bar.set_message(what);
        }
        Progress::Bytes { done, total } => {
            bar.set_length(total.unwrap_or(done));
            bar.set_position(done);
        }
    })?;
    bar.finish_and_clear();
    println!("{name}: {}", folder.display());
    Ok(0)
}
