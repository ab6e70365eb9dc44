//! Slices of volumes as images: cut, resampled, windowed, and chosen by what is in them.

use std::path::{Path, PathBuf};

use kontrast_augment::ImageRef;
use ndarray::Axis;

use super::resample::{count, resampled};
use super::volume::Stack;
use crate::dataset::{Dataset, Position};
use crate::error::DataError;
use crate::scan_spec::{Scans, Spacing};

/// The slices of volumes that are trained on, volume after volume.
#[derive(Debug)]
pub(crate) struct Slices {
    volumes: Vec<Volume>,
    /// The volume of each image, and its place there.
    places: Vec<(u32, u32)>,
}

/// A volume as bytes.
#[derive(Debug)]
pub(crate) struct Volume {
    /// Width and height.
    size: (usize, usize),
    /// `[slices][height, width, channels]`
    bytes: Vec<Vec<u8>>,
    /// Of each slice, from its feet, back or left on; counted from 0 before any was left out.
    numbers: Vec<usize>,
    positions: Vec<Option<f64>>,
    /// Of each slice: the name, and the file where it is one of its own.
    pub(crate) names: Vec<(String, Option<PathBuf>)>,
    /// Of a stored pixel in mm, across and down.
    pub(crate) pixel: Option<[f64; 2]>,
    pub(crate) group: u64,
}

impl Volume {
    /// What is trained on of a stack. Names and group are given later.
    ///
    /// # Errors
    /// In words, where pixels of another size are wanted and nobody knows how large they are.
    pub(crate) fn of(stack: &Stack, inverted: bool, scans: &Scans) -> Result<Self, String> {
        let (slices, rows, columns) = stack.values.dim();
        let whole = stack.values.as_slice().expect("a stack lies in one piece");
        let bounds = scans.levels.bounds(whole);
        let mut size = [rows, columns];
        if let Spacing::Millimetres(mm) = scans.spacing {
            let [across, down] = stack.pixel.ok_or(
                "it does not say the size of a pixel; give data.scans.spacing = \"stored\", which takes pixels as they are",
            )?;
            size = [count(rows, down, mm), count(columns, across, mm)];
        }
        let kept = ((slices as f64 * scans.slices).round() as usize).clamp(1, slices);
        let first = (slices - kept) / 2;
        let mut volume = Self {
            size: (size[1], size[0]),
            bytes: Vec::new(),
            numbers: Vec::new(),
            positions: Vec::new(),
            names: Vec::new(),
            pixel: stack.pixel,
            group: 0,
        };
        for slice in first..first + kept {
            let values = stack.values.index_axis(Axis(0), slice);
            let values = values.as_slice().expect("a slice lies in one piece");
            let mut bytes = Vec::new();
            if size == [rows, columns] {
                bounds.append(values, &mut bytes);
            } else {
                bounds.append(&resampled(values, [rows, columns], size), &mut bytes);
            }
            if inverted {
                for byte in &mut bytes {
                    *byte = u8::MAX - *byte;
                }
            }
            let pixels = bytes.iter().step_by(scans.levels.channels());
            let bright = pixels.filter(|&&byte| byte > 0).count();
            if bright as f64 >= scans.foreground * (size[0] * size[1]) as f64 {
                volume.bytes.push(bytes);
                volume.numbers.push(slice);
                volume.positions.push(stack.positions[slice]);
            }
        }
        Ok(volume)
    }

    /// Names each slice by its number among all.
    pub(crate) fn named(&mut self, name: impl Fn(usize) -> (String, Option<PathBuf>)) {
        self.names = self.numbers.iter().map(|&number| name(number)).collect();
    }

    /// Bytes in memory.
    pub(crate) fn memory(&self) -> usize {
        self.bytes.iter().map(Vec::len).sum()
    }

    /// Whether all of its slices were left out.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl Slices {
    pub(crate) fn new(volumes: Vec<Volume>) -> Self {
        let places = volumes.iter().enumerate().flat_map(|(volume, slices)| {
            (0..slices.bytes.len()).map(move |slice| (volume as u32, slice as u32))
        });
        Self { places: places.collect(), volumes }
    }

    /// The volume of an image, by its place among them.
    pub(crate) fn volume(&self, index: usize) -> usize {
        self.places[index].0 as usize
    }

    fn at(&self, index: usize) -> (&Volume, usize) {
        let (volume, slice) = self.places[index];
        (&self.volumes[volume as usize], slice as usize)
    }
}

impl Dataset for Slices {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn size(&self, index: usize) -> Result<(usize, usize), DataError> {
        Ok(self.at(index).0.size)
    }

    fn image<'a>(&'a self, index: usize, _buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        let (volume, slice) = self.at(index);
        Ok(ImageRef::new(volume.size.0, volume.size.1, &volume.bytes[slice]))
    }

    /// As in `patient/t1.nii.gz#17 at -12.50 mm` of the seventeenth slice; of a DICOM image that is a file, its path stands
    /// before the position.
    fn name(&self, index: usize) -> Option<String> {
        let (volume, slice) = self.at(index);
        let name = &volume.names[slice].0;
        Some(volume.positions[slice].map_or_else(|| name.clone(), |mm| format!("{name} at {mm:.2} mm")))
    }

    fn path(&self, index: usize) -> Option<&Path> {
        let (volume, slice) = self.at(index);
        volume.names[slice].1.as_deref()
    }

    fn group(&self, index: usize) -> u64 {
        self.at(index).0.group
    }

    fn position(&self, index: usize) -> Option<Position> {
        let (volume, slice) = self.at(index);
        Some(Position { volume: u64::from(self.places[index].0), mm: volume.positions[slice]? })
    }
}
