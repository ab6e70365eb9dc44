//! How many cores other programs keep busy.

use std::time::{Duration, Instant};

/// Ticks of the system's count in a second, `USER_HZ`.
const TICKS: f64 = 100.0;

/// Cores that are busy while this program sleeps for so long, of those that it may use: 0 where nobody else wants them or
/// the system, which counts in hundredths of a second, does not tell.
pub(crate) fn busy_cores(span: Duration) -> f64 {
    let ticks = || {
        let allowed = std::fs::read_to_string("/proc/self/status").ok();
        Some(of_stat(
            &std::fs::read_to_string("/proc/stat").ok()?,
            &allowed.map_or_else(Vec::new, |text| cores(&text)),
        ))
    };
    let (start, before) = (Instant::now(), ticks());
    std::thread::sleep(span);
    let (Some(before), Some(after)) = (before, ticks()) else { return 0.0 };
    after.saturating_sub(before) as f64 / TICKS / start.elapsed().as_secs_f64()
}

/// Ticks in which these cores did something, in proc_stat(5): all but idle, waiting for a disk, and what a host took.
fn of_stat(text: &str, cores: &[usize]) -> u64 {
    let of_line = |line: &str| {
        let mut fields = line.strip_prefix("cpu")?.split_whitespace();
        let core: usize = fields.next()?.parse().ok()?;
        let ticks: Vec<u64> = fields.map_while(|field| field.parse().ok()).collect();
        // user, nice, system, idle, iowait, irq, softirq
        let busy = ticks.iter().take(7).enumerate().filter(|(place, _)| ![3, 4].contains(place));
        cores.contains(&core).then(|| busy.map(|(_, ticks)| ticks).sum::<u64>())
    };
    text.lines().filter_map(of_line).sum()
}

/// The cores that a process may use, of proc_pid_status(5): `0-3,8`.
fn cores(status: &str) -> Vec<usize> {
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap_or_default();
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse::<usize>().ok()?..=last.trim().parse().ok()?)
    };
    list.split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_the_time_of_the_cores_that_may_be_used_is_counted() {
        let stat = "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 100 20 3 5000 600 7 8 900 0 0\ncpu1 1 1 1 1 1 1 1 1 0 0\nintr 5 cpu2\n";
        assert_eq!(of_stat(stat, &[0]), 138);
        assert_eq!(of_stat(stat, &[0, 1]), 143);
        assert_eq!(of_stat(stat, &[]), 0);
        assert_eq!(of_stat("", &[0]), 0);
    }

    #[test]
    fn field_lists_of_cores_are_read() {
        for (list, expected) in
            [("0-1", vec![0, 1]), ("3", vec![3]), ("0,2-4", vec![0, 2, 3, 4]), ("", vec![])]
        {
            assert_eq!(cores(&format!("Name:\tx\nCpus_allowed_list:\t{list}\nMems_allowed:\t1\n")), expected);
        }
        assert_eq!(cores("Name:\tx\n"), Vec::<usize>::new());
    }
}
