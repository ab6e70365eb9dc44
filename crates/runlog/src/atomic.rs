//! Files that are replaced whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::RunlogError;
use crate::temporary::{self, Temporary};

/// Replaces a file by these bytes, so that a reader, a kill or a full disk meets the old or the new one.
///
/// # Errors
/// When any step fails; the old file is then as it was, and nothing is left beside it.
pub fn atomic_write(path: &Path, bytes: &[u8]) -> Result<(), RunlogError> {
    atomic_write_with(path, |file| file.write_all(bytes))
}

/// [`atomic_write`] for what is too large to be held in memory twice: `write` gets the new file.
///
/// The new file grows under a name of this write alone, `.<name>.<process>-<number>.tmp` in the same folder. So several
/// processes may write a file at once: each leaves a whole one, the last one's stays, and none fails. What a killed
/// writer left of the same file is removed.
///
/// # Errors
/// When any step fails; the old file is then as it was, and nothing is left beside it.
pub fn atomic_write_with(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), RunlogError> {
    temporary::sweep_of(path);
    let (mut file, beside) = create(path).map_err(RunlogError::write(path))?;
    let replaced = (|| {
        write(&mut file)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&beside, path)?;
        sync_folder(path)
    })();
    replaced.map_err(|source| {
        // After the rename there is nothing to remove, and this error says less than the first.
        let _ = fs::remove_file(&beside);
        RunlogError::write(path)(source)
    })
}

/// A new file beside this one. A process in another container may have the same number, and the name with it.
fn create(path: &Path) -> io::Result<(File, PathBuf)> {
    loop {
        let beside = path.with_file_name(Temporary::next().name(path));
        match File::create_new(&beside) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            file => return Ok((file?, beside)),
        }
    }
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
