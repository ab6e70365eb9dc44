//! Tables as CSV.

use super::{table, wrong};
use crate::{EmbeddingsError, Table};
use ::csv::{ReaderBuilder, Writer};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Headings of the columns that are no values.
const COLUMNS: [&str; 3] = ["name", "label", "group"];

pub(super) fn read(path: &Path) -> Result<Table, EmbeddingsError> {
    let unread = |error: ::csv::Error| wrong(path, format!("not a CSV of a heading and rows alike: {error}"));
    let file = File::open(path).map_err(|source| EmbeddingsError::Io { path: path.to_owned(), source })?;
    let mut reader = ReaderBuilder::new().from_reader(file);
    let headings = reader.headers().map_err(unread)?.clone();
    let place =
        |column: &str| headings.iter().position(|heading| heading.trim().eq_ignore_ascii_case(column));
    let places = COLUMNS.map(place);
    let width = headings.len() - places.iter().flatten().count();
    let (mut values, mut rows) = (Vec::new(), 0);
    let mut columns = places.map(|place| place.map(|_| Vec::new()));
    for record in reader.records() {
        let record = record.map_err(unread)?;
        for (column, place) in columns.iter_mut().zip(places) {
            if let (Some(column), Some(place)) = (column, place) {
                column.push(record[place].to_owned());
            }
        }
        for (column, field) in
            record.iter().enumerate().filter(|(column, _)| !places.contains(&Some(*column)))
        {
            values.push(field.trim().parse::<f32>().map_err(|_| {
                let line = record.position().map_or(0, ::csv::Position::line);
                let heading = &headings[column];
                wrong(path, format!("line {line}, column {heading}: expected a number, found {field:?}"))
            })?);
        }
        rows += 1;
    }
    table(path, (rows, width), values)?.with_columns(columns)
}

pub(super) fn write(table: &Table, file: &mut impl Write) -> std::io::Result<()> {
    let mut writer = Writer::from_writer(file);
    let columns = table.columns();
    let headings = COLUMNS
        .iter()
        .zip(columns)
        .filter(|(_, column)| column.is_some())
        .map(|(name, _)| (*name).to_owned());
    writer.write_record(headings.chain((0..table.width()).map(|value| format!("v{value}"))))?;
    for (row, values) in table.values().outer_iter().enumerate() {
        let own = columns.iter().flatten().map(|column| column[row].clone());
        writer.write_record(own.chain(values.iter().map(ToString::to_string)))?;
    }
    writer.flush()
}
