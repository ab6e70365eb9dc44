//! How a data set stands in the cache, before anything is fetched.

use std::path::Path;

use super::known::known;
use crate::error::DataError;
use crate::open::{Spec, open};

/// How a data set stands in the cache.
#[derive(Debug)]
pub enum Cached {
    /// Every file is there and has the right checksum.
    Complete,
    /// Nothing is there; in words, from where it would be fetched now.
    Absent(String),
    /// Something is there, and not as it should be.
    Damaged(DataError),
}

/// Looks how the data set of this name stands below `cache/data`, and changes nothing. Where it is absent, the official
/// site is asked whether it answers, which may take some seconds.
///
/// # Errors
/// When no data set has this name.
pub fn cached(name: &str, cache: &Path) -> Result<Cached, DataError> {
    let origin = (known(name)?.origin)();
    let spec = Spec { source: origin.source.clone(), subset: None, seed: 0, channels: 3 };
    Ok(match open(&spec, cache) {
        Ok(_) => Cached::Complete,
        Err(DataError::Missing { .. }) if !cache.join("data").join(name).exists() => {
            Cached::Absent(origin.way())
        }
        Err(error) => Cached::Damaged(error),
    })
}

#[cfg(test)]
mod tests {
    use super::{Cached, cached};

    #[test]
    fn what_lies_there_half_is_damaged() {
        let cache = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(cache.path().join("data/cifar10")).unwrap();
        assert!(matches!(cached("cifar10", cache.path()), Ok(Cached::Damaged(_))));
        assert!(cached("imagenet", cache.path()).unwrap_err().to_string().contains("imagenet"));
    }
}
