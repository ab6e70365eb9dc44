//! Brings data sets into the cache: fetched, verified, never half.

mod archive;
mod cached;
mod cifar10;
mod cifar100;
mod download;
mod fashion_mnist;
mod origin;
mod place;
mod program;
mod stl10;

use std::path::{Path, PathBuf};

use crate::error::DataError;

use origin::{Origin, Package};

pub use cached::{Cached, cached};

/// The data sets that can be fetched.
pub const NAMES: [&str; 4] =
    [crate::cifar10::NAME, crate::cifar100::NAME, crate::stl10::NAME, crate::fashion_mnist::NAME];

/// What fetching is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchProgress {
    /// A new task begins.
    Doing(String),
    /// So much of the present download is there.
    Bytes {
        /// Bytes so far.
        done: u64,
        /// All bytes, where the server says it.
        total: Option<u64>,
    },
}

/// Fetches a data set into `cache/data/<name>` and returns that folder. Where it lies there already and is
/// whole, nothing is fetched; where it is damaged, it is replaced.
///
/// # Errors
/// When no data set has this name, every way to fetch it fails, or the cache cannot be written.
pub fn fetch(
    name: &str,
    cache: &Path,
    progress: &mut dyn FnMut(FetchProgress),
) -> Result<PathBuf, DataError> {
    place::fetch(&(known(name)?.source)(), cache, progress)
}

/// What is known of a data set that can be fetched.
struct Known {
    source: fn() -> place::Source,
    origin: fn() -> Origin,
}

fn known(name: &str) -> Result<Known, DataError> {
    match name {
        crate::cifar10::NAME => Ok(Known { source: cifar10::source, origin: cifar10::origin }),
        crate::cifar100::NAME => Ok(Known { source: cifar100::source, origin: cifar100::origin }),
        crate::stl10::NAME => Ok(Known { source: stl10::source, origin: stl10::origin }),
        crate::fashion_mnist::NAME => {
            Ok(Known { source: fashion_mnist::source, origin: fashion_mnist::origin })
        }
        _ => Err(DataError::Unknown(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::{NAMES, known};
    use crate::DataError;
    use crate::open::{Spec, open};

    #[test]
    fn every_name_is_fetched_and_opened_as_itself() {
        let cache = tempfile::tempdir().unwrap();
        for name in NAMES {
            assert_eq!((known(name).unwrap().source)().name, name);
            let spec =
                Spec { source: (known(name).unwrap().origin)().source, subset: None, seed: 0, channels: 3 };
            let Err(DataError::Missing { dataset, .. }) = open(&spec, cache.path()) else { panic!("{name}") };
            assert_eq!(dataset, name);
        }
        assert!(matches!(known("imagenet").map(drop), Err(DataError::Unknown(_))));
    }
}
