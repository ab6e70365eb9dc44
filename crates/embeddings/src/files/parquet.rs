//! Tables as parquet, behind the feature `parquet`: columns `name`, `label` and `group` where there are such, and the vector as
//! a list of numbers in one column, or as a column a value.

use super::{table, wrong};
use crate::{EmbeddingsError, Table};
use ::parquet::data_type::{ByteArray, ByteArrayType, FloatType};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::record::{Field, ListAccessor, Row};
use ::parquet::schema::parser::parse_message_type;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Names of the columns that are no values, and of the one that is written with the vector.
const COLUMNS: [&str; 3] = ["name", "label", "group"];
const VECTOR: &str = "embedding";

pub(super) fn read(path: &Path) -> Result<Table, EmbeddingsError> {
    let unread = |error: ParquetError| wrong(path, format!("not a parquet file that can be read: {error}"));
    let file = File::open(path).map_err(|source| EmbeddingsError::Io { path: path.to_owned(), source })?;
    let reader = SerializedFileReader::new(file).map_err(unread)?;
    let (mut values, mut rows) = (Vec::new(), 0);
    let mut columns: [Vec<String>; 3] = Default::default();
    for row in reader.get_row_iter(None).map_err(unread)? {
        let before = values.len();
        take(&row.map_err(unread)?, &mut columns, &mut values)
            .map_err(|what| wrong(path, format!("row {rows} (from 0): {what}")))?;
        let width = values.len() - before;
        rows += 1;
        if values.len() != rows * width || width == 0 {
            let expected = before.checked_div(rows - 1).unwrap_or(1);
            let words = format!(
                "row {} (from 0): expected {expected} numbers, in a column of lists such as {VECTOR:?} or in columns of their \
                 own, found {width}",
                rows - 1
            );
            return Err(wrong(path, words));
        }
    }
    let width = values.len().checked_div(rows).unwrap_or(0);
    let there = columns.map(|column| (column.len() == rows).then_some(column));
    table(path, (rows, width), values)?.with_columns(there)
}

/// The texts and the numbers of a row; fields without a value, and of other kinds, are passed over.
fn take(row: &Row, columns: &mut [Vec<String>; 3], values: &mut Vec<f32>) -> Result<(), String> {
    for (heading, field) in row.get_column_iter() {
        if let Some(place) = COLUMNS.iter().position(|column| heading.eq_ignore_ascii_case(column)) {
            columns[place].push(match field {
                Field::Str(text) => text.clone(),
                Field::Null => String::new(),
                other => other.to_string(),
            });
            continue;
        }
        match field {
            Field::ListInternal(list) => {
                let number = |place| {
                    let found = list.get_float(place).map(f64::from).or_else(|_| list.get_double(place));
                    found.map_err(|_| format!("column {heading}: expected a list of fp32 or fp64 numbers"))
                };
                for place in 0..list.len() {
                    values.push(number(place)? as f32);
                }
            }
            Field::Float(value) => values.push(*value),
            Field::Double(value) => values.push(*value as f32),
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn write(table: &Table, file: &mut (impl Write + Send)) -> std::io::Result<()> {
    write_all(table, file).map_err(std::io::Error::other)
}

fn write_all(table: &Table, file: &mut (impl Write + Send)) -> Result<(), ParquetError> {
    let columns = table.columns();
    let there = COLUMNS.iter().zip(columns).filter(|(_, column)| column.is_some());
    let texts: Vec<String> = there.map(|(name, _)| format!("REQUIRED BYTE_ARRAY {name} (UTF8); ")).collect();
    let texts = texts.concat();
    let schema = format!(
        "message embeddings {{ {texts}REQUIRED GROUP {VECTOR} (LIST) {{ REPEATED GROUP list {{ REQUIRED FLOAT element; }} }} }}"
    );
    let schema = Arc::new(parse_message_type(&schema)?);
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(WriterProperties::default()))?;
    let mut group = writer.next_row_group()?;
    for column in columns.into_iter().flatten() {
        let texts: Vec<ByteArray> = column.iter().map(|text| ByteArray::from(text.as_str())).collect();
        if let Some(mut out) = group.next_column()? {
            out.typed::<ByteArrayType>().write_batch(&texts, None, None)?;
            out.close()?;
        }
    }
    let values: Vec<f32> = table.values().iter().copied().collect();
    // Each value is there, and the first of a row begins a new list.
    let defined = vec![1; values.len()];
    let begins: Vec<i16> = (0..values.len()).map(|place| i16::from(place % table.width() != 0)).collect();
    if let Some(mut out) = group.next_column()? {
        out.typed::<FloatType>().write_batch(&values, Some(&defined), Some(&begins))?;
        out.close()?;
    }
    group.close()?;
    writer.close().map(drop)
}
