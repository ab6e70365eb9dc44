//! Golden cases and closeness assertions. A development dependency only: it panics where a test should fail.
//!
#![doc = include_str!("../README.md")]

use kontrast_torch_ext::StateDict;
use std::io::Write;
use std::ops::Index;
use tch::{Kind, Tensor};

/// The tensors of one `case.safetensors`, made by the `generate.py` beside it.
#[derive(Debug)]
pub struct Case(StateDict);

impl Case {
    /// Reads a case from the bytes of its file, as `include_bytes!` gives them.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(StateDict::from_bytes(bytes).expect("a golden case is a safetensors file"))
    }

    /// All tensors whose names begin with `prefix` and a dot, without it.
    pub fn under(&self, prefix: &str) -> StateDict {
        self.0.under(prefix)
    }

    /// The value of a tensor of one element.
    pub fn number(&self, name: &str) -> f64 {
        self[name].double_value(&[])
    }
}

impl Index<&str> for Case {
    type Output = Tensor;

    fn index(&self, name: &str) -> &Tensor {
        self.0.get(name).unwrap_or_else(|| panic!("the golden case has no {name}"))
    }
}

/// Largest absolute difference over the largest absolute value expected.
pub fn relative_error(actual: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(actual.size(), expected.size(), "shapes differ");
    let double = |t: &Tensor| t.detach().to_device(tch::Device::Cpu).to_kind(Kind::Double);
    let (actual, expected) = (double(actual), double(expected));
    let scale = expected.abs().max().double_value(&[]).max(f64::MIN_POSITIVE);
    (&actual - &expected).abs().max().double_value(&[]) / scale
}

/// Adds a line to the file that `KONTRAST_DIFFERENCES` names, if it names one: the file of the test, how far a value is off,
/// and how far it may be, apart by tabs.
fn note(test: &str, error: f64, tolerance: f64) {
    let Some(path) = std::env::var_os("KONTRAST_DIFFERENCES") else { return };
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    // One call a line: tests of several threads write at once.
    let line = format!("{test}\t{error:e}\t{tolerance:e}\n");
    let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
    written.expect("the file of differences can be written");
}

/// Asserts that no element is off by more than `tolerance` of the largest value expected.
#[track_caller]
pub fn assert_close(actual: &Tensor, expected: &Tensor, tolerance: f64) {
    let error = relative_error(actual, expected);
    note(std::panic::Location::caller().file(), error, tolerance);
    if error <= tolerance {
        return;
    }
    let double = |t: &Tensor| t.detach().to_device(tch::Device::Cpu).to_kind(Kind::Double).flatten(0, -1);
    let (a, e) = (double(actual), double(expected));
    let worst = (&a - &e).abs().argmax(0, false).int64_value(&[]);
    panic!(
        "relative error {error:.3e} is above {tolerance:.0e}: at element {worst} of {:?} found {:.9e}, expected {:.9e}",
        expected.size(),
        a.double_value(&[worst]),
        e.double_value(&[worst])
    );
}
