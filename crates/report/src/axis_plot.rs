//! One axis of an ablation as SVG: a point for each seed, a line through the means, the paper's values hollow.

use crate::placement::apart;
use crate::scale::Scale;
use crate::svg::{LINE, MIDDLE, MUTED, cut, escape, push, text, titled};

/// Scores over the values of an axis, in the order of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct AxisPlot {
    /// What is shown, with its unit.
    pub(crate) title: String,
    /// Name of the axis.
    pub(crate) axis: String,
    /// From left to right.
    pub(crate) values: Vec<AxisPoint>,
}

/// What there is of one value of the axis.
#[derive(Clone, Debug, Default)]
pub(crate) struct AxisPoint {
    /// The label of the value.
    pub(crate) label: String,
    /// The runs that have a score.
    pub(crate) runs: Vec<RunPoint>,
    /// Their mean.
    pub(crate) mean: Option<f64>,
    /// The paper's value.
    pub(crate) paper: Option<f64>,
    /// Why there is no mean; empty where there is one.
    pub(crate) words: String,
}

/// One run.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunPoint {
    pub(crate) score: f64,
    /// Drawn as a cross.
    pub(crate) has_collapsed: bool,
    /// What is said under the pointer.
    pub(crate) hover: String,
}

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 40.0;
/// The lines are named at their right ends.
const RIGHT: f64 = 50.0;
const TOP: f64 = 14.0;
const LETTER: f64 = 6.6;
const MOST_LETTERS: usize = 18;
const OURS: &str = "var(--series-1, #2458c5)";
const PAPER: &str = "var(--level, #6b7280)";
/// Labels that lean, in degrees, and how far they reach to the left and down, of their length.
const LEAN: f64 = -35.0;
const REACH: (f64, f64) = (0.82, 0.58);

/// Where things lie.
struct Frame {
    left: f64,
    bottom: f64,
    /// Of one value of the axis.
    band: f64,
    leans: bool,
    y: Scale,
}

impl AxisPlot {
    /// The plot as an `<svg>` element; empty where there is no number to draw.
    pub(crate) fn to_svg(&self) -> String {
        let numbers = || {
            let of = |value: &AxisPoint| value.runs.iter().map(|run| run.score).collect::<Vec<_>>();
            self.values.iter().flat_map(move |value| of(value).into_iter().chain(value.paper))
        };
        if numbers().next().is_none() {
            return String::new();
        }
        let frame = self.frame(numbers());
        let mut svg = format!(
            "<svg class=\"curve plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\" font-size=\"12\" \
             fill=\"currentColor\">",
            escape(&self.title)
        );
        self.axes(&mut svg, &frame);
        let paper: Vec<_> = self.values.iter().map(|value| value.paper).collect();
        let ours: Vec<_> = self.values.iter().map(|value| value.mean).collect();
        frame.line(&mut svg, &paper, &format!("stroke:{PAPER};stroke-dasharray:5 4"));
        frame.line(&mut svg, &ours, &format!("stroke:{OURS};stroke-width:2"));
        for (place, value) in self.values.iter().enumerate() {
            value.draw(&mut svg, &frame, frame.x(place));
        }
        frame.names(&mut svg, &ours, &paper);
        svg + "</svg>"
    }

    fn frame(&self, numbers: impl Iterator<Item = f64>) -> Frame {
        let longest = self.values.iter().map(|value| value.label.chars().count().min(MOST_LETTERS)).max();
        let length = LETTER * longest.unwrap_or(0) as f64;
        let count = self.values.len().max(1) as f64;
        let leans = length + 8.0 > (WIDTH - LEFT - RIGHT) / count;
        let (aside, down) = if leans { (REACH.0 * length, REACH.1 * length) } else { (0.0, 0.0) };
        // The first label may reach below the numbers of the other axis.
        let left = LEFT.max(aside - (WIDTH - LEFT - RIGHT) / count / 2.0 + 6.0);
        let bottom = HEIGHT - 2.0 * LINE - 8.0 - down;
        Frame {
            left,
            bottom,
            band: (WIDTH - left - RIGHT) / count,
            leans,
            y: Scale::new(numbers, bottom, TOP, true),
        }
    }

    fn axes(&self, svg: &mut String, frame: &Frame) {
        let right = WIDTH - RIGHT;
        for (value, label) in frame.y.ticks() {
            let (left, at) = (frame.left, frame.y.at(value));
            push(
                svg,
                format_args!(
                    "<line x1=\"{left:.1}\" x2=\"{right:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" \
                     style=\"stroke:var(--grid, #8884)\"/>"
                ),
            );
            text(svg, left - 8.0, at + MIDDLE, "end", MUTED, &label);
        }
        for (place, value) in self.values.iter().enumerate() {
            let (x, y) = (frame.x(place), frame.bottom + LINE + 3.0);
            let label = cut(&value.label, MOST_LETTERS);
            if frame.leans {
                push(svg, format_args!("<g transform=\"rotate({LEAN} {x:.1} {y:.1})\">"));
                text(svg, x + 4.0, y, "end", "", &label);
                svg.push_str("</g>");
            } else {
                text(svg, x, y, "middle", "", &label);
            }
        }
        text(svg, f64::midpoint(frame.left, right), HEIGHT - 5.0, "middle", MUTED, &self.axis);
    }
}

impl AxisPoint {
    fn draw(&self, svg: &mut String, frame: &Frame, x: f64) {
        if let Some(paper) = self.paper {
            let y = frame.y.at(paper);
            let hover = titled(&format!("{}, paper: {paper:.1}", self.label));
            push(
                svg,
                format_args!(
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\" style=\"fill:var(--card, #fff);stroke:{PAPER};\
                     stroke-width:2\">{hover}</circle>"
                ),
            );
        }
        if let Some(mean) = self.mean {
            let y = frame.y.at(mean);
            push(
                svg,
                format_args!(
                    "<path d=\"M{:.1} {y:.1}h12\" style=\"stroke:{OURS};stroke-width:2\"/>",
                    x - 6.0
                ),
            );
        }
        for run in &self.runs {
            let (y, hover) = (frame.y.at(run.score), titled(&run.hover));
            if run.has_collapsed {
                push(
                    svg,
                    format_args!(
                        "<path d=\"M{:.1} {:.1}l7 7m0 -7l-7 7\" style=\"stroke:var(--bad, #b3261e);stroke-width:2\">\
                         {hover}</path>",
                        x - 3.5,
                        y - 3.5
                    ),
                );
            } else {
                push(
                    svg,
                    format_args!(
                        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" style=\"fill:{OURS};fill-opacity:0.7\">{hover}\
                         </circle>"
                    ),
                );
            }
        }
        if !self.words.is_empty() {
            let (y, style) = (frame.bottom - 6.0, format!("{MUTED};font-size:11px"));
            let x = x + MIDDLE;
            push(svg, format_args!("<g transform=\"rotate(-90 {x:.1} {y:.1})\">"));
            text(svg, x, y, "start", &style, &self.words);
            svg.push_str("</g>");
        }
    }
}

impl Frame {
    fn x(&self, place: usize) -> f64 {
        self.left + self.band * (place as f64 + 0.5)
    }

    /// Through neighbours that have a value.
    fn line(&self, svg: &mut String, values: &[Option<f64>], style: &str) {
        let mut path = String::new();
        let mut letter = 'M';
        for (place, value) in values.iter().enumerate() {
            let Some(value) = value else {
                letter = 'M';
                continue;
            };
            push(&mut path, format_args!("{letter}{:.1} {:.1}", self.x(place), self.y.at(*value)));
            letter = 'L';
        }
        push(svg, format_args!("<path d=\"{path}\" fill=\"none\" style=\"{style}\"/>"));
    }

    /// What each line is, beside its last value.
    fn names(&self, svg: &mut String, ours: &[Option<f64>], paper: &[Option<f64>]) {
        let last =
            |values: &[Option<f64>]| values.iter().rev().flatten().next().map(|value| self.y.at(*value));
        let names = [("ours", OURS, 600, last(ours)), ("paper", PAPER, 400, last(paper))];
        let named: Vec<_> = names.into_iter().filter_map(|(n, c, w, y)| Some((n, c, w, y?))).collect();
        let wanted: Vec<_> = named.iter().map(|name| name.3).collect();
        let places = apart(&wanted, LINE, (TOP, self.bottom));
        for ((name, colour, weight, _), place) in named.into_iter().zip(places) {
            let style = format!("fill:{colour};font-weight:{weight}");
            text(svg, WIDTH - RIGHT + 8.0, place + MIDDLE, "start", &style, name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(label: &str, scores: &[f64], paper: Option<f64>) -> AxisPoint {
        let run =
            |score: &f64| RunPoint { score: *score, has_collapsed: *score < 20.0, hover: "a run".to_owned() };
        AxisPoint {
            label: label.to_owned(),
            runs: scores.iter().map(run).collect(),
            mean: (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64),
            paper,
            words: if scores.is_empty() { "not measured".to_owned() } else { String::new() },
        }
    }

    fn plot(values: Vec<AxisPoint>) -> String {
        AxisPlot { title: "ours".to_owned(), axis: "momentum".to_owned(), values }.to_svg()
    }

    #[test]
    fn seeds_are_points_the_paper_is_hollow_and_what_collapsed_is_a_cross() {
        let svg = plot(vec![
            value("0.0", &[10.0], None),
            value("0.9", &[40.0, 42.0], Some(55.2)),
            value("0.99", &[], Some(57.8)),
            value("0.999", &[44.0, 45.0], Some(59.0)),
        ]);
        assert_eq!(svg.matches("r=\"3.5\"").count(), 4, "{svg}");
        assert_eq!(svg.matches("r=\"4.5\"").count(), 3, "{svg}");
        assert_eq!(svg.matches("l7 7m0 -7l-7 7").count(), 1, "{svg}");
        for words in [">0.99<", ">not measured<", ">ours<", ">paper<", ">momentum<"] {
            assert_eq!(svg.matches(words).count(), 1, "{words}: {svg}");
        }
    }

    #[test]
    fn without_numbers_there_is_no_plot_and_long_labels_lean_inside_it() {
        assert_eq!(plot(vec![value("a", &[], None)]), "");
        let long = |n: usize| value(&format!("a long label, the {n}th of them"), &[40.0 + n as f64], None);
        let svg = plot((0..8).map(long).collect());
        assert_eq!(svg.matches("rotate(-35").count(), 8, "{svg}");
        let first = svg.split("rotate(-35 ").nth(1).unwrap().split(' ').next().unwrap();
        let first: f64 = first.parse().unwrap();
        assert!(first > REACH.0 * LETTER * MOST_LETTERS as f64, "{first}");
    }
}
