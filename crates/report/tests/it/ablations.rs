//! The table and the page of an ablation, from its runs.

use std::fs;
use std::path::{Path, PathBuf};

use kontrast_config::{Ablation, Experiment};
use kontrast_report::{AblationResult, CellResult, Outcome, ablation_markdown, ablation_page};
use kontrast_runlog::{RunDir, Status};

use crate::sample;

fn cell(label: &str, paper: f64, outcomes: [Outcome; 3]) -> CellResult {
    let path = |seed: usize| PathBuf::from(format!("runs/head-{label}-s{seed}"));
    let runs = outcomes.into_iter().enumerate().map(|(seed, outcome)| (path(seed), outcome)).collect();
    let score = "linear".to_owned();
    CellResult { score, labels: vec![label.to_owned()], paper: Some(paper), runs, candidates: Vec::new() }
}

fn result() -> AblationResult {
    let failed = Outcome::Ended(Status::Failed);
    AblationResult {
        name: "head".to_owned(),
        paper: "A paper, figure 8".to_owned(),
        note: Some("Compare the order.".to_owned()),
        score: Some("linear".to_owned()),
        scale: None,
        claims: Vec::new(),
        command: "cargo xtask ablation head.toml".to_owned(),
        groups: Vec::new(),
        axes: vec!["head".to_owned()],
        labels: vec![["none", "linear", "MLP", "deep", "wide"].map(str::to_owned).to_vec()],
        cells: vec![
            cell("none", 50.2, [44.0, 45.0, 46.0].map(Outcome::Top1)),
            cell("linear", 61.1, [Outcome::Top1(51.0), failed, Outcome::NotMeasured]),
            cell("MLP", 64.3, [Outcome::Top1(50.0), Outcome::Top1(51.0), Outcome::NotMeasured]),
            cell("deep", 64.0, [failed; 3]),
            cell("wide", 64.1, [Outcome::NotMeasured; 3]),
        ],
    }
}

#[test]
fn the_table_holds_ours_beside_the_papers() {
    let expected = "\
# head

Reproduced: A paper, figure 8.

| head   | ours, linear top-1 % |            seeds | paper |
| ------ | -------------------: | ---------------: | ----: |
| none   |           45.0 ± 1.0 |                3 |  50.2 |
| linear |                 51.0 | 1 of 3, 1 failed |  61.1 |
| MLP    |           50.5 ± 0.7 |           2 of 3 |  64.3 |
| deep   |               failed | 0 of 3, 3 failed |  64.0 |
| wide   |         not measured |           0 of 3 |  64.1 |

2 of 3 pairs of cells stand in the order of the paper.

Compare the order.

Ours: mean ± standard deviation over seeds.

    cargo xtask ablation head.toml
";
    assert_eq!(ablation_markdown(&result()), expected);
}

#[test]
fn the_order_counts_pairs_that_both_have() {
    assert_eq!(result().order(), Some((2, 3)));
    let mut one = result();
    one.cells.truncate(1);
    assert_eq!(one.order(), None);
}

#[test]
fn the_page_stands_alone_and_names_each_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("head.html");
    ablation_page(&result(), &path).unwrap();
    let html = fs::read_to_string(path).unwrap();
    for text in ["45.0 ± 1.0", "not measured", "2 of 3 pairs", "head-none-s2: 46.00", "head-deep-s0: failed"]
    {
        assert!(html.contains(text), "{text} is missing");
    }
    for address in ["http:", "https:", "<link", "<script", "src="] {
        assert!(!html.contains(address), "{address} is on the page");
    }
}

#[test]
fn runs_are_found_where_experiments_leave_them() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/ablations");
    let ablation = Ablation::load(&committed.join("simclr-projection-head.toml"), None).unwrap();
    let out = tempfile::tempdir().unwrap();
    let cell = &ablation.cells()[1];
    let loaded = Experiment::load(&ablation.base, &cell.arguments(0)).unwrap();
    let run = |seed| RunDir::path_for(out.path(), &cell.name, &loaded.digest, seed);
    sample::write(&run(0), &sample::summary(), &[]);
    let mut diverged = sample::summary();
    diverged.status = Status::Diverged;
    sample::write(&run(2), &diverged, &[]);
    let mut running = sample::summary();
    running.status = Status::Running;
    sample::write(&run(1), &running, &[]);

    let result = AblationResult::collect(&ablation, out.path(), "the command");
    let outcomes: Vec<_> = result.cells[1].runs.iter().map(|(_, outcome)| *outcome).collect();
    let expected = [Outcome::Top1(53.87), Outcome::NotMeasured, Outcome::Ended(Status::Diverged)];
    assert_eq!(outcomes, expected);
    assert_eq!(result.cells[0].spread(), None);
    assert_eq!(result.cells[1].paper, Some(61.1));
}

#[test]
fn cells_of_one_run_have_a_score_each() {
    let text = crate::grid::file(&[&["0.1"]], "", "");
    let scores = "[[axis]]\nname = \"by\"\n[[axis.value]]\nlabel = \"ten\"\nscore = \"knn_10\"\n[[axis.value]]\nlabel = \"chosen\"\nscore = \"knn\"\n";
    let (result, _place) = crate::grid::runs(&(text + scores), |_, seed| match seed {
        0 => crate::grid::Made::Finished(45.0),
        _ => crate::grid::Made::Nothing,
    });
    let [ten, chosen] = &result.cells[..] else { panic!("{:?}", result.cells) };
    assert_eq!(ten.runs[0].0, chosen.runs[0].0);
    // The sample has 48.9 by ten neighbours.
    assert_eq!((ten.runs[0].1, chosen.runs[0].1), (Outcome::Top1(48.9), Outcome::Top1(45.0)));
    let markdown = ablation_markdown(&result);
    assert!(markdown.contains("| temperature | by     | ours, % |"), "{markdown}");
    let csv = kontrast_report::ablation_csv(&result);
    assert!(csv.contains(",knn_10,48.9,") && csv.contains(",knn,45,"), "{csv}");
}
