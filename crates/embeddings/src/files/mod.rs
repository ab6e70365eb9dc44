//! Tables as files: safetensors, npy, CSV and parquet, by the ending of the name. A file is there whole or not at all.

mod csv;
mod npy;
#[cfg(feature = "parquet")]
mod parquet;
mod safetensors;

use crate::{EmbeddingsError, Table};
use std::fs::Permissions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::Builder;

/// Whether a file that is there may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    Keep,
    /// The new one takes its place.
    Replace,
}

/// A form in which a table lies in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Safetensors,
    Npy,
    Csv,
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Form {
    fn of(path: &Path) -> Result<Self, EmbeddingsError> {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match &*ending {
            "safetensors" => Ok(Self::Safetensors),
            "npy" => Ok(Self::Npy),
            "csv" => Ok(Self::Csv),
            #[cfg(feature = "parquet")]
            "parquet" => Ok(Self::Parquet),
            #[cfg(not(feature = "parquet"))]
            "parquet" => Err(wrong(
                path,
                "this build reads and writes no parquet; with cargo xtask a command that names such a file builds one that \
                 does, else build with --features parquet",
            )),
            _ => Err(wrong(path, "expected a name that ends in .safetensors, .npy, .csv or .parquet")),
        }
    }
}

impl Table {
    /// Reads a table.
    ///
    /// - safetensors: the tensor `embeddings`, `[n, d]` in fp32, beside it `names`, `labels` and `groups` as bytes of a JSON
    ///   array; or one that holds a single fp32 tensor of two dimensions, and nothing else
    /// - npy: `[n, d]` in fp32 or fp64, without names
    /// - CSV with a line of headings: columns `name`, `label` and `group` where there are such, all others values
    /// - parquet, with the feature of that name: the same columns, and a list of numbers a row, or a column a value
    ///
    /// # Errors
    /// Where the file cannot be read, is of another form, or holds values that are not finite.
    pub fn read(path: &Path) -> Result<Self, EmbeddingsError> {
        let read = match Form::of(path)? {
            Form::Safetensors => safetensors::read(path),
            Form::Npy => npy::read(path),
            Form::Csv => csv::read(path),
            #[cfg(feature = "parquet")]
            Form::Parquet => parquet::read(path),
        };
        read.map_err(|error| match error {
            EmbeddingsError::NotFinite { .. }
            | EmbeddingsError::Empty { .. }
            | EmbeddingsError::Length { .. } => wrong(path, error.to_string()),
            other => other,
        })
    }

    /// Refuses a name that says no form in which a table is written.
    ///
    /// # Errors
    /// Where the ending is not `.safetensors`, `.npy`, `.csv` or, with the feature, `.parquet`.
    pub fn require_form(path: &Path) -> Result<(), EmbeddingsError> {
        Form::of(path).map(drop)
    }

    /// Writes the table; npy holds the vectors alone. The folder has to be there.
    ///
    /// # Errors
    /// Where the file is there and is to be kept, or cannot be written.
    pub fn write(&self, path: &Path, existing: Existing) -> Result<(), EmbeddingsError> {
        let form = Form::of(path)?;
        let io = |source| EmbeddingsError::Io { path: path.to_owned(), source };
        if existing == Existing::Keep && path.exists() {
            return Err(EmbeddingsError::Exists(path.to_owned()));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file =
            Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(folder).map_err(io)?;
        let mut writer = BufWriter::new(&mut file);
        match form {
            Form::Safetensors => safetensors::write(self, &mut writer).map_err(io)?,
            Form::Npy => npy::write(self, &mut writer).map_err(io)?,
            Form::Csv => csv::write(self, &mut writer).map_err(io)?,
            #[cfg(feature = "parquet")]
            Form::Parquet => parquet::write(self, &mut writer).map_err(io)?,
        }
        writer.flush().map_err(io)?;
        drop(writer);
        file.as_file().sync_all().map_err(io)?;
        match existing {
            Existing::Replace => file.persist(path).map_err(|error| io(error.error))?,
            Existing::Keep => file.persist_noclobber(path).map_err(|error| match error.error.kind() {
                std::io::ErrorKind::AlreadyExists => EmbeddingsError::Exists(path.to_owned()),
                _ => io(error.error),
            })?,
        };
        Ok(())
    }

    /// The same table with the columns that a file has.
    fn with_columns(mut self, columns: [Option<Vec<String>>; 3]) -> Result<Self, EmbeddingsError> {
        let [names, labels, groups] = columns;
        if let Some(names) = names {
            self = self.with_names(names)?;
        }
        if let Some(labels) = labels {
            self = self.with_labels(labels)?;
        }
        match groups {
            Some(groups) => self.with_groups(groups),
            None => Ok(self),
        }
    }

    /// Names, labels and groups.
    fn columns(&self) -> [Option<&[String]>; 3] {
        [self.names(), self.labels(), self.groups()]
    }
}

fn wrong(path: &Path, what: impl Into<String>) -> EmbeddingsError {
    EmbeddingsError::Format { path: path.to_owned(), what: what.into() }
}

/// A vector of values as a table.
fn table(path: &Path, shape: (usize, usize), values: Vec<f32>) -> Result<Table, EmbeddingsError> {
    let values = ndarray::Array2::from_shape_vec(shape, values);
    Table::new(values.map_err(|error| wrong(path, format!("expected {shape:?} values: {error}")))?)
}
