//! `events.jsonl`: appending a line, and reading what counts.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::human::counted;
use crate::in_effect::InEffect;
use crate::lines::{Line, read_lines};
use crate::{Event, Layout, RunlogError, atomic_write_with};

/// What an event log says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Events {
    /// The events that count, in their order.
    pub events: Vec<Event>,
    /// In words, which lines are no events, where there are such.
    pub passed_over: Option<String>,
}

/// Reads the events of a run directory. A torn last line is dropped, and so is whatever a later start, resume or score
/// has made void. Other damaged lines are passed over, and said. A run that has not begun has no events.
///
/// # Errors
/// When the log cannot be read.
pub fn read_events(run: &Path) -> Result<Events, RunlogError> {
    let path = Layout::of(run).events();
    let lines = match File::open(&path).and_then(|file| read_lines(BufReader::new(file))) {
        Ok(lines) => lines,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Events::default()),
        Err(error) => return Err(RunlogError::read(&path)(error)),
    };
    let passed_over = passed_over(&lines);
    Ok(Events { events: in_effect(lines).into_events(), passed_over })
}

fn in_effect(lines: Vec<Line>) -> InEffect {
    let mut effect = InEffect::default();
    for (number, line) in lines.into_iter().enumerate() {
        if let Ok(event) = line.event {
            effect.add(number, event);
        }
    }
    effect
}

fn passed_over(lines: &[Line]) -> Option<String> {
    let mut damaged =
        lines.iter().enumerate().filter_map(|(index, line)| Some((index + 1, line.event.as_ref().err()?)));
    let (number, found) = damaged.next()?;
    let further = damaged.count();
    let which = match further {
        0 => "This line was".to_owned(),
        _ => format!("This line and {} were", counted(further as u64, "further line")),
    };
    Some(format!(
        "events.jsonl: expected an event in each line, found in line {number}: {found}. {which} passed over, so curves \
         may have gaps."
    ))
}

/// The log, open at the end of its last whole line.
#[derive(Debug)]
pub(crate) struct EventLog {
    path: PathBuf,
    file: File,
    length: u64,
    /// The scores and checkpoints that are there.
    said: InEffect,
}

impl EventLog {
    pub(crate) fn open(path: &Path) -> Result<Self, RunlogError> {
        let opened = (|| {
            let mut file =
                OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            let lines = read_lines(BufReader::new(&file))?;
            let length = lines.iter().map(|line| line.length).sum();
            file.set_len(length)?;
            file.seek(SeekFrom::Start(length))?;
            let said = in_effect(lines).without_steps();
            Ok(Self { path: path.to_owned(), file, length, said })
        })();
        opened.map_err(RunlogError::write(path))
    }

    /// Adds an event. What it makes void is taken from the file, and what the file says already is not said twice.
    pub(crate) fn append(&mut self, event: &Event) -> Result<(), RunlogError> {
        let event = self.said.joined(event.clone());
        match &event {
            Event::Score { .. } | Event::Checkpoint { .. } if self.said.holds(&event) => return Ok(()),
            Event::Score { .. } | Event::Checkpoint { .. } if !self.said.has_another(&event) => {}
            Event::Step { .. } | Event::End { .. } => {}
            _ => self.remove_void(&event)?,
        }
        self.write(&event)?;
        if !matches!(event, Event::Step { .. }) {
            self.said.add(usize::MAX, event);
        }
        Ok(())
    }

    /// Rewrites the file without the lines that count no more once this event is there. Damaged ones stay, but for a new
    /// start.
    fn remove_void(&mut self, event: &Event) -> Result<(), RunlogError> {
        let read = || File::open(&self.path).map(BufReader::new);
        let lines = read().and_then(read_lines).map_err(RunlogError::read(&self.path))?;
        let of_lines: Vec<_> = lines.iter().map(|line| (line.length, line.event.is_err())).collect();
        let mut effect = in_effect(lines);
        effect.add(usize::MAX, event.clone());
        let kept: HashSet<_> = effect.lines().collect();
        let new = matches!(event, Event::Start { .. });
        let stays = |number: usize, damaged: bool| kept.contains(&number) || (damaged && !new);
        if of_lines.iter().enumerate().all(|(number, (_, damaged))| stays(number, *damaged)) {
            return Ok(());
        }
        atomic_write_with(&self.path, |file| {
            let (mut from, mut to) = (read()?, BufWriter::new(file));
            for (number, (length, damaged)) in of_lines.iter().enumerate() {
                let mut line = from.by_ref().take(*length);
                if stays(number, *damaged) {
                    io::copy(&mut line, &mut to)?;
                } else {
                    io::copy(&mut line, &mut io::sink())?;
                }
            }
            to.flush()
        })?;
        *self = Self::open(&self.path)?;
        Ok(())
    }

    fn write(&mut self, event: &Event) -> Result<(), RunlogError> {
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
