//! The layers of the workspace: a crate depends on lower ones only.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::{Metadata, Package};

/// Every crate by its layer, lowest first. A line here changes together with the code map in
/// `docs/architecture.md`.
const LAYERS: [&[&str]; 7] = [
    &["runlog", "rng"],
    &["config"],
    &["torch-ext", "augment", "embeddings", "report", "text"],
    &["losses", "models", "optim", "pretext", "augment-torch", "data"],
    &["methods"],
    &["training", "eval"],
    &["kontrast", "benches"],
];

/// Crates beside the layers, and which of ours they may use.
const BESIDE: [(&str, &[&str]); 2] = [("xtask", &["config", "runlog"]), ("testkit", &["torch-ext"])];

/// Crates that only tests may use.
const FOR_TESTS: [&str; 1] = ["testkit"];

/// Crates that never reach libtorch, so that they build in seconds, and xtask before libtorch is there.
const FREE_OF_LIBTORCH: [&str; 9] =
    ["config", "runlog", "rng", "augment", "data", "embeddings", "report", "text", "xtask"];

/// Layers that turn configuration into objects begin here; crates below take plain arguments, so that each can be used
/// alone.
const KNOWING_CONFIG: usize = 4;

/// Below that, and about runs: the table of an ablation needs the ablation's cells.
const REPORT: &str = "report";

/// Every edge that should not be there, in a sentence each.
pub fn violations(metadata: &Metadata) -> Vec<String> {
    let packages = &metadata.packages;
    let ours: BTreeSet<&str> = packages.iter().map(|package| short(&package.name)).collect();
    let edges = packages.iter().flat_map(|package| edges(package, &ours));
    let mut found: Vec<String> = edges.filter_map(|edge| edge.violation()).collect();
    for name in ours.iter().filter(|name| layer(name).is_none() && beside(name).is_none()) {
        found.push(format!(
            "{name} stands in no layer; give it one in xtask/src/layers.rs and docs/architecture.md"
        ));
    }
    for name in FREE_OF_LIBTORCH {
        if let Some(path) = path_to(packages, name, &["tch", "torch-sys"]) {
            found.push(format!(
                "{name} reaches libtorch ({}), but has to build without it",
                path.join(" -> ")
            ));
        }
    }
    for name in
        LAYERS[..KNOWING_CONFIG].concat().into_iter().filter(|name| !["config", REPORT].contains(name))
    {
        if let Some(path) = path_to(packages, name, &["config"]) {
            found.push(format!(
                "{name} reaches config ({}), but takes plain arguments, so that it can be used alone",
                path.join(" -> ")
            ));
        }
    }
    found
}

/// A line of `[dependencies]` between two crates of ours.
struct Edge<'m> {
    from: &'m str,
    to: &'m str,
    for_tests: bool,
}

impl Edge<'_> {
    fn violation(&self) -> Option<String> {
        let Self { from, to, for_tests } = self;
        if from == to && *for_tests {
            // Itself with its features.
            return None;
        }
        if FOR_TESTS.contains(to) {
            let message =
                format!("{from} depends on {to}, which only tests may use: move it to [dev-dependencies]");
            return (!for_tests).then_some(message);
        }
        if let Some(allowed) = beside(from) {
            let message = format!("{from} depends on {to}; it may use {} only", allowed.join(", "));
            return (!allowed.contains(to)).then_some(message);
        }
        let (above, below) = (layer(from)?, layer(to));
        match below {
            Some(below) if below < above => None,
            Some(below) => Some(format!(
                "{from} (layer {above}) depends on {to} (layer {below}); a crate depends on lower layers only"
            )),
            None => Some(format!("{from} (layer {above}) depends on {to}, which stands in no layer")),
        }
    }
}

fn edges<'m>(package: &'m Package, ours: &BTreeSet<&str>) -> Vec<Edge<'m>> {
    let from = short(&package.name);
    let lines = package.dependencies.iter().map(|line| Edge {
        from,
        to: short(&line.name),
        for_tests: line.kind.as_deref() == Some("dev"),
    });
    lines.filter(|edge| ours.contains(edge.to)).collect()
}

fn short(name: &str) -> &str {
    name.strip_prefix("kontrast-").unwrap_or(name)
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

fn beside(name: &str) -> Option<&'static [&'static str]> {
    BESIDE.iter().find(|(beside, _)| *beside == name).map(|(_, allowed)| *allowed)
}

/// How a crate comes to one of these, tests included, through crates of ours.
fn path_to<'m>(packages: &'m [Package], from: &'m str, these: &[&str]) -> Option<Vec<&'m str>> {
    let by_name: BTreeMap<&str, &Package> =
        packages.iter().map(|package| (short(&package.name), package)).collect();
    let mut paths = vec![vec![from]];
    let mut seen = BTreeSet::from([from]);
    while let Some(path) = paths.pop() {
        let Some(package) = path.last().and_then(|last| by_name.get(last)) else { continue };
        // The tests of a crate below are not built with this one.
        let lines =
            package.dependencies.iter().filter(|line| path.len() == 1 || line.kind.as_deref() != Some("dev"));
        for to in lines.map(|line| short(&line.name)) {
            let longer = [&path[..], &[to]].concat();
            if these.contains(&to) {
                return Some(longer);
            }
            if seen.insert(to) {
                paths.push(longer);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workspace;

    /// Packages, each with the names it depends on; `dev:` marks those of tests.
    fn workspace_of(packages: &[(&str, &[&str])]) -> Metadata {
        let line = |name: &&str| match name.strip_prefix("dev:") {
            Some(name) => json!({ "name": name, "kind": "dev" }),
            None => json!({ "name": name, "kind": null }),
        };
        let packages: Vec<_> = packages
            .iter()
            .map(|(name, lines)| json!({ "name": name, "dependencies": lines.iter().map(line).collect::<Vec<_>>() }))
            .collect();
        serde_json::from_value(json!({ "packages": packages })).unwrap()
    }

    #[test]
    fn this_workspace_keeps_to_its_layers() {
        assert_eq!(violations(&workspace::metadata().unwrap()), Vec::<String>::new());
    }

    #[test]
    fn an_edge_upwards_and_one_within_a_layer_are_named() {
        let upwards = workspace_of(&[("kontrast-losses", &["kontrast-methods"]), ("kontrast-methods", &[])]);
        let within = workspace_of(&[("kontrast-eval", &["kontrast-training"]), ("kontrast-training", &[])]);
        assert_eq!(
            [violations(&upwards), violations(&within)].concat(),
            [
                "losses (layer 3) depends on methods (layer 4); a crate depends on lower layers only",
                "eval (layer 5) depends on training (layer 5); a crate depends on lower layers only",
            ]
        );
    }

    #[test]
    fn an_edge_of_a_build_script_counts_as_much() {
        let mut metadata = workspace_of(&[("kontrast-config", &["kontrast-data"]), ("kontrast-data", &[])]);
        metadata.packages[0].dependencies[0].kind = Some("build".to_owned());
        assert_eq!(violations(&metadata).len(), 1);
    }

    #[test]
    fn the_testkit_is_for_tests() {
        let metadata = workspace_of(&[
            ("kontrast-testkit", &[]),
            ("kontrast-losses", &["dev:kontrast-testkit"]),
            ("kontrast-models", &["kontrast-testkit"]),
        ]);
        let expected = "models depends on testkit, which only tests may use: move it to [dev-dependencies]";
        assert_eq!(violations(&metadata), [expected]);
    }

    #[test]
    fn a_way_to_libtorch_is_shown() {
        let metadata = workspace_of(&[
            ("kontrast-augment", &["rayon"]),
            ("kontrast-data", &["kontrast-augment", "kontrast-torch-ext"]),
            ("kontrast-torch-ext", &["tch"]),
            ("xtask", &["kontrast-data"]),
        ]);
        let all = violations(&metadata);
        let expected =
            "xtask reaches libtorch (xtask -> data -> torch-ext -> tch), but has to build without it";
        assert!(all.contains(&expected.to_owned()), "{all:?}");
    }

    #[test]
    fn a_crate_that_is_used_alone_does_not_know_the_configuration() {
        let metadata = workspace_of(&[
            ("kontrast-config", &["toml"]),
            ("kontrast-report", &["kontrast-config"]),
            ("kontrast-losses", &["kontrast-report"]),
            ("kontrast-optim", &["dev:kontrast-config"]),
            ("kontrast-methods", &["kontrast-config", "kontrast-losses"]),
        ]);
        assert_eq!(
            violations(&metadata),
            [
                "losses reaches config (losses -> report -> config), but takes plain arguments, so that it can be used \
                 alone",
                "optim reaches config (optim -> config), but takes plain arguments, so that it can be used alone",
            ]
        );
    }

    #[test]
    fn a_crate_without_a_layer_is_named() {
        let metadata = workspace_of(&[("kontrast-new", &[]), ("xtask", &["kontrast-new"])]);
        assert_eq!(
            violations(&metadata),
            [
                "xtask depends on new; it may use config, runlog only",
                "new stands in no layer; give it one in xtask/src/layers.rs and docs/architecture.md",
            ]
        );
    }
}
