//! Our scores over the paper's values as SVG: a point for each cell that has both.

use crate::scale::Scale;
use crate::svg::{LINE, MIDDLE, MUTED, escape, push, text, titled};

/// A point for each cell.
#[derive(Clone, Debug, Default)]
pub(crate) struct PaperScatter {
    /// What is shown, with its unit.
    pub(crate) title: String,
    /// The paper's value, ours, and what is said under the pointer.
    pub(crate) points: Vec<(f64, f64, String)>,
}

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 40.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 42.0;

impl PaperScatter {
    /// The points as an `<svg>` element.
    pub(crate) fn to_svg(&self) -> String {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        let x = Scale::new(self.points.iter().map(|point| point.0), LEFT, right, true);
        let y = Scale::new(self.points.iter().map(|point| point.1), bottom, TOP, true);
        let mut svg = format!(
            "<svg class=\"curve plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\" font-size=\"12\" \
             fill=\"currentColor\">",
            escape(&self.title)
        );
        for (value, label) in x.ticks() {
            let at = x.at(value);
            grid(&mut svg, (at, TOP), (at, bottom));
            text(&mut svg, at, bottom + LINE + 3.0, "middle", MUTED, &label);
        }
        for (value, label) in y.ticks() {
            let at = y.at(value);
            grid(&mut svg, (LEFT, at), (right, at));
            text(&mut svg, LEFT - 8.0, at + MIDDLE, "end", MUTED, &label);
        }
        text(&mut svg, f64::midpoint(LEFT, right), HEIGHT - 6.0, "middle", MUTED, "paper");
        text(&mut svg, LEFT - 8.0, LINE - 2.0, "end", MUTED, "ours");
        for (paper, ours, hover) in &self.points {
            push(
                &mut svg,
                format_args!(
                    "<circle class=\"cell\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"5\" style=\"fill:var(--series-1, #2458c5);\
                     fill-opacity:0.75\">{}</circle>",
                    x.at(*paper),
                    y.at(*ours),
                    titled(hover)
                ),
            );
        }
        svg + "</svg>"
    }
}

fn grid(svg: &mut String, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    push(
        svg,
        format_args!(
            "<line x1=\"{x1:.1}\" x2=\"{x2:.1}\" y1=\"{y1:.1}\" y2=\"{y2:.1}\" style=\"stroke:var(--grid, #8884)\"/>"
        ),
    );
}
