//! Runs a helper program and keeps what it says.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use crate::error::DataError;

/// Runs a program in a folder, quietly.
pub(crate) fn run(program: &str, arguments: &[&str], folder: &Path) -> Result<(), DataError> {
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    let output = output.map_err(|error| not_started(program, &error))?;
    if output.status.success() {
        return Ok(());
    }
    let shown = format!("{program} {}", arguments.join(" "));
    let reason =
        format!("{} ({}); run it by hand to see all it says", last_line(&output.stderr), output.status);
    Err(DataError::Program { program: shown, reason })
}

/// Why a program did not start.
pub(crate) fn not_started(program: &str, error: &std::io::Error) -> DataError {
    let reason = match error.kind() {
        ErrorKind::NotFound => "not found on the PATH; install it".into(),
        _ => format!("it does not start: {error}; install it anew"),
    };
    DataError::Program { program: program.into(), reason }
}

/// The last line that a program wrote, which is where most say what went wrong.
pub(crate) fn last_line(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let line = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    line.unwrap_or("it failed without a word").to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::run;

    #[test]
    fn a_missing_program_is_named() {
        let said = run("no-such-program", &[], Path::new(".")).unwrap_err().to_string();
        assert_eq!(said, "no-such-program: not found on the PATH; install it");
    }

    #[test]
    fn a_failure_says_the_last_line() {
        let script = "import sys; sys.exit('first\\nE: no such package\\n')";
        let said = run("python3", &["-c", script], Path::new(".")).unwrap_err().to_string();
        let expected = ": E: no such package (exit status: 1); run it by hand to see all it says";
        assert!(said.ends_with(expected), "{said}");
    }
}
