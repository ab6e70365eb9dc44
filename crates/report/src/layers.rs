//! Layer-wise probes: a row a stage, the trained encoder beside random weights, and the same as curves.

use kontrast_runlog::{LayerScore, Summary};
use serde::Serialize;

use crate::markdown_table;
use crate::scores::one_decimal;
use crate::{Curve, Level, Series};

/// The scores by stage and probe.
#[derive(Debug, Serialize)]
pub(crate) struct LayerTable {
    /// Probes in the order of the columns.
    probes: Vec<String>,
    rows: Vec<Row>,
    /// What the probes are.
    meaning: String,
    /// What they were trained with.
    settings: String,
    /// What scores without a network are.
    baselines: String,
}

/// One stage.
#[derive(Debug, Serialize)]
struct Row {
    stage: usize,
    /// Channels and sides, such as `64x32x32`.
    map: String,
    /// Which probes see less of it.
    pooled: Option<String>,
    /// One a probe of the table.
    cells: Vec<Cell>,
}

#[derive(Debug, Serialize)]
struct Cell {
    trained: Option<f64>,
    random_init: Option<f64>,
}

/// The table of a run; none where no probe looked at a stage.
pub(crate) fn layers_table(summary: &Summary) -> Option<LayerTable> {
    let scores = &summary.layers;
    let first = scores.first()?;
    let probes = probes(scores);
    let of_probes = scores.iter().filter(|score| score.stage == first.stage);
    let rates: Vec<_> = of_probes.map(|score| format!("{} for {}", score.lr, score.probe)).collect();
    let settings = format!(
        "{} epochs, batch {}, weight decay {}, learning rate {}.",
        first.epochs,
        first.batch,
        first.weight_decay,
        rates.join(", ")
    );
    let rows = stages(scores).into_iter().map(|stage| row(scores, &probes, stage)).collect();
    let meaning: Vec<_> =
        probes.iter().map(|probe| meaning(probe)).filter(|words| !words.is_empty()).collect();
    Some(LayerTable { meaning: meaning.join(" "), rows, settings, baselines: baselines(summary), probes })
}

/// The table for the terminal; empty where there is none.
pub fn layers_markdown(summary: &Summary) -> String {
    let Some(table) = layers_table(summary) else { return String::new() };
    let headings = table.probes.iter().flat_map(|probe| [format!("{probe} %"), "random init".to_owned()]);
    let headings: Vec<_> =
        ["stage", "map", "seen of it"].into_iter().map(str::to_owned).chain(headings).collect();
    let rows: Vec<Vec<String>> = table
        .rows
        .into_iter()
        .map(|row| {
            let cells =
                row.cells.into_iter().flat_map(|cell| [cell.trained, cell.random_init]).map(one_decimal);
            let seen = row.pooled.unwrap_or_else(|| "all".to_owned());
            [row.stage.to_string(), row.map, seen].into_iter().chain(cells).collect()
        })
        .collect();
    let headings: Vec<_> = headings.iter().map(String::as_str).collect();
    markdown_table(&headings, &rows)
}

/// Top-1 by layer: a line a probe, that of random weights dashed; none where there is but one stage.
pub(crate) fn layers_curve(summary: &Summary) -> Option<Curve> {
    let scores = &summary.layers;
    let stages = stages(scores);
    if stages.len() < 2 {
        return None;
    }
    let probes = probes(scores);
    let line = |probe: &str, name: &str, baseline_of, pick: fn(&LayerScore) -> Option<f64>| {
        let of_probe = scores.iter().filter(|score| score.probe == probe);
        let points = of_probe.filter_map(|score| Some((score.stage as f64, pick(score)?))).collect();
        Series { name: name.to_owned(), points, baseline_of, ..Series::default() }
    };
    let trained = probes.iter().map(|probe| line(probe, probe, None, |score| Some(score.top1)));
    let random_init = probes
        .iter()
        .enumerate()
        .map(|(index, probe)| line(probe, "random init", Some(index), |score| score.random_init));
    let pixels = summary.eval.pixels.get("linear").map(|score| score.top1);
    Some(Curve {
        title: "Top-1 by layer, %".to_owned(),
        x_label: "stage".to_owned(),
        x_ticks: stages.iter().map(|stage| (*stage as f64, stage.to_string())).collect(),
        series: trained.chain(random_init).filter(|series| !series.points.is_empty()).collect(),
        levels: pixels.map(|value| Level { name: "raw pixels".to_owned(), value }).into_iter().collect(),
    })
}

fn row(scores: &[LayerScore], probes: &[String], stage: usize) -> Row {
    let here: Vec<_> = scores.iter().filter(|score| score.stage == stage).collect();
    let find = |probe: &String| here.iter().find(|score| score.probe == *probe);
    let cell = |probe: &String| Cell {
        trained: find(probe).map(|score| score.top1),
        random_init: find(probe).and_then(|score| score.random_init),
    };
    let pooled: Vec<_> = here.iter().filter(|score| score.grid < score.side).collect();
    let names: Vec<_> = pooled.iter().map(|score| score.probe.as_str()).collect();
    Row {
        stage,
        map: here.first().map_or(String::new(), |s| format!("{}x{}x{}", s.channels, s.side, s.side)),
        pooled: pooled.first().map(|s| format!("{}x{} for {}", s.grid, s.grid, names.join(", "))),
        cells: probes.iter().map(cell).collect(),
    }
}

/// Probes in the order in which they stand.
fn probes(scores: &[LayerScore]) -> Vec<String> {
    let mut probes: Vec<String> = Vec::new();
    for score in scores {
        if !probes.contains(&score.probe) {
            probes.push(score.probe.clone());
        }
    }
    probes
}

fn stages(scores: &[LayerScore]) -> Vec<usize> {
    let mut stages: Vec<_> = scores.iter().map(|score| score.stage).collect();
    stages.sort_unstable();
    stages.dedup();
    stages
}

fn meaning(probe: &str) -> &'static str {
    match probe {
        "linear" => "Linear: softmax regression on the standardised values of the map, averaged over a grid.",
        "mlp" => "MLP: two hidden layers of 200 on the same values.",
        "conv" => "Conv: three convolutions of 192 channels on the whole map.",
        "attentive" => "Attentive: a learned query that attends to the cells of the whole map.",
        _ => "",
    }
}

fn baselines(summary: &Summary) -> String {
    let pixels = summary
        .eval
        .pixels
        .get("linear")
        .map(|score| format!("a linear probe of raw pixels is at {:.1} %", score.top1));
    let chance = summary
        .classes
        .filter(|classes| *classes > 0)
        .map(|classes| format!("chance at {:.1} %", 100.0 / classes as f64));
    let parts: Vec<_> = [pixels, chance].into_iter().flatten().collect();
    let mut words = parts.join(", ");
    if let Some(first) = words.get(..1).map(str::to_uppercase) {
        words.replace_range(..1, &first);
        words.push('.');
    }
    words
}
