//! Several runs in one process: each is what it is alone, and none takes the others down.

use crate::program::{Place, TINY};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

/// A worker that answers.
struct Worker {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    fn new(place: &Place) -> Self {
        let mut command = place.command(&["worker"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, output }
    }

    fn ask(&mut self, words: &[&str]) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{}", Value::from(words.to_vec())).unwrap();
    }

    /// The exit code of the run under way.
    fn code(&mut self) -> i32 {
        let mut codes = self.output.by_ref().map_while(Result::ok);
        codes.find_map(|line| Some(line.strip_prefix('\u{1e}')?.parse().unwrap())).expect("an answer")
    }

    fn train(&mut self, words: &[&str]) -> i32 {
        self.ask(words);
        self.code()
    }

    /// Ends its input, and waits for its end.
    fn end(mut self) -> Option<i32> {
        drop(self.child.stdin.take());
        self.child.wait().unwrap().code()
    }
}

/// Of each run below a folder: the bytes of its last weights, its scores with their baselines, its status.
fn results(folder: &Path) -> BTreeMap<String, (Vec<u8>, Value, Value)> {
    let of = |run: fs::DirEntry| {
        let summary: Value =
            serde_json::from_slice(&fs::read(run.path().join("summary.json")).unwrap()).unwrap();
        let files = fs::read_dir(run.path().join("checkpoints")).unwrap().map(|file| file.unwrap().path());
        let last = files.filter(|file| file.extension().is_some_and(|ending| ending == "safetensors")).max();
        let bytes = fs::read(last.expect("a checkpoint")).unwrap();
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let weights = bytes[8 + header..].to_vec();
        let name = run.file_name().into_string().unwrap();
        (name, (weights, summary["eval"].clone(), summary["status"].clone()))
    };
    fs::read_dir(folder).unwrap().map(|run| of(run.unwrap())).collect()
}

/// Runs that share their baselines, their images or nothing with the first.
const RUNS: [&[&str]; 5] = [
    &["tiny.toml", "--set", "train.epochs=1"],
    &["tiny.toml", "--set", "train.epochs=1", "--set", "method.simclr.temperature=0.1"],
    &["tiny.toml", "--set", "train.epochs=1", "--set", "encoder.resnet18.width=8"],
    &["tiny.toml", "--set", "train.epochs=1", "--set", "seed=4"],
    &["tiny.toml", "--set", "train.epochs=1", "--set", "data.synthetic.train=48"],
];

#[test]
fn each_run_is_what_it_is_alone() {
    let (alone, together) = (Place::new(), Place::new());
    for words in RUNS {
        let words = [&["pretrain"], words].concat();
        alone.run(&words).says(0, &[]);
    }
    let mut worker = Worker::new(&together);
    for words in RUNS {
        assert_eq!(worker.train(words), 0, "{words:?}");
    }
    assert_eq!(worker.end(), Some(0));
    let (expected, found) = (results(&alone.path().join("runs")), results(&together.path().join("runs")));
    assert_eq!(found.len(), RUNS.len());
    assert!(expected.keys().eq(found.keys()));
    for (name, (weights, scores, status)) in &expected {
        let (weights_found, scores_found, status_found) = &found[name];
        assert_eq!((scores_found, status_found), (scores, status), "{name}");
        assert!(weights_found == weights, "{name}: other weights");
    }
}

#[test]
fn what_a_training_costs_is_measured_and_nothing_of_it_is_kept() {
    let (alone, measured) = (Place::new(), Place::new());
    alone.run(&[&["pretrain"], RUNS[0]].concat()).says(0, &[]);
    let mut worker = Worker::new(&measured);
    worker.ask(&["tiny.toml", "--set", "train.epochs=50", "--measure"]);
    let mut lines = worker.output.by_ref().map_while(Result::ok);
    let cost = lines.find_map(|line| Some(line.strip_prefix('\u{1f}')?.to_owned())).unwrap();
    let cost: Value = serde_json::from_str(&cost).unwrap();
    assert_eq!(cost["steps"], 200);
    assert!(cost["step_seconds"].as_f64().unwrap() > 0.0, "{cost}");
    assert_eq!(worker.code(), 0);
    assert!(!measured.path().join("runs").exists(), "it leaves no run behind");
    // Nor anything in the process.
    assert_eq!(worker.train(RUNS[0]), 0);
    assert_eq!(worker.end(), Some(0));
    assert!(results(&alone.path().join("runs")) == results(&measured.path().join("runs")));
    let said = measured.run(&["pretrain", "tiny.toml", "--measure"]);
    said.says(0, &["8 steps of ", " in all"]);
    measured.run(&["pretrain", "tiny.toml", "--measure", "--resume"]).says(2, &["cannot be used with"]);
}

#[test]
fn a_run_that_ends_badly_ends_alone() {
    let place = Place::new();
    place.write("broken.toml", &TINY.replace("lr = 0.05", "lr = 1e30"));
    let mut worker = Worker::new(&place);
    assert_eq!(worker.train(&["tiny.toml", "--set", "train.batch=4096"]), 2);
    assert_eq!(worker.train(&["nowhere.toml"]), 2);
    assert_eq!(worker.train(&["broken.toml", "--out", "broken"]), 3);
    assert_eq!(worker.train(&["tiny.toml", "--epochs"]), 2);
    assert_eq!(worker.train(RUNS[0]), 0);
    assert_eq!(worker.end(), Some(0));
}

#[test]
fn a_run_ends_with_whoever_asked_for_it() {
    let place = Place::new();
    let mut worker = Worker::new(&place);
    worker.ask(&["tiny.toml", "--set", "train.epochs=100"]);
    let said = worker.output.by_ref().map_while(Result::ok).find(|line| line.starts_with("run directory"));
    assert!(said.is_some());
    drop(worker.child.stdin.take());
    assert_eq!(worker.code(), 130);
    assert_eq!(worker.child.wait().unwrap().code(), Some(0));
    assert_eq!(place.summary()["status"], "interrupted");
}
