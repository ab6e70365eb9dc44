//! Images that stand on the command line, not in an experiment file: what is wrong with them is said in flags, not in keys.

use crate::host::Host;
use crate::{Refusal, data};
use kontrast_data::{DataError, NAMES, Source, Spec, Splits, Unreadable, WHITE, is_archive};
use kontrast_runlog::cache_home;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A folder or an archive of images, or where `path` is another file a pack or a CSV that names images, in so many
/// channels.
pub(crate) fn open(
    path: &Path,
    unreadable: Unreadable,
    holdout: Option<f64>,
    channels: usize,
    host: &dyn Host,
) -> anyhow::Result<Splits> {
    let folder = |root| Source::Folder {
        root,
        exclude: Vec::new(),
        unreadable,
        holdout,
        background: WHITE,
        levels: None,
    };
    opened(folder_or_file(path, unreadable, holdout, folder), channels, host)
}

/// Every image of a folder or an archive, or where `path` is another file those of a pack or a CSV; what cannot be read is named and left out.
pub(crate) fn every(path: &Path, channels: usize, host: &dyn Host) -> anyhow::Result<Splits> {
    let folder = |root| Source::EveryImage { root, unreadable: Unreadable::Skip, background: WHITE };
    opened(folder_or_file(path, Unreadable::Skip, None, folder), channels, host)
}

/// The images that a text file names, a path a line from its folder on; what cannot be read is named and left out.
pub(crate) fn listed(list: &Path, channels: usize, host: &dyn Host) -> anyhow::Result<Splits> {
    let refused = |why: String| Refusal(format!("--list {}: {why}", list.display()));
    let bytes = std::fs::read(list).map_err(|error| {
        refused(format!("{error}; name a text file with a path of an image on each line"))
    })?;
    let folder = list.parent().unwrap_or(Path::new(""));
    let lines = bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let named = lines.filter(|line| !line.trim_ascii().is_empty());
    let files: Vec<_> = named.map(|line| folder.join(OsStr::from_bytes(line))).collect();
    if files.is_empty() {
        let why = "expected a path of an image on each line, found none";
        return Err(refused(why.to_owned()).into());
    }
    opened(Source::Files { files, unreadable: Unreadable::Skip, background: WHITE }, channels, host)
}

/// A data set that can be fetched, by its name, or what `open` makes of a path; `option` is what names it, such as `--on`.
pub(crate) fn named_or_path(
    option: &str,
    dataset: &str,
    channels: usize,
    host: &dyn Host,
    open: impl FnOnce(&Path) -> anyhow::Result<Splits>,
) -> anyhow::Result<Splits> {
    if NAMES.contains(&dataset) {
        let splits = data::open_named(dataset, channels, host)?;
        log_notes(&splits, host);
        return Ok(splits);
    }
    if Path::new(dataset).exists() {
        return open(Path::new(dataset));
    }
    let known = NAMES.join(", ");
    let text = format!(
        "{option} {dataset}: expected {known}, or a folder or an archive of images, a pack or a CSV that names images; there is none of that name"
    );
    Err(Refusal(text).into())
}

fn folder_or_file(
    path: &Path,
    unreadable: Unreadable,
    holdout: Option<f64>,
    folder: impl FnOnce(PathBuf) -> Source,
) -> Source {
    let path = path.to_owned();
    if !path.is_file() || is_archive(&path) {
        return folder(path);
    }
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
        return Source::Csv { path, unreadable, holdout, background: WHITE, levels: None };
    }
    Source::Pack(path)
}

fn opened(source: Source, channels: usize, host: &dyn Host) -> anyhow::Result<Splits> {
    let splits = kontrast_data::open(&Spec { source, subset: None, seed: 0, channels }, &cache_home());
    let splits = splits.map_err(in_flags)?;
    log_notes(&splits, host);
    Ok(splits)
}

/// What a person should know of the images.
pub(crate) fn log_notes(splits: &Splits, host: &dyn Host) {
    for note in &splits.notes {
        host.note(&format_args!("note: {note}"));
    }
}

fn in_flags(error: DataError) -> anyhow::Error {
    match error {
        DataError::NoFolder { folder, here } => Refusal(format!(
            "{}: there is no such folder or file; a relative path begins in the folder in which the command runs, {}",
            folder.display(),
            here.display()
        ))
        .into(),
        DataError::Holdout { folder, fraction, reason } => {
            Refusal(format!("{}: --holdout {fraction} {reason}", folder.display())).into()
        }
        DataError::Unreadable { count, images, named } => anyhow::anyhow!(
            "{count} of {images} images cannot be read: {named}; mend or remove them, or leave them out with \
             --skip-unreadable"
        ),
        DataError::NoneReadable { folder, images, named } => anyhow::anyhow!(
            "{}: expected images, found {images} files of which none can be read: {named}; mend them, or name another \
             folder",
            folder.display()
        ),
        other => other.into(),
    }
}
