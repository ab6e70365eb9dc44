//! A plot of our values over the paper's, a point for each cell that has both.

use std::fmt::Write;

use crate::AblationResult;
use crate::curve::escape;
use crate::scale::Scale;

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 50.0;
const RIGHT: f64 = 505.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 300.0;
/// Fewer points are no picture.
const LEAST: usize = 3;
/// More names would cover each other: the others are told on hover.
const NAMED: usize = 8;

/// The plot as an `<svg>` element; empty where fewer than three cells have both values.
pub(crate) fn plot(result: &AblationResult) -> String {
    let cells = result.cells.iter();
    let points: Vec<_> =
        cells.filter_map(|cell| Some((cell.paper?, cell.spread()?, cell.labels.join(", ")))).collect();
    if points.len() < LEAST {
        return String::new();
    }
    let x = Scale::new(points.iter().map(|point| point.0), LEFT, RIGHT, true);
    let y = Scale::new(points.iter().map(|point| point.1.mean), BOTTOM, TOP, true);
    let mut svg = format!(
        "<svg class=\"curve\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Ours over the paper's\" \
         font-size=\"11.5\" fill=\"currentColor\">"
    );
    for (value, label) in y.ticks() {
        let at = y.at(value);
        push(
            &mut svg,
            format_args!(
                "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{at:.1}\" y2=\"{at:.1}\" style=\"stroke:var(--grid)\"/>"
            ),
        );
        words(&mut svg, (LEFT - 8.0, at + 4.0), "end", &label);
    }
    for (value, label) in x.ticks() {
        words(&mut svg, (x.at(value), BOTTOM + 17.0), "middle", &label);
    }
    words(&mut svg, (f64::midpoint(LEFT, RIGHT), HEIGHT - 5.0), "middle", "paper, %");
    words(&mut svg, (LEFT + 6.0, TOP + 10.0), "start", "ours, %");
    for (paper, ours, name) in &points {
        let (at, height, name) = (x.at(*paper), y.at(ours.mean), escape(name));
        push(
            &mut svg,
            format_args!(
                "<circle cx=\"{at:.1}\" cy=\"{height:.1}\" r=\"4.5\" fill-opacity=\"0.75\" style=\"fill:var(--series-1)\">\
                 <title>{name}: ours {ours}, paper {paper:.1}</title></circle>"
            ),
        );
        if points.len() <= NAMED {
            // Inside the picture, whichever side that is.
            let (beside, anchor) =
                if at > f64::midpoint(LEFT, RIGHT) { (at - 9.0, "end") } else { (at + 9.0, "start") };
            words(&mut svg, (beside, height + 4.0), anchor, &name);
        }
    }
    svg + "</svg>"
}

/// Words that are escaped already.
fn words(svg: &mut String, (x, y): (f64, f64), anchor: &str, words: &str) {
    push(
        svg,
        format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" style=\"fill:var(--muted)\">{words}</text>"
        ),
    );
}

fn push(svg: &mut String, piece: std::fmt::Arguments<'_>) {
    // Writing into a string does not fail.
    let _ = svg.write_fmt(piece);
}
