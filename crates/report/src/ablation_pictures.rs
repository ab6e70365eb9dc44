//! The pictures of an ablation: maps of two axes, a plot of one, and our scores over the paper's.

use crate::ablation::{AblationResult, CellResult, Outcome};
use crate::axis_plot::{AxisPlot, AxisPoint, RunPoint};
use crate::heat_map::{HeatCell, HeatMap};
use crate::page::{Drawn, safe};
use crate::paper_scatter::PaperScatter;
use crate::{Curve, Series};

/// Fewer cells have no order to be compared.
const LEAST_POINTS: usize = 3;

/// What is drawn of one axis or two, with a sentence on how to read it; nothing of more axes, and nothing without a number.
pub(crate) fn axes_drawn(result: &AblationResult) -> (Vec<Drawn>, &'static str) {
    match &result.labels[..] {
        // A line through several scores would say nothing.
        [_] if result.score.is_none() => (Vec::new(), ""),
        [values] => (plotted(result, values).into_iter().collect(), HOW_TO_READ_A_PLOT),
        [rows, columns] => {
            let lines = lined(result);
            let how_to_read = if lines.is_some() { HOW_TO_READ_LINES } else { HOW_TO_READ_A_MAP };
            (lines.into_iter().chain(mapped(result, rows, columns)).collect(), how_to_read)
        }
        _ => (Vec::new(), ""),
    }
}

const HOW_TO_READ_A_PLOT: &str = "Top-1 in per cent. Points are seeds, and crosses are runs that collapsed; the line goes \
                                  through means. Circles are the paper's values.";
const HOW_TO_READ_A_MAP: &str = "Top-1 in per cent, means over seeds. Each map is shaded from its own lowest value to its \
                                 own highest.";

const HOW_TO_READ_LINES: &str = "Top-1 in per cent, means over seeds; dashed are the paper's values. Each map is shaded from \
                                 its own lowest value to its own highest.";

fn plotted(result: &AblationResult, values: &[String]) -> Option<Drawn> {
    let point = |label: &String| match result.cell(&[label]) {
        Some(cell) => axis_point(cell),
        None => AxisPoint { label: label.clone(), words: LEFT_OUT.to_owned(), ..AxisPoint::default() },
    };
    let title = format!("{}, %", result.score_in_words());
    let values = values.iter().map(point).collect();
    let svg = AxisPlot { title: title.clone(), axis: result.axes[0].clone(), values }.to_svg();
    (!svg.is_empty()).then(|| Drawn { title, svg: safe(svg) })
}

fn axis_point(cell: &CellResult) -> AxisPoint {
    let run = |(path, outcome): &(std::path::PathBuf, Outcome)| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let has_collapsed = matches!(outcome, Outcome::Collapsed(_));
        let hover = format!("{name}: {}", outcome.in_words());
        outcome.score().map(|score| RunPoint { score, has_collapsed, hover })
    };
    let mean = cell.spread().map(|spread| spread.mean);
    AxisPoint {
        label: cell.name(),
        runs: cell.runs.iter().filter_map(run).collect(),
        mean,
        paper: cell.paper,
        words: if mean.is_none() { cell.ours() } else { String::new() },
    }
}

/// More lines than these cannot be told apart by colour.
const MOST_LINES: usize = 8;

/// Of two axes, one of which counts something, a line over that one for each value of the other.
fn lined(result: &AblationResult) -> Option<Drawn> {
    let counts = (0..2).rev().find(|&axis| {
        let numbers = numbers(&result.labels[axis]);
        numbers.is_some_and(|numbers| numbers.len() >= LEAST_POINTS)
            && result.labels[1 - axis].len() <= MOST_LINES
    })?;
    let numbers = numbers(&result.labels[counts])?;
    let points = |name: &String, pick: &dyn Fn(&CellResult) -> Option<f64>| {
        let at = |(x, label): (&f64, &String)| {
            let labels = if counts == 0 { [label, name] } else { [name, label] };
            Some((*x, pick(result.cell(&labels)?)?))
        };
        numbers.iter().zip(&result.labels[counts]).filter_map(at).collect::<Vec<_>>()
    };
    let (names, of) = (&result.labels[1 - counts], &result.axes[1 - counts]);
    // A number by itself says nothing.
    let called = |name: &String| match name.parse::<f64>() {
        Ok(_) => format!("{of} {name}"),
        Err(_) => name.clone(),
    };
    let own = names.iter().map(|name| Series {
        name: called(name),
        points: points(name, &|cell| Some(cell.spread()?.mean)),
        ..Series::default()
    });
    let paper = names.iter().enumerate().map(|(line, name)| Series {
        name: format!("{}, paper", called(name)),
        points: points(name, &|cell| cell.paper),
        baseline_of: Some(line),
        ..Series::default()
    });
    let title = format!("{}, %, by {}", result.score_in_words(), result.axes[counts]);
    let curve = Curve {
        title: title.clone(),
        x_label: result.axes[counts].clone(),
        x_ticks: numbers.iter().copied().zip(result.labels[counts].iter().cloned()).collect(),
        series: own.chain(paper.filter(|series| series.points.len() > 1)).collect(),
        levels: Vec::new(),
    };
    let svg = curve.to_svg();
    (!svg.is_empty()).then(|| Drawn { title, svg: safe(svg) })
}

/// Logarithms of labels that are rising numbers above 0, as counts and rates are.
fn numbers(labels: &[String]) -> Option<Vec<f64>> {
    let numbers: Option<Vec<f64>> = labels.iter().map(|label| label.parse().ok().map(f64::ln)).collect();
    numbers.filter(|all| all.iter().all(|at| at.is_finite()) && all.windows(2).all(|pair| pair[0] < pair[1]))
}

/// The first picture of an ablation as a file of its own, dark on white; none where there is no number to draw.
pub fn ablation_picture(result: &AblationResult) -> Option<String> {
    let (drawn, _) = axes_drawn(result);
    let svg = drawn.first()?.svg.as_str()?;
    let (opening, rest) = svg.strip_prefix("<svg ")?.split_once('>')?;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" font-family=\"system-ui, sans-serif\" color=\"#1f2328\" {opening}>\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>{rest}\n"
    ))
}

const LEFT_OUT: &str = "left out";

fn mapped(result: &AblationResult, rows: &[String], columns: &[String]) -> Vec<Drawn> {
    let of = |title: String, draw: &dyn Fn(&CellResult) -> HeatCell| {
        let cell = |row: &String, column: &String| match result.cell(&[row, column]) {
            Some(cell) => draw(cell),
            None => HeatCell { words: LEFT_OUT.to_owned(), ..HeatCell::default() },
        };
        let cells: Vec<Vec<_>> =
            rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect();
        cells.iter().flatten().any(|cell| cell.value.is_some()).then(|| {
            let axes = (result.axes[0].clone(), result.axes[1].clone());
            let map =
                HeatMap { title: title.clone(), axes, rows: rows.to_vec(), columns: columns.to_vec(), cells };
            Drawn { title, svg: safe(map.to_svg()) }
        })
    };
    let paper = |cell: &CellResult| HeatCell {
        value: cell.paper,
        words: if cell.paper.is_none() { "no value".to_owned() } else { String::new() },
        hover: cell.name(),
    };
    [of(format!("Ours, {}", result.score_in_words()), &heat_cell), of("Paper".to_owned(), &paper)]
        .into_iter()
        .flatten()
        .collect()
}

/// With what a reader must know of its runs.
fn heat_cell(cell: &CellResult) -> HeatCell {
    let hover = format!("{}: {}, seeds: {}", cell.name(), cell.ours(), cell.seeds());
    let Some(spread) = cell.spread() else { return HeatCell { value: None, words: cell.ours(), hover } };
    let collapsed = cell.runs.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Collapsed(_))).count();
    let words = match collapsed {
        0 if spread.count < cell.runs.len() => format!("{} of {} seeds", spread.count, cell.runs.len()),
        0 => String::new(),
        all if all == spread.count => "collapsed".to_owned(),
        some => format!("{some} collapsed"),
    };
    HeatCell { value: Some(spread.mean), words, hover }
}

/// Our scores over the paper's values, where there are cells enough with both.
pub(crate) fn over_paper(result: &AblationResult) -> Option<Drawn> {
    let point = |cell: &CellResult| {
        let (spread, paper) = (cell.spread()?, cell.paper?);
        Some((paper, spread.mean, format!("{}: ours {spread}, paper {paper:.1}", cell.name())))
    };
    let points: Vec<_> = result.cells.iter().filter_map(point).collect();
    (points.len() >= LEAST_POINTS).then(|| {
        let title = format!("Ours, {}, over the paper's, %", result.score_in_words());
        let svg = PaperScatter { title: title.clone(), points }.to_svg();
        Drawn { title, svg: safe(svg) }
    })
}
