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
fn a_record_with_a_flipped_bit_is_passed_over() {
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

/// The bytes of an event file that a run at these steps left, and where its records end.
fn written(folder: &Path, steps: &[u64]) -> (Vec<u8>, Vec<usize>) {
    let mut writer = ScalarWriter::open(folder, 0).unwrap();
    let length = || fs::read(event_file(folder)).unwrap().len();
    let mut ends = vec![length()];
    for step in steps {
        writer.write(*step, &[("loss", *step as f64)]).unwrap();
        ends.push(length());
    }
    (fs::read(event_file(folder)).unwrap(), ends)
}

fn event_file(folder: &Path) -> PathBuf {
    folder.join("events.out.tfevents.0.kontrast")
}

type Damage = fn(&mut Vec<u8>, &[usize]);

/// Damage to the record of step 2, in a file of three.
const DAMAGES: [(&str, Damage); 6] = [
    ("a value", |bytes, ends| bytes[ends[2] - 6] ^= 1),
    ("a length", |bytes, ends| bytes[ends[1]] ^= 1),
    ("a checksum of a length", |bytes, ends| bytes[ends[1] + 9] ^= 1),
    ("zeros", |bytes, ends| bytes[ends[1]..ends[2]].fill(0)),
    ("bytes too many", |bytes, ends| drop(bytes.splice(ends[1]..ends[1], *b"what is this doing here?"))),
    ("bytes too few", |bytes, ends| drop(bytes.drain(ends[1] + 3..ends[1] + 20))),
];

#[test]
fn field_a_damaged_file_is_set_aside_and_what_is_whole_goes_on() {
    for (kind, damage) in DAMAGES {
        let folder = tempfile::tempdir().unwrap();
        let (mut bytes, ends) = written(folder.path(), &[1, 2, 3]);
        damage(&mut bytes, &ends);
        fs::write(event_file(folder.path()), &bytes).unwrap();
        let mut writer = ScalarWriter::open(folder.path(), 3).unwrap();
        let note = writer.note().unwrap().to_owned();
        assert!(note.contains("kontrast: expected records with their checksums, found "), "{note}");
        assert!(note.contains("as damaged-1.kontrast"), "{note}");
        writer.write(4, &[("loss", 4.0)]).unwrap();
        let lost = if kind == "bytes too many" { 0 } else { 2 };
        let steps = [1, 2, 3, 4].into_iter().filter(|step| *step != lost);
        let expected: Vec<_> = steps.map(|step| scalar("loss", step, step as f32)).collect();
        assert_eq!(read_scalars(folder.path()).unwrap(), expected, "{kind}");
        assert_eq!(fs::read(folder.path().join("damaged-1.kontrast")).unwrap(), bytes, "{kind}");
        assert_eq!(ScalarWriter::open(folder.path(), 4).unwrap().note(), None, "{kind}");
    }
}

#[test]
fn field_a_file_that_is_none_of_ours_is_set_aside_each_time_under_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let texts = [&b"a text that is no event file"[..], &[0; 4096], &[0xff; 100]];
    for (number, text) in texts.into_iter().enumerate() {
        fs::write(event_file(folder.path()), text).unwrap();
        let mut writer = ScalarWriter::open(folder.path(), 3).unwrap();
        let name = format!("damaged-{}.kontrast", number + 1);
        assert!(writer.note().is_some_and(|note| note.contains(&name)), "{:?}", writer.note());
        assert_eq!(fs::read(folder.path().join(name)).unwrap(), text);
        writer.write(3, &[("loss", 1.0)]).unwrap();
        assert_eq!(read_scalars(folder.path()).unwrap(), [scalar("loss", 3, 1.0)]);
    }
}

/// How often a curve is named, as a reader sees it that knows nothing of voided points.
fn points(folder: &Path, tag: &str) -> usize {
    let bytes = fs::read(event_file(folder)).unwrap();
    bytes.windows(tag.len()).filter(|window| *window == tag.as_bytes()).count()
}

#[test]
fn field_a_point_that_is_there_is_not_written_again() {
    let (knn, linear) = ("eval/knn_top1", "eval/linear_top1");
    for values in [&[(knn, 41.5)][..], &[(knn, f64::NAN)], &[(knn, 1.1), (linear, 0.1)]] {
        let folder = tempfile::tempdir().unwrap();
        ScalarWriter::open(folder.path(), 0).unwrap().write(4, &[("train/loss", 5.0)]).unwrap();
        for _ in 0..3 {
            let mut writer = ScalarWriter::open(folder.path(), 4).unwrap();
            writer.write(4, values).unwrap();
            for value in values {
                writer.write(4, &[*value]).unwrap();
            }
        }
        assert_eq!(points(folder.path(), knn), 1);
        assert_eq!(read_scalars(folder.path()).unwrap().len(), 1 + values.len());
    }
}

#[test]
fn field_another_value_of_a_point_takes_its_place() {
    let knn = "eval/knn_top1";
    let folder = tempfile::tempdir().unwrap();
    let mut writer = ScalarWriter::open(folder.path(), 0).unwrap();
    writer.write(3, &[(knn, 30.0)]).unwrap();
    writer.write(4, &[("train/loss", 5.0), (knn, 41.5)]).unwrap();
    drop(writer);
    for value in [42.0, 41.5, 43.0] {
        ScalarWriter::open(folder.path(), 4).unwrap().write(4, &[(knn, f64::from(value))]).unwrap();
        let expected = [scalar(knn, 3, 30.0), scalar("train/loss", 4, 5.0), scalar(knn, 4, value)];
        assert_eq!(read_scalars(folder.path()).unwrap(), expected);
    }
}

#[test]
fn field_a_kill_anywhere_leaves_each_point_once() {
    let folder = tempfile::tempdir().unwrap();
    let (bytes, _) = written(folder.path(), &[1, 2, 3, 4]);
    for length in 0..bytes.len() {
        fs::write(event_file(folder.path()), &bytes[..length]).unwrap();
        let mut writer = ScalarWriter::open(folder.path(), 2).unwrap();
        assert_eq!(writer.note(), None, "{length}");
        for step in 3..=4 {
            writer.write(step, &[("loss", step as f64)]).unwrap();
        }
        let steps: Vec<_> = read_scalars(folder.path()).unwrap().iter().map(|scalar| scalar.step).collect();
        assert!(steps.is_sorted_by(|a, b| a < b) && steps.ends_with(&[3, 4]), "{length}: {steps:?}");
    }
}
