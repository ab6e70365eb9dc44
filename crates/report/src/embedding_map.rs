//! Representations in two dimensions: points in the colours of their classes; the image of the one under the pointer is shown
//! beside them.

use std::fmt::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kontrast_runlog::{RunlogError, atomic_write};
use serde::{Deserialize, Serialize};

use crate::ReportError;
use crate::svg::{cut, escape};

/// Representations of some images, as `figures/embedding.json` has them; their images lie in `embedding.jpg` beside it, in rows of
/// [`EmbeddingMap::COLUMNS`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EmbeddingMap {
    /// "test images".
    pub of: String,
    /// Names of the classes; empty where there are none.
    pub classes: Vec<String>,
    /// The class of each image; empty where there are none.
    pub labels: Vec<usize>,
    /// Width and height of an image in the picture.
    pub cell: (usize, usize),
    /// Where the images lie.
    pub layouts: Vec<MapLayout>,
}

/// One way to lay them out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MapLayout {
    /// "t-SNE".
    pub name: String,
    /// Of each image.
    pub points: Vec<(f32, f32)>,
}

/// Pixels of the square that points lie in, and of the room beside it.
const SIDE: f64 = 440.0;
const BESIDE: f64 = 170.0;
const MARGIN: f64 = 12.0;
/// The image under the pointer.
const SHOWN: f64 = 128.0;
const LINE: f64 = 16.0;
/// Classes that are named beside the points.
const NAMED: usize = 17;
/// Of a class's name.
const MOST_LETTERS: usize = 20;

impl EmbeddingMap {
    /// Images in a row of the picture.
    pub const COLUMNS: usize = 25;

    const NAME: &str = "embedding.json";
    /// The file of the picture, beside it.
    pub const PICTURE: &str = "embedding.jpg";

    /// Writes `embedding.json` in a folder.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), ReportError> {
        let text = serde_json::to_string(self).unwrap_or_default();
        Ok(atomic_write(&folder.join(Self::NAME), text.as_bytes())?)
    }

    /// The map of a folder, with its picture; none where there is none, or none that can be read.
    pub(crate) fn read(folder: &Path) -> Result<Option<(Self, Vec<u8>)>, ReportError> {
        let read = |name: &str| {
            let path = folder.join(name);
            match std::fs::read(&path) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(source) => Err(RunlogError::Read { path, source }),
            }
        };
        let Some((text, picture)) = read(Self::NAME)?.zip(read(Self::PICTURE)?) else { return Ok(None) };
        let map: Option<Self> = serde_json::from_slice(&text).ok();
        Ok(map.filter(Self::is_whole).map(|map| (map, picture)))
    }

    fn is_whole(&self) -> bool {
        let count = self.layouts.first().map_or(0, |layout| layout.points.len());
        let whole = |layout: &MapLayout| {
            layout.points.len() == count && layout.points.iter().all(|(x, y)| x.is_finite() && y.is_finite())
        };
        let labelled = self.labels.len() == count && self.labels.iter().all(|&l| l < self.classes.len());
        count > 0 && self.layouts.iter().all(whole) && (self.labels.is_empty() || labelled)
    }

    /// An `<svg>` for each layout; the first holds the picture, which all show pieces of.
    pub(crate) fn to_svgs(&self, picture: &[u8]) -> Vec<(String, String)> {
        let draw = |(place, layout): (usize, &MapLayout)| {
            let mut svg = format!(
                "<svg class=\"map\" viewBox=\"0 0 {} {SIDE}\" role=\"img\" aria-label=\"{}\" font-size=\"12\" \
                 fill=\"currentColor\">",
                SIDE + BESIDE,
                escape(&layout.name)
            );
            if place == 0 {
                svg.push_str(&self.definitions(layout.points.len(), picture));
            }
            self.names(&mut svg);
            self.points(&mut svg, layout);
            (layout.name.clone(), svg + "</svg>")
        };
        self.layouts.iter().enumerate().map(draw).collect()
    }

    fn definitions(&self, count: usize, picture: &[u8]) -> String {
        let (width, height) = (self.cell.0 * Self::COLUMNS, self.cell.1 * count.div_ceil(Self::COLUMNS));
        format!(
            "<defs><image id=\"embedded-images\" width=\"{width}\" height=\"{height}\" \
             style=\"image-rendering:pixelated\" href=\"data:image/jpeg;base64,{}\"/></defs>",
            STANDARD.encode(picture)
        )
    }

    /// The classes with their colours.
    fn names(&self, svg: &mut String) {
        let left = SIDE + MARGIN;
        for (class, name) in self.classes.iter().take(NAMED).enumerate() {
            let y = MARGIN + LINE * class as f64;
            let _ = write!(
                svg,
                "<circle cx=\"{left}\" cy=\"{y:.1}\" r=\"4.5\" fill=\"{}\"/><text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                self.colour(class),
                left + 10.0,
                y + 4.0,
                escape(&cut(name, MOST_LETTERS))
            );
        }
        if self.classes.len() > NAMED {
            let more = self.classes.len() - NAMED;
            let y = MARGIN + LINE * NAMED as f64 + 4.0;
            let _ = write!(svg, "<text x=\"{:.1}\" y=\"{y:.1}\">and {more} more</text>", left + 10.0);
        }
    }

    fn points(&self, svg: &mut String, layout: &MapLayout) {
        let place = Placement::of(&layout.points);
        let (left, top) = (SIDE + MARGIN, SIDE - SHOWN - LINE);
        for (image, point) in layout.points.iter().enumerate() {
            let (x, y) = place.at(*point);
            let class = self.labels.get(image).copied();
            let colour = class.map_or("var(--series-1, #2458c5)".to_owned(), |class| self.colour(class));
            let name = class.map_or(String::new(), |class| escape(&cut(&self.classes[class], MOST_LETTERS)));
            let (column, row) = (image % Self::COLUMNS * self.cell.0, image / Self::COLUMNS * self.cell.1);
            let _ = write!(
                svg,
                "<g class=\"point\"><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{colour}\"/><g>\
                 <svg x=\"{left}\" y=\"{top}\" width=\"{SHOWN}\" height=\"{SHOWN}\" viewBox=\"{column} {row} {} {}\">\
                 <use href=\"#embedded-images\"/></svg><text x=\"{left}\" y=\"{:.1}\">{name}</text></g></g>",
                self.cell.0,
                self.cell.1,
                SIDE - 3.0
            );
        }
    }

    /// Evenly around the circle of hues, neighbours apart, readable on light and on dark.
    fn colour(&self, class: usize) -> String {
        let count = self.classes.len().max(1) as f64;
        let lightness = if class.is_multiple_of(2) { 44 } else { 58 };
        format!("hsl({:.0} 68% {lightness}%)", 360.0 * class as f64 / count)
    }
}

/// From the values of a layout to pixels, both axes alike.
struct Placement {
    middle: (f64, f64),
    scale: f64,
}

impl Placement {
    fn of(points: &[(f32, f32)]) -> Self {
        let range = |of: fn(&(f32, f32)) -> f32| {
            let ends = points
                .iter()
                .map(of)
                .fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), v| (least.min(v), most.max(v)));
            (f64::from(ends.0), f64::from(ends.1))
        };
        let (across, down) = (range(|point| point.0), range(|point| point.1));
        let span = (across.1 - across.0).max(down.1 - down.0).max(f64::from(f32::MIN_POSITIVE));
        let middle = (f64::midpoint(across.0, across.1), f64::midpoint(down.0, down.1));
        Self { middle, scale: (SIDE - 2.0 * MARGIN) / span }
    }

    fn at(&self, (x, y): (f32, f32)) -> (f64, f64) {
        let half = SIDE / 2.0;
        let across = (f64::from(x) - self.middle.0) * self.scale;
        let up = (f64::from(y) - self.middle.1) * self.scale;
        (half + across, half - up)
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> EmbeddingMap {
        EmbeddingMap {
            of: "test images".to_owned(),
            classes: vec!["a<b".to_owned(), "c".to_owned()],
            labels: vec![0, 1, 1],
            cell: (8, 8),
            layouts: vec![
                MapLayout { name: "t-SNE".to_owned(), points: vec![(0.0, 0.0), (2.0, 1.0), (1.0, 0.5)] },
                MapLayout { name: "PCA".to_owned(), points: vec![(0.0, 0.0); 3] },
            ],
        }
    }

    #[test]
    fn the_picture_stands_on_the_page_once_and_points_within_the_square() {
        let svgs = map().to_svgs(b"picture");
        assert_eq!(svgs[0].1.matches("data:image/jpeg;base64,cGljdHVyZQ==").count(), 1);
        assert!(!svgs[1].1.contains("data:") && svgs[1].1.contains("href=\"#embedded-images\""));
        let place = Placement::of(&map().layouts[0].points);
        assert_eq!((place.at((0.0, 0.5)), place.at((2.0, 0.5))), ((12.0, 220.0), (428.0, 220.0)));
        assert!(svgs[0].1.contains("a&lt;b") && !svgs[0].1.contains("a<b") && !svgs[1].1.contains("NaN"));
    }

    #[test]
    fn what_was_written_is_read_and_what_does_not_fit_is_not() {
        let folder = tempfile::tempdir().unwrap();
        assert!(EmbeddingMap::read(folder.path()).unwrap().is_none());
        map().write(folder.path()).unwrap();
        assert!(EmbeddingMap::read(folder.path()).unwrap().is_none(), "without its picture");
        std::fs::write(folder.path().join(EmbeddingMap::PICTURE), b"picture").unwrap();
        assert_eq!(EmbeddingMap::read(folder.path()).unwrap(), Some((map(), b"picture".to_vec())));
        for bad in [vec![0, 1], vec![0, 1, 2]] {
            EmbeddingMap { labels: bad, ..map() }.write(folder.path()).unwrap();
            assert!(EmbeddingMap::read(folder.path()).unwrap().is_none());
        }
        std::fs::write(folder.path().join(EmbeddingMap::NAME), "{").unwrap();
        assert!(EmbeddingMap::read(folder.path()).unwrap().is_none());
    }
}
