//! The committed tables of ablations: each is what its scores say by the file it names, and the overview counts them.

use std::fs;
use std::path::{Path, PathBuf};

use kontrast_config::Ablation;
use kontrast_report::{AblationResult, CandidateResult, Verdict, ablation_markdown};
use kontrast_runlog::{LayerScore, Measure, Status, Summary, read_summary};

use crate::sample;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The tables, each with its name and text.
fn tables() -> Vec<(String, String)> {
    let files = fs::read_dir(root().join("docs/results")).unwrap().map(|file| file.unwrap().path());
    let mut tables: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|ending| ending == "md"))
        .map(|file| {
            (file.file_stem().unwrap().to_string_lossy().into_owned(), fs::read_to_string(file).unwrap())
        })
        .filter(|(_, text)| text.contains("\n    cargo xtask ablation "))
        .collect();
    tables.sort();
    tables
}

/// What came of the ablation, from the scores that its committed table lists.
fn result_of(text: &str, out: &Path) -> AblationResult {
    let command = text.lines().find_map(|line| line.strip_prefix("    cargo xtask ablation ")).unwrap();
    let words: Vec<_> = command.split(' ').collect();
    let option = |name: &str| words.iter().position(|word| *word == name).map(|place| words[place + 1]);
    let ablation = Ablation::load(&root().join(words[0]), option("--scale"));
    let ablation = ablation.unwrap_or_else(|error| panic!("{error}"));
    let ablation = ablation.with_seeds(option("--seeds").map(|count| count.parse().unwrap()));
    let command = format!("cargo xtask ablation {command}");
    let none = AblationResult::collect(&ablation, out, &command);
    for candidate in none.cells.iter().flat_map(|cell| &cell.candidates) {
        write_candidate(text, candidate, &ablation.score);
    }
    // Which runs a tuned cell has follows from its candidates.
    let tuned = AblationResult::collect(&ablation, out, &command);
    let runs = tuned.cells.iter().flat_map(|cell| cell.runs.iter().map(move |(folder, _)| (cell, folder)));
    let lines = text.split_once("\nRuns:\n").unwrap().1.lines().filter(|line| line.starts_with("- `"));
    // In the order of the cells, of which several may be of one run.
    for (line, (cell, folder)) in lines.zip(runs) {
        let (name, rest) = line.trim_start_matches("- `").split_once('`').unwrap();
        let (_, found) = rest.split_once(": ").unwrap();
        let own = apart_from_digest(&folder.file_name().unwrap().to_string_lossy());
        assert_eq!(apart_from_digest(name), own, "another run is expected");
        let (value, status) = match found.split_once(", ") {
            Some((value, "collapsed")) => (value, Status::Collapsed),
            _ => (found, Status::Finished),
        };
        let status = match found {
            "not measured" => continue,
            "failed" => Status::Failed,
            "diverged" => Status::Diverged,
            "collapsed" => Status::Collapsed,
            _ => status,
        };
        let mut summary = read_summary(folder).unwrap_or_else(|_| {
            let mut summary = sample::summary();
            summary.eval.trained.clear();
            summary
        });
        summary.status = status;
        if let Ok(value) = value.parse() {
            enter(&mut summary, &cell.score, value);
        }
        sample::write(folder, &summary, &[]);
    }
    AblationResult::collect(&ablation, out, &command)
}

/// Gives a run the score of a name, as `Summary::score` reads it.
fn enter(summary: &mut Summary, score: &str, value: f64) {
    match score.split('.').collect::<Vec<_>>()[..] {
        ["layers", stage, probe] => summary.layers.push(LayerScore {
            stage: stage.parse().unwrap(),
            probe: probe.to_owned(),
            top1: value,
            ..LayerScore::default()
        }),
        [protocol, metric] => {
            let measure = Measure { value, ..Measure::default() };
            let score = summary.eval.trained.entry(protocol.to_owned()).or_default();
            score.metrics.insert(metric.to_owned(), measure);
        }
        _ => summary.eval.trained.entry(score.to_owned()).or_default().top1 = value,
    }
}

/// Gives a candidate the top-1 on validation images that the table lists, beside the score that its run may have already.
fn write_candidate(text: &str, candidate: &CandidateResult, score: &str) {
    let name = |name: &str| name.split('`').nth(1).map(ToOwned::to_owned);
    let own = candidate.run.file_name().unwrap().to_string_lossy();
    let mut rows = text.lines().filter(|line| line.starts_with('|') && line.contains(&candidate.settings));
    let row =
        rows.find(|row| name(row).is_some_and(|name| apart_from_digest(&name) == apart_from_digest(&own)));
    let Some(row) = row else { panic!("{own} is no candidate of the table") };
    let mut summary = read_summary(&candidate.run).unwrap_or_else(|_| sample::summary());
    let found = row.split('|').nth(4).unwrap().trim();
    match found.parse() {
        Ok(top1) => summary.eval.trained.entry(score.to_owned()).or_default().validation_top1 = Some(top1),
        Err(_) => summary.status = if found == "diverged" { Status::Diverged } else { panic!("{found}") },
    }
    sample::write(&candidate.run, &summary, &[]);
}

/// The name of a run without its digest, which changes with what keys are called: `name-s0`.
fn apart_from_digest(name: &str) -> String {
    let (rest, seed) = name.rsplit_once("-s").expect("a seed");
    let (cell, _) = rest.rsplit_once('-').expect("a digest");
    format!("{cell}-s{seed}")
}

/// The table without the line of its picture, which lies beside it.
fn without_picture(text: &str, name: &str) -> String {
    let line = format!("\n![scores by {name}]({name}.svg)\n");
    let has_one = text.contains(&line);
    assert_eq!(has_one, root().join(format!("docs/results/{name}.svg")).is_file(), "{name}.svg");
    text.replacen(&line, "", 1)
}

#[test]
fn each_table_is_what_its_scores_say() {
    for (name, text) in tables() {
        let out = tempfile::tempdir().unwrap();
        let made = ablation_markdown(&result_of(&text, out.path()));
        let (committed, _) = text.split_once("\nRuns:").unwrap();
        let committed = without_picture(committed, &name);
        assert!(made == committed, "docs/results/{name}.md has\n{committed}\nand its scores say\n{made}");
    }
}

#[test]
fn the_overview_counts_the_claims_of_every_table() {
    let overview = fs::read_to_string(root().join("docs/results.md")).unwrap();
    let (mut all, mut count) = ([0; 3], 0);
    for (name, text) in tables() {
        let out = tempfile::tempdir().unwrap();
        let result = result_of(&text, out.path());
        let of = |verdict| result.claims.iter().filter(|claim| claim.verdict == verdict).count();
        let counts = [Verdict::Holds, Verdict::Fails, Verdict::Undecided].map(of);
        let scale = result.scale.as_deref().unwrap_or("-");
        let [holds, fails, undecided] = counts;
        let row = format!("| [{name}](results/{name}.md) | {scale} | {holds} | {fails} | {undecided} |");
        assert!(overview.contains(&row), "docs/results.md lacks\n{row}");
        all = [all[0] + holds, all[1] + fails, all[2] + undecided];
        count += 1;
    }
    let [holds, fails, undecided] = all;
    let sentence = format!(
        "Claims of papers judged so far: {}, of {count} tables: {holds} hold, {fails} fail, {undecided} are undecided.",
        holds + fails + undecided
    );
    assert!(overview.contains(&sentence), "docs/results.md lacks\n{sentence}");
}
