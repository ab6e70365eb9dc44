//! Weights that other programs wrote: reading their files, finding the encoders in them, and taking all of one or nothing.

#[cfg(test)]
mod hostile;
mod literal;
mod load;
mod pickle;
mod reader;
mod spec;
mod styles;
mod torch_file;
mod value;
mod zip;

pub use load::Taken;
pub(crate) use styles::{Found, encoders};
pub use torch_file::{Numbers, RawTensor, TorchFileError, read_torch_file};

pub(crate) use spec::{require_numbers, spec_of};

use kontrast_torch_ext::{StateDict, StateError};
use std::path::Path;
use tch::{Kind, Tensor};

/// What files of `torch.save` are called.
const EXTENSIONS: [&str; 6] = ["pth", "pt", "ckpt", "tar", "bin", "th"];

/// Why tensors cannot be read.
pub(crate) enum Unread {
    /// As a file of `torch.save`.
    Torch(TorchFileError),
    /// As a safetensors file.
    State(StateError),
}

/// All tensors of a file, of safetensors or `torch.save`, by name.
pub(crate) fn tensors(path: &Path, bytes: &[u8]) -> Result<StateDict, Unread> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let named = extension.is_some_and(|extension| EXTENSIONS.contains(&&*extension));
    // A file that was renamed is read all the same.
    let is_state = StateDict::from_bytes(bytes).map_err(Unread::State);
    if is_state.is_ok() || !(named || torch_file::is_one(bytes)) {
        return is_state;
    }
    let raw = read_torch_file(bytes).map_err(Unread::Torch)?;
    let tensor = |(name, raw): (String, RawTensor)| {
        let shape: Vec<i64> = raw.shape.iter().map(|&side| side as i64).collect();
        let tensor = Tensor::f_from_data_size(&raw.bytes, &shape, kind(raw.numbers));
        Ok((name, tensor.map_err(|error| Unread::State(error.into()))?))
    };
    raw.into_iter().map(tensor).collect()
}

fn kind(numbers: Numbers) -> Kind {
    match numbers {
        Numbers::F64 => Kind::Double,
        Numbers::F32 => Kind::Float,
        Numbers::F16 => Kind::Half,
        Numbers::Bf16 => Kind::BFloat16,
        Numbers::I64 => Kind::Int64,
        Numbers::I32 => Kind::Int,
        Numbers::I16 => Kind::Int16,
        Numbers::I8 => Kind::Int8,
        Numbers::U8 => Kind::Uint8,
        Numbers::Bool => Kind::Bool,
    }
}

/// Weights of any precision in the single one that encoders have.
pub(crate) fn single(tensor: &Tensor) -> Tensor {
    match tensor.kind() {
        Kind::Half | Kind::BFloat16 | Kind::Double => tensor.to_kind(Kind::Float),
        _ => tensor.shallow_clone(),
    }
}

impl Found {
    /// Its tensors under our names, in single precision; heads and counters are left out. `others` are the file's encoders.
    pub(crate) fn state(&self, all: &StateDict, others: &[Self]) -> StateDict {
        let names = self.names(all.iter().map(|(name, _)| name), others).own;
        let tensor = |(own, theirs): (String, String)| Some((own, single(all.get(&theirs)?)));
        names.into_iter().filter_map(tensor).collect()
    }
}
