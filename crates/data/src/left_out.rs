//! What lies in a folder and is not trained on, counted and said.

use std::collections::BTreeMap;
use std::path::Path;

/// Counts of what is left out, by reason.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    /// Images beside the classes.
    pub(crate) beside: usize,
    /// Images in folders beside the splits, and beside these, by the words for the place.
    pub(crate) apart: Vec<(String, usize)>,
    /// Images of formats that are not read, by their endings.
    pub(crate) others: BTreeMap<String, usize>,
    /// Pipes, sockets and devices.
    pub(crate) special: usize,
    /// Images whose names begin with a dot.
    pub(crate) hidden: usize,
    /// Pictures that Kontrast wrote.
    pub(crate) own: usize,
    /// Folders of runs.
    pub(crate) runs: usize,
    /// Links to folders that are read already.
    pub(crate) links: usize,
    /// Sentences about folders whose place in the layout may surprise.
    pub(crate) folders: Vec<String>,
}

impl LeftOut {
    /// Whether images are left out for where they lie.
    pub(crate) fn misplaced(&self) -> bool {
        self.beside > 0 || self.apart.iter().any(|(_, count)| *count > 0)
    }

    /// What a person should know.
    pub(crate) fn notes(self, root: &Path) -> Vec<String> {
        let place = root.display();
        let plural = |count: usize, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("{place}: 1 {one}")),
            count => Some(format!("{place}: {count} {many}")),
        };
        let runs = plural(
            self.runs,
            "folder holds a run of Kontrast, and is left out",
            "folders hold runs of Kontrast, and are left out",
        );
        let links = plural(
            self.links,
            "link leads to a folder that is read already, and is not followed",
            "links lead to folders that are read already, and are not followed",
        );
        self.images(root).into_iter().chain(runs).chain(links).chain(self.folders).collect()
    }

    /// How many files, and why, in one sentence.
    fn images(&self, root: &Path) -> Option<String> {
        let mut reasons = Vec::new();
        let mut count = 0;
        let mut add = |number: usize, reason: String| {
            if number > 0 {
                count += number;
                reasons.push(reason);
            }
        };
        add(self.beside, format!("{} beside the classes, without one", self.beside));
        for (place, number) in &self.apart {
            add(*number, format!("{number} {place}"));
        }
        add(self.others.values().sum(), format!("{}, of formats that are not read", self.listed()));
        add(self.special, format!("{} not regular files (pipes, sockets, devices)", self.special));
        add(self.hidden, format!("{} hidden, with names that begin with a dot", self.hidden));
        add(self.own, format!("{} written by Kontrast", self.own));
        let count = match count {
            0 => return None,
            1 => "1 image is".to_owned(),
            many => format!("{many} images are"),
        };
        Some(format!("{}: {count} left out: {}", root.display(), reasons.join("; ")))
    }

    /// The formats that are not read, as in `3 .heic, 1 .svg`.
    fn listed(&self) -> String {
        let each = self.others.iter().map(|(ending, count)| format!("{count} .{ending}"));
        each.collect::<Vec<_>>().join(", ")
    }

    /// As in `, but 3 .webp`, where no image is found; empty where nothing else is either.
    pub(crate) fn instead(&self) -> String {
        let mut found = Vec::new();
        found.extend(Some(self.listed()).filter(|listed| !listed.is_empty()));
        let mut add = |count: usize, one: &str, many: &str| match count {
            0 => {}
            1 => found.push(format!("1 {one}")),
            count => found.push(format!("{count} {many}")),
        };
        add(self.hidden, "hidden image", "hidden images");
        add(self.own, "picture written by Kontrast", "pictures written by Kontrast");
        add(self.runs, "folder of a run", "folders of runs");
        add(self.special, "named pipe, socket or device", "named pipes, sockets or devices");
        add(self.links, "link to a folder that is read already", "links to folders that are read already");
        if found.is_empty() { String::new() } else { format!(", but {}", found.join(", ")) }
    }
}
