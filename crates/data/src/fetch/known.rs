//! Which data sets can be fetched, and from where.

use super::origin::Origin;
use super::place;
use super::{cifar10, cifar100, fashion_mnist, stl10};
use crate::error::DataError;
use crate::open::Source;

/// The data sets that can be fetched.
pub const NAMES: [&str; 4] =
    [crate::cifar10::NAME, crate::cifar100::NAME, crate::stl10::NAME, crate::fashion_mnist::NAME];

/// What is known of a data set that can be fetched.
pub(super) struct Known {
    pub(super) source: fn() -> place::Source,
    pub(super) origin: fn() -> Origin,
}

pub(super) fn known(name: &str) -> Result<Known, DataError> {
    match name {
        crate::cifar10::NAME => Ok(Known { source: cifar10::source, origin: cifar10::origin }),
        crate::cifar100::NAME => Ok(Known { source: cifar100::source, origin: cifar100::origin }),
        crate::stl10::NAME => Ok(Known { source: stl10::source, origin: stl10::origin }),
        crate::fashion_mnist::NAME => {
            Ok(Known { source: fashion_mnist::source, origin: fashion_mnist::origin })
        }
        _ => Err(DataError::Unknown { name: name.to_owned(), known: &NAMES }),
    }
}

/// A data set that can be fetched, as it is opened from the cache: all of its labelled images.
///
/// # Errors
/// When no data set has this name.
pub fn source_of(name: &str) -> Result<Source, DataError> {
    Ok((known(name)?.origin)().source)
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
        assert!(matches!(known("imagenet").map(drop), Err(DataError::Unknown { .. })));
    }
}
