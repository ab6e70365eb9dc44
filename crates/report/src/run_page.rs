//! The page of one run.

use std::path::Path;

use kontrast_runlog::human::{bytes, count, counted, percent, printable, seconds};
use kontrast_runlog::{Event, Events, LabelFree, Layout, StartWeights, Summary, read_events};
use serde::Serialize;

use crate::captions::Captions;
use crate::embedding_map::EmbeddingMap;
use crate::label_curves::label_curves;
use crate::label_free::measured;
use crate::layers::{LayerTable, layers_curve, layers_table};
use crate::loss_parts::{PartRow, part_rows};
use crate::measures::{MeasureRow, measures};
use crate::page::{Drawn, Picture, drawn, pictures, safe, write};
use crate::run_curves::curves;
use crate::scores::{ScoreRow, read_run, rows, state};
use crate::spectrum::spectrum;
use crate::{ReportError, conclusion};

/// Writes `report.html` into a run directory, from its summary, its events and its figures. What is not
/// there yet is left out, and damaged lines of the log are named on the page.
///
/// # Errors
/// When the run has no summary, a file of it cannot be read, or the page not written.
pub fn run_page(run_dir: &Path) -> Result<(), ReportError> {
    let layout = Layout::of(run_dir);
    let summary = read_run(run_dir)?;
    let Events { events, passed_over } = read_events(run_dir)?;
    let mut pictures = pictures(&layout.figures())?;
    let mut take = |name: &str| {
        let index = pictures.iter().position(|picture| picture.name == name)?;
        Some(pictures.remove(index))
    };
    let (views, neighbours) = (take("views"), take("neighbours"));
    let (pretext, confusion) = (take("pretext"), take("confusion"));
    let (classes, clusters) = (take("classes"), take("clusters"));
    let reconstructions = take("reconstructions");
    let maps = EmbeddingMap::read(&layout.figures())?;
    // A run that failed early has no configuration yet.
    let config = std::fs::read_to_string(layout.config()).unwrap_or_default();
    let content = Content {
        run: run_dir.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        state: state(&summary),
        conclusion: conclusion(&summary),
        facts: facts(&summary),
        scores: rows(&summary),
        measures: measures(&summary),
        loss_parts: part_rows(&summary),
        layers: layers_table(&summary),
        layers_curve: layers_curve(&summary).as_ref().map(drawn),
        label_curves: label_curves(&summary).iter().map(drawn).collect(),
        label_free: summary.label_free.as_ref().map(label_free).unwrap_or_default(),
        spectrum: summary.label_free.as_ref().and_then(spectrum).as_ref().map(drawn),
        curves: curves(&summary, &events).iter().map(drawn).collect(),
        views,
        pretext,
        confusion,
        classes,
        clusters,
        reconstructions,
        neighbours,
        maps: maps.as_ref().map_or_else(Vec::new, |(map, picture)| {
            let drawn = |(title, svg)| Drawn { title, svg: safe(svg) };
            map.to_svgs(picture).into_iter().map(drawn).collect()
        }),
        mapped: maps.map(|(map, _)| map.of),
        captions: Captions::of(&summary, &layout),
        others: pictures,
        config,
        started: started(&events),
        passed_over,
        summary: &summary,
    };
    write(&layout.report(), include_str!("../templates/run.html"), &content)
}

/// What the template sees.
#[derive(Serialize)]
struct Content<'r> {
    run: String,
    summary: &'r Summary,
    state: &'static str,
    conclusion: String,
    facts: Vec<Fact>,
    scores: Vec<ScoreRow>,
    measures: Vec<MeasureRow>,
    loss_parts: Vec<PartRow>,
    layers: Option<LayerTable>,
    layers_curve: Option<Drawn>,
    label_curves: Vec<Drawn>,
    label_free: Vec<Fact>,
    spectrum: Option<Drawn>,
    curves: Vec<Drawn>,
    views: Option<Picture>,
    pretext: Option<Picture>,
    confusion: Option<Picture>,
    classes: Option<Picture>,
    clusters: Option<Picture>,
    reconstructions: Option<Picture>,
    neighbours: Option<Picture>,
    maps: Vec<Drawn>,
    mapped: Option<String>,
    captions: Captions,
    others: Vec<Picture>,
    config: String,
    started: Option<&'r str>,
    passed_over: Option<String>,
}

/// A name, a value, and what it means.
#[derive(Serialize)]
struct Fact {
    name: &'static str,
    value: String,
    note: String,
}

fn fact(name: &'static str, value: String, note: impl Into<String>) -> Fact {
    Fact { name, value, note: note.into() }
}

fn facts(summary: &Summary) -> Vec<Fact> {
    let steps = format!(
        "{}, in which {} images went forward, each view or tile for itself",
        counted(summary.steps, "step"),
        count(summary.forward_passes)
    );
    let mut facts = vec![
        fact("epochs", count(u64::from(summary.epochs)), steps),
        fact("training", seconds(summary.train_seconds), format!("{} in all", seconds(summary.wall_seconds))),
    ];
    if let Some(StartWeights { file, sha256, heads }) = &summary.weights {
        let heads = if *heads { "encoder and heads" } else { "the encoder" };
        let note = format!("{heads}; SHA-256 {sha256:.12}");
        facts.push(fact("began from weights", printable(file), note));
    }
    if let Some(rate) = summary.images_per_second {
        let wait = summary.data_wait_percent.map(|wait| format!("{wait:.1} % of the time waiting for data"));
        facts.push(fact("images a second", count(rate.round() as u64), wait.unwrap_or_default()));
    }
    if let Some(loss) = summary.loss_last {
        let uniform = summary.loss_chance.map(|uniform| format!("its uniform value is {uniform:.2}"));
        facts.push(fact("loss at the end", format!("{loss:.2}"), uniform.unwrap_or_default()));
    }
    if let Some(pretext) = &summary.pretext {
        let of = if pretext.on_test { "test" } else { "training" };
        let note =
            format!("of {} of the {of} images; chance is {}", count(pretext.count), percent(pretext.chance));
        facts.push(fact("pretext accuracy", percent(pretext.top1), note));
    }
    if let Some(measured) = &summary.reconstruction {
        let of = if measured.on_test { "test" } else { "training" };
        let note = format!(
            "of {of} images, {}; painted in one colour each: {:.3}",
            measured.loss, measured.baseline
        );
        facts.push(fact("reconstruction error", format!("{:.3}", measured.error), note));
    }
    if let Some(peak) = summary.peak_memory_bytes {
        let device = summary.peak_device_memory_bytes.map(|peak| format!("{} on the device", bytes(peak)));
        facts.push(fact("peak memory", bytes(peak), device.unwrap_or_default()));
    }
    facts.push(fact("weights", count(summary.parameters), "of the encoder and its heads"));
    facts
}

fn label_free(figures: &LabelFree) -> Vec<Fact> {
    measured(figures).map(|(figure, text)| fact(figure.name, text, figure.note)).collect()
}

fn started(events: &[Event]) -> Option<&str> {
    events.iter().find_map(|event| match event {
        Event::Start { time, .. } => Some(time.as_str()),
        _ => None,
    })
}
