//! Images that stand on the command line, not in an experiment file: what is wrong with them is said in flags, not in keys.

use crate::Refusal;
use crate::host::Host;
use kontrast_data::{DataError, Source, Spec, Splits, Unreadable, WHITE};
use kontrast_runlog::cache_home;
use std::path::Path;

/// A folder of images, or where `path` is a file a pack, in so many channels.
pub(crate) fn open(
    path: &Path,
    unreadable: Unreadable,
    holdout: Option<f64>,
    channels: usize,
    host: &dyn Host,
) -> anyhow::Result<Splits> {
    let source = if path.is_file() {
        Source::Pack(path.to_owned())
    } else {
        Source::Folder { root: path.to_owned(), unreadable, holdout, background: WHITE }
    };
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
