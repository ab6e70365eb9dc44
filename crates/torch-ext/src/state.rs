//! A dictionary of named tensors with strict reading and writing: every name, shape and kind has to agree.

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::{BTreeMap, HashMap};
use tch::{Kind, Tensor};

/// What is wrong with a state dictionary.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Names that the reader needs and the state lacks.
    #[error(
        "the state lacks {missing:?}; it was made by another network or method: use the configuration that made it"
    )]
    Missing {
        /// The names.
        missing: Vec<String>,
    },
    /// Names that the state has and the reader does not know.
    #[error("the state holds {unknown:?}, which nothing here reads; {}", whose(unknown))]
    Unknown {
        /// The names.
        unknown: Vec<String>,
    },
    /// A tensor of another shape or kind.
    #[error("{name}: expected {expected}, found {found}; use the configuration that made this state")]
    Differs {
        /// Name of the tensor.
        name: String,
        /// Shape and kind of the variable.
        expected: String,
        /// Shape and kind in the state.
        found: String,
    },
    /// The bytes are no safetensors file.
    #[error("not a safetensors file, or cut short: {0}; use an earlier checkpoint")]
    Format(#[from] safetensors::SafeTensorError),
    /// libtorch refused.
    #[error("libtorch: {0}")]
    Torch(#[from] tch::TchError),
}

/// Where names that nothing reads come from, and what to do about them.
fn whose(unknown: &[String]) -> &'static str {
    let is_torchvision = |name: &String| name.ends_with(".num_batches_tracked") || name.starts_with("fc.");
    if unknown.iter().all(is_torchvision) {
        "torchvision's networks have them and the encoder does not: leave them out, as kontrast_models::from_torchvision does"
    } else {
        "it was made by another network or method: use the configuration that made it"
    }
}

/// Tensors by name, in the order of their names. Cloning a tensor into it shares memory.
#[derive(Debug, Default)]
pub struct StateDict {
    entries: BTreeMap<String, Tensor>,
}

impl Clone for StateDict {
    fn clone(&self) -> Self {
        self.iter().map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone())).collect()
    }
}

impl FromIterator<(String, Tensor)> for StateDict {
    fn from_iter<I: IntoIterator<Item = (String, Tensor)>>(entries: I) -> Self {
        Self { entries: entries.into_iter().collect() }
    }
}

impl StateDict {
    /// An empty dictionary.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tensor; a name stands once.
    pub fn insert(&mut self, name: impl Into<String>, tensor: Tensor) {
        let name = name.into();
        assert!(!self.entries.contains_key(&name), "{name} stands in the state twice");
        self.entries.insert(name, tensor);
    }

    /// The tensor of that name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.entries.get(name)
    }

    /// Names and tensors in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.entries.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// How many tensors it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes in all of `other` with `prefix` and a dot before each name.
    pub fn extend_under(&mut self, prefix: &str, other: &StateDict) {
        for (name, tensor) in other.iter() {
            self.insert(format!("{prefix}.{name}"), tensor.shallow_clone());
        }
    }

    /// The same, with all of `other` beside it under `prefix`.
    #[must_use]
    pub fn and(mut self, prefix: &str, other: &StateDict) -> StateDict {
        self.extend_under(prefix, other);
        self
    }

    /// The variables among the tensors: those that require a gradient.
    pub fn trained(&self) -> Vec<(String, Tensor)> {
        let trained = self.iter().filter(|(_, tensor)| tensor.requires_grad());
        trained.map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone())).collect()
    }

    /// The part whose names begin with `prefix` and a dot, without them.
    #[must_use]
    pub fn under(&self, prefix: &str) -> StateDict {
        let strip = |name: &str| Some(name.strip_prefix(prefix)?.strip_prefix('.')?.to_owned());
        self.iter().filter_map(|(name, tensor)| Some((strip(name)?, tensor.shallow_clone()))).collect()
    }

    /// Copies every tensor of `source` into the tensor of the same name here. Strides stay as they are, so
    /// channels-last weights remain so.
    ///
    /// # Errors
    /// Where names, shapes or kinds differ; then nothing was copied.
    pub fn copy_from(&self, source: &StateDict) -> Result<(), StateError> {
        let lacking = |a: &StateDict, b: &StateDict| -> Vec<String> {
            a.entries.keys().filter(|name| !b.entries.contains_key(*name)).cloned().collect()
        };
        let (missing, unknown) = (lacking(self, source), lacking(source, self));
        if !missing.is_empty() {
            return Err(StateError::Missing { missing });
        }
        if !unknown.is_empty() {
            return Err(StateError::Unknown { unknown });
        }
        for ((name, target), (_, value)) in self.iter().zip(source.iter()) {
            if target.size() != value.size() || target.kind() != value.kind() {
                let words = |t: &Tensor| format!("{:?} {:?}", t.kind(), t.size());
                return Err(StateError::Differs {
                    name: name.to_owned(),
                    expected: words(target),
                    found: words(value),
                });
            }
        }
        tch::no_grad(|| {
            for ((_, target), (_, value)) in self.iter().zip(source.iter()) {
                target.shallow_clone().f_copy_(value)?;
            }
            Ok(())
        })
    }

    /// A copy on the CPU that shares memory with nothing.
    #[must_use]
    pub fn detached_copy(&self) -> StateDict {
        let copy = |t: &Tensor| t.detach().to_device(tch::Device::Cpu).copy();
        self.iter().map(|(name, tensor)| (name.to_owned(), copy(tensor))).collect()
    }

    /// The dictionary as the bytes of a safetensors file with `metadata`.
    ///
    /// # Errors
    /// For a kind of number that the format does not know.
    pub fn to_bytes(&self, metadata: Option<HashMap<String, String>>) -> Result<Vec<u8>, StateError> {
        let mut blobs = Vec::with_capacity(self.len());
        for (name, tensor) in self.iter() {
            let tensor = tensor.detach().to_device(tch::Device::Cpu).f_contiguous()?;
            let mut bytes = vec![0; tensor.numel() * tensor.kind().elt_size_in_bytes()];
            tensor.f_copy_data_u8(&mut bytes, tensor.numel())?;
            let shape: Vec<usize> = tensor.size().iter().map(|&side| side as usize).collect();
            blobs.push((name, dtype(tensor.kind())?, shape, bytes));
        }
        let views = blobs
            .iter()
            .map(|(name, dtype, shape, bytes)| Ok((*name, TensorView::new(*dtype, shape.clone(), bytes)?)))
            .collect::<Result<Vec<_>, StateError>>()?;
        Ok(safetensors::serialize(views, metadata)?)
    }

    /// Reads a safetensors file.
    ///
    /// # Errors
    /// Where the bytes are no such file, are cut short or hold a kind that libtorch lacks.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let file = SafeTensors::deserialize(bytes)?;
        let mut state = Self::new();
        for (name, view) in file.tensors() {
            let shape: Vec<i64> = view.shape().iter().map(|&side| side as i64).collect();
            state.insert(name, Tensor::f_from_data_size(view.data(), &shape, kind(view.dtype())?)?);
        }
        Ok(state)
    }
}

/// The metadata of a safetensors file.
///
/// # Errors
/// Where the bytes are no such file.
pub fn metadata(bytes: &[u8]) -> Result<HashMap<String, String>, StateError> {
    let (_, metadata) = SafeTensors::read_metadata(bytes)?;
    Ok(metadata.metadata().clone().unwrap_or_default())
}

fn dtype(kind: Kind) -> Result<Dtype, StateError> {
    Ok(match kind {
        Kind::Uint8 => Dtype::U8,
        Kind::Int => Dtype::I32,
        Kind::Int64 => Dtype::I64,
        Kind::Half => Dtype::F16,
        Kind::BFloat16 => Dtype::BF16,
        Kind::Float => Dtype::F32,
        Kind::Double => Dtype::F64,
        Kind::Bool => Dtype::BOOL,
        other => return Err(tch::TchError::Kind(format!("{other:?} cannot be stored")).into()),
    })
}

fn kind(dtype: Dtype) -> Result<Kind, StateError> {
    Ok(match dtype {
        Dtype::U8 => Kind::Uint8,
        Dtype::I32 => Kind::Int,
        Dtype::I64 => Kind::Int64,
        Dtype::F16 => Kind::Half,
        Dtype::BF16 => Kind::BFloat16,
        Dtype::F32 => Kind::Float,
        Dtype::F64 => Kind::Double,
        Dtype::BOOL => Kind::Bool,
        other => return Err(tch::TchError::Kind(format!("{other:?} is not read here")).into()),
    })
}
