//! How long a waiting thread of libtorch spins before it gives its core away.

use crate::others::busy_cores;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

/// Turns that a waiting thread spins beside another busy program. GNU's OpenMP has it spin 300,000, some milliseconds,
/// which is quickest alone; beside others, threads then wait for one that has no core, and take the cores that it needs.
const TURNS: &str = "1000";

/// Cores that others keep busy from which threads spin briefly.
const BUSY: f64 = 0.5;

/// How long is looked for them.
const LOOK: Duration = Duration::from_millis(150);

/// Commands that compute for long.
const LONG: [&str; 3] = ["pretrain", "worker", "evaluate"];

/// Starts the program again with [`TURNS`] where others keep cores busy and nobody has said how threads wait: the library
/// reads it when it is loaded, which is before `main`. Should that fail, the program goes on as it is.
pub(crate) fn settle() {
    let said = |name: &str| std::env::var_os(name).is_some();
    let mut arguments = std::env::args_os();
    let (name, arguments) = (arguments.next(), arguments.collect::<Vec<OsString>>());
    let is_long = arguments.first().is_some_and(|command| LONG.iter().any(|long| command == *long));
    if !is_long || said("GOMP_SPINCOUNT") || said("OMP_WAIT_POLICY") || busy_cores(LOOK) < BUSY {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut command = Command::new(program);
    if let Some(name) = name {
        command.arg0(name);
    }
    let _ = command.args(arguments).env("GOMP_SPINCOUNT", TURNS).exec();
}
