//! `[run]`: where an experiment runs. It has defaults and is no part of the digest; another device or number of
//! threads sums in another order, so that results agree but for rounding.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::problems::Problems;

/// Where an experiment runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Infrastructure {
    /// Default `auto`, the first GPU where there is one, else the CPU; also `--device`.
    ///
    /// Range: `auto`, `cpu`, `cuda`, `cuda:N`
    pub device: Device,
    /// Threads of libtorch; where it is left out `OMP_NUM_THREADS`, else the number of the run that goes on, else one a
    /// core that other programs leave free when the run begins; also `--threads`. Exact resume needs the same number.
    ///
    /// Range: 1 or above
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// Threads that render views; one a core where it is left out.
    ///
    /// Range: 1 or above
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<usize>,
    /// The folder of run directories; default `runs`; also `--out`.
    ///
    /// Range: a path
    pub out: PathBuf,
}

impl Default for Infrastructure {
    fn default() -> Self {
        Self { device: Device::Auto, threads: None, workers: None, out: PathBuf::from("runs") }
    }
}

/// A device: `auto`, `cpu`, `cuda` (the first GPU) or `cuda:1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Device {
    /// The first GPU where there is one, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU by its number.
    Cuda(usize),
}

impl FromStr for Device {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => text
                .strip_prefix("cuda:")
                .and_then(|number| number.parse().ok())
                .map(Self::Cuda)
                .ok_or_else(|| format!("expected auto, cpu, cuda or cuda:N, found {text:?}")),
        }
    }
}

impl TryFrom<String> for Device {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Device> for String {
    fn from(device: Device) -> Self {
        device.to_string()
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

impl Infrastructure {
    pub(crate) fn check(&self, problems: &mut Problems) {
        for (key, count) in [("run.threads", self.threads), ("run.workers", self.workers)] {
            problems.require(count != Some(0), key, &0, "at least 1, or no such key");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_written_as_it_is_read() {
        for text in ["auto", "cpu", "cuda:0", "cuda:3"] {
            assert_eq!(text.parse::<Device>().map(|device| device.to_string()), Ok(text.to_owned()));
        }
        assert_eq!("cuda".parse(), Ok(Device::Cuda(0)));
    }

    #[test]
    fn an_unknown_device_names_the_choices() {
        let error = "gpu".parse::<Device>().unwrap_err();
        assert_eq!(error, "expected auto, cpu, cuda or cuda:N, found \"gpu\"");
    }
}
