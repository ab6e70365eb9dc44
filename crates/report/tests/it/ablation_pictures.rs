//! The pictures of an ablation's page, and its CSV: every cell is there, whatever became of it.

use std::fs;
use std::path::PathBuf;

use kontrast_report::{AblationResult, CellResult, Outcome, ablation_csv, ablation_markdown, ablation_page};
use kontrast_runlog::Status;

/// Two axes of which one cell is left out, one collapsed and one did not run.
fn pairs() -> AblationResult {
    let cell = |labels: [&str; 2], paper: Option<f64>, outcome: Outcome| CellResult {
        labels: labels.map(str::to_owned).to_vec(),
        paper,
        runs: vec![(PathBuf::from(format!("runs/{}-s0", labels.join("-"))), outcome)],
    };
    AblationResult {
        name: "pairs".to_owned(),
        paper: "A paper, figure 5".to_owned(),
        note: None,
        score: "linear".to_owned(),
        scale: Some("tiny".to_owned()),
        claims: Vec::new(),
        command: "cargo xtask ablation pairs.toml".to_owned(),
        groups: Vec::new(),
        axes: vec!["first".to_owned(), "second, \"behind\" it".to_owned()],
        labels: [&["crop", "color", "blur"][..], &["alone", "crop", "color"]]
            .map(|labels| labels.iter().copied().map(str::to_owned).collect())
            .to_vec(),
        cells: vec![
            cell(["crop", "alone"], Some(33.1), Outcome::Top1(30.0)),
            cell(["crop", "color"], Some(56.3), Outcome::Top1(36.5)),
            cell(["color", "alone"], Some(18.8), Outcome::Collapsed(12.25)),
            cell(["color", "crop"], Some(55.8), Outcome::Top1(36.0)),
            cell(["blur", "alone"], Some(2.6), Outcome::Ended(Status::Failed)),
            cell(["blur", "color"], None, Outcome::NotMeasured),
        ],
    }
}

fn page(result: &AblationResult) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    ablation_page(result, &path).unwrap();
    fs::read_to_string(path).unwrap()
}

#[test]
fn grids_have_every_cell_once_each() {
    let html = page(&pairs());
    let grids: Vec<_> = html.split("<table class=\"grid\">").skip(1).collect();
    let [ours, paper] = grids[..] else { panic!("two grids") };
    let cells = |grid: &str| -> Vec<String> {
        let table = grid.split("</table>").next().unwrap();
        let cells = table.split("<td").skip(1).map(|cell| cell.split_once('>').unwrap().1);
        cells.map(|cell| cell.split('<').next().unwrap().to_owned()).collect()
    };
    assert_eq!(cells(ours), ["30.0", "", "36.5", "12.2", "36.0", "", "\u{2013}", "", "\u{2013}"]);
    assert_eq!(cells(paper), ["33.1", "", "56.3", "18.8", "55.8", "", "2.6", "", "\u{2013}"]);
    assert!(ours.contains("title=\"blur, alone: failed\"") && ours.contains("blur, color: not measured"));
    // The largest has most colour, the least none, and what has no value has no colour.
    assert_eq!((ours.matches("60.0%").count(), ours.matches(" 0.0%").count()), (1, 1), "{ours}");
    assert_eq!(ours.matches("color-mix").count(), 4);
}

#[test]
fn ours_over_the_papers_has_a_point_a_cell_that_has_both() {
    let html = page(&pairs());
    let plot = html.split("<figcaption>Ours over").nth(1).unwrap().split("</svg>").next().unwrap();
    assert_eq!(plot.matches("<circle").count(), 4, "{plot}");
    assert!(plot.contains("color, alone: ours 12.2"), "{plot}");
    let mut few = pairs();
    few.cells.truncate(2);
    assert!(!page(&few).contains("Ours over the paper"));
}

#[test]
fn one_axis_has_a_curve_and_no_grid_and_more_have_neither() {
    let mut one = pairs();
    one.axes.truncate(1);
    let names = ["0.1", "0.2", "0.5", "1", "2", "5"];
    for (cell, name) in one.cells.iter_mut().zip(names) {
        cell.labels = vec![name.to_owned()];
    }
    let html = page(&one);
    assert!(html.contains("Points above the mean") && !html.contains("class=\"grid\""));
    let plot = html.split("<figcaption>Points above").nth(1).unwrap().split("</svg>").next().unwrap();
    for name in names {
        assert!(plot.contains(&format!(">{name}</text>")), "{plot}");
    }
    let mut three = pairs();
    three.axes.push("third".to_owned());
    for cell in &mut three.cells {
        cell.labels.push("same".to_owned());
    }
    let html = page(&three);
    assert!(!html.contains("Points above the mean") && !html.contains("class=\"grid\""));
}

#[test]
fn without_values_of_the_paper_there_is_one_grid() {
    let mut result = pairs();
    for cell in &mut result.cells {
        cell.paper = None;
    }
    let html = page(&result);
    assert_eq!(html.matches("class=\"grid\"").count(), 1);
    assert!(!html.contains("Ours over the paper"));
}

#[test]
fn the_csv_has_a_line_a_run() {
    let text = ablation_csv(&pairs());
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "first,\"second, \"\"behind\"\" it\",run,scale,score,top1,status,paper");
    assert_eq!(lines[1], "crop,alone,crop-alone-s0,tiny,linear,30,finished,33.1");
    assert_eq!(lines[3], "color,alone,color-alone-s0,tiny,linear,12.25,collapsed,18.8");
    assert_eq!(lines[5], "blur,alone,blur-alone-s0,tiny,linear,,failed,2.6");
    assert_eq!(lines[6], "blur,color,blur-color-s0,tiny,linear,,not measured,");
    assert_eq!(lines.len(), 7);
}

#[test]
fn a_group_has_the_correlation_of_its_cells_alone() {
    let mut result = pairs();
    result.cells[5] = CellResult { paper: Some(16.6), ..result.cells[1].clone() };
    result.groups =
        vec![("those with order".to_owned(), vec![0, 1, 2, 3, 5]), ("few".to_owned(), vec![0, 1])];
    let sentence = |text: &str, begin: &str| -> String {
        let rest = text.split_once(begin).unwrap_or_else(|| panic!("{begin} is not in {text}")).1;
        rest.split_once(" cells ")
            .unwrap()
            .1
            .split(". ")
            .next()
            .unwrap()
            .split('\n')
            .next()
            .unwrap()
            .to_owned()
    };
    let text = ablation_markdown(&result);
    let within = sentence(&text, "Within \u{201c}those with order\u{201d}, over 5");
    assert!(!text.contains("few"), "{text}");
    // The blur that failed is of neither, so the group is the whole.
    let over_all = sentence(&text, "Over 5");
    assert_eq!(within.trim_end_matches('.'), over_all.trim_end_matches('.'));
    result.groups[0].1.truncate(4);
    let within = sentence(&ablation_markdown(&result), "over 4");
    assert_ne!(within.trim_end_matches('.'), over_all.trim_end_matches('.'));
}
