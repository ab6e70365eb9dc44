//! Clusters of a run on its page: of each the test images that are nearest to its centre.

use crate::canvas::{save, shown};
use crate::thumbnails::{Cell, Thumbnails, fitted};
use kontrast_data::Labelled;
use kontrast_eval::{Cluster, Scores};
use kontrast_runlog::{Summary, human};
use std::path::Path;

/// Clusters on the sheet, those with the most images.
const DRAWN: usize = 20;

/// Draws `clusters.png` where these scores of the run's own data set have clusters.
pub(crate) fn draw(
    summary: &Summary,
    scores: &Scores,
    test: &dyn Labelled,
    figures: &Path,
) -> anyhow::Result<()> {
    let mut clusters: Vec<_> = scores.trained.iter().flat_map(|report| &report.clusters).collect();
    if clusters.is_empty() || scores.dataset != summary.dataset {
        return Ok(());
    }
    clusters.sort_by_key(|cluster| std::cmp::Reverse(cluster.images));
    let mut sheet = Thumbnails::default();
    for cluster in clusters.into_iter().take(DRAWN) {
        let cell = |&index: &u32| -> anyhow::Result<Cell> {
            let mut buffer = Vec::new();
            let image = fitted(&shown(test.image(index as usize, &mut buffer)?));
            Ok(Cell::Image(image, test.class_names()[test.label(index as usize) as usize].clone()))
        };
        let cells = cluster.nearest.iter().map(cell).collect::<anyhow::Result<_>>()?;
        sheet.push(title(cluster, test.class_names()), cells);
    }
    save(&sheet.drawn(), &figures.join("clusters.png"))
}

/// How many images it has, and which class it stands for.
fn title(cluster: &Cluster, names: &[String]) -> String {
    let images = human::counted(cluster.images as u64, "test image");
    match cluster.class {
        Some(class) if cluster.images > 0 => {
            let per_cent = 100.0 * cluster.of_class as f64 / cluster.images as f64;
            format!("{}: {images}, {per_cent:.0} % of them {}", names[class], names[class])
        }
        Some(class) => format!("{}: no test image", names[class]),
        None => format!("of no class: {images}"),
    }
}

#[cfg(test)]
mod tests {
    use super::title;
    use kontrast_eval::Cluster;

    #[test]
    fn a_cluster_is_named_by_its_class() {
        let names = ["cat".to_owned(), "dog".to_owned()];
        let of = |class, images, of_class| {
            title(&Cluster { class, images, of_class, nearest: Vec::new() }, &names)
        };
        assert_eq!(of(Some(1), 40, 30), "dog: 40 test images, 75 % of them dog");
        assert_eq!(of(Some(0), 0, 0), "cat: no test image");
        assert_eq!(of(None, 1, 0), "of no class: 1 test image");
    }
}
