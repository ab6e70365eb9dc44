//! The figures that need no labels: as facts of a page, and as tables for the terminal.

use kontrast_runlog::{LabelFree, Summary};

use crate::{Spread, markdown_table};

/// One figure: its name, how to read it, its digits after the point.
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) note: &'static str,
    pub(crate) digits: usize,
    pick: fn(&LabelFree) -> Option<f64>,
}

/// All of them. They are of representations, at the end; the curves of the same names are of embeddings, while training.
const FIGURES: [Figure; 6] = [
    Figure {
        name: "alignment",
        note: "distance of two views of an image; lower is closer",
        digits: 2,
        pick: |figures| figures.alignment,
    },
    Figure {
        name: "uniformity",
        note: "lower is more evenly spread",
        digits: 2,
        pick: |figures| figures.uniformity,
    },
    Figure {
        name: "effective rank",
        note: "directions that the representation uses",
        digits: 1,
        pick: |figures| figures.effective_rank,
    },
    Figure {
        name: "LiDAR",
        note: "directions that tell images apart beyond what two views of one differ in",
        digits: 1,
        pick: |figures| figures.lidar,
    },
    Figure {
        name: "std",
        note: "of the representation; 1 fills the sphere, 0 is collapse",
        digits: 2,
        pick: |figures| figures.std,
    },
    Figure {
        name: "contrastive accuracy",
        note: "% of these images whose other view is the nearest of all",
        digits: 1,
        pick: |figures| figures.contrastive_accuracy,
    },
];

/// The figures that were measured, with their values as text.
pub(crate) fn measured(figures: &LabelFree) -> impl Iterator<Item = (Figure, String)> {
    FIGURES.into_iter().filter_map(|figure| {
        let value = (figure.pick)(figures)?;
        let text = format!("{value:.digits$}", digits = figure.digits);
        Some((figure, text))
    })
}

/// The figures of a run that need no labels; empty where none was measured.
pub fn label_free_markdown(summary: &Summary) -> String {
    let Some(figures) = &summary.label_free else { return String::new() };
    let row = |(figure, text): (Figure, String)| vec![figure.name.to_owned(), text, figure.note.to_owned()];
    let rows: Vec<_> = measured(figures).map(row).collect();
    if rows.is_empty() { String::new() } else { markdown_table(&["figure", "value", "meaning"], &rows) }
}

/// Mean and std over runs that differ in their seed.
pub(crate) fn seeds_markdown(runs: &[Summary]) -> String {
    let row = |figure: Figure| {
        let values = runs.iter().filter_map(|run| (figure.pick)(run.label_free.as_ref()?));
        let spread = Spread::of(&values.collect::<Vec<_>>())?;
        let std = spread.std.map_or(String::new(), |d| format!(" ± {d:.digits$}", digits = figure.digits));
        let text = format!("{:.digits$}{std}", spread.mean, digits = figure.digits);
        Some(vec![figure.name.to_owned(), text, spread.count.to_string()])
    };
    let rows: Vec<_> = FIGURES.into_iter().filter_map(row).collect();
    markdown_table(&["figure without labels", "mean", "seeds"], &rows)
}
