//! A file of `torch.save`: a zip archive with a pickle, `data.pkl`, and the numbers of each storage in an entry of its own.
//! No code of it is run, and no more memory is taken than a few times its length.

use super::pickle::{self, PickleError};
use super::value::{Pickled, Storage, Strided, TooMany, Value};
use super::zip::{Archive, ZipError};
use std::collections::{BTreeMap, HashMap};

/// Tensors that share a storage are copied each: together they may take so many times the file's length.
const MOST_COPIES: usize = 8;
/// How the format before PyTorch 1.6 begins: a pickle of this number, `0x1950a86a20f9469cfc6c`.
const LEGACY: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
/// Where a tar archive has its name.
const TAR: (usize, &[u8]) = (257, b"ustar");

/// Why a file of `torch.save` cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TorchFileError {
    /// The format of PyTorch before 1.6.
    #[error(
        "written in the format of PyTorch before 1.6, whose pickle would have to be run; convert it in Python with \
         `torch.save(torch.load(\"FILE\", map_location=\"cpu\", weights_only=True), \"NEW.pth\")` and name the new file"
    )]
    Legacy,
    /// A plain pickle, or something else.
    #[error(
        "neither a safetensors file nor one of torch.save (a zip archive with data.pkl in it); save the state dictionary with \
         `torch.save(model.state_dict(), \"FILE.pth\")` or with safetensors"
    )]
    Unknown,
    /// A program with its weights.
    #[error(
        "a TorchScript module, which is a program; save its weights with \
         `torch.save(torch.jit.load(\"FILE\").state_dict(), \"NEW.pth\")` and name the new file"
    )]
    Script,
    /// A whole object.
    #[error(
        "a pickled object, {0}, whose class would have to be run; save its state dictionary instead, with \
         `torch.save(model.state_dict(), \"FILE.pth\")`"
    )]
    Object(String),
    /// The archive.
    #[error("{0}; fetch or save the file again")]
    Zip(String),
    /// The pickle.
    #[error(
        "its data.pkl is not one of torch.save: {0}; save the state dictionary again, with torch.save's own settings"
    )]
    Pickle(String),
    /// A tensor that does not lie in its storage, and the like.
    #[error("{0}; save the state dictionary again")]
    Tensor(String),
}

impl From<ZipError> for TorchFileError {
    fn from(error: ZipError) -> Self {
        Self::Zip(error.to_string())
    }
}

impl From<PickleError> for TorchFileError {
    fn from(error: PickleError) -> Self {
        Self::Pickle(error.to_string())
    }
}

impl From<TooMany> for TorchFileError {
    fn from(_: TooMany) -> Self {
        Self::Tensor("more values than a file of weights has".to_owned())
    }
}

/// The numbers that a tensor can be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Double precision.
    F64,
    /// Single precision.
    F32,
    /// Half precision.
    F16,
    /// Half precision with the range of single.
    Bf16,
    /// 64 bits.
    I64,
    /// 32 bits.
    I32,
    /// 16 bits.
    I16,
    /// 8 bits.
    I8,
    /// 8 bits without a sign.
    U8,
    /// Truth values.
    Bool,
}

impl Numbers {
    /// By the name of a storage's type; none for those that no weights are stored in.
    fn of(storage: &str) -> Option<Self> {
        let name = storage.strip_prefix("torch.cuda.").or_else(|| storage.strip_prefix("torch."))?;
        Some(match name.strip_suffix("Storage")? {
            "Double" => Self::F64,
            "Float" => Self::F32,
            "Half" => Self::F16,
            "BFloat16" => Self::Bf16,
            "Long" => Self::I64,
            "Int" => Self::I32,
            "Short" => Self::I16,
            "Char" => Self::I8,
            "Byte" => Self::U8,
            "Bool" => Self::Bool,
            _ => return None,
        })
    }

    /// Bytes of one.
    fn bytes(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }
}

/// A tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawTensor {
    /// What its numbers are.
    pub numbers: Numbers,
    /// Its sides.
    pub shape: Vec<usize>,
    /// Its numbers, little-endian, the last side first.
    pub bytes: Vec<u8>,
}

/// Every tensor of a file of `torch.save`, by the keys that lead to it, joined by dots.
///
/// ```
/// use kontrast_models::read_torch_file;
///
/// let refused = read_torch_file(b"no archive").unwrap_err().to_string();
/// assert!(refused.starts_with("neither a safetensors file nor one of torch.save"));
/// ```
///
/// # Errors
/// Where it is another kind of file, damaged, or not a dictionary of tensors.
pub fn read_torch_file(bytes: &[u8]) -> Result<BTreeMap<String, RawTensor>, TorchFileError> {
    if !Archive::is_one(bytes) {
        return Err(if is_legacy(bytes) { TorchFileError::Legacy } else { TorchFileError::Unknown });
    }
    let archive = Archive::open(bytes)?;
    let folder = folder(&archive)?;
    let named = |name: &str| archive.read(&format!("{folder}{name}"));
    let pickled = pickle::read(named("data.pkl")?.ok_or(TorchFileError::Unknown)?)?;
    if let Value::Other(class) = &pickled.root {
        return Err(TorchFileError::Object(class.chars().take(200).collect()));
    }
    let big_endian = match named("byteorder")? {
        None | Some(b"little") => false,
        Some(b"big") => true,
        Some(_) => return Err(TorchFileError::Tensor("its byteorder is neither little nor big".to_owned())),
    };
    let left = bytes.len().saturating_mul(MOST_COPIES);
    let mut reader =
        Tensors { archive: &archive, folder: &folder, pickled: &pickled, stored: HashMap::new(), left };
    let mut tensors = BTreeMap::new();
    for (name, tensor) in pickled.named_tensors()? {
        let Some(read) = reader.read(&pickled.tensors[tensor]).map_err(|error| error.of(&name))? else {
            continue;
        };
        let read = if big_endian { swapped(read) } else { read };
        if tensors.insert(name.clone(), read).is_some() {
            return Err(Unread::Because("stands there twice".to_owned()).of(&name));
        }
    }
    Ok(tensors)
}

/// Whether a file begins as `torch.save` writes it, or wrote it.
pub(crate) fn is_one(bytes: &[u8]) -> bool {
    Archive::is_one(bytes) || is_legacy(bytes)
}

fn is_legacy(bytes: &[u8]) -> bool {
    let tar = bytes.get(TAR.0..TAR.0 + TAR.1.len()) == Some(TAR.1);
    tar || bytes.get(2..2 + LEGACY.len()) == Some(LEGACY)
}

/// The folder inside the archive that everything lies in, with its slash.
fn folder(archive: &Archive<'_>) -> Result<String, TorchFileError> {
    let folder = |name: &str| {
        let folder = name.strip_suffix("data.pkl")?;
        (folder.is_empty() || folder.ends_with('/')).then(|| folder.to_owned())
    };
    let folder = archive.names().find_map(folder).ok_or(TorchFileError::Unknown)?;
    let script = format!("{folder}constants.pkl");
    if archive.names().any(|name| name == script) {
        return Err(TorchFileError::Script);
    }
    Ok(folder)
}

/// Why a tensor cannot be read: the archive, or what is wrong with the tensor.
enum Unread {
    File(TorchFileError),
    Because(String),
}

impl Unread {
    fn of(self, tensor: &str) -> TorchFileError {
        match self {
            Self::File(error) => error,
            Self::Because(what) => TorchFileError::Tensor(format!("the tensor {tensor} {what}")),
        }
    }
}

/// What tensors are read from.
struct Tensors<'f, 'b> {
    archive: &'f Archive<'b>,
    folder: &'f str,
    pickled: &'f Pickled,
    /// Storages whose checksums were looked at.
    stored: HashMap<String, &'b [u8]>,
    /// How many bytes may still be copied.
    left: usize,
}

impl<'b> Tensors<'_, 'b> {
    /// The numbers of a tensor, one after the other; none where they are of a kind that no weights have.
    fn read(&mut self, tensor: &Strided) -> Result<Option<RawTensor>, Unread> {
        let because = |what: &str| Unread::Because(what.to_owned());
        let storage = &self.pickled.storages[tensor.storage];
        let Some(numbers) = Numbers::of(&storage.numbers) else { return Ok(None) };
        let size = numbers.bytes();
        let stored = self.stored(storage, size)?;
        let outside = || because("reaches beyond its storage");
        let sizes =
            |all: &[u64]| all.iter().map(|&size| usize::try_from(size).ok()).collect::<Option<Vec<_>>>();
        let (Some(shape), Some(strides)) = (sizes(&tensor.shape), sizes(&tensor.strides)) else {
            return Err(outside());
        };
        let bytes = shape.iter().try_fold(size, |product, &side| product.checked_mul(side));
        let bytes = bytes.ok_or_else(outside)?;
        self.left = self.left.checked_sub(bytes).ok_or_else(|| because("is far larger than the file"))?;
        if bytes == 0 {
            return Ok(Some(RawTensor { numbers, shape, bytes: Vec::new() }));
        }
        let first = usize::try_from(tensor.offset).map_err(|_| outside())?;
        let last = shape
            .iter()
            .zip(&strides)
            .try_fold(first, |last, (&side, &stride)| last.checked_add((side - 1).checked_mul(stride)?));
        if last.is_none_or(|last| last >= stored.len() / size) {
            return Err(outside());
        }
        let bytes = gathered(stored, size, first, (&shape, &strides), bytes);
        Ok(Some(RawTensor { numbers, shape, bytes }))
    }

    /// The bytes of a storage, whose numbers have `size` bytes each.
    fn stored(&mut self, storage: &Storage, size: usize) -> Result<&'b [u8], Unread> {
        let Storage { key, count, .. } = storage;
        let stored = if let Some(known) = self.stored.get(&**key) {
            *known
        } else {
            let read = self.archive.read(&format!("{}data/{key}", self.folder));
            let read = read.map_err(|error| Unread::File(error.into()))?;
            let read = read.ok_or_else(|| Unread::Because("has no numbers in the archive".to_owned()))?;
            self.stored.insert(key.to_string(), read);
            read
        };
        let whole = usize::try_from(*count).ok().and_then(|count| count.checked_mul(size));
        if whole == Some(stored.len()) {
            return Ok(stored);
        }
        let found = stored.len();
        Err(Unread::Because(format!(
            "should have {count} numbers of {size} bytes, and {found} bytes are stored"
        )))
    }
}

/// The elements of a view, in the order of its indices.
fn gathered(
    stored: &[u8],
    size: usize,
    first: usize,
    (shape, strides): (&[usize], &[usize]),
    length: usize,
) -> Vec<u8> {
    let mut expected = 1;
    let contiguous = shape.iter().zip(strides).rev().all(|(&side, &stride)| {
        let fits = side == 1 || stride == expected;
        expected *= side;
        fits
    });
    if contiguous {
        return stored[first * size..first * size + length].to_vec();
    }
    let mut bytes = Vec::with_capacity(length);
    let (mut index, mut at) = (vec![0; shape.len()], first);
    while bytes.len() < length {
        bytes.extend_from_slice(&stored[at * size..(at + 1) * size]);
        for (place, side) in shape.iter().enumerate().rev() {
            index[place] += 1;
            // A side of one may have any stride.
            at = at.wrapping_add(strides[place]);
            if index[place] < *side {
                break;
            }
            at = at.wrapping_sub(strides[place].wrapping_mul(*side));
            index[place] = 0;
        }
    }
    bytes
}

/// The same numbers, of a machine with the other order of bytes.
fn swapped(mut tensor: RawTensor) -> RawTensor {
    tensor.bytes.chunks_exact_mut(tensor.numbers.bytes()).for_each(<[u8]>::reverse);
    tensor
}
