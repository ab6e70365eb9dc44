//! NIfTI-1 files: `.nii` and `.nii.gz`, three axes, any number type of one value a voxel.

use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use ndarray::{Array3, ShapeBuilder};
use nifti::NiftiHeader;

use super::volume::{Geometry, Point, Stack};
use super::{MOST_VALUES, finite};
use crate::regular;
use crate::scan_spec::Plane;

/// Reads a file as slices along a plane.
///
/// # Errors
/// In words without the file's name: no NIfTI-1 file, one of four axes, of a type that is not read, or cut short.
pub(crate) fn read(path: &Path, plane: Plane) -> Result<Stack, String> {
    let file = BufReader::new(regular::open(path).map_err(|error| error.to_string())?);
    let packed = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
    let mut reader: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut head = [0; 348];
    reader.read_exact(&mut head).map_err(|error| format!("it is cut short, or no NIfTI file: {error}"))?;
    let big = match [i32::from_le_bytes(first(&head)), i32::from_be_bytes(first(&head))] {
        [348, _] => false,
        [_, 348] => true,
        [540, _] | [_, 540] => {
            return Err("it is a NIfTI-2 file; expected NIfTI-1: write it with nibabel's Nifti1Image".into());
        }
        _ => return Err("it is no NIfTI file: its header does not begin with its length, 348".into()),
    };
    let header = NiftiHeader::from_reader(&head[..]).map_err(|error| error.to_string())?;
    if header.magic != *b"n+1\0" {
        return Err(
            "its values lie in another file (.img); expected one file: write it as .nii or .nii.gz".into()
        );
    }
    let size = size(&header)?;
    let begin = header.vox_offset.max(352.0) as u64 - 348;
    let (kind, width) = kind(header.datatype)?;
    std::io::copy(&mut (&mut reader).take(begin), &mut std::io::sink()).map_err(|error| error.to_string())?;
    let expected = size.iter().product::<usize>() * width;
    let mut bytes = Vec::new();
    let read = reader.take(expected as u64).read_to_end(&mut bytes);
    if bytes.len() < expected {
        let why = read.err().map_or_else(String::new, |error| format!(" ({error})"));
        return Err(format!(
            "it is cut short: its header promises {expected} bytes of values, found {}{why}; fetch it again",
            bytes.len()
        ));
    }
    let (slope, inter) = scaling(&header);
    let value = |bytes: &[u8]| (number(kind, bytes, big) * slope + inter) as f32;
    let mut values: Vec<f32> = bytes.chunks_exact(width).map(value).collect();
    finite(&mut values)?;
    // The first axis runs quickest: reversed they are slices, rows and columns.
    let values = Array3::from_shape_vec(size.f(), values).map_err(|error| error.to_string())?;
    geometry(&header)?.cut(values.reversed_axes(), plane)
}

fn first(head: &[u8; 348]) -> [u8; 4] {
    [head[0], head[1], head[2], head[3]]
}

/// Lengths of the first three axes; a fourth may have one volume.
fn size(header: &NiftiHeader) -> Result<[usize; 3], String> {
    let axes = usize::from(header.dim[0]);
    let lengths = header.dim.get(1..=axes).filter(|_| axes >= 2).unwrap_or_default();
    let shown = lengths.iter().map(u16::to_string).collect::<Vec<_>>().join(" x ");
    if lengths.is_empty() || lengths.contains(&0) {
        return Err(format!("its header names axes {:?}; expected three lengths above 0", header.dim));
    }
    if lengths.iter().skip(3).any(|&length| length > 1) {
        return Err(format!(
            "it has {shown} values; expected one volume of three axes: write each volume as a file of its own"
        ));
    }
    let at = |axis: usize| lengths.get(axis).map_or(1, |&length| usize::from(length));
    let size = [at(0), at(1), at(2)];
    if size.iter().product::<usize>() > MOST_VALUES {
        return Err(format!("its header promises {shown} values; expected at most {MOST_VALUES}"));
    }
    Ok(size)
}

/// Number types, by the code of the standard.
#[derive(Clone, Copy)]
enum Number {
    Unsigned,
    Signed,
    Float,
}

/// The type of a code, and its bytes.
fn kind(code: i16) -> Result<(Number, usize), String> {
    Ok(match code {
        2 => (Number::Unsigned, 1),
        512 => (Number::Unsigned, 2),
        768 => (Number::Unsigned, 4),
        1280 => (Number::Unsigned, 8),
        256 => (Number::Signed, 1),
        4 => (Number::Signed, 2),
        8 => (Number::Signed, 4),
        1024 => (Number::Signed, 8),
        16 => (Number::Float, 4),
        64 => (Number::Float, 8),
        other => {
            let name = match other {
                1 => "bits",
                32 | 1792 | 2048 => "complex numbers",
                128 | 2304 => "colours",
                1536 => "floats of 128 bits",
                _ => "an unknown type",
            };
            return Err(format!(
                "its values are {name} (datatype {other}); expected integers of 8 to 64 bits or floats of 32 or 64"
            ));
        }
    })
}

fn number(kind: Number, bytes: &[u8], big: bool) -> f64 {
    let mut wide = [0; 8];
    let length = bytes.len();
    for (place, &byte) in bytes.iter().enumerate() {
        wide[if big { length - 1 - place } else { place }] = byte;
    }
    let unsigned = u64::from_le_bytes(wide);
    let spare = 64 - 8 * length as u32;
    match (kind, length) {
        (Number::Unsigned, _) => unsigned as f64,
        (Number::Signed, _) => ((unsigned << spare) as i64 >> spare) as f64,
        (Number::Float, 4) => f64::from(f32::from_bits(unsigned as u32)),
        (Number::Float, _) => f64::from_bits(unsigned),
    }
}

/// Slope and intercept; a slope of 0, or none that is finite, means that values are as they are.
fn scaling(header: &NiftiHeader) -> (f64, f64) {
    let (slope, inter) = (f64::from(header.scl_slope), f64::from(header.scl_inter));
    if slope == 0.0 || !slope.is_finite() || !inter.is_finite() { (1.0, 0.0) } else { (slope, inter) }
}

/// By the sform where it has a code, else by the qform, else by the size of a voxel: then the axes are taken to run to the right,
/// the front and the head.
fn geometry(header: &NiftiHeader) -> Result<Geometry, String> {
    let mm = match header.xyzt_units & 7 {
        1 => 1000.0,
        3 => 0.001,
        _ => 1.0,
    };
    let rows = [header.srow_x, header.srow_y, header.srow_z].map(|row| row.map(f64::from));
    let sizes: [f64; 3] = std::array::from_fn(|axis| f64::from(header.pixdim[axis + 1]));
    let (steps, origin): ([Point; 3], Point) = if header.sform_code > 0 {
        (std::array::from_fn(|axis| rows.map(|row| row[axis])), rows.map(|row| row[3]))
    } else if header.qform_code > 0 {
        let turned = rotation([header.quatern_b, header.quatern_c, header.quatern_d].map(f64::from));
        // The third axis is mirrored where the first number says so.
        let hand = [1.0, 1.0, if header.pixdim[0] < 0.0 { -1.0 } else { 1.0 }];
        let steps = std::array::from_fn(|axis| turned.map(|row| row[axis] * sizes[axis] * hand[axis]));
        (steps, [header.quatern_x, header.quatern_y, header.quatern_z].map(f64::from))
    } else {
        (
            std::array::from_fn(|axis| std::array::from_fn(|to| if to == axis { sizes[axis] } else { 0.0 })),
            [0.0; 3],
        )
    };
    // Slices, rows and columns, as they lie in memory.
    let steps = [steps[2], steps[1], steps[0]].map(|step| step.map(|part| part * mm));
    let [a, b, c] = steps;
    let volume = super::volume::dot(
        a,
        [b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0]],
    );
    if !volume.is_finite() || volume.abs() < f64::MIN_POSITIVE {
        return Err(format!(
            "its voxels have no size: steps of {a:?}, {b:?} and {c:?} mm; mend its sform, qform or pixdim"
        ));
    }
    Ok(Geometry { steps, origin: origin.map(|part| part * mm) })
}

/// Rows of the rotation of a unit quaternion whose real part is not below 0.
fn rotation([b, c, d]: [f64; 3]) -> [Point; 3] {
    let a = (1.0 - (b * b + c * c + d * d)).max(0.0).sqrt();
    [
        [a * a + b * b - c * c - d * d, 2.0 * (b * c - a * d), 2.0 * (b * d + a * c)],
        [2.0 * (b * c + a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d - a * b)],
        [2.0 * (b * d - a * c), 2.0 * (c * d + a * b), a * a + d * d - c * c - b * b],
    ]
}
