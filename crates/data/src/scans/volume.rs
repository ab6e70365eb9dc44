//! A volume with its place in the patient, and its slices along an anatomical plane.

use ndarray::{Array3, Axis};

use crate::scan_spec::Plane;

/// Millimetres to the patient's right, front and head, the coordinates of NIfTI and of MNI.
pub(crate) type Point = [f64; 3];

impl Plane {
    /// As a file writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Acquired => "acquired",
            Self::Axial => "axial",
            Self::Coronal => "coronal",
            Self::Sagittal => "sagittal",
        }
    }

    /// The patient's axes (0 right, 1 front, 2 head) through the slices, down an image and across it. Images show the patient
    /// as radiologists look at one: the patient's left to the right, the front above or to the left, the head above.
    fn axes(self) -> [usize; 3] {
        match self {
            Self::Axial | Self::Acquired => [2, 1, 0],
            Self::Coronal => [1, 2, 0],
            Self::Sagittal => [0, 2, 1],
        }
    }
}

/// Where voxels lie.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Geometry {
    /// From one slice, row and column to the next.
    pub(crate) steps: [Point; 3],
    /// Of the first voxel.
    pub(crate) origin: Point,
}

/// Images of one size, one behind the other.
#[derive(Debug)]
pub(crate) struct Stack {
    /// `[slices, rows, columns]`
    pub(crate) values: Array3<f32>,
    /// Of each slice in mm along the normal, where it is known.
    pub(crate) positions: Vec<Option<f64>>,
    /// Of a pixel in mm, across and down, where it is known.
    pub(crate) pixel: Option<[f64; 2]>,
}

impl Geometry {
    /// The memory axis nearest to each of the patient's, and whether it runs along or against it.
    fn nearest(&self) -> [(usize, bool); 3] {
        let unit = self.steps.map(|step| step.map(|part| part / length(step)));
        let mut found = [(0, true); 3];
        let (mut own, mut patients) = (vec![0, 1, 2], vec![0, 1, 2]);
        while !own.is_empty() {
            let pairs = own.iter().flat_map(|&axis| patients.iter().map(move |&patient| (axis, patient)));
            let size = |&(axis, patient): &(usize, usize)| unit[axis][patient].abs();
            let Some((axis, patient)) = pairs.max_by(|a, b| size(a).total_cmp(&size(b))) else { break };
            found[patient] = (axis, unit[axis][patient] >= 0.0);
            own.retain(|&other| other != axis);
            patients.retain(|&other| other != patient);
        }
        found
    }

    /// The plane whose normal is nearest to the direction from slice to slice.
    pub(crate) fn plane(&self) -> Plane {
        let nearest = self.nearest();
        match nearest.iter().position(|&(axis, _)| axis == 0) {
            Some(0) => Plane::Sagittal,
            Some(1) => Plane::Coronal,
            _ => Plane::Axial,
        }
    }

    /// A volume, `[slices, rows, columns]`, as slices along a plane: those of its own axes that are nearest, so that nothing is
    /// interpolated.
    ///
    /// # Errors
    /// In words, where it has one slice only and another plane is asked for.
    pub(crate) fn cut(&self, values: Array3<f32>, plane: Plane) -> Result<Stack, String> {
        let nearest = self.nearest();
        let plane = if plane == Plane::Acquired { self.plane() } else { plane };
        let [through, down, across] = plane.axes();
        let [(slices, along), (rows, up), (columns, right)] =
            [through, down, across].map(|axis| nearest[axis]);
        if slices != 0 && values.len_of(Axis(0)) == 1 {
            return Err(format!(
                "it has one slice, which is {}; expected a volume for data.scans.plane = {:?}",
                self.plane().as_str(),
                plane.as_str()
            ));
        }
        let normal = normal(self.steps[columns], self.steps[rows], through);
        let at = |slice: usize| {
            let index = if along { slice } else { values.len_of(Axis(slices)) - 1 - slice };
            let point: Point =
                std::array::from_fn(|axis| self.origin[axis] + index as f64 * self.steps[slices][axis]);
            Some(dot(normal, point))
        };
        let positions = (0..values.len_of(Axis(slices))).map(at).collect();
        let mut values = values.permuted_axes([slices, rows, columns]);
        for (axis, turned) in [(0, !along), (1, up), (2, right)] {
            if turned {
                values.invert_axis(Axis(axis));
            }
        }
        let values = values.as_standard_layout().into_owned();
        Ok(Stack { values, positions, pixel: Some([length(self.steps[columns]), length(self.steps[rows])]) })
    }
}

/// The unit normal of the plane of two directions, which points along one of the patient's axes.
pub(crate) fn normal(a: Point, b: Point, axis: usize) -> Point {
    let cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    let size = if cross[axis] < 0.0 { -length(cross) } else { length(cross) };
    cross.map(|part| part / size)
}

pub(crate) fn dot(a: Point, b: Point) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(crate) fn length(a: Point) -> f64 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests {
    use super::{Geometry, Stack};
    use crate::scan_spec::Plane;
    use ndarray::Array3;

    /// A voxel of 2 by 3 by 4 mm: rows from the front to the back, columns from right to left, slices to the head, as
    /// DICOM's of a lying patient. The value tells the voxel.
    fn example() -> (Geometry, Array3<f32>) {
        let steps = [[0.0, 0.0, 4.0], [0.0, -3.0, 0.0], [-2.0, 0.0, 0.0]];
        let values = Array3::from_shape_fn((2, 3, 5), |(k, j, i)| (100 * k + 10 * j + i) as f32);
        (Geometry { steps, origin: [10.0, 20.0, 30.0] }, values)
    }

    fn row(stack: &Stack, slice: usize, row: usize) -> Vec<f32> {
        stack.values.slice(ndarray::s![slice, row, ..]).to_vec()
    }

    #[test]
    fn slices_show_the_patient_as_radiologists_look_at_one() {
        let (geometry, values) = example();
        let cut = |plane| geometry.cut(values.clone(), plane).unwrap();
        let axial = cut(Plane::Axial);
        assert_eq!(
            (row(&axial, 1, 2), axial.pixel),
            (vec![120.0, 121.0, 122.0, 123.0, 124.0], Some([2.0, 3.0]))
        );
        assert_eq!(axial.positions, [Some(30.0), Some(34.0)]);
        // From the back to the front, the head above.
        let coronal = cut(Plane::Coronal);
        assert_eq!(
            (row(&coronal, 0, 0), coronal.pixel),
            (vec![120.0, 121.0, 122.0, 123.0, 124.0], Some([2.0, 4.0]))
        );
        assert_eq!(coronal.positions, [Some(14.0), Some(17.0), Some(20.0)]);
        // From left to right, the front to the left.
        let sagittal = cut(Plane::Sagittal);
        assert_eq!((row(&sagittal, 0, 1), sagittal.pixel), (vec![4.0, 14.0, 24.0], Some([3.0, 4.0])));
        assert_eq!(sagittal.positions[0], Some(2.0));
        assert_eq!((geometry.plane(), cut(Plane::Acquired).values), (Plane::Axial, axial.values));
    }

    #[test]
    fn positions_of_oblique_slices_are_measured_along_their_normal() {
        let (c, s) = (0.8, 0.6);
        let geometry = Geometry { steps: [[0.0, -s, c], [0.0, -c, -s], [-1.0, 0.0, 0.0]], origin: [0.0; 3] };
        let stack = geometry.cut(Array3::zeros((3, 4, 4)), Plane::Axial).unwrap();
        let positions: Vec<f64> = stack.positions.into_iter().flatten().collect();
        assert!(positions.iter().zip([0.0, 1.0, 2.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{positions:?}");
    }

    #[test]
    fn one_slice_has_no_other_planes() {
        let (geometry, _) = example();
        let said = geometry.cut(Array3::zeros((1, 3, 5)), Plane::Coronal).unwrap_err();
        assert_eq!(
            said,
            "it has one slice, which is axial; expected a volume for data.scans.plane = \"coronal\""
        );
    }
}
