//! Tables as safetensors.

use super::{table, wrong};
use crate::{EmbeddingsError, Table};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

/// The vectors, and what else may be there.
const EMBEDDINGS: &str = "embeddings";
const COLUMNS: [&str; 3] = ["names", "labels", "groups"];
/// Key of the notes in the metadata: one text, a JSON object of texts, so that equal tables are equal files.
const NOTES: &str = "kontrast.notes";

pub(super) fn read(path: &Path) -> Result<Table, EmbeddingsError> {
    let bytes =
        std::fs::read(path).map_err(|source| EmbeddingsError::Io { path: path.to_owned(), source })?;
    let tensors = SafeTensors::deserialize(&bytes)
        .map_err(|error| wrong(path, format!("not a whole safetensors file: {error}")))?;
    let name = match tensors.names()[..] {
        [only] => only,
        _ => EMBEDDINGS,
    };
    let vectors = tensors.tensor(name).map_err(|_| {
        let found = tensors.len();
        wrong(path, format!("expected a tensor {EMBEDDINGS}, found {found} others, as in a file of weights"))
    })?;
    let &[rows, width] = vectors.shape() else {
        return Err(wrong(path, format!("{name}: expected two dimensions, found {:?}", vectors.shape())));
    };
    if vectors.dtype() != Dtype::F32 {
        return Err(wrong(path, format!("{name}: expected fp32 values, found {:?}", vectors.dtype())));
    }
    let (values, _) = vectors.data().as_chunks::<4>();
    let values = values.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    let mut columns = [const { None }; 3];
    for (column, name) in columns.iter_mut().zip(COLUMNS) {
        if let Ok(tensor) = tensors.tensor(name) {
            let entries = serde_json::from_slice::<Vec<String>>(tensor.data());
            *column = Some(entries.map_err(|error| {
                wrong(path, format!("{name}: expected a JSON array of strings: {error}"))
            })?);
        }
    }
    Ok(table(path, (rows, width), values)?.with_columns(columns)?.with_notes(notes(path, &bytes)?))
}

/// What the metadata says of the table; nothing in files from elsewhere.
fn notes(path: &Path, bytes: &[u8]) -> Result<BTreeMap<String, String>, EmbeddingsError> {
    let (_, header) = SafeTensors::read_metadata(bytes)
        .map_err(|error| wrong(path, format!("not a whole safetensors file: {error}")))?;
    let Some(text) = header.metadata().as_ref().and_then(|texts| texts.get(NOTES)) else {
        return Ok(BTreeMap::new());
    };
    serde_json::from_str(text)
        .map_err(|error| wrong(path, format!("{NOTES}: expected a JSON object of texts: {error}")))
}

pub(super) fn write(table: &Table, file: &mut impl Write) -> std::io::Result<()> {
    let values: Vec<u8> = table.values().iter().flat_map(|value| value.to_le_bytes()).collect();
    let mut parts = vec![(EMBEDDINGS, Dtype::F32, vec![table.len(), table.width()], values)];
    for (name, column) in COLUMNS.into_iter().zip(table.columns()) {
        if let Some(entries) = column {
            let json = serde_json::to_vec(entries)?;
            parts.push((name, Dtype::U8, vec![json.len()], json));
        }
    }
    let mut views = Vec::new();
    for (name, kind, shape, bytes) in &parts {
        let view = TensorView::new(*kind, shape.clone(), bytes).map_err(std::io::Error::other)?;
        views.push((*name, view));
    }
    let notes = match table.notes() {
        none if none.is_empty() => None,
        notes => Some(HashMap::from([(NOTES.to_owned(), serde_json::to_string(notes)?)])),
    };
    file.write_all(&safetensors::serialize(views, notes).map_err(std::io::Error::other)?)
}
