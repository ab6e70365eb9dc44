//! What a container leaves of a machine's memory: the limits of Linux's control groups (cgroups(7)), of version 2 and 1.

use std::path::Path;

/// One version's files.
struct Files {
    /// Where its tree lies below the mount.
    folder: &'static str,
    /// The most that a group may take.
    most: &'static str,
    /// What it takes now, with what the system holds of files for it.
    taken: &'static str,
    /// The line of `memory.stat` with that part of it that the system gives back first.
    cached: &'static str,
}

const V2: Files = Files { folder: "", most: "memory.max", taken: "memory.current", cached: "inactive_file" };
const V1: Files = Files {
    folder: "memory",
    most: "memory.limit_in_bytes",
    taken: "memory.usage_in_bytes",
    cached: "total_inactive_file",
};

/// Bytes that the groups of this process leave to it; none where no group has a limit.
pub(super) fn available() -> Option<u64> {
    room(Path::new("/sys/fs/cgroup"), &std::fs::read_to_string("/proc/self/cgroup").ok()?)
}

/// The least that any of the groups leaves, of which `own` is the list as `/proc/self/cgroup` has it: a line
/// `number:controllers:path` each, without controllers for version 2.
fn room(mount: &Path, own: &str) -> Option<u64> {
    let groups = own.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let is_v1 = controllers.split(',').any(|controller| controller == "memory");
        let files = if controllers.is_empty() { V2 } else { V1 };
        (is_v1 || controllers.is_empty()).then_some((files, path))
    });
    // A group's limit holds for all below it. A container's own group may be the mount itself, whatever the path says.
    let least = |(files, path): (Files, &str)| {
        let ancestors = Path::new(path.trim_start_matches('/')).ancestors();
        ancestors.filter_map(|group| of_group(&mount.join(files.folder).join(group), &files)).min()
    };
    groups.filter_map(least).min()
}

fn of_group(group: &Path, files: &Files) -> Option<u64> {
    let read = |name: &str| std::fs::read_to_string(group.join(name)).ok();
    left(&read(files.most)?, &read(files.taken)?, &read("memory.stat").unwrap_or_default(), files.cached)
}

/// The limit less what is taken for good; none where there is no limit, which version 2 writes as `max`.
fn left(most: &str, taken: &str, stat: &str, cached: &str) -> Option<u64> {
    let (most, taken): (u64, u64) = (most.trim().parse().ok()?, taken.trim().parse().ok()?);
    let value = |line: &str| line.strip_prefix(cached)?.strip_prefix(' ')?.trim().parse::<u64>().ok();
    let given_back = stat.lines().find_map(value).unwrap_or(0);
    Some(most.saturating_sub(taken.saturating_sub(given_back)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_leaves_its_limit_less_what_is_taken_for_good() {
        let stat = "anon 10\ninactive_file 300\nactive_file 50\n";
        assert_eq!(left("1000\n", "700\n", stat, "inactive_file"), Some(600));
        assert_eq!(left("1000", "700", "", "inactive_file"), Some(300));
        assert_eq!(left("1000", "1200", "", "inactive_file"), Some(0));
        assert_eq!(left("max", "700", stat, "inactive_file"), None);
    }

    #[test]
    fn the_least_of_a_group_and_those_around_it_counts() {
        let mount = tempfile::tempdir().unwrap();
        let write = |folder: &str, files: &[(&str, &str)]| {
            let folder = mount.path().join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            for (name, text) in files {
                std::fs::write(folder.join(name), text).unwrap();
            }
        };
        write("outer", &[("memory.max", "1000"), ("memory.current", "900")]);
        write("outer/inner", &[("memory.max", "max"), ("memory.current", "400")]);
        write("memory/job", &[("memory.limit_in_bytes", "500"), ("memory.usage_in_bytes", "450")]);
        assert_eq!(room(mount.path(), "0::/outer/inner\n"), Some(100));
        assert_eq!(room(mount.path(), "0::/elsewhere\n"), None);
        assert_eq!(room(mount.path(), "5:cpu,memory:/job\n4:pids:/outer\n0::/\n"), Some(50));
    }
}
