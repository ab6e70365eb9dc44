//! TensorBoard's event file, read back with its checksums.

use std::fs;
use std::path::{Path, PathBuf};

use kontrast_runlog::{Scalar, ScalarWriter, read_scalars};

fn scalar(tag: &str, step: u64, value: f32) -> Scalar {
    Scalar { tag: tag.to_owned(), step, value }
}

fn the_file(folder: &Path) -> PathBuf {
    fs::read_dir(folder).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn scalars_are_read_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = ScalarWriter::open(folder.path(), 0).unwrap();
    writer.write(1, &[("train/loss", 5.25), ("train/lr", 0.5)]).unwrap();
    writer.write(300, &[("train/loss", -1.0)]).unwrap();
    let expected =
        [scalar("train/loss", 1, 5.25), scalar("train/lr", 1, 0.5), scalar("train/loss", 300, -1.0)];
    assert_eq!(read_scalars(folder.path()).unwrap(), expected);
}

#[test]
fn the_file_begins_with_the_version_that_tensorboard_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    ScalarWriter::open(folder.path(), 0).unwrap();
    let path = the_file(folder.path());
    assert!(path.file_name().unwrap().to_str().unwrap().starts_with("events.out.tfevents."));
    let bytes = fs::read(path).unwrap();
    // Length 26: 9 bytes of time, 2 of step, 15 of version. Its masked checksum is a known constant,
    // computed with TensorFlow's own definition in Python.
    assert_eq!(bytes[..8], 26_u64.to_le_bytes());
    assert_eq!(bytes[8..12], 0x2dd8_9b12_u32.to_le_bytes());
    assert!(bytes.windows(13).any(|window| window == b"brain.Event:2"));
}

#[test]
fn a_resume_goes_on_in_the_same_file_and_forgets_later_steps() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = ScalarWriter::open(folder.path(), 0).unwrap();
    for step in 1..=5 {
        writer.write(step, &[("loss", step as f64)]).unwrap();
    }
    drop(writer);
    ScalarWriter::open(folder.path(), 3).unwrap().write(4, &[("loss", 40.0)]).unwrap();
    let expected = [(1, 1.0), (2, 2.0), (3, 3.0), (4, 40.0)].map(|(step, value)| scalar("loss", step, value));
    assert_eq!(read_scalars(folder.path()).unwrap(), expected);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_record_torn_anywhere_is_cut_off_by_the_next_writer() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = ScalarWriter::open(folder.path(), 0).unwrap();
    writer.write(1, &[("loss", 1.0)]).unwrap();
    let whole = fs::read(the_file(folder.path())).unwrap().len();
    writer.write(2, &[("loss", 2.0)]).unwrap();
    let path = the_file(folder.path());
    let bytes = fs::read(&path).unwrap();
    for length in whole..bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        ScalarWriter::open(folder.path(), 1).unwrap().write(2, &[("loss", 3.0)]).unwrap();
        let expected = [scalar("loss", 1, 1.0), scalar("loss", 2, 3.0)];
        assert_eq!(read_scalars(folder.path()).unwrap(), expected, "torn after {length} bytes");
    }
}

#[test]
fn a_flipped_bit_ends_the_reading() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = ScalarWriter::open(folder.path(), 0).unwrap();
    writer.write(1, &[("loss", 1.0)]).unwrap();
    let whole = fs::read(the_file(folder.path())).unwrap().len();
    writer.write(2, &[("loss", 2.0)]).unwrap();
    let path = the_file(folder.path());
    let bytes = fs::read(&path).unwrap();
    for position in whole..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[position] ^= 0x10;
        fs::write(&path, flipped).unwrap();
        assert_eq!(read_scalars(folder.path()).unwrap(), [scalar("loss", 1, 1.0)], "byte {position}");
    }
}

#[test]
fn field_any_step_and_value_is_written_and_read() {
    for step in [0, 1 << 53, u64::MAX - 1, u64::MAX] {
        for value in [0.0, f64::MAX, -1e300, f64::MIN_POSITIVE, f64::INFINITY] {
            let folder = tempfile::tempdir().unwrap();
            ScalarWriter::open(folder.path(), step).unwrap().write(step, &[("loss", value)]).unwrap();
            drop(ScalarWriter::open(folder.path(), step).unwrap());
            assert_eq!(read_scalars(folder.path()).unwrap(), [scalar("loss", step, value as f32)]);
        }
    }
}
