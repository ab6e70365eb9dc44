//! A table of two axes in shades of one hue, as SVG: the value stands in each cell, and words where there is none.

use crate::svg::{LINE, MIDDLE, MUTED, cut, escape, push, text, titled};

/// A value for each pair of labels.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeatMap {
    /// What is shown, with its unit.
    pub(crate) title: String,
    /// Names of the axes: rows, columns.
    pub(crate) axes: (String, String),
    /// Labels of the rows.
    pub(crate) rows: Vec<String>,
    /// Labels of the columns.
    pub(crate) columns: Vec<String>,
    /// The cells, row by row.
    pub(crate) cells: Vec<Vec<HeatCell>>,
}

/// One cell of a heat map.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeatCell {
    /// Its value.
    pub(crate) value: Option<f64>,
    /// What stands below the value, or in its place.
    pub(crate) words: String,
    /// What is said under the pointer.
    pub(crate) hover: String,
}

const ROW: f64 = 40.0;
/// Room of a column: the least, and the most that a long label gets.
const COLUMN: (f64, f64) = (70.0, 110.0);
/// Room of the rows' labels.
const LABELS: (f64, f64) = (56.0, 150.0);
/// About as wide as a letter of a label.
const LETTER: f64 = 6.6;
const TOP: f64 = 42.0;
/// How opaque the hue is at the least value and at the greatest: ink can be read on both, on light and on dark.
const SHADES: (f64, f64) = (0.05, 0.55);

impl HeatMap {
    /// The map as an `<svg>` element, which is never drawn so small that it cannot be read.
    pub(crate) fn to_svg(&self) -> String {
        let left = room(self.rows.iter().chain([&self.axes.0]), LABELS);
        let column = room(self.columns.iter(), COLUMN);
        let width = left + column * self.columns.len() as f64;
        let height = TOP + ROW * self.rows.len() as f64 + 1.0;
        let mut svg = format!(
            "<svg class=\"heat\" viewBox=\"0 0 {width:.1} {height:.1}\" role=\"img\" aria-label=\"{}\" font-size=\"12.5\" \
             fill=\"currentColor\" style=\"max-width:{:.0}px;min-width:{:.0}px\">",
            escape(&self.title),
            width * 1.2,
            width * 0.8
        );
        let letters = |room: f64| ((room - 6.0) / LETTER) as usize;
        text(&mut svg, 0.0, TOP - 8.0, "start", MUTED, &cut(&self.axes.0, letters(left)));
        text(&mut svg, f64::midpoint(left, width), LINE, "middle", MUTED, &self.axes.1);
        for (place, label) in self.columns.iter().enumerate() {
            let middle = left + column * (place as f64 + 0.5);
            text(&mut svg, middle, TOP - 8.0, "middle", "", &cut(label, letters(column)));
        }
        for (row, (label, cells)) in self.rows.iter().zip(&self.cells).enumerate() {
            let top = TOP + ROW * row as f64;
            text(&mut svg, 0.0, top + ROW / 2.0 + MIDDLE, "start", "", &cut(label, letters(left)));
            for (place, cell) in cells.iter().enumerate() {
                self.draw(&mut svg, cell, (left + column * place as f64, top), column);
            }
        }
        svg + "</svg>"
    }

    fn draw(&self, svg: &mut String, cell: &HeatCell, (x, y): (f64, f64), column: f64) {
        let fill = match cell.value {
            Some(value) => {
                format!("fill:var(--series-1, #2458c5);fill-opacity:{:.3}", self.shade(value))
            }
            None => "fill:none;stroke:var(--level, #8884);stroke-opacity:0.5;stroke-dasharray:3 3".to_owned(),
        };
        push(
            svg,
            format_args!(
                "<g>{}<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"4\" style=\"{fill}\"/>",
                titled(&cell.hover),
                x + 1.5,
                y + 1.5,
                column - 3.0,
                ROW - 3.0
            ),
        );
        let (middle, centre) = (x + column / 2.0, y + ROW / 2.0 + MIDDLE);
        let small = format!("{MUTED};font-size:9px");
        match cell.value {
            Some(value) if cell.words.is_empty() => {
                text(svg, middle, centre, "middle", VALUE, &format!("{value:.1}"));
            }
            Some(value) => {
                text(svg, middle, centre - 5.0, "middle", VALUE, &format!("{value:.1}"));
                text(svg, middle, centre + 8.0, "middle", "font-size:9px", &cell.words);
            }
            None => text(svg, middle, centre, "middle", &small, &cell.words),
        }
        svg.push_str("</g>");
    }

    /// Half way where all values are one.
    fn shade(&self, value: f64) -> f64 {
        let values = || self.cells.iter().flatten().filter_map(|cell| cell.value);
        let (low, high) =
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        let place = if high > low { (value - low) / (high - low) } else { 0.5 };
        SHADES.0 + (SHADES.1 - SHADES.0) * place
    }
}

const VALUE: &str = "font-weight:600";

/// Of the longest label.
fn room<'l>(labels: impl Iterator<Item = &'l String>, (least, most): (f64, f64)) -> f64 {
    let letters = labels.map(|label| label.chars().count()).max().unwrap_or(0);
    (LETTER * letters as f64 + 12.0).clamp(least, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(values: &[&[Option<f64>]]) -> HeatMap {
        let cell = |value: &Option<f64>| HeatCell {
            value: *value,
            words: if value.is_none() { "not measured".to_owned() } else { String::new() },
            hover: "a cell".to_owned(),
        };
        HeatMap {
            title: "ours".to_owned(),
            axes: ("first".to_owned(), "second".to_owned()),
            rows: (0..values.len()).map(|row| format!("row {row}")).collect(),
            columns: (0..values[0].len()).map(|column| format!("column {column}")).collect(),
            cells: values.iter().map(|row| row.iter().map(cell).collect()).collect(),
        }
    }

    #[test]
    fn every_cell_has_its_value_or_says_why_not() {
        let svg = map(&[&[Some(45.54), Some(51.0)], &[None, Some(48.6)]]).to_svg();
        for words in [">45.5<", ">51.0<", ">48.6<", ">not measured<", ">row 1<", ">column 0<", ">first<"] {
            assert_eq!(svg.matches(words).count(), 1, "{words}: {svg}");
        }
        assert_eq!(svg.matches("<rect").count(), 4);
        assert!(svg.contains("fill-opacity:0.050") && svg.contains("fill-opacity:0.550"), "{svg}");
    }

    #[test]
    fn one_value_has_a_shade_and_long_labels_are_cut_and_escaped() {
        let mut one = map(&[&[Some(45.0)]]);
        one.rows[0] = format!("<{}", "long ".repeat(20));
        let svg = one.to_svg();
        assert!(svg.contains("fill-opacity:0.300") && svg.contains("&lt;long") && svg.contains('…'), "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
