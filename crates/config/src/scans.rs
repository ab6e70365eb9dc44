//! `data.windows`, `data.percentiles` and `data.scans`: values of more than a byte, and scans that hold them.

use std::fmt;
use std::path::PathBuf;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::problems::Problems;
use crate::{Data, DataName};

/// How many channels values may become: of two and four the last would be alpha.
const CHANNELS: [usize; 6] = [1, 3, 5, 6, 7, 8];

/// What a file writes for pixels as they are stored.
const STORED: &str = "stored";

/// Values from black to white.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// What becomes middle gray, in the units of the values.
    pub centre: f64,
    /// From black to white: above 0.
    pub width: f64,
}

/// Values from black to white, by how many are smaller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Percentiles {
    /// What becomes black, 0 to 100.
    pub low: f64,
    /// What becomes white: above `low`, at most 100.
    pub high: f64,
}

/// What is made of DICOM and NIfTI files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Scans {
    /// Along which plane volumes are cut into images, without interpolation; `acquired` takes DICOM images as they are stored,
    /// and NIfTI along its third axis.
    ///
    /// Range: `acquired`, `axial`, `coronal`, `sagittal`
    pub plane: Plane,
    /// The size of a pixel in mm, at which images are resampled, or `"stored"`, which takes pixels as they are; where it is left
    /// out, pixels that are not square, and volumes of differing spacing, are refused.
    ///
    /// Range: above 0, or `"stored"`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spacing: Option<Spacing>,
    /// The fraction of slices that is taken of each volume, those in its middle; default 1.
    ///
    /// Range: above 0, at most 1
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slices: Option<f64>,
    /// Slices are left out of which fewer pixels, as a fraction, are not black in the first channel; default 0, which leaves out
    /// none.
    ///
    /// Range: 0 to 1
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreground: Option<f64>,
    /// Whose slices are a group: `header`, the default, goes by DICOM's patient ID, and takes each NIfTI file for another patient;
    /// `folder` goes by the folder in `data.root` in which a file lies, however deep.
    ///
    /// Range: `header`, `folder`
    #[serde(default, skip_serializing_if = "usual_patients")]
    pub patients: Patients,
    /// A CSV file with the columns `label`, and `patient` or `file` (a file or folder, from `data.root` on), and `split` where
    /// there is one; relative to the folder in which the command runs. Without it slices have no classes.
    ///
    /// Range: a path
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<PathBuf>,
}

/// Along which plane a volume is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Plane {
    /// As it was acquired.
    Acquired,
    /// Slices from the feet to the head.
    Axial,
    /// Slices from the back to the front.
    Coronal,
    /// Slices from left to right.
    Sagittal,
}

/// Whose slices are a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Patients {
    /// As the file says.
    #[default]
    Header,
    /// By the folder.
    Folder,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls it with")]
fn usual_patients(patients: &Patients) -> bool {
    *patients == Patients::default()
}

/// The size of a pixel.
#[derive(Clone, Copy, PartialEq)]
pub enum Spacing {
    /// As it is stored.
    Stored,
    /// In mm.
    Millimetres(f64),
}

/// As the file writes it.
impl fmt::Debug for Spacing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored => write!(f, "{STORED:?}"),
            Self::Millimetres(mm) => mm.fmt(f),
        }
    }
}

impl Serialize for Spacing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Stored => serializer.serialize_str(STORED),
            Self::Millimetres(mm) => serializer.serialize_f64(*mm),
        }
    }
}

impl<'de> Deserialize<'de> for Spacing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Size;
        impl Visitor<'_> for Size {
            type Value = Spacing;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of mm, or \"stored\"")
            }

            fn visit_f64<E: Error>(self, mm: f64) -> Result<Self::Value, E> {
                Ok(Spacing::Millimetres(mm))
            }

            fn visit_i64<E: Error>(self, mm: i64) -> Result<Self::Value, E> {
                Ok(Spacing::Millimetres(mm as f64))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                if text == STORED {
                    return Ok(Spacing::Stored);
                }
                Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Size)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Spacing {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Spacing".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [{ "type": "number", "exclusiveMinimum": 0 }, { "const": STORED }] })
    }
}

impl Data {
    /// The channels that windows or percentiles make; none where there are neither.
    fn levels(&self) -> Option<(&'static str, usize)> {
        if self.windows.is_empty() {
            return (!self.percentiles.is_empty()).then_some(("data.percentiles", self.percentiles.len()));
        }
        Some(("data.windows", self.windows.len()))
    }

    pub(crate) fn check_levels(&self, problems: &mut Problems) {
        for (place, Window { centre, width }) in self.windows.iter().enumerate() {
            let key = |name: &str| format!("data.windows[{place}].{name}");
            problems.require(centre.is_finite(), &key("centre"), centre, "a finite number");
            problems.positive(&key("width"), *width);
        }
        for (place, Percentiles { low, high }) in self.percentiles.iter().enumerate() {
            let key = |name: &str| format!("data.percentiles[{place}].{name}");
            problems.require((0.0..=100.0).contains(low), &key("low"), low, "0 to 100");
            let expected = format!("above low = {low}, at most 100");
            problems.require(low < high && *high <= 100.0, &key("high"), high, &expected);
        }
        let Some((key, made)) = self.levels() else {
            if self.name == DataName::Scans {
                let what = "windows such as [{ centre = 40, width = 400 }], or data.percentiles such as [{ low = 1, high = 99 }]: \
                            how values become bytes";
                problems.missing("data.windows", what);
            }
            return;
        };
        let fits = matches!(self.name, DataName::Scans | DataName::Folder | DataName::Csv | DataName::Frames);
        let only =
            "no such key, since only data.name = \"scans\", \"folder\", \"frames\" and \"csv\" read it";
        problems.require(fits, key, &format_args!("{made} windows"), only);
        let alone = self.windows.is_empty() || self.percentiles.is_empty();
        let expected = "no such key beside data.windows: values become bytes by either";
        problems.require(
            alone,
            "data.percentiles",
            &format_args!("{} windows", self.percentiles.len()),
            expected,
        );
        let expected = "1, 3 or 5 to 8 windows, a channel each: of 2 and 4 channels the last would be alpha";
        problems.require(CHANNELS.contains(&made), key, &format_args!("{made} windows"), expected);
        let channels = self.channels();
        let key = if self.mean.is_measured() { "data.channels" } else { "data.mean" };
        let expected = format!(
            "{made} channels, a channel for each window{}",
            if made == 1 { ", or 3 that are alike" } else { "" }
        );
        let fits = channels == made || made == 1 && channels == 3 || !CHANNELS.contains(&made);
        problems.require(fits, key, &format_args!("{channels} channels"), &expected);
    }

    pub(crate) fn check_scans(&self, problems: &mut Problems) {
        let wanted = self.name == DataName::Scans;
        let Some(Scans { spacing, slices, foreground, .. }) = &self.scans else {
            if wanted {
                problems.missing("data.scans", "a table with plane, for data.name = \"scans\"");
            }
            return;
        };
        let only = "no such table, since only data.name = \"scans\" reads it";
        problems.require(wanted, "data.scans", &format_args!("a table"), only);
        if let Some(Spacing::Millimetres(mm)) = spacing {
            let fits = *mm > 0.0 && mm.is_finite();
            problems.require(fits, "data.scans.spacing", mm, "a number of mm above 0, or \"stored\"");
        }
        if let Some(slices) = slices {
            problems.require(
                *slices > 0.0 && *slices <= 1.0,
                "data.scans.slices",
                slices,
                "a fraction above 0, at most 1",
            );
        }
        if let Some(foreground) = foreground {
            problems.require(
                (0.0..=1.0).contains(foreground),
                "data.scans.foreground",
                foreground,
                "a fraction, 0 to 1",
            );
        }
    }
}
