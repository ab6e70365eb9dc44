//! A curve over time or by layer, as SVG: lines, and levels to hold them against.
//!
//! Colours are CSS variables with a default, so that a page's light and dark styles reach into it.

use crate::placement::apart;
use crate::scale::Scale;
use crate::svg::{COLOURS, LINE, MIDDLE, MUTED, cut, escape, push, short, text, titled};

/// A plot of lines over one axis.
#[derive(Clone, Debug, Default)]
pub struct Curve {
    /// What is shown, with its unit.
    pub title: String,
    /// What the horizontal axis counts.
    pub x_label: String,
    /// Values of the horizontal axis with what stands below them, from left to right; round ones from 0 on where there
    /// are none.
    pub x_ticks: Vec<(f64, String)>,
    /// The lines.
    pub series: Vec<Series>,
    /// The levels.
    pub levels: Vec<Level>,
}

/// One line. Points that are no numbers leave a gap.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// What it is called where there is more than one.
    pub name: String,
    /// The points from left to right.
    pub points: Vec<(f64, f64)>,
    /// Which line, by its position, this one is the baseline of: it is dashed, in that line's colour.
    pub baseline_of: Option<usize>,
    /// One of many: thin, neutral, below the others, and named under the pointer alone.
    pub is_muted: bool,
}

/// A horizontal line to hold the others against, such as chance.
#[derive(Clone, Debug, Default)]
pub struct Level {
    /// What it is called.
    pub name: String,
    /// Where it lies.
    pub value: f64,
}

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 44.0;
/// The lines are named at their right ends: the least room for that, and the most.
const RIGHT: (f64, f64) = (122.0, 250.0);
/// About as wide as a letter of a name, a bold one too, and what stands before the first.
const LETTER: f64 = 6.6;
const BEFORE: f64 = 18.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 40.0;
/// Of a name, so that there is room for it.
const MOST_LETTERS: usize = 26;
/// More points than this cannot be told apart.
const MOST_POINTS: usize = 300;

impl Curve {
    /// The plot as an `<svg>` element; empty where no line has a point.
    pub fn to_svg(&self) -> String {
        let points = || self.series.iter().flat_map(|series| &series.points);
        if !points().any(|(x, y)| x.is_finite() && y.is_finite()) {
            return String::new();
        }
        let levels = self.levels.iter().map(|level| level.value);
        let ends: Vec<f64> = match &self.x_ticks[..] {
            [] => points().map(|point| point.0).chain([0.0]).collect(),
            ticks => ticks.iter().map(|tick| tick.0).collect(),
        };
        // A first column of points needs room beside the axis.
        let from = if self.x_ticks.is_empty() { LEFT } else { LEFT + 24.0 };
        let x = Scale::new(ends.into_iter(), from, self.end(), false);
        let y = Scale::new(points().map(|point| point.1).chain(levels), HEIGHT - BOTTOM, TOP, true);
        let mut svg = format!(
            "<svg class=\"curve\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\" \
             font-size=\"11.5\" fill=\"currentColor\">",
            escape(&self.title)
        );
        self.axes(&mut svg, &x, &y);
        self.draw_levels(&mut svg, &y);
        let lines = || self.series.iter().enumerate();
        let (muted, others) =
            (lines().filter(|line| line.1.is_muted), lines().filter(|line| !line.1.is_muted));
        for (index, series) in muted.chain(others) {
            let hover = if self.series.len() > 1 { &series.name } else { "" };
            draw_series(&mut svg, series, (&x, &y), colour(index, series), (dashes(index, series), hover));
        }
        self.end_labels(&mut svg, &y);
        svg + "</svg>"
    }

    fn axes(&self, svg: &mut String, x: &Scale, y: &Scale) {
        for (value, label) in y.ticks() {
            let at = y.at(value);
            push(
                svg,
                format_args!(
                    "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" \
                 style=\"stroke:var(--grid, #8884)\"/>",
                    self.end()
                ),
            );
            text(svg, LEFT - 8.0, at + 4.0, "end", MUTED, &label);
        }
        let bottom = HEIGHT - BOTTOM;
        let ticks = if self.x_ticks.is_empty() { x.ticks() } else { self.x_ticks.clone() };
        for (value, label) in ticks {
            text(svg, x.at(value), bottom + LINE + 3.0, "middle", MUTED, &label);
        }
        text(svg, f64::midpoint(LEFT, self.end()), HEIGHT - 5.0, "middle", MUTED, &self.x_label);
    }

    fn draw_levels(&self, svg: &mut String, y: &Scale) {
        for level in self.drawn_levels() {
            let at = y.at(level.value);
            push(
                svg,
                format_args!(
                    "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke-width=\"1.5\" \
                 stroke-dasharray=\"5 4\" style=\"stroke:var(--level, #6b7280)\"/>",
                    self.end()
                ),
            );
        }
    }

    /// The levels that have a place.
    fn drawn_levels(&self) -> impl Iterator<Item = &Level> {
        self.levels.iter().filter(|level| level.value.is_finite())
    }

    /// Where the lines end, left of the room for their names.
    fn end(&self) -> f64 {
        let letters = self.labels().iter().map(|(_, label, ..)| label.chars().count()).max().unwrap_or(0);
        WIDTH - (BEFORE + LETTER * letters as f64).clamp(RIGHT.0, RIGHT.1)
    }

    /// The last value of each line and each level, what it is called, its colour and how bold it is.
    fn labels(&self) -> Vec<(f64, String, &'static str, u32)> {
        let several = self.series.len() > 1;
        let named = self.series.iter().enumerate().filter(|(_, series)| !series.is_muted);
        let lines = named.filter_map(|(index, series)| {
            let (_, last) = series.points.iter().rfind(|point| point.0.is_finite() && point.1.is_finite())?;
            let name = if several { format!("{} ", cut(&series.name, MOST_LETTERS)) } else { String::new() };
            let weight = if series.baseline_of.is_some() { 400 } else { 600 };
            Some((*last, format!("{name}{}", short(*last)), colour(index, series), weight))
        });
        let levels = self
            .drawn_levels()
            .map(|level| (level.value, format!("{} {}", level.name, short(level.value)), LEVEL_NAME, 400));
        lines.chain(levels).collect()
    }

    /// What each line and each level is, at its right end. Where they end close together the labels are moved apart, and
    /// a thin line leads from an end to a label that lies elsewhere.
    fn end_labels(&self, svg: &mut String, y: &Scale) {
        let labels: Vec<_> = self
            .labels()
            .into_iter()
            .map(|(end, label, colour, weight)| (y.at(end), label, colour, weight))
            .collect();
        let ends: Vec<_> = labels.iter().map(|(end, ..)| *end).collect();
        // None above the picture, and none below the axis, where its numbers stand.
        let places = apart(&ends, LINE, (LINE - MIDDLE, HEIGHT - BOTTOM));
        let moved = |(end, place): (&f64, &f64)| (end - place).abs() > LINE / 2.0;
        let leads = ends.iter().zip(&places).any(moved);
        let left = self.end() + if leads { 15.0 } else { 9.0 };
        for ((end, label, colour, weight), place) in labels.iter().zip(&places) {
            if moved((end, place)) {
                push(
                    svg,
                    format_args!(
                        "<path d=\"M{:.1} {end:.1}L{:.1} {place:.1}\" style=\"stroke:{colour}\"/>",
                        self.end() + 5.0,
                        left - 2.0
                    ),
                );
            }
            let style = format!("fill:{colour};font-weight:{weight}");
            text(svg, left, place + MIDDLE, "start", &style, label);
        }
    }
}

const NEUTRAL: &str = "var(--level, #6b7280)";
const LEVEL_NAME: &str = "var(--muted, #6b7280)";

/// A line's own colour, or that of the line it is the baseline of.
fn colour(index: usize, series: &Series) -> &'static str {
    if series.is_muted {
        return NEUTRAL;
    }
    COLOURS[series.baseline_of.unwrap_or(index) % COLOURS.len()]
}

/// Baselines are dashed, and lines that share a colour with an earlier one dotted.
fn dashes(index: usize, series: &Series) -> &'static str {
    match series.baseline_of {
        _ if series.is_muted => "",
        Some(_) => " stroke-dasharray=\"5 4\"",
        None if index >= COLOURS.len() => " stroke-dasharray=\"1 5\"",
        None => "",
    }
}

fn draw_series(
    svg: &mut String,
    series: &Series,
    (x, y): (&Scale, &Scale),
    colour: &str,
    (dashes, hover): (&str, &str),
) {
    let mut path = String::new();
    let mut gap = true;
    for (at, value) in thinned(&series.points) {
        if at.is_finite() && value.is_finite() {
            let letter = if gap { 'M' } else { 'L' };
            push(&mut path, format_args!("{letter}{:.1} {:.1}", x.at(at), y.at(value)));
            gap = false;
        } else {
            gap = true;
        }
    }
    push(
        svg,
        format_args!(
            "<path class=\"line\" d=\"{path}\" fill=\"none\" stroke-width=\"{}\" stroke-linejoin=\"round\" \
         stroke-linecap=\"round\"{dashes} style=\"stroke:{colour}\">{}</path>",
            if series.is_muted { 1 } else { 2 },
            titled(hover)
        ),
    );
    if series.is_muted {
        return;
    }
    let named = if hover.is_empty() { String::new() } else { format!("{hover}, ") };
    let few = series.points.len() <= 40;
    let last = series.points.len().saturating_sub(1);
    for (index, (at, value)) in series.points.iter().enumerate() {
        if (few || index == last) && at.is_finite() && value.is_finite() {
            push(
                svg,
                format_args!(
                    "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{}\" style=\"fill:{colour}\">{}</circle>",
                    x.at(*at),
                    y.at(*value),
                    if index == last { 4.0 } else { 2.5 },
                    titled(&format!("{named}{}: {}", short(*at), short(*value)))
                ),
            );
        }
    }
}

/// Every n-th point and the last.
fn thinned(points: &[(f64, f64)]) -> impl Iterator<Item = (f64, f64)> {
    let stride = points.len().div_ceil(MOST_POINTS).max(1);
    let last = points.len().saturating_sub(1);
    let kept = points.iter().enumerate().filter(move |(index, _)| index % stride == 0 || *index == last);
    kept.map(|(_, point)| *point)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: &[(f64, f64)]) -> Curve {
        Curve {
            title: "loss".to_owned(),
            x_label: "epoch".to_owned(),
            x_ticks: Vec::new(),
            series: vec![Series { name: "loss".to_owned(), points: points.to_vec(), ..Series::default() }],
            levels: vec![Level { name: "chance".to_owned(), value: 6.0 }],
        }
    }

    #[test]
    fn the_line_ends_where_the_scales_say() {
        let svg = curve(&[(0.0, 6.0), (10.0, 4.0)]).to_svg();
        assert!(svg.contains("d=\"M44.0 16.0L398.0 220.0\""), "{svg}");
        assert!(svg.contains(">chance 6</text>"), "{svg}");
    }

    #[test]
    fn a_loss_that_is_no_number_leaves_a_gap() {
        let svg = curve(&[(0.0, 6.0), (5.0, f64::NAN), (8.0, 5.0), (10.0, 4.0)]).to_svg();
        assert_eq!(svg.matches('M').count(), 2, "{svg}");
        assert!(!svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn without_points_there_is_no_plot() {
        assert_eq!(curve(&[]).to_svg(), "");
        assert_eq!(curve(&[(0.0, f64::NAN)]).to_svg(), "");
    }

    #[test]
    fn a_long_run_is_thinned_but_keeps_its_last_point() {
        let points: Vec<_> = (0..10_000).map(|step| (f64::from(step), 5.0)).collect();
        let kept: Vec<_> = thinned(&points).collect();
        assert!(kept.len() <= MOST_POINTS + 1, "{} points", kept.len());
        assert_eq!(kept.last(), points.last());
    }

    #[test]
    fn a_floor_is_dashed_in_the_colour_of_its_line_and_ticks_may_be_named() {
        let mut plot = curve(&[(1.0, 60.0), (2.0, 70.0)]);
        plot.series.push(Series {
            name: "random init".to_owned(),
            points: vec![(1.0, 40.0), (2.0, 30.0)],
            baseline_of: Some(0),
            ..Series::default()
        });
        plot.x_ticks = vec![(1.0, "first".to_owned()), (2.0, "second".to_owned())];
        let svg = plot.to_svg();
        assert!(svg.contains(">first</text>") && svg.contains(">second</text>"), "{svg}");
        // One level and one baseline.
        assert_eq!(svg.matches("stroke-dasharray").count(), 2, "{svg}");
        assert!(svg.contains("series-1") && !svg.contains("series-2"), "{svg}");
        // The axis begins with the first tick.
        assert!(svg.contains("d=\"M68.0"), "{svg}");
    }

    #[test]
    fn labels_that_crowd_at_the_bottom_stand_above_the_axis_and_apart() {
        let mut plot = curve(&[(0.0, 9.0), (10.0, 4.0)]);
        plot.levels = [4.0, 4.01, 4.02].map(|value| Level { name: "level".to_owned(), value }).to_vec();
        let svg = plot.to_svg();
        let labels = svg.match_indices("x=\"413.0\" y=\"").map(|(from, found)| &svg[from + found.len()..]);
        let mut heights: Vec<f64> = labels.filter_map(|rest| rest.split('"').next()?.parse().ok()).collect();
        heights.sort_by(f64::total_cmp);
        assert_eq!(heights, [182.0, 196.0, 210.0, 224.0], "{svg}");
        // All but the lowest have moved, and a line leads to each.
        assert_eq!(svg.matches("<path d=\"M403.0 ").count(), 3, "{svg}");
    }

    #[test]
    fn labels_with_room_stand_where_their_lines_end() {
        let svg = curve(&[(0.0, 9.0), (10.0, 4.0)]).to_svg();
        assert!(svg.contains("x=\"407.0\" y=\"224.0\"") && !svg.contains("M403.0"), "{svg}");
    }

    #[test]
    fn long_names_have_room_and_a_fifth_line_is_dotted() {
        let mut plot = curve(&[(0.0, 9.0), (10.0, 4.0)]);
        let name = |index: usize| format!("{index}.jigsaw.permutations");
        plot.series = (0..5)
            .map(|index| Series {
                name: name(index),
                points: vec![(0.0, 9.0), (10.0, index as f64)],
                ..Series::default()
            })
            .collect();
        let longest = plot.labels().iter().map(|(_, label, ..)| label.len()).max().unwrap();
        assert!(plot.end() + BEFORE + LETTER * longest as f64 <= WIDTH + 1e-9, "{}", plot.end());
        let svg = plot.to_svg();
        assert_eq!(svg.matches("stroke-dasharray=\"1 5\"").count(), 1, "{svg}");
        assert!(svg.contains(&format!("L{:.1} ", plot.end())), "{svg}");
    }

    #[test]
    fn names_are_escaped() {
        let mut plot = curve(&[(0.0, 6.0), (10.0, 4.0)]);
        plot.levels[0].name = "<script>".to_owned();
        assert!(!plot.to_svg().contains("<script>"));
    }
}
