//! A paper's claims, judged by runs.

use std::fs;
use std::path::Path;

use kontrast_config::{Ablation, Experiment};
use kontrast_report::{AblationResult, Verdict, ablation_markdown, ablation_page};
use kontrast_runlog::{RunDir, Status};

use crate::grid::{Made, file, runs};
use crate::sample;

/// Figure 8 with these scores of each cell, none of a run that is not there.
fn figure_8(claims: &str, scores: [[Option<f64>; 3]; 3]) -> (AblationResult, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let text = fs::read_to_string(committed.join("ablations/simclr-projection-head.toml")).unwrap();
    let (text, own) = text.split_at(text.find("[[claim]]").unwrap());
    let claims = if claims.is_empty() { own } else { claims };
    let base = committed.join("quickstart.toml").display().to_string();
    let text = text.replace("\"../quickstart.toml\"", &format!("{base:?}"));
    let file = place.path().join("figure-8.toml");
    fs::write(&file, format!("{text}{claims}")).unwrap();
    let ablation = Ablation::load(&file, None).unwrap();
    let out = place.path().join("runs");
    for (cell, scores) in ablation.cells().iter().zip(scores) {
        let loaded = Experiment::load(&ablation.base, &cell.arguments(0)).unwrap();
        for (&seed, score) in ablation.seeds.iter().zip(scores) {
            let Some(score) = score else { continue };
            let mut summary = sample::summary();
            summary.status = Status::Finished;
            summary.eval.trained.get_mut("linear").unwrap().top1 = score;
            let run = RunDir::path_for(&out, &loaded.experiment.name, &loaded.digest, seed);
            fs::create_dir_all(&run).unwrap();
            fs::write(run.join("summary.json"), serde_json::to_string(&summary).unwrap()).unwrap();
        }
    }
    (AblationResult::collect(&ablation, &out, "cargo xtask ablation figure-8.toml"), place)
}

/// What docs/results/simclr-projection-head.md has.
const MEASURED: [[Option<f64>; 3]; 3] = [
    [Some(44.90), Some(46.44), Some(45.11)],
    [Some(52.18), Some(50.73), Some(50.91)],
    [Some(48.08), Some(49.04), Some(48.82)],
];

fn verdicts(result: &AblationResult) -> Vec<Verdict> {
    result.claims.iter().map(|claim| claim.verdict).collect()
}

#[test]
fn the_committed_table_has_the_verdicts_of_its_scores() {
    let (result, _) = figure_8("", MEASURED);
    assert_eq!(verdicts(&result), [Verdict::Holds, Verdict::Fails, Verdict::Undecided]);
    assert_eq!(result.claims[0].found, "+5.8 [+2.1, +9.5]");
    let markdown = ablation_markdown(&result);
    let claims = markdown.split_once("## Claims").unwrap().1.split_once("\nOurs:").unwrap().0;
    let (claims, _) = claims.rsplit_once("\n\n").unwrap();
    let committed =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/results/simclr-projection-head.md");
    let committed = fs::read_to_string(committed).unwrap();
    assert!(committed.contains(claims.trim()), "{claims}");
    assert!(
        markdown.contains("Claims that hold: 1 of 3; that fail: 1; undecided: 1. 2 of 3 pairs of cells"),
        "{markdown}"
    );
}

#[test]
fn every_kind_of_claim_holds_fails_and_is_undecided() {
    let of = |test: &str, scores: [[f64; 3]; 3]| {
        let claim = format!("[[claim]]\nsays = \"so\"\ntest = {{ {test} }}\n");
        let (result, _) = figure_8(&claim, scores.map(|cell| cell.map(Some)));
        (verdicts(&result)[0], result.claims[0].note.clone())
    };
    let (clear, noisy) = ([40.0, 41.0, 42.0], [30.0, 50.0, 43.0]);
    let above = |by: f64| clear.map(|score| score + by + by * score / 1000.0);
    let rising = "rising = { cells = [[\"none\"], [\"linear\"], [\"non-linear\"]] }";
    assert_eq!(of(rising, [clear, above(3.0), above(6.0)]).0, Verdict::Holds);
    assert_eq!(of(rising, [clear, above(3.0), above(1.0)]).0, Verdict::Fails);
    let (verdict, note) = of(rising, [clear, noisy, above(9.0)]);
    assert!(verdict == Verdict::Undecided && note.contains("seeds would"), "{note}");
    // The same difference with every seed is none that was drawn.
    let (verdict, note) = of(rising, [clear, clear.map(|score| score + 3.0), above(6.0)]);
    assert!(verdict == Verdict::Undecided && note.ends_with("is the same with every seed"), "{note}");
    let (_, note) = of(rising, [clear, clear, above(6.0)]);
    assert!(note.contains("are the cells one experiment?"), "{note}");
    let best = "best = { cell = [\"linear\"] }";
    assert_eq!(of(best, [clear, above(3.0), above(2.0)]).0, Verdict::Holds);
    assert_eq!(of(best, [clear, above(3.0), above(4.0)]).0, Verdict::Fails);
    let but = "best = { cell = [\"linear\"], but = [[\"non-linear\"]] }";
    assert_eq!(of(but, [clear, above(3.0), above(4.0)]).0, Verdict::Holds);
    let same = "same = { cells = [[\"none\"], [\"linear\"]], margin = 1 }";
    assert_eq!(of(same, [clear, above(0.2), clear]).0, Verdict::Holds);
    assert_eq!(of(same, [clear, above(3.0), clear]).0, Verdict::Fails);
    assert_eq!(of(same, [clear, noisy, clear]).0, Verdict::Undecided);
    let fails = "fails = { cell = [\"none\"], below = 12 }";
    assert_eq!(of(fails, [[10.0; 3], clear, clear]).0, Verdict::Holds);
    assert_eq!(of(fails, [clear; 3]).0, Verdict::Fails);
    assert_eq!(of(fails, [[10.0, 10.0, 20.0], clear, clear]).0, Verdict::Undecided);
}

#[test]
fn two_seeds_decide_nothing_and_more_claims_need_more_evidence() {
    let mut two = MEASURED;
    two[0][2] = None;
    let (result, _) = figure_8("", two);
    assert_eq!(verdicts(&result), [Verdict::Undecided; 3]);
    assert!(
        result.claims[0].note.contains("linear - none has 2 of at least 3 seeds"),
        "{:?}",
        result.claims[0]
    );
    // Alone the claim holds; among twenty like it, it does not.
    let claim = "[[claim]]\nsays = \"so\"\ntest = { greater = { cell = [\"linear\"], than = [\"none\"] } }\n";
    assert_eq!(verdicts(&figure_8(claim, MEASURED).0), [Verdict::Holds]);
    assert_eq!(verdicts(&figure_8(&claim.repeat(20), MEASURED).0), [Verdict::Undecided; 20]);
}

#[test]
fn the_page_has_the_claims() {
    let (result, place) = figure_8("", MEASURED);
    let page = place.path().join("page.html");
    ablation_page(&result, &page).unwrap();
    let html = fs::read_to_string(&page).unwrap();
    for words in [
        "<h2>Claims</h2>",
        "non-linear &gt; none + 10",
        "class=\"word good\">holds",
        "class=\"word bad\">fails",
    ] {
        assert!(html.contains(words), "{words}");
    }
}

#[test]
fn seeds_without_a_pair_are_counted_beside_a_claim() {
    let claim = |test: &str| format!("[[claim]]\nsays = \"so\"\ntest = {{ {test} }}\n");
    let claims = [
        claim("greater = { cell = [\"0.5\"], than = [\"0.1\"] }"),
        claim("best = { cell = [\"0.5\"] }"),
        claim("greater = { cell = [\"0.5\"], than = [\"1\"] }"),
        claim("greater = { cell = [\"0.5\"], than = [\"2\"] }"),
    ];
    let of = |claims: &[String], gaps: &[(usize, u64)]| {
        let text = file(&[&["0.1", "0.5", "1", "2"]], "", &claims.concat());
        let text = text.replace("seeds = [0, 1, 2]", "seeds = [0, 1, 2, 3]");
        runs(&text, |cell, seed| match (cell, seed) {
            gap if gaps.contains(&gap) => Made::Diverged,
            _ => Made::Finished(
                40.0 + [0.0, 5.0, 1.0, 2.0][cell] + (seed * (cell as u64 + 1) % 4) as f64 / 10.0,
            ),
        })
        .0
    };
    let whole = of(&claims, &[]);
    assert!(
        whole.claims.iter().all(|claim| !format!("{claim:?}").contains("without a pair")),
        "{:?}",
        whole.claims
    );
    let gaps = of(&claims, &[(0, 3), (2, 1), (2, 2)]);
    assert!(gaps.claims[0].found.ends_with("]; 1 of 4 seeds without a pair"), "{:?}", gaps.claims[0]);
    let note = "0.5 - 1 has 2 of at least 3 seeds; 2 of 4 seeds without a pair";
    assert_eq!((gaps.claims[1].note.as_str(), gaps.claims[2].note.as_str()), (note, note));
    assert!(!gaps.claims[3].found.contains("without a pair"), "{:?}", gaps.claims[3]);
    let best = of(&claims[1..2], &[(0, 3)]);
    assert!(best.claims[0].found.ends_with("; up to 1 of 4 seeds without a pair"), "{:?}", best.claims[0]);
}
