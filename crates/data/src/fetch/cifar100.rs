//! Where CIFAR-100 comes from: the official archive.

use std::path::Path;

use super::archive::Official;
use super::origin::Origin;
use super::place::{Source, Way, Workshop};
use crate::cifar100::{FILES, NAME, open};
use crate::error::DataError;

/// Length and SHA-256 as TensorFlow Datasets publishes them (`url_checksums/cifar100.txt`).
const OFFICIAL: Official<'_> = Official {
    dataset: NAME,
    url: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    bytes: 168_513_733,
    sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    files: &FILES,
};

pub(super) fn source() -> Source {
    let ways: Vec<(_, Way)> = vec![("the official site", official)];
    Source { name: NAME, whole, ways }
}

pub(super) fn origin() -> Origin {
    Origin { source: crate::open::Source::Cifar100, site: OFFICIAL.url.to_owned(), package: None }
}

fn official(shop: &mut Workshop<'_>) -> Result<(), DataError> {
    OFFICIAL.fetch(shop)
}

fn whole(folder: &Path) -> Result<(), DataError> {
    open(folder).map(drop)
}
