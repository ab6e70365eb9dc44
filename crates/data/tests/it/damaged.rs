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
    let spec = Spec { source: Source::Cifar10, subset: None, seed: 0 };
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
