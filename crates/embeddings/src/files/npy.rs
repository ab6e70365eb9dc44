//! Vectors as npy, NumPy's own form.

use super::wrong;
use crate::{EmbeddingsError, Table};
use ndarray::Array2;
use ndarray_npy::{ReadNpyExt, WriteNpyExt};
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;

pub(super) fn read(path: &Path) -> Result<Table, EmbeddingsError> {
    let open = || {
        let file =
            File::open(path).map_err(|source| EmbeddingsError::Io { path: path.to_owned(), source })?;
        Ok(BufReader::new(file))
    };
    let single = Array2::<f32>::read_npy(open()?);
    let values = match single {
        Ok(values) => values,
        Err(error) => match Array2::<f64>::read_npy(open()?) {
            Ok(values) => values.mapv(|value| value as f32),
            Err(_) => {
                return Err(wrong(path, format!("expected two dimensions of fp32 or fp64 values: {error}")));
            }
        },
    };
    Table::new(values)
}

pub(super) fn write(table: &Table, file: &mut impl Write) -> std::io::Result<()> {
    table.values().write_npy(file).map_err(std::io::Error::other)
}
