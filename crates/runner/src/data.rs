//! The data set of an experiment: opened from the cache, fetched first where it is missing.

use crate::{Refusal, log};
use kontrast_config::{Data, DataName, Unreadable};
use kontrast_data::{Cached, DataError, Source, Spec, Splits};
use kontrast_runlog::cache_home;
use std::path::PathBuf;

/// Opens what the file names.
pub(crate) fn open(config: &Data, seed: u64) -> anyhow::Result<Splits> {
    let spec = Spec { source: source(config)?, subset: config.subset, seed, channels: config.channels() };
    match kontrast_data::open(&spec, &cache_home()) {
        Err(DataError::Missing { dataset, .. }) => {
            fetch(dataset)?;
            Ok(kontrast_data::open(&spec, &cache_home())?)
        }
        opened => Ok(opened?),
    }
}

/// Fetches a data set into the cache, with a bar on a terminal and plain lines elsewhere.
pub(crate) fn fetch(name: &str) -> anyhow::Result<PathBuf> {
    Ok(kontrast_data::fetch_showing(name, &cache_home())?)
}

/// A line for each data set that can be fetched: how it stands in the cache. The exit code says whether one is damaged.
pub(crate) fn list() -> anyhow::Result<u8> {
    let cache = cache_home();
    let mut code = 0;
    for name in DataName::FETCHED.map(DataName::as_str) {
        let (status, words) = match kontrast_data::cached(name, &cache)? {
            Cached::Complete => ("ok", format!("complete, {}", cache.join("data").join(name).display())),
            Cached::Absent(way) => ("note", format!("not there; fetched when first needed, {way}")),
            Cached::Damaged(error) => {
                code = 1;
                ("MISSING", format!("damaged: {error}"))
            }
        };
        log::out(format_args!("{status:<8} {name:<14} {words}"));
    }
    Ok(code)
}

fn source(config: &Data) -> anyhow::Result<Source> {
    let lacks =
        |key: &str| Refusal(format!("data.{key} is missing for data.name = {:?}", config.name.as_str()));
    Ok(match config.name {
        DataName::Cifar10 => Source::Cifar10,
        DataName::Cifar100 => Source::Cifar100,
        DataName::Stl10 => Source::Stl10 { unlabelled: config.unlabelled },
        DataName::FashionMnist => Source::FashionMnist,
        DataName::Folder => Source::Folder {
            root: config.root.clone().ok_or_else(|| lacks("root"))?,
            unreadable: match config.unreadable {
                Unreadable::Refuse => kontrast_data::Unreadable::Refuse,
                Unreadable::Skip => kontrast_data::Unreadable::Skip,
            },
            holdout: config.holdout,
            background: config.background.unwrap_or_default().0,
        },
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
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_can_name_is_what_can_be_fetched() {
        assert_eq!(DataName::FETCHED.map(DataName::as_str), kontrast_data::NAMES);
    }
}
