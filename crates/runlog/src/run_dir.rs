//! The run directory, owned by one process at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::event_log::EventLog;
use crate::temporary;
use crate::{Event, Layout, RunlogError, Summary, atomic_write};

/// A run directory that belongs to this process until the value is dropped or the process dies.
#[derive(Debug)]
pub struct RunDir {
    layout: Layout,
    log: Option<EventLog>,
    held: Held,
}

impl RunDir {
    /// `<out>/<name>-<8 hex of the digest>-s<seed>`.
    pub fn path_for(out: &Path, name: &str, digest: &str, seed: u64) -> PathBuf {
        let short = digest.get(..8).unwrap_or(digest);
        out.join(format!("{name}-{short}-s{seed}"))
    }

    /// Makes the directory where it is missing, and locks it.
    ///
    /// The lock is the kernel's: it ends with the process, however that ends. Temporary files that killed processes left
    /// are removed.
    ///
    /// # Errors
    /// When another process holds it, or the folder cannot be made or is gone as soon as it is.
    pub fn acquire(path: &Path) -> Result<Self, RunlogError> {
        let layout = Layout::of(path);
        for folder in [path, &layout.checkpoints(), &layout.figures()] {
            fs::create_dir_all(folder).map_err(RunlogError::write(folder))?;
        }
        let lock = lock(&layout)?;
        for folder in [path, &layout.checkpoints(), &layout.figures()] {
            temporary::sweep(folder);
        }
        let held = Held { layout: layout.clone(), lock: Arc::new(lock) };
        held.require()?;
        Ok(Self { layout, log: None, held })
    }

    /// Whether a process, this one included, owns the run directory now.
    pub fn is_owned(path: &Path) -> bool {
        let lock = File::open(Layout::of(path).lock());
        lock.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Where things lie.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Refuses to go on where the directory is no longer the one that was acquired: it was moved or deleted, and whatever
    /// lies there now is another's. To be called before each write in it; what is written by this type asks by itself.
    ///
    /// # Errors
    /// [`RunlogError::Gone`] in that case, or when the directory cannot be looked at.
    pub fn require_held(&self) -> Result<(), RunlogError> {
        self.held.require()
    }

    /// The same question for writers that do not have the run directory itself.
    pub fn held(&self) -> Held {
        self.held.clone()
    }

    /// Adds an event to the log. A torn last line, left by a kill, is cut off first; what a start or resume makes void is
    /// taken out; and a score or checkpoint that is there already is not said twice.
    ///
    /// # Errors
    /// When the log cannot be written; it then ends where it ended before. When the directory is gone.
    pub fn append(&mut self, event: &Event) -> Result<(), RunlogError> {
        self.require_held()?;
        let log = match &mut self.log {
            Some(log) => log,
            none => none.insert(EventLog::open(&self.layout.events())?),
        };
        log.append(event)
    }

    /// Replaces the summary.
    ///
    /// # Errors
    /// When it cannot be written; the previous one is then still there. When the directory is gone.
    pub fn write_summary(&self, summary: &Summary) -> Result<(), RunlogError> {
        self.require_held()?;
        atomic_write(&self.layout.summary(), summary.to_json().as_bytes())
    }

    /// Removes all that an earlier run left here, but keeps the lock.
    ///
    /// # Errors
    /// When something cannot be removed, or the directory is gone.
    pub fn clear(&mut self) -> Result<(), RunlogError> {
        self.require_held()?;
        self.log = None;
        let root = self.layout.root();
        for entry in fs::read_dir(root).map_err(RunlogError::read(root))? {
            let path = entry.map_err(RunlogError::read(root))?.path();
            if path == self.layout.lock() {
                continue;
            }
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(RunlogError::write(&path))?;
        }
        for folder in [self.layout.checkpoints(), self.layout.figures()] {
            fs::create_dir(&folder).map_err(RunlogError::write(&folder))?;
        }
        Ok(())
    }
}

impl Drop for RunDir {
    /// By hand: a child that another thread is just starting holds a copy of the file until it runs.
    fn drop(&mut self) {
        // Should this fail, the lock ends with the process.
        let _ = self.held.lock.unlock();
    }
}

/// Tells whether a run directory is still the one that was acquired: for writers that do not have the [`RunDir`].
#[derive(Clone, Debug)]
pub struct Held {
    layout: Layout,
    lock: Arc<File>,
}

impl Held {
    /// As [`RunDir::require_held`].
    ///
    /// # Errors
    /// [`RunlogError::Gone`] where the directory was moved or deleted, or when it cannot be looked at.
    pub fn require(&self) -> Result<(), RunlogError> {
        let path = self.layout.lock();
        match is_same(&self.lock, &path) {
            Ok(true) => Ok(()),
            Ok(false) => Err(RunlogError::Gone { path: self.layout.root().to_owned() }),
            Err(source) => Err(RunlogError::Read { path, source }),
        }
    }
}

/// Whether the file that is open is the one that lies there.
#[cfg(unix)]
fn is_same(open: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let there = match fs::metadata(path) {
        Ok(there) => there,
        Err(error) if is_gone(&error) => return Ok(false),
        Err(error) => return Err(error),
    };
    let ours = open.metadata()?;
    Ok((ours.dev(), ours.ino()) == (there.dev(), there.ino()))
}

/// Where files cannot be told apart, the system does not let a folder go that holds an open one.
#[cfg(not(unix))]
fn is_same(_open: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(unix)]
fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, StaleNetworkFileHandle};

    matches!(error.kind(), NotFound | NotADirectory | StaleNetworkFileHandle)
}

/// How often, and how long apart, a lock that is taken is tried again.
const LOOKS: u32 = 5;
const LOOK: Duration = Duration::from_millis(10);

fn lock(layout: &Layout) -> Result<File, RunlogError> {
    let path = layout.lock();
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = open.map_err(RunlogError::write(&path))?;
    // Who only looks whether it is owned holds it for a moment.
    let mut taken = file.try_lock();
    for _ in 0..LOOKS {
        if !matches!(taken, Err(TryLockError::WouldBlock)) {
            break;
        }
        std::thread::sleep(LOOK);
        taken = file.try_lock();
    }
    match taken {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut owner = String::new();
            // Without a number the message is still true.
            let _ = file.read_to_string(&mut owner);
            return Err(RunlogError::InUse {
                path: layout.root().to_owned(),
                process: owner.trim().parse().ok(),
            });
        }
        Err(TryLockError::Error(source)) => return Err(RunlogError::write(&path)(source)),
    }
    let named = (|| {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    })();
    named.map_err(RunlogError::write(&path))?;
    Ok(file)
}
