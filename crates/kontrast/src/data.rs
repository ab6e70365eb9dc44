//! The data set of an experiment: opened from the cache, fetched first where it is missing.

use crate::Refusal;
use crate::host::Host;
use crate::scans;
use kontrast_config::{Data, DataName, Unreadable};
use kontrast_data::{Cached, DataError, FetchProgress, Source, Spec, Splits};
use kontrast_runlog::cache_home;
use std::path::PathBuf;

/// Opens a data set that can be fetched, whole.
pub(crate) fn open_named(name: &str, channels: usize, host: &dyn Host) -> anyhow::Result<Splits> {
    let source = kontrast_data::source_of(name)?;
    open_spec(&Spec { source, subset: None, seed: 0, channels }, host)
}

/// Opens what the file names.
pub(crate) fn open(config: &Data, seed: u64, host: &dyn Host) -> anyhow::Result<Splits> {
    open_spec(
        &Spec { source: source(config)?, subset: config.subset, seed, channels: config.channels() },
        host,
    )
}

fn open_spec(spec: &Spec, host: &dyn Host) -> anyhow::Result<Splits> {
    let open = || kontrast_data::open(spec, &cache_home());
    let opened = || host.kept().map_or_else(open, |kept| kept.splits(spec, open));
    match opened() {
        Err(DataError::Missing { dataset, .. }) => {
            fetch(dataset, host)?;
            Ok(opened()?)
        }
        opened => Ok(opened?),
    }
}

/// Fetches a data set into the cache, and returns its folder there.
///
/// # Errors
/// Where no data set has this name, or every way to fetch it fails.
pub fn fetch(name: &str, host: &dyn Host) -> anyhow::Result<PathBuf> {
    let bar = host.bar("{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec}");
    let mut download = None;
    let fetched = kontrast_data::fetch(name, &cache_home(), &mut |progress| match progress {
        FetchProgress::Doing(what) => {
            if !bar.is_seen() {
                bar.line(&what);
            }
            bar.message(&what);
            download = None;
        }
        FetchProgress::Bytes { done, total } => {
            if download != Some(total) {
                download = Some(total);
                // A server that does not say how much there is leaves the bar without an end.
                bar.begin(done, total.unwrap_or(u64::MAX));
            }
            bar.set(done);
        }
    });
    // Before an error is shown too, which the bar would otherwise stand beside.
    bar.finish();
    Ok(fetched?)
}

/// A line for each data set that can be fetched: how it stands in the cache. False where one is damaged.
///
/// # Errors
/// Where the cache cannot be read.
pub fn list(host: &dyn Host) -> anyhow::Result<bool> {
    let cache = cache_home();
    let mut whole = true;
    for name in DataName::FETCHED.map(DataName::as_str) {
        let (status, words) = match kontrast_data::cached(name, &cache)? {
            Cached::Complete => ("ok", format!("complete, {}", cache.join("data").join(name).display())),
            Cached::Absent(way) => ("note", format!("not there; fetched when first needed, {way}")),
            Cached::Damaged(error) => {
                whole = false;
                ("MISSING", format!("damaged: {error}"))
            }
        };
        host.out(&format_args!("{status:<8} {name:<14} {words}"));
    }
    Ok(whole)
}

fn source(config: &Data) -> anyhow::Result<Source> {
    let lacks = |key: &str| lacks(config, key);
    Ok(match config.name {
        DataName::Cifar10 => Source::Cifar10,
        DataName::Cifar100 => Source::Cifar100,
        DataName::Stl10 => Source::Stl10 { unlabelled: config.unlabelled },
        DataName::FashionMnist => Source::FashionMnist,
        DataName::Folder => Source::Folder {
            root: config.root.clone().ok_or_else(|| lacks("root"))?,
            exclude: config.exclude.clone(),
            unreadable: unreadable(config),
            holdout: config.holdout,
            background: config.background.unwrap_or_default().0,
            levels: scans::levels(config),
        },
        DataName::Csv => Source::Csv {
            path: config.root.clone().ok_or_else(|| lacks("root"))?,
            unreadable: unreadable(config),
            holdout: config.holdout,
            background: config.background.unwrap_or_default().0,
            levels: scans::levels(config),
        },
        DataName::Frames => Source::Frames {
            root: config.root.clone().ok_or_else(|| lacks("root"))?,
            unreadable: unreadable(config),
            holdout: config.holdout,
            background: config.background.unwrap_or_default().0,
            levels: scans::levels(config),
        },
        DataName::Scans => Source::Scans(Box::new(scans::scans(config)?)),
        DataName::Pack => Source::Pack(config.root.clone().ok_or_else(|| lacks("root"))?),
        DataName::Synthetic => {
            let shapes = config.synthetic.as_ref().ok_or_else(|| lacks("synthetic"))?;
            Source::Synthetic {
                train: shapes.train,
                test: shapes.test,
                classes: shapes.classes,
                size: shapes.size,
            }
        }
        DataName::SyntheticVideo => {
            let video = config.synthetic_video.as_ref().ok_or_else(|| lacks("synthetic_video"))?;
            Source::SyntheticVideo {
                clips: video.clips,
                frames: video.frames,
                test: video.test,
                classes: video.classes,
                size: video.size,
            }
        }
    })
}

/// What is said of a key that is not there, where a file was not checked.
pub(crate) fn lacks(config: &Data, key: &str) -> Refusal {
    Refusal(format!("data.{key} is missing for data.name = {:?}", config.name.as_str()))
}

pub(crate) fn unreadable(config: &Data) -> kontrast_data::Unreadable {
    match config.unreadable {
        Unreadable::Refuse => kontrast_data::Unreadable::Refuse,
        Unreadable::Skip => kontrast_data::Unreadable::Skip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_can_name_is_what_can_be_fetched() {
        assert_eq!(DataName::FETCHED.map(DataName::as_str), kontrast_data::NAMES);
    }
}
