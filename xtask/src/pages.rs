//! Rules about pages: each crate has one, and what CONTRIBUTING names is there.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// What a crate's page ends with.
const LAST: &str = "## What it does not do";

/// What is wrong with pages, in a sentence each.
pub fn faults(root: &Path) -> Result<Vec<String>> {
    let mut found = of_crates(root)?;
    let text = fs::read_to_string(root.join("CONTRIBUTING.md")).context("CONTRIBUTING.md")?;
    let missing = paths(&text).filter(|path| !root.join(path).exists());
    found.extend(
        missing.map(|path| format!("CONTRIBUTING.md names {path}, which is not there: mend the page")),
    );
    Ok(found)
}

/// Libraries without a page of their own that says what they do not do, or whose documentation leaves it out.
fn of_crates(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let folder = root.join("crates");
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let folder = entry?.path();
        let Ok(library) = fs::read_to_string(folder.join("src/lib.rs")) else { continue };
        let page = fs::read_to_string(folder.join("README.md")).unwrap_or_default();
        let whole = page.contains(LAST) && page.contains("```rust") && library.contains("README.md");
        if !whole {
            let name = folder.strip_prefix(root).unwrap_or(&folder).display();
            found.push(format!(
                "{name}/README.md: expected what the crate is, an example, and \"{LAST}\", included by src/lib.rs"
            ));
        }
    }
    found.sort();
    Ok(found)
}

/// The paths that a page names in backticks, but for those with a part to fill in.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('`').skip(1).step_by(2);
    let begins = ["crates/", "configs/", "docs/", "xtask/", "benches/"];
    quoted.filter(move |word| {
        begins.iter().any(|begin| word.starts_with(begin)) && !word.contains(['<', ' ', '*'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_other_words() {
        let text = "`crates/data/src/lib.rs`: its `mod`; `crates/losses/src/<loss>.rs` and `cargo xtask ci`, `docs/a.md`";
        assert_eq!(paths(text).collect::<Vec<_>>(), ["crates/data/src/lib.rs", "docs/a.md"]);
    }

    #[test]
    fn a_crate_without_its_page_and_a_path_that_is_gone_are_named() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let file = root.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        write("CONTRIBUTING.md", "`crates/a/src/lib.rs` and `crates/a/src/gone.rs`");
        write("crates/a/src/lib.rs", "#![doc = include_str!(\"../README.md\")]");
        write("crates/program/src/main.rs", "fn main() {}");
        let found = faults(root.path()).unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("crates/a/README.md: expected"), "{found:?}");
        assert!(found[1].starts_with("CONTRIBUTING.md names crates/a/src/gone.rs"), "{found:?}");
        write("crates/a/README.md", &format!("# a\n```rust\n```\n{LAST}\n"));
        write("crates/a/src/gone.rs", "");
        assert!(faults(root.path()).unwrap().is_empty());
    }
}
