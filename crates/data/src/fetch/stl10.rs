//! Where STL-10 comes from: the official archive.

use std::path::Path;

use super::archive::Official;
use super::origin::Origin;
use super::place::{Source, Way, Workshop};
use crate::error::DataError;
use crate::stl10::{FILES, NAME, open};

/// Length and SHA-256 as TensorFlow Datasets publishes them (`url_checksums/stl10.txt`).
const OFFICIAL: Official<'_> = Official {
    dataset: NAME,
    url: "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
    bytes: 2_640_397_119,
    sha256: "f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866",
    files: &FILES,
};

pub(super) fn source() -> Source {
    let ways: Vec<(_, Way)> = vec![("the official site", official)];
    Source { name: NAME, whole, ways }
}

pub(super) fn origin() -> Origin {
    let source = crate::open::Source::Stl10 { unlabelled: true };
    Origin { source, site: OFFICIAL.url.to_owned(), package: None }
}

fn official(shop: &mut Workshop<'_>) -> Result<(), DataError> {
    OFFICIAL.fetch(shop)
}

fn whole(folder: &Path) -> Result<(), DataError> {
    open(folder, true).map(drop)
}
