//! Where a data set comes from, and which of the ways to it is open now.

use std::process::{Command, Stdio};

/// A package that holds a data set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Package {
    /// The program that fetches it.
    pub(super) program: &'static str,
    /// The package, in words.
    pub(super) words: &'static str,
}

/// Where a data set comes from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// How it is opened once it lies in the cache.
    pub(super) source: crate::open::Source,
    /// Address of a file on the official site, which is tried first.
    pub(super) site: String,
    /// What is tried next, where there is more than the official site.
    pub(super) package: Option<Package>,
}

impl Origin {
    /// The official site where it answers, else the program that has a package.
    pub(super) fn way(&self) -> String {
        let script =
            "import sys, urllib.request as r; r.urlopen(r.Request(sys.argv[1], method='HEAD'), timeout=5)";
        if succeeds(Command::new("python3").args(["-c", script, &self.site])) {
            return "from the official site".to_owned();
        }
        let Some(Package { program, words }) = self.package else {
            return "but the official site does not answer, and nothing else has it".to_owned();
        };
        if succeeds(Command::new(program).arg("--version")) {
            format!("as {words} through {program}, since the official site does not answer")
        } else {
            format!("but the official site does not answer, and {program} is not there for {words}")
        }
    }
}

/// Whether the program is there and ends well; what it says is dropped.
fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::{Origin, Package};
    use crate::open::Source;

    #[test]
    fn without_a_site_the_package_is_named_where_its_program_is() {
        let way = |package| {
            let site = "http://127.0.0.1:1/none".to_owned();
            Origin { source: Source::Cifar10, site, package }.way()
        };
        let of = |program| Some(Package { program, words: "a package" });
        assert!(way(of("python3")).starts_with("as a package through python3"), "{}", way(of("python3")));
        assert!(way(of("no-such-program")).ends_with("no-such-program is not there for a package"));
        assert!(way(None).ends_with("nothing else has it"));
    }
}
