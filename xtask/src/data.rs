//! `data`: brings a data set into the cache.

use anyhow::Result;
use kontrast_data::fetch_showing;
use kontrast_runlog::cache_home;

use crate::say;

/// Fetches a data set, with a bar on a terminal and plain lines elsewhere.
pub fn run(name: &str) -> Result<u8> {
    let folder = fetch_showing(name, &cache_home())?;
    say::out(format_args!("{name}: {}", folder.display()));
    Ok(0)
}
