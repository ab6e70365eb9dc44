//! Whether an NVIDIA GPU is there.

use std::path::Path;
use std::process::Command;

use crate::program;

/// Whether the driver shows one: its device file, or that of Windows' Linux.
pub fn is_seen() -> bool {
    ["/dev/nvidiactl", "/dev/dxg"].iter().any(|file| Path::new(file).exists()) || describe().is_some()
}

/// Name and driver of the first one, as `nvidia-smi` has it.
pub fn describe() -> Option<String> {
    let path = program::find("nvidia-smi")?;
    let said = program::first_line(
        Command::new(path).args(["--query-gpu=name,driver_version", "--format=csv,noheader"]),
    )?;
    let (name, driver) = said.rsplit_once(", ")?;
    Some(format!("{name}, driver {driver}"))
}
