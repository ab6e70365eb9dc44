//! Room on disk, looked at before anything is fetched.

use std::path::Path;

use anyhow::{Context, Result, bail};
use kontrast_runlog::human;

/// Bytes that this user may still write where `path` is, or will be.
pub fn free(path: &Path) -> Result<u64> {
    let there = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    let found = rustix::fs::statvfs(there)
        .with_context(|| format!("{}: free disk space is unknown", there.display()))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Refuses to begin what cannot end.
pub fn require(needed: u64, free: u64, folder: &Path) -> Result<()> {
    if free < needed {
        bail!(
            "disk: {} has {} free, and libtorch needs {} while it is installed; make room, or name a folder on another \
             disk with KONTRAST_HOME",
            folder.display(),
            human::bytes(free),
            human::bytes(needed),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_room_is_said_with_both_numbers() {
        let said = require(2_500_000_000, 900_000_000, Path::new("/cache")).unwrap_err().to_string();
        assert!(said.starts_with("disk: /cache has 900 MB free, and libtorch needs 2.5 GB"), "{said}");
        assert!(said.ends_with("KONTRAST_HOME"), "{said}");
        require(2_500_000_000, 2_500_000_000, Path::new("/cache")).unwrap();
    }

    #[test]
    fn a_folder_that_is_not_there_yet_has_the_room_of_the_one_above() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("not/yet");
        assert!(free(&below).unwrap() > 0);
    }
}
