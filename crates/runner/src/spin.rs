//! How long a waiting thread of libtorch spins before it gives its core away.

use std::os::unix::process::CommandExt;
use std::process::Command;

/// Turns that a waiting thread of GNU's OpenMP spins, of which its default is 300,000: some milliseconds. Beside another
/// busy process, threads then wait for one that has no core, and take the cores that it needs.
const TURNS: &str = "1000";

/// Starts the program again with [`TURNS`], where nobody has said how threads wait: the library reads it when it is
/// loaded, which is before `main`. Should that fail, the program goes on as it is.
pub(crate) fn settle() {
    let said = |name: &str| std::env::var_os(name).is_some();
    if said("GOMP_SPINCOUNT") || said("OMP_WAIT_POLICY") {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let mut command = Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    let _ = command.args(arguments).env("GOMP_SPINCOUNT", TURNS).exec();
}
