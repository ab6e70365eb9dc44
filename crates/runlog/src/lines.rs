//! The lines of `events.jsonl`, each of them an event or damaged.

use std::io::{self, BufRead, Read};

use crate::Event;

/// A longer line is no event; it is read over without being held in memory.
const LONGEST: u64 = 1 << 20;

/// A line that has its end.
#[derive(Debug)]
pub(crate) struct Line {
    /// Its bytes, with the end.
    pub(crate) length: u64,
    /// The event, or what is wrong.
    pub(crate) event: Result<Event, String>,
}

/// All lines but a torn last one.
pub(crate) fn read_lines(mut reader: impl BufRead) -> io::Result<Vec<Line>> {
    let mut lines = Vec::new();
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let read = reader.by_ref().take(LONGEST).read_until(b'\n', &mut bytes)? as u64;
        if bytes.ends_with(b"\n") {
            lines.push(Line { length: read, event: parse(&bytes) });
        } else if read < LONGEST {
            return Ok(lines);
        } else {
            let Some(rest) = rest_of_line(&mut reader)? else { return Ok(lines) };
            let found = format!("more than {LONGEST} bytes");
            lines.push(Line { length: read + rest, event: Err(found) });
        }
    }
}

fn parse(line: &[u8]) -> Result<Event, String> {
    let text = str::from_utf8(line).map_err(|_| "bytes that are no text".to_owned())?;
    // What serde_json says of a line goes on with where it is, in a file of one line.
    let words = |error: serde_json::Error| error.to_string().split(" at line ").next().map(str::to_owned);
    serde_json::from_str(text.trim_end()).map_err(|error| words(error).unwrap_or_default())
}

/// The bytes up to the end of a line; none where it has no end.
fn rest_of_line(reader: &mut impl BufRead) -> io::Result<Option<u64>> {
    let mut length = 0;
    loop {
        let there = reader.fill_buf()?;
        if there.is_empty() {
            return Ok(None);
        }
        let end = there.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(there.len(), |end| end + 1);
        reader.consume(taken);
        length += taken as u64;
        if end.is_some() {
            return Ok(Some(length));
        }
    }
}
