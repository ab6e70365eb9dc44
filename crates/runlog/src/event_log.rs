//! `events.jsonl`: appending a line, and reading what counts.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::{Event, Layout, RunlogError};

/// Reads the events of a run directory. A torn last line is dropped, and so is whatever a later start or
/// resume has made void. A run that has not begun has none.
///
/// # Errors
/// When the log cannot be read, or a line that is not the last is no event.
pub fn read_events(run: &Path) -> Result<Vec<Event>, RunlogError> {
    let path = Layout::of(run).events();
    let mut bytes = Vec::new();
    match File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(RunlogError::read(&path)(error)),
    }
    let mut events = Vec::new();
    for (index, line) in bytes[..whole(&bytes)].split_inclusive(|byte| *byte == b'\n').enumerate() {
        let event: Event = serde_json::from_slice(line).map_err(|error| RunlogError::Malformed {
            path: path.clone(),
            line: index + 1,
            expected: "an event",
            found: error.to_string(),
        })?;
        match event {
            Event::Start { .. } => events.clear(),
            Event::Resume { step: resumed, .. } => {
                events.retain(|earlier: &Event| earlier.step().is_none_or(|step| step <= resumed));
            }
            _ => {}
        }
        events.push(event);
    }
    Ok(events)
}

/// The log, open at the end of its last whole line.
#[derive(Debug)]
pub(crate) struct EventLog {
    path: PathBuf,
    file: File,
    length: u64,
}

impl EventLog {
    pub(crate) fn open(path: &Path) -> Result<Self, RunlogError> {
        let opened = (|| {
            let mut file =
                OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            let length = whole(&bytes) as u64;
            file.set_len(length)?;
            file.seek(SeekFrom::Start(length))?;
            Ok(Self { path: path.to_owned(), file, length })
        })();
        opened.map_err(RunlogError::write(path))
    }

    pub(crate) fn append(&mut self, event: &Event) -> Result<(), RunlogError> {
        let written = (|| {
            let mut line = serde_json::to_vec(event)?;
            line.push(b'\n');
            self.file.write_all(&line)?;
            if !matches!(event, Event::Step { .. }) {
                self.file.sync_data()?;
            }
            Ok(line.len() as u64)
        })();
        match written {
            Ok(added) => {
                self.length += added;
                Ok(())
            }
            Err(source) => {
                // Half a line must not stand before the next one; if this fails too, reading drops it.
                let _ = self.file.set_len(self.length);
                let _ = self.file.seek(SeekFrom::Start(self.length));
                Err(RunlogError::write(&self.path)(source))
            }
        }
    }
}

/// How many bytes end in a line's end: what follows is torn.
fn whole(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1)
}
