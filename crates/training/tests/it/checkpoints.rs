//! Checkpoints: what was saved comes back, and nothing else is ever taken for it.

use kontrast_models::{Header, Preprocessing};
use kontrast_torch_ext::StateDict;
use kontrast_training::{CheckpointError, Checkpoints, Position, Restored, Totals};
use std::fs;
use std::path::Path;
use tch::{Device, Kind, Tensor};

const SEED: u64 = 7;

pub fn digest() -> String {
    "5a2243f1e32fc956".repeat(4)
}

/// Of a file without encoders.
pub fn header() -> Header {
    let (mean, std, color_space) = (vec![0.5; 3], vec![0.25; 3], "rgb".to_owned());
    let preprocessing = Preprocessing { size: (32, 32), mean, std, color_space };
    Header::new("method", [], ("toy", "digest"), preprocessing)
}

pub fn position(step: u64) -> Position {
    let totals = Totals { images: step * 16, loss_first: Some(3.5), ..Totals::default() };
    Position {
        step,
        epoch: (step / 4) as u32,
        digest: digest(),
        seed: SEED,
        images: String::new(),
        threads: 2,
        totals,
    }
}

/// Tensors that tell the step, of each kind that a checkpoint holds.
pub fn state(step: u64) -> StateDict {
    let weights = Tensor::arange(6, (Kind::Float, Device::Cpu)).reshape([2, 3]) + step as f64;
    let entries = [
        ("method.encoder.conv1.weight", weights.shallow_clone()),
        ("method.encoder.half", weights.to_kind(Kind::BFloat16)),
        ("optimizer.steps", Tensor::from(step as i64)),
    ];
    entries.into_iter().map(|(name, tensor)| (name.to_owned(), tensor)).collect()
}

fn save(folder: &Path, keep: usize, steps: impl IntoIterator<Item = u64>) -> Checkpoints {
    let checkpoints = Checkpoints::new(folder, keep);
    for step in steps {
        checkpoints.save(&state(step), &position(step), &header()).unwrap();
    }
    checkpoints
}

pub fn latest(checkpoints: &Checkpoints) -> Result<Option<Restored>, CheckpointError> {
    checkpoints.latest(&digest(), SEED)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_was_saved_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let restored = latest(&save(folder.path(), 3, [4, 8])).unwrap().unwrap();
    assert_eq!(restored.position, position(8));
    assert_eq!(restored.file, folder.path().join("step-000000008.safetensors"));
    assert!(restored.passed_over.is_empty());
    for ((name, found), (_, expected)) in restored.state.iter().zip(state(8).iter()) {
        assert_eq!((found, found.kind()), (expected, expected.kind()), "{name}");
    }
}

#[test]
fn the_last_few_stay_with_their_tensors_and_the_others_go() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), 2, [1, 2, 3, 40]);
    let both = |step: u64| [format!("step-{step:09}.json"), format!("step-{step:09}.safetensors")];
    assert_eq!(names(folder.path()), [both(3), both(40)].concat());
}

#[test]
fn none_at_all_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(latest(&Checkpoints::new(folder.path(), 2)).unwrap().is_none());
    assert!(latest(&Checkpoints::new(folder.path().join("absent"), 2)).unwrap().is_none());
}

#[test]
fn what_a_kill_left_while_writing_is_ignored_and_then_removed() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = save(folder.path(), 2, [4]);
    // A kill before the checksum was written, one while the tensors were, and one while an old one was removed.
    fs::copy(
        folder.path().join("step-000000004.safetensors"),
        folder.path().join("step-000000008.safetensors"),
    )
    .unwrap();
    fs::write(folder.path().join(".step-000000009.safetensors.tmp"), "half").unwrap();
    fs::write(folder.path().join("step-000000002.safetensors"), "old").unwrap();
    fs::write(folder.path().join("notes.txt"), "a person's own").unwrap();
    let restored = latest(&checkpoints).unwrap().unwrap();
    assert_eq!((restored.position.step, restored.passed_over.len()), (4, 0));
    save(folder.path(), 2, [12]);
    let kept = [4, 12].map(|step| [format!("step-{step:09}.json"), format!("step-{step:09}.safetensors")]);
    assert_eq!(names(folder.path()), [vec!["notes.txt".to_owned()], kept.concat()].concat());
}

#[test]
fn one_that_is_cut_short_is_passed_over_for_the_one_before() {
    for quarters in [0, 1, 2, 3] {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = save(folder.path(), 2, [4, 8]);
        let file = folder.path().join("step-000000008.safetensors");
        let bytes = fs::read(&file).unwrap();
        let cut = bytes.len() * quarters / 4;
        fs::write(&file, &bytes[..cut]).unwrap();
        let restored = latest(&checkpoints).unwrap().unwrap();
        assert_eq!(restored.position.step, 4);
        let [said] = &restored.passed_over[..] else { panic!("{:?}", restored.passed_over) };
        let sizes = format!("expected {} bytes, found {cut} bytes; the checkpoint is damaged", bytes.len());
        assert!(said.contains("step-000000008.safetensors: ") && said.contains(&sizes), "{said}");
    }
}

/// Flips every single bit of the newest checkpoint's file with that extension, one at a time.
fn no_bit_may_flip(extension: &str) {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = save(folder.path(), 2, [4, 8]);
    let file = folder.path().join("step-000000008").with_extension(extension);
    let bytes = fs::read(&file).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&file, &flipped).unwrap();
        let restored = latest(&checkpoints).unwrap().unwrap();
        assert_eq!(restored.position.step, 4, "bit {bit} of {}", file.display());
        assert!(restored.passed_over[0].contains("the checkpoint is damaged"), "{:?}", restored.passed_over);
    }
}

#[test]
fn no_bit_of_the_tensors_may_flip() {
    no_bit_may_flip("safetensors");
}

#[test]
fn no_bit_of_the_json_may_flip() {
    no_bit_may_flip("json");
}

#[test]
fn a_checksum_without_its_tensors_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = save(folder.path(), 2, [4, 8]);
    fs::remove_file(folder.path().join("step-000000008.safetensors")).unwrap();
    let restored = latest(&checkpoints).unwrap().unwrap();
    assert_eq!((restored.position.step, restored.passed_over.len()), (4, 1));
    assert!(restored.passed_over[0].contains("step-000000008.safetensors"), "{:?}", restored.passed_over);
}

#[test]
fn one_of_another_configuration_or_seed_is_refused_with_both_named() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = save(folder.path(), 2, [4]);
    for (digest, seed, expected) in
        [("77".repeat(32), SEED, "77777777 with seed 7"), (digest(), 3, "5a2243f1 with seed 3")]
    {
        let error = checkpoints.latest(&digest, seed).unwrap_err();
        assert!(matches!(error, CheckpointError::Foreign { .. }), "{error:?}");
        let message = error.to_string();
        assert!(message.contains("made by the configuration 5a2243f1 with seed 7"), "{message}");
        assert!(message.contains(expected) && message.contains("--force"), "{message}");
    }
}

#[test]
fn where_none_is_whole_the_newest_is_named_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = save(folder.path(), 2, [4, 8]);
    for step in [4, 8] {
        fs::write(folder.path().join(format!("step-{step:09}.safetensors")), "torn").unwrap();
    }
    let error = latest(&checkpoints).unwrap_err();
    assert!(matches!(error, CheckpointError::NoneLeft { count: 2, .. }), "{error:?}");
    let message = error.to_string();
    assert!(
        message.contains("none of the 2 checkpoints can be read; put one back, or start again"),
        "{message}"
    );
    assert!(message.contains("step-000000008.safetensors: expected "), "{message}");
}

#[test]
fn a_damaged_one_beyond_does_not_push_out_those_written_after_going_back() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = save(folder.path(), 2, [4, 8, 16]);
    fs::write(folder.path().join("step-000000016.safetensors"), "torn").unwrap();
    assert_eq!(latest(&checkpoints).unwrap().unwrap().position.step, 8);
    // The training went on from step 8 with another number of checkpoints to keep.
    let checkpoints = save(folder.path(), 1, [12]);
    let restored = latest(&checkpoints).unwrap().unwrap();
    assert_eq!((restored.position.step, restored.passed_over.len()), (12, 0));
    assert_eq!(names(folder.path()), ["step-000000012.json", "step-000000012.safetensors"]);
}

#[test]
fn the_same_step_may_be_saved_again() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = save(folder.path(), 2, [4, 8]);
    let other = Position { threads: 3, ..position(8) };
    checkpoints.save(&state(9), &other, &header()).unwrap();
    let restored = latest(&checkpoints).unwrap().unwrap();
    assert_eq!(restored.position, other);
    assert_eq!(restored.state.get("optimizer.steps").unwrap().int64_value(&[]), 9);
}
