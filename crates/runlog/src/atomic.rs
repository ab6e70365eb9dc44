//! Files that are replaced whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::RunlogError;

/// Replaces a file by these bytes, so that a reader, a kill or a full disk meets the old or the new one.
///
/// # Errors
/// When any step fails; the old file is then as it was, and nothing is left beside it.
pub fn atomic_write(path: &Path, bytes: &[u8]) -> Result<(), RunlogError> {
    atomic_write_with(path, |file| file.write_all(bytes))
}

/// [`atomic_write`] for what is too large to be held in memory twice: `write` gets the new file.
///
/// The new file grows under the name `.<name>.tmp` in the same folder. One process writes a file at a time,
/// so what a killed writer left there is overwritten by the next.
///
/// # Errors
/// When any step fails; the old file is then as it was, and nothing is left beside it.
pub fn atomic_write_with(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), RunlogError> {
    let temporary = beside(path);
    let replaced = (|| {
        let mut file = File::create(&temporary)?;
        write(&mut file)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&temporary, path)?;
        sync_folder(path)
    })();
    replaced.map_err(|source| {
        // After the rename there is nothing to remove, and this error says less than the first.
        let _ = fs::remove_file(&temporary);
        RunlogError::write(path)(source)
    })
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.tmp"))
}

/// The rename itself lasts only once the folder is on disk.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
