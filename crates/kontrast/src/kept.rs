//! What a program that runs several experiments keeps from one for the next: opened data sets, and scores of baselines.

use kontrast_data::{DataError, Spec, Splits};
use kontrast_eval::Report;
use std::cell::RefCell;
use std::collections::HashMap;

/// Data sets that stay open. Those of an ablation differ in their seeds alone.
const OPEN: usize = 4;

/// Data sets and scores that several runs share. Each is what a run alone would have had, to the last bit.
#[derive(Default)]
pub struct Kept {
    /// The one used last at the end.
    splits: RefCell<Vec<(Spec, Splits)>>,
    /// By everything that determines them.
    reports: RefCell<HashMap<String, Vec<Report>>>,
}

impl Kept {
    /// The data set of this description, opened where it is not open yet.
    pub(crate) fn splits(
        &self,
        spec: &Spec,
        open: impl FnOnce() -> Result<Splits, DataError>,
    ) -> Result<Splits, DataError> {
        let mut kept = self.splits.borrow_mut();
        let splits = match kept.iter().position(|(known, _)| known == spec) {
            Some(place) => kept.remove(place).1,
            None => open()?,
        };
        if kept.len() == OPEN {
            kept.remove(0);
        }
        kept.push((spec.clone(), splits.clone()));
        Ok(splits)
    }

    /// The scores of this key, made where they are not known yet.
    pub(crate) fn reports<E>(
        &self,
        key: String,
        make: impl FnOnce() -> Result<Vec<Report>, E>,
    ) -> Result<Vec<Report>, E> {
        if let Some(known) = self.reports.borrow().get(&key) {
            return Ok(known.clone());
        }
        let made = make()?;
        self.reports.borrow_mut().insert(key, made.clone());
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontrast_data::Source;
    use std::cell::Cell;

    fn spec(seed: u64) -> Spec {
        let source = Source::Synthetic { train: 8, test: 4, classes: 2, size: 8 };
        Spec { source, subset: None, seed, channels: 3 }
    }

    #[test]
    fn a_data_set_is_opened_once_while_it_is_one_of_the_last() {
        let (kept, opened) = (Kept::default(), Cell::new(0));
        let open = |seed| {
            let make = || {
                opened.set(opened.get() + 1);
                kontrast_data::open(&spec(seed), std::path::Path::new(""))
            };
            kept.splits(&spec(seed), make).unwrap()
        };
        for (seed, expected) in [(0, 1), (0, 1), (1, 2), (2, 3), (3, 4), (0, 4), (4, 5), (0, 5), (1, 6)] {
            open(seed);
            assert_eq!(opened.get(), expected, "seed {seed}");
        }
    }

    #[test]
    fn what_failed_is_tried_again() {
        let kept = Kept::default();
        assert_eq!(kept.reports("key".to_owned(), || Err(())).unwrap_err(), ());
        assert!(kept.reports("key".to_owned(), || Ok::<_, ()>(Vec::new())).unwrap().is_empty());
        assert!(kept.reports("key".to_owned(), || Err(())).unwrap().is_empty());
    }
}
