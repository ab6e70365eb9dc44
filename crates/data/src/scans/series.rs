//! DICOM series: images of a volume, in the order in which they lie in the patient.

use std::collections::BTreeMap;

use ndarray::Array3;
use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::dicom::{self, Frame, Header};
use super::volume::{Geometry, Point, Stack, dot, length, normal};
use crate::scan_spec::Plane;

/// How much the distance of two slices may differ from that of others, as a fraction of it.
const UNEVEN: f64 = 0.02;

/// The files of a volume.
pub(crate) type Series = Vec<Header>;

/// Files by their volumes, in the order of their paths.
pub(crate) fn sorted(headers: Vec<Header>) -> Vec<Series> {
    let mut series: BTreeMap<(Option<String>, String), Series> = BTreeMap::new();
    for header in headers {
        series.entry((header.patient.clone(), header.series.clone())).or_default().push(header);
    }
    let mut series: Vec<Series> = series.into_values().collect();
    for files in &mut series {
        files.sort_by(|a, b| (a.number, &a.path).cmp(&(b.number, &b.path)));
    }
    series.sort_by(|a, b| a[0].path.cmp(&b[0].path));
    series
}

/// What became of a volume.
pub(crate) struct Read {
    /// An empty reason where none of the files can be read.
    pub(crate) stack: Result<Stack, String>,
    /// Of each image as it was acquired: its file, and the frame in it.
    pub(crate) images: Vec<(usize, usize)>,
    /// Files that cannot be read: path and reason.
    pub(crate) failed: Vec<String>,
}

/// Reads a volume as slices along a plane.
pub(crate) fn read(series: &Series, plane: Plane) -> Read {
    let read: Vec<Result<Vec<f32>, String>> = series.par_iter().map(dicom::values).collect();
    let mut failed = Vec::new();
    let mut images = Vec::new();
    for (file, (header, values)) in series.iter().zip(read).enumerate() {
        match values {
            Ok(values) => {
                let count = header.size[0] * header.size[1];
                let frames = header.frames.iter().zip(values.chunks_exact(count)).enumerate();
                images.extend(frames.map(|(place, (frame, values))| Image {
                    place: (file, place),
                    frame,
                    values: values.to_vec(),
                }));
            }
            Err(reason) => failed.push(format!("{}: {reason}", header.path.display())),
        }
    }
    let order = Order::of(&mut images);
    let places = images.iter().map(|image| image.place).collect();
    let size = series[0].size;
    let stack = if images.is_empty() { Err(String::new()) } else { stacked(images, &order, size, plane) };
    Read { stack, images: places, failed }
}

struct Image<'h> {
    /// File, and frame in it.
    place: (usize, usize),
    frame: &'h Frame,
    values: Vec<f32>,
}

/// Where images lie along their normal.
struct Order {
    /// Of each image in mm; none where one of them does not say it.
    along: Option<Vec<f64>>,
}

impl Order {
    /// Sorts images by their position, where all know theirs.
    fn of(images: &mut [Image<'_>]) -> Self {
        let Some(directions) = images.first().and_then(|image| image.frame.directions) else {
            return Self { along: None };
        };
        let cross = {
            let [a, b] = directions;
            [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
        };
        let axis = (0..3).max_by(|&a, &b| cross[a].abs().total_cmp(&cross[b].abs())).unwrap_or(2);
        let normal = normal(directions[0], directions[1], axis);
        let at = |image: &Image<'_>| image.frame.position.map(|position| dot(normal, position));
        if images.iter().any(|image| at(image).is_none()) {
            return Self { along: None };
        }
        images.sort_by(|a, b| at(a).unwrap_or_default().total_cmp(&at(b).unwrap_or_default()));
        Self { along: images.iter().map(at).collect() }
    }
}

fn stacked(
    images: Vec<Image<'_>>,
    order: &Order,
    [rows, columns]: [usize; 2],
    plane: Plane,
) -> Result<Stack, String> {
    let first = images[0].frame;
    let pixel = first.pixel;
    if images.iter().any(|image| image.frame.pixel != pixel) {
        return Err(
            "its images have pixels of several sizes (PixelSpacing); give each a series of its own".into()
        );
    }
    let slices = images.len();
    let geometry = if plane == Plane::Acquired { Err(String::new()) } else { geometry(&images, order) };
    let values: Vec<f32> = images.into_iter().flat_map(|image| image.values).collect();
    let values =
        Array3::from_shape_vec((slices, rows, columns), values).map_err(|error| error.to_string())?;
    if plane == Plane::Acquired {
        let positions = order
            .along
            .as_ref()
            .map_or(vec![None; slices], |along| along.iter().copied().map(Some).collect());
        return Ok(Stack { values, positions, pixel });
    }
    geometry?.cut(values, plane)
}

/// Where the voxels of a volume lie, whose slices have one distance.
fn geometry(images: &[Image<'_>], order: &Order) -> Result<Geometry, String> {
    let lacks = |what: &str| {
        format!(
            "its images do not say {what}; give data.scans.plane = \"acquired\", which takes them as they are stored"
        )
    };
    let frame = images[0].frame;
    let [across, down] = frame.directions.ok_or_else(|| lacks("how they lie (ImageOrientationPatient)"))?;
    let along = order.along.as_ref().ok_or_else(|| lacks("where they lie (ImagePositionPatient)"))?;
    let pixel = frame.pixel.ok_or_else(|| lacks("the size of a pixel (PixelSpacing)"))?;
    let origin = frame.position.ok_or_else(|| lacks("where they lie (ImagePositionPatient)"))?;
    let last = images[images.len() - 1].frame.position.unwrap_or(origin);
    let between = (images.len() - 1).max(1) as f64;
    let mut step: Point = std::array::from_fn(|axis| (last[axis] - origin[axis]) / between);
    if images.len() == 1 {
        step = [
            across[1] * down[2] - across[2] * down[1],
            across[2] * down[0] - across[0] * down[2],
            across[0] * down[1] - across[1] * down[0],
        ];
    }
    let distance = (along[along.len() - 1] - along[0]) / between;
    let uneven = |pair: &[f64]| ((pair[1] - pair[0]) - distance).abs() > UNEVEN * distance.abs() + 1e-6;
    if let Some(pair) = along.windows(2).find(|pair| uneven(pair) || distance == 0.0) {
        return Err(format!(
            "its slices at {:.2} and {:.2} mm are {:.2} mm apart, {distance:.2} mm in the mean; expected one distance, \
             without missing or repeated slices: mend the series, or give data.scans.plane = \"acquired\"",
            pair[0],
            pair[1],
            pair[1] - pair[0]
        ));
    }
    if length(step) == 0.0 {
        return Err(lacks("where they lie (ImagePositionPatient)"));
    }
    Ok(Geometry {
        steps: [step, down.map(|part| part * pixel[1]), across.map(|part| part * pixel[0])],
        origin,
    })
}

/// Headers of files in parallel, in their order: those of images, how many files have none, and what cannot be read.
pub(crate) fn headers(files: Vec<std::path::PathBuf>) -> (Vec<Header>, usize, Vec<String>) {
    let read: Vec<_> = files.into_par_iter().map(|path| (dicom::header(&path), path)).collect();
    let (mut headers, mut others, mut failed) = (Vec::new(), 0, Vec::new());
    for (header, path) in read {
        match header {
            Ok(Some(header)) => headers.push(header),
            Ok(None) => others += 1,
            Err(reason) => failed.push(format!("{}: {reason}", path.display())),
        }
    }
    (headers, others, failed)
}
