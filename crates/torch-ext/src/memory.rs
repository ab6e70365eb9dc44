//! What memory there is beside a device, and what this process takes of it, as Linux tells.

mod cgroup;

use tch::Device;

/// Bytes that this program can take without swapping, where the system tells: on Linux, of the memory beside the CPU, or
/// of what a container's limit or the shell's (`ulimit -v`) leaves of it where that is less. A GPU's libtorch counts
/// itself, and says what was missing.
pub fn available_memory(device: Device) -> Option<u64> {
    match device {
        Device::Cpu => {
            let machine = std::fs::read_to_string("/proc/meminfo").ok();
            let machine = machine.as_deref().and_then(of_meminfo);
            machine.into_iter().chain(cgroup::available()).chain(addresses()).min()
        }
        _ => None,
    }
}

/// The most bytes of memory that this process has held at once, where the system tells.
pub fn peak_memory() -> Option<u64> {
    of_line(&std::fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// Counts [`peak_memory`] from here on, where the system lets it, with what the process holds now.
pub fn reset_peak_memory() {
    // Where it does not, the peak stays that of the whole process.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
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
    use super::*;

    #[test]
    fn the_available_memory_is_linuxs_in_bytes() {
        let text = "MemTotal:       8000000 kB\nMemFree:          10000 kB\nMemAvailable:    123456 kB\n";
        assert_eq!(of_meminfo(text), Some(123_456 * 1024));
        assert_eq!(of_meminfo("MemTotal: 1 kB\n"), None);
        assert_eq!(available_memory(Device::Cuda(0)), None);
        let limits =
            "Max stack size  8388608  unlimited  bytes\nMax address space  4096000  unlimited  bytes\n";
        assert_eq!(of_limits(limits), Some(4_096_000));
        assert_eq!(
            of_limits("Max address space         unlimited            unlimited            bytes"),
            None
        );
    }

    #[test]
    fn the_peak_is_told_where_the_system_does() {
        let known = std::path::Path::new("/proc/self/status").exists();
        assert_eq!(peak_memory().is_some_and(|bytes| bytes > 1 << 20), known);
    }

    #[test]
    fn the_peak_can_be_counted_anew() {
        let most = |what: &str| peak_memory().unwrap_or_else(|| panic!("no peak {what}"));
        drop(std::hint::black_box(vec![1_u8; 256 << 20]));
        let before = most("before");
        reset_peak_memory();
        assert!(before - most("after") > 128 << 20);
    }
}
