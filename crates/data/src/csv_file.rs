//! A CSV file that names images: columns `image`, and `label`, `group`, `caption` and `split` where there are such.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use csv::{ReaderBuilder, StringRecord, Trim};

use crate::coverage;
use crate::dataset::Dataset;
use crate::error::DataError;
use crate::folder::{Part, Unreadable, split};
use crate::layout::{is_test, is_train};
use crate::reader::{Known, Listed, Reader};
use crate::split::{Split, Splits};
use crate::transparency::Form;

/// The columns that are read.
const COLUMNS: [&str; 5] = ["image", "label", "group", "split", "caption"];

/// A line of the file.
struct Row {
    line: u64,
    image: PathBuf,
    label: Option<String>,
    group: Option<String>,
    test: bool,
    /// Those of its line, and of later lines of the same image.
    captions: Vec<String>,
}

/// Opens the images of a file, in its order: its splits, or with a `holdout` a test split made of the training images.
pub(crate) fn open(
    path: &Path,
    unreadable: Unreadable,
    holdout: Option<f64>,
    form: Form,
    seed: u64,
) -> Result<Splits, DataError> {
    let (rows, mut notes) = rows(path)?;
    if unreadable == Unreadable::Refuse {
        require_there(path, &rows)?;
    }
    let (test, train): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.test);
    let wrong = |reason: &str| DataError::Layout { folder: path.to_owned(), reason: reason.to_owned() };
    let held = |reason: &str| DataError::Holdout {
        folder: path.to_owned(),
        fraction: holdout.unwrap_or_default(),
        reason: reason.to_owned(),
    };
    if train.is_empty() {
        return Err(wrong("every image is of the test split; expected images whose split is train"));
    }
    if holdout.is_some() && !test.is_empty() {
        return Err(held("cannot be used, since the column split names test images; leave it out"));
    }
    let numbers = numbers(train.iter().chain(&test).filter_map(|row| row.group.as_deref()));
    notes.extend(on_both_sides(path, &train, &test));
    let mut reader = Reader::new(path, unreadable, form, notes);
    if train[0].label.is_none() {
        if holdout.is_some() {
            return Err(held("cannot be used, since images without classes cannot be scored; leave it out"));
        }
        return unlabelled(path, train, test, &numbers, reader);
    }
    let known: BTreeSet<String> = train.iter().filter_map(|row| row.label.clone()).collect();
    let known: Vec<String> = known.into_iter().collect();
    if let Some((row, label)) = test
        .iter()
        .filter_map(|row| Some((row, row.label.as_ref()?)))
        .find(|(_, label)| !known.contains(label))
    {
        let reason = format!(
            "the class {label:?} has test images, but no training images; give it some, or remove its test images"
        );
        return Err(DataError::Line { path: path.to_owned(), line: row.line, reason });
    }
    let tested = !test.is_empty();
    let train = Arc::new(reader.labelled(listed(train, &known, &numbers), known.clone(), "training")?);
    if let Some(fraction) = holdout {
        let (train, test) = split(path, train, fraction, seed)?;
        reader.notes.extend(coverage::untested(&*train, &*test, fraction));
        return Ok(reader.splits(Split::Labelled(train), Some(test)));
    }
    let mut tests: Option<Part> = None;
    if tested {
        let images = reader.labelled(listed(test, &known, &numbers), known, "test")?;
        tests = Some(Arc::new(images));
    }
    Ok(reader.splits(Split::Labelled(train), tests))
}

/// Images without classes; test images have no use beside them, but for those with captions.
fn unlabelled(
    path: &Path,
    train: Vec<Row>,
    test: Vec<Row>,
    numbers: &HashMap<String, u64>,
    mut reader: Reader<'_>,
) -> Result<Splits, DataError> {
    let said = test.first().is_some_and(|row| !row.captions.is_empty());
    let mut captioned: Option<Arc<dyn Dataset>> = None;
    if said {
        let Listed { paths, known, .. } = listed(test, &[], numbers);
        captioned = Some(Arc::new(reader.described(paths, known)?.0));
    } else if !test.is_empty() {
        reader.notes.push(format!(
            "{}: {} test images are not used, since there are no classes to score with; add a column label",
            path.display(),
            test.len()
        ));
    }
    let Listed { paths, known, .. } = listed(train, &[], numbers);
    let images = reader.described(paths, known)?.0;
    Ok(Splits { captioned, ..reader.splits(Split::Unlabelled(Arc::new(images)), None) })
}

/// The lines of a file, checked one by one, and what a person should know of them.
fn rows(path: &Path) -> Result<(Vec<Row>, Vec<String>), DataError> {
    if !path.exists() {
        let here = std::env::current_dir().unwrap_or_default();
        let reason = format!(
            "data.root names no file that is there; a relative path begins in the folder in which the command runs, {}",
            here.display()
        );
        return Err(DataError::Layout { folder: path.to_owned(), reason });
    }
    if !path.is_file() {
        let reason =
            "expected a CSV file that names images, found a folder; for its images, data.name = \"folder\"";
        return Err(DataError::Layout { folder: path.to_owned(), reason: reason.to_owned() });
    }
    let at = |line: u64, reason: String| DataError::Line { path: path.to_owned(), line, reason };
    let text = std::fs::read(path).map_err(DataError::io(path))?;
    let unreadable = |error: csv::Error| {
        let line = error.position().map_or(1, |position| line_of(&text, position));
        let reason = match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!(
                    "expected {expected_len} fields, as the first line has, found {len}; quote a name that has commas"
                )
            }
            csv::ErrorKind::Utf8 { .. } => "expected UTF-8; save the file in it".to_owned(),
            _ => error.to_string(),
        };
        at(line, reason)
    };
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(&text[..]);
    let header = reader.headers().map_err(unreadable)?.clone();
    let columns = columns(&header).map_err(|reason| at(1, reason))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let (mut rows, mut seen) = (Vec::<Row>::new(), HashMap::new());
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, |position| line_of(&text, position));
        let row = row(&record, columns, line, folder).map_err(|reason| at(line, reason))?;
        if let Some(&place) = seen.get(&row.image) {
            another_caption(&mut rows[place], row).map_err(|reason| at(line, reason))?;
            continue;
        }
        seen.insert(row.image.clone(), rows.len());
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(at(1, "expected a line for each image below this one, found none".to_owned()));
    }
    let others = header.iter().filter(|column| !COLUMNS.contains(column)).map(|column| format!("{column:?}"));
    let others = coverage::listed(others)
        .map(|others| format!("{}: columns that are not read: {others}", path.display()));
    Ok((rows, others.into_iter().collect()))
}

/// A second line of an image, which brings another caption of it.
fn another_caption(first: &mut Row, again: Row) -> Result<(), String> {
    let (image, before) = (first.image.display(), first.line);
    if again.captions.is_empty() {
        return Err(format!("{image} stands on line {before} already; name each image once"));
    }
    let alike = [
        ("label", first.label == again.label),
        ("group", first.group == again.group),
        ("split", first.test == again.test),
    ];
    if let Some((name, _)) = alike.into_iter().find(|(_, alike)| !alike) {
        return Err(format!(
            "{image} has another {name} on line {before}; give all of its captions the same"
        ));
    }
    first.captions.extend(again.captions);
    Ok(())
}

/// The line on which a record begins, from 1: the reader's position is that before empty lines.
pub(crate) fn line_of(text: &[u8], position: &csv::Position) -> u64 {
    let rest = text.get(position.byte() as usize..).unwrap_or_default();
    let empty = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + empty.filter(|&&byte| byte == b'\n').count() as u64
}

/// Where each column stands that is read.
fn columns(header: &StringRecord) -> Result<[Option<usize>; COLUMNS.len()], String> {
    if let Some(twice) =
        COLUMNS.iter().find(|name| header.iter().filter(|column| column == *name).count() > 1)
    {
        return Err(format!("the column {twice} stands there twice; keep one"));
    }
    let columns = COLUMNS.map(|name| header.iter().position(|column| column == name));
    if columns[0].is_none() {
        let found: Vec<_> = header.iter().map(|column| format!("{column:?}")).collect();
        let hint = if header.iter().any(|column| column.contains([';', '\t'])) {
            "; separate them with commas"
        } else {
            ""
        };
        return Err(format!(
            "expected a line of headings with a column image, and label, group, split and caption where there are such, found {}{hint}",
            found.join(", ")
        ));
    }
    Ok(columns)
}

fn row(
    record: &StringRecord,
    columns: [Option<usize>; COLUMNS.len()],
    line: u64,
    folder: &Path,
) -> Result<Row, String> {
    let mut fields = [None; COLUMNS.len()];
    for ((field, column), name) in fields.iter_mut().zip(columns).zip(COLUMNS) {
        let Some(column) = column else { continue };
        let value = record.get(column).unwrap_or_default();
        if value.is_empty() {
            return Err(format!(
                "{name} is empty; fill it on every line, or leave the line or the column out"
            ));
        }
        *field = Some(value);
    }
    let [image, label, group, split, caption] = fields;
    let test = match split.map(str::to_ascii_lowercase).as_deref() {
        None => false,
        Some(name) if is_train(name) => false,
        Some(name) if is_test(name) => true,
        Some(name) => return Err(format!("split is {name:?}; expected train or test (or val)")),
    };
    let image = folder.join(image.unwrap_or_default());
    let [label, group, caption] = [label, group, caption].map(|field| field.map(str::to_owned));
    Ok(Row { line, image, label, group, test, captions: caption.into_iter().collect() })
}

fn require_there(path: &Path, rows: &[Row]) -> Result<(), DataError> {
    let mut missing = rows.iter().filter(|row| !row.image.is_file());
    let Some(first) = missing.next() else { return Ok(()) };
    let more = match missing.count() {
        0 => String::new(),
        1 => "; one other is missing too".to_owned(),
        more => format!("; {more} others are missing too"),
    };
    let reason = format!(
        "there is no image {}{more}; a relative path begins in the folder of this file",
        first.image.display()
    );
    Err(DataError::Line { path: path.to_owned(), line: first.line, reason })
}

/// A number for each group, in the order in which they are named.
fn numbers<'r>(groups: impl Iterator<Item = &'r str>) -> HashMap<String, u64> {
    let mut numbers = HashMap::new();
    for group in groups {
        let next = numbers.len() as u64;
        numbers.entry(group.to_owned()).or_insert(next);
    }
    numbers
}

fn listed(rows: Vec<Row>, known: &[String], numbers: &HashMap<String, u64>) -> Listed {
    let label = |row: &Row| known.binary_search(row.label.as_ref()?).ok().map(|label| label as u32);
    let labels = rows.iter().filter_map(label).collect();
    let groups = rows.iter().map(|row| Some(numbers[row.group.as_ref()?])).collect();
    let said = rows.iter().any(|row| !row.captions.is_empty());
    let (paths, captions): (Vec<_>, Vec<_>) = rows.into_iter().map(|row| (row.image, row.captions)).unzip();
    Listed { paths, labels, known: Known { groups, captions: said.then_some(captions) } }
}

/// A note about groups that the file itself has on both sides.
fn on_both_sides(path: &Path, train: &[Row], test: &[Row]) -> Option<String> {
    let groups =
        |rows: &[Row]| -> BTreeSet<String> { rows.iter().filter_map(|row| row.group.clone()).collect() };
    let both: Vec<_> = groups(train).intersection(&groups(test)).cloned().collect();
    let list = coverage::listed(both.into_iter())?;
    Some(format!(
        "{}: groups with training and test images, so that scores are too good: {list}",
        path.display()
    ))
}
