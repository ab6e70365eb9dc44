//! Fetched data sets that were damaged afterwards.

use std::fs::{self, File};
use std::path::Path;

use kontrast_data::{Source, Spec, open};

/// Six files of CIFAR-10's names, all zeros and of the given length.
fn cifar10(cache: &Path, bytes: u64) {
    let folder = cache.join("data/cifar10");
    fs::create_dir_all(&folder).unwrap();
    for name in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]
    {
        File::create(folder.join(name).with_extension("bin")).unwrap().set_len(bytes).unwrap();
    }
}

fn message(cache: &Path) -> String {
    let spec = Spec { source: Source::Cifar10, subset: None, seed: 0, channels: 3 };
    open(&spec, cache).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn a_file_cut_short_is_named_with_both_lengths() {
    let cache = tempfile::tempdir().unwrap();
    cifar10(cache.path(), 100);
    let said = message(cache.path());
    let wanted = ".bin: expected 30730000 bytes, found 100; fetch again with: cargo xtask data cifar10";
    assert!(said.ends_with(wanted), "{said}");
}

#[test]
fn a_file_with_other_bytes_is_named_with_both_checksums() {
    let cache = tempfile::tempdir().unwrap();
    cifar10(cache.path(), 30_730_000);
    let said = message(cache.path());
    assert!(said.contains(".bin: expected the SHA-256 "), "{said}");
    assert!(said.ends_with("; fetch again with: cargo xtask data cifar10"), "{said}");
}

#[test]
fn a_missing_file_is_named() {
    let cache = tempfile::tempdir().unwrap();
    fs::create_dir_all(cache.path().join("data/cifar10")).unwrap();
    let said = message(cache.path());
    assert!(said.contains(".bin: cifar10 is not there; fetch it with: cargo xtask data cifar10"), "{said}");
}

#[test]
fn cifar100_cut_short_is_refused_and_a_whole_one_of_zeros_is_read() {
    let cache = tempfile::tempdir().unwrap();
    let folder = cache.path().join("data/cifar100");
    fs::create_dir_all(&folder).unwrap();
    let names: Vec<String> = (0..100).map(|class| format!("class_{class}\n")).collect();
    fs::write(folder.join("fine_label_names.txt"), names.concat()).unwrap();
    let length = |name: &str, bytes: u64| File::create(folder.join(name)).unwrap().set_len(bytes).unwrap();
    length("train.bin", 153_700_000);
    length("test.bin", 30_739_999);
    let open = || open(&Spec { source: Source::Cifar100, subset: None, seed: 0, channels: 3 }, cache.path());
    let said = open().map(|_| ()).unwrap_err().to_string();
    let wanted =
        "test.bin: expected 30740000 bytes, found 30739999; fetch again with: cargo xtask data cifar100";
    assert!(said.ends_with(wanted), "{said}");
    length("test.bin", 30_740_000);
    let splits = open().unwrap();
    let train = splits.train.labelled().unwrap();
    assert_eq!((train.len(), splits.test.unwrap().len(), train.class_names().len()), (50_000, 10_000, 100));
}

/// Holes take no room on the disk, and nothing is read but what is asked for.
#[test]
fn stl10_of_the_official_lengths_is_opened_and_its_subset_keeps_all_labels() {
    let cache = tempfile::tempdir().unwrap();
    let folder = cache.path().join("data/stl10");
    fs::create_dir_all(&folder).unwrap();
    let image = 3 * 96 * 96;
    for (name, images) in [("train_X.bin", 5_000), ("test_X.bin", 8_000), ("unlabeled_X.bin", 100_000)] {
        File::create(folder.join(name)).unwrap().set_len(image * images).unwrap();
    }
    fs::write(folder.join("train_y.bin"), [10; 5_000]).unwrap();
    fs::write(folder.join("test_y.bin"), [1; 8_000]).unwrap();
    fs::write(folder.join("class_names.txt"), "a\nb\nc\nd\ne\nf\ng\nh\ni\nj").unwrap();
    let spec =
        |unlabelled, subset| Spec { source: Source::Stl10 { unlabelled }, subset, seed: 0, channels: 3 };
    let counts = |spec| {
        let splits = open(&spec, cache.path()).unwrap();
        (splits.train.images().len(), splits.train.labelled().unwrap().len(), splits.test.unwrap().len())
    };
    assert_eq!(counts(spec(false, None)), (5_000, 5_000, 8_000));
    assert_eq!(counts(spec(true, None)), (105_000, 5_000, 8_000));
    assert_eq!(counts(spec(true, Some(20_000))), (20_000, 5_000, 8_000));
    assert_eq!(counts(spec(false, Some(1_000))), (1_000, 1_000, 8_000));
    let images = open(&spec(true, None), cache.path()).unwrap().train.images();
    assert!(images.image(104_999, &mut Vec::new()).unwrap().pixels.iter().all(|&value| value == 0));
}
