//! `.cargo/libtorch.toml`: tells cargo, and with it rust-analyzer and plain `cargo test`, where libtorch lies.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use kontrast_runlog::atomic_write;
use toml::{Table, Value};

use crate::workspace;

/// Of this checkout; git ignores it.
pub fn path() -> PathBuf {
    workspace::root().join(".cargo/libtorch.toml")
}

/// The `LIBTORCH` that it names.
pub fn read(file: &Path) -> Option<PathBuf> {
    let table: Table = fs::read_to_string(file).ok()?.parse().ok()?;
    table.get("env")?.get("LIBTORCH")?.as_str().map(PathBuf::from)
}

/// Writes it where it differs, since cargo builds anew when it changes. Returns whether it did.
pub fn write(file: &Path, libtorch: &Path) -> Result<bool> {
    if read(file).as_deref() == Some(libtorch) {
        return Ok(false);
    }
    let libtorch = libtorch
        .to_str()
        .with_context(|| format!("{} is not UTF-8, which cargo needs", libtorch.display()))?;
    let text = format!(
        "# Written by `cargo xtask setup`: the libtorch that cargo builds against.\n[env]\nLIBTORCH = {}\n",
        Value::from(libtorch)
    );
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent).with_context(|| format!("{}: cannot be made", parent.display()))?;
    }
    atomic_write(file, text.as_bytes())?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_not_written_twice() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".cargo/libtorch.toml");
        let libtorch = Path::new("/a \"path\"/view/torch");
        assert_eq!(read(&file), None);
        assert!(write(&file, libtorch).unwrap());
        assert_eq!(read(&file).as_deref(), Some(libtorch));
        assert!(!write(&file, libtorch).unwrap());
        assert!(write(&file, Path::new("/other")).unwrap());
    }
}
