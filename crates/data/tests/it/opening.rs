//! Opening a data set by its description.

use std::path::Path;

use kontrast_data::{DataError, NAMES, Source, Spec, Split, fetch, open};

fn synthetic(subset: Option<usize>, seed: u64) -> Spec {
    Spec {
        source: Source::Synthetic { train: 100, test: 20, classes: 5, size: 16 },
        subset,
        seed,
        channels: 3,
    }
}

#[test]
fn drawn_shapes_need_no_cache() {
    let splits = open(&synthetic(None, 0), Path::new("nowhere")).unwrap();
    assert_eq!((splits.train.images().len(), splits.test.unwrap().len()), (100, 20));
}

#[test]
fn drawn_clips_need_no_cache_and_stay_whole_in_a_subset() {
    let source = Source::SyntheticVideo { clips: 20, frames: 4, test: 5, classes: 5, size: 16 };
    let splits =
        open(&Spec { source, subset: Some(42), seed: 0, channels: 1 }, Path::new("nowhere")).unwrap();
    let (train, test) = (splits.train.images(), splits.test.unwrap());
    assert_eq!((train.len(), test.len(), test.group(4)), (40, 20, 1));
    assert_eq!(train.image(0, &mut Vec::new()).unwrap().channels(), 1);
    assert!((0..10).all(|clip| (1..4).all(|frame| train.group(4 * clip) == train.group(4 * clip + frame))));
    assert!(splits.notes[0].contains("since groups stay whole"), "{:?}", splits.notes);
}

#[test]
fn a_subset_is_balanced_and_fixed_by_the_seed() {
    let labels = |seed| {
        let splits = open(&synthetic(Some(25), seed), Path::new("nowhere")).unwrap();
        splits.train.labelled().unwrap().labels()
    };
    let mut counts = [0; 5];
    for label in labels(3) {
        counts[label as usize] += 1;
    }
    assert_eq!(counts, [5; 5]);
    assert_eq!(labels(3), labels(3));
    assert_ne!(labels(3), labels(4));
}

#[test]
fn a_subset_larger_than_the_data_set_is_refused() {
    let said = open(&synthetic(Some(101), 0), Path::new("nowhere")).map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        said,
        "data.subset = 101, but there are 100 training images; ask for a number from 1 to 100, or for all of \
                    them with data.subset = \"all\""
    );
}

#[test]
fn a_data_set_that_was_not_fetched_says_how() {
    let cache = tempfile::tempdir().unwrap();
    for (source, name) in [(Source::Cifar10, "cifar10"), (Source::FashionMnist, "fashion-mnist")] {
        let found = open(&Spec { source, subset: None, seed: 0, channels: 3 }, cache.path()).map(|_| ());
        let folder = cache.path().join("data").join(name);
        let said =
            format!("{}: {name} is not there; fetch it with: cargo xtask data {name}", folder.display());
        assert_eq!(found.unwrap_err().to_string(), said);
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_known_ones() {
    let found = fetch("cifar", Path::new("nowhere"), &mut |_| ());
    assert!(matches!(&found, Err(DataError::Unknown { name, .. }) if name == "cifar"));
    let said = found.unwrap_err().to_string();
    assert_eq!(said, format!("no data set is called \"cifar\"; there are {}", NAMES.join(", ")));
}

#[test]
fn images_without_labels_are_still_images() {
    let splits = open(&synthetic(Some(10), 0), Path::new("nowhere")).unwrap();
    let unlabelled = Split::Unlabelled(splits.train.images());
    assert!(unlabelled.labelled().is_none());
    assert_eq!(unlabelled.images().len(), 10);
}
