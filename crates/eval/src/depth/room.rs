//! Whether the maps have room in memory: asked before any are computed, since a system that runs out of it ends the
//! program without a word.

use super::{Shared, cgroup};
use crate::EvalError;
use tch::Device;

/// The largest maps, which are held alone, against the memory that is available, where that is known. What a probe
/// holds besides is a batch, and small beside them.
pub(crate) fn require(shared: &[Shared], available: Option<u64>) -> Result<(), EvalError> {
    let (Some(largest), Some(available)) = (shared.iter().max_by_key(|maps| maps.bytes), available) else {
        return Ok(());
    };
    if largest.bytes <= available {
        return Ok(());
    }
    let probes: Vec<_> = largest.probes.iter().map(|(probe, _)| probe.as_str()).collect();
    let (stage, needed) = (largest.shape.stage, largest.bytes);
    Err(EvalError::Memory { stage, grid: largest.grid, probes: probes.join(" and "), needed, available })
}

/// Bytes that this program can take without swapping, where the system tells: on Linux, of the memory beside the CPU, or
/// of what a container's limit or the shell's (`ulimit -v`) leaves of it where that is less. A GPU's libtorch counts
/// itself, and says what was missing.
pub fn available(device: Device) -> Option<u64> {
    match device {
        Device::Cpu => {
            let machine = std::fs::read_to_string("/proc/meminfo").ok();
            let machine = machine.as_deref().and_then(of_meminfo);
            machine.into_iter().chain(cgroup::available()).chain(addresses()).min()
        }
        _ => None,
    }
}

/// What the limit of the address space leaves, where there is one.
fn addresses() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    Some(of_limits(&limits)?.saturating_sub(of_line(&status, "VmSize:")?))
}

/// The soft limit of the address space in proc_pid_limits(5), in bytes; none where it is unlimited.
fn of_limits(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// `MemAvailable` of proc_meminfo(5).
fn of_meminfo(text: &str) -> Option<u64> {
    of_line(text, "MemAvailable:")
}

/// The line `name  number kB` of one of the kernel's tables, in bytes.
fn of_line(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::super::maps::Shape;
    use super::*;
    use kontrast_config::Probe;

    fn shared(stage: usize, grid: i64, bytes: u64, probes: &[Probe]) -> Shared {
        let shape = Shape { stage, channels: 64, side: 32 };
        Shared { shape, grid, bytes, probes: probes.iter().map(|&probe| (probe, 0.1)).collect() }
    }

    #[test]
    fn maps_without_room_are_refused_with_what_is_there_and_the_keys() {
        let all = [
            shared(1, 11, 900_000_000, &[Probe::Linear, Probe::Mlp]),
            shared(1, 32, 7_900_000_000, &[Probe::Conv]),
        ];
        let error = require(&all, Some(4_000_000_000)).unwrap_err().to_string();
        let parts = ["stage 1", "32x32", "conv", "7.9 GB", "4.0 GB", "stages", "probes", "features"];
        for part in parts {
            assert!(error.contains(part), "{part:?} is not in {error}");
        }
        let error = require(&all[..1], Some(1000)).unwrap_err().to_string();
        assert!(error.contains("for linear and mlp take 900 MB, and 1.0 kB"), "{error}");
    }

    #[test]
    fn maps_with_room_and_memory_nobody_knows_of_are_let_through() {
        let one = [shared(2, 32, 4000, &[Probe::Conv])];
        for available in [None, Some(4000), Some(5000)] {
            require(&one, available).unwrap();
        }
        require(&[], Some(0)).unwrap();
    }

    #[test]
    fn the_available_memory_is_linuxs_in_bytes() {
        let text = "MemTotal:       8000000 kB\nMemFree:          10000 kB\nMemAvailable:    123456 kB\n";
        assert_eq!(of_meminfo(text), Some(123_456 * 1024));
        assert_eq!(of_meminfo("MemTotal: 1 kB\n"), None);
        assert_eq!(available(Device::Cuda(0)), None);
        let limits =
            "Max stack size  8388608  unlimited  bytes\nMax address space  4096000  unlimited  bytes\n";
        assert_eq!(of_limits(limits), Some(4_096_000));
        assert_eq!(
            of_limits("Max address space         unlimited            unlimited            bytes"),
            None
        );
    }
}
