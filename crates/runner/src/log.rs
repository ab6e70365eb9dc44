//! What is printed. Who stops reading, as `| head` does, does not stop a training: a line that nobody takes is lost.
//! Names of files and classes may hold what a terminal obeys: that is written out.

use kontrast_runlog::human::printable_lines;
use std::fmt::Display;
use std::io::Write;

/// A result, to standard output.
pub(crate) fn out(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{}", printable_lines(line));
}

/// Progress, a warning or an error, to standard error.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{}", printable_lines(line));
}
