//! How runs end that go wrong at the last moment, and what a second start makes of them.

use crate::program::Place;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

#[test]
fn field_weights_that_are_no_numbers_at_the_end_are_a_diverged_run() {
    let at_once = ["--set", "schedule.cosine={ warmup_epochs = 0, final = 1 }", "--set", "train.epochs=1"];
    for more in [
        &["--set", "optimizer.sgd.lr=1e38", "--set", "data.synthetic.train=16"][..],
        &["--set", "optimizer.sgd.lr=3e38", "--set", "data.synthetic.train=16"],
        &["--set", "optimizer.sgd.lr=1e38", "--set", "train.precision=fp32"],
    ] {
        let place = Place::new();
        place.tiny(&[&at_once[..], more].concat()).says(3, &["the run diverged", "lower optimizer lr"]);
        assert_eq!(place.summary()["status"], "diverged", "{more:?}");
    }
}

#[test]
fn field_what_a_finished_run_lacks_is_made_when_the_command_is_given_again() {
    let place = Place::new();
    place.tiny(&[]).says(0, &["report: "]);
    let (page, weights) = (place.run_dir().join("report.html"), place.weights());
    for more in [&[][..], &["--resume"]] {
        fs::remove_file(&page).unwrap();
        place.tiny(more).says(0, &["finished already", "report: "]);
        assert!(page.metadata().unwrap().len() > 0);
        assert!(place.weights() == weights, "the run was trained again");
    }
}

#[test]
fn field_what_is_no_run_has_one_exit_code_whatever_reads_it() {
    let place = Place::new();
    place.write("file", "");
    fs::create_dir(place.path().join("empty")).unwrap();
    for command in ["report", "evaluate"] {
        for name in ["nowhere", "file", "empty", "tiny.toml"] {
            place.run(&[command, name]).says(2, &[name, "expected a run directory"]);
        }
    }
}

/// What a started run says on standard error.
const SAID: &str = "said";

/// Starts a run of many epochs through a shell, and waits until it has its directory.
fn started(place: &Place, before: &str) -> Child {
    let kontrast = place.command(&[]);
    let line = format!("{before} exec \"$0\" pretrain tiny.toml --set train.epochs=200");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).arg(kontrast.get_program()).current_dir(place.path());
    shell.envs(kontrast.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let said = fs::File::create(place.path().join(SAID)).unwrap();
    let mut child = shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(said).spawn().unwrap();
    // The first line names the run directory, the second comes with the first step.
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.take(2).map_while(Result::ok).count(), 2);
    child
}

fn ended(place: &Place, before: &str, signals: &[Signal]) -> (Option<i32>, String) {
    let mut child = started(place, before);
    for &signal in signals {
        kill_process(Pid::from_raw(child.id() as i32).unwrap(), signal).unwrap();
    }
    (child.wait().unwrap().code(), place.summary()["status"].as_str().unwrap().to_owned())
}

/// Whether these tests ignore a signal, and so what they start: under `nohup` a run outlives its terminal.
fn is_ignored(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    ignored >> (signal.as_raw() - 1) & 1 == 1
}

#[test]
fn field_a_closed_terminal_writes_a_checkpoint_like_every_other_end() {
    for signal in [Signal::HUP, Signal::TERM, Signal::INT].into_iter().filter(|signal| !is_ignored(*signal)) {
        let place = Place::new();
        assert_eq!(ended(&place, "", &[signal]), (Some(130), "interrupted".to_owned()), "{signal:?}");
        assert_eq!(place.checkpoints("safetensors").len(), 1, "{signal:?}");
    }
}

#[test]
fn field_a_closed_terminal_that_is_to_be_ignored_stays_so() {
    let place = Place::new();
    let mut child = started(&place, "trap '' HUP;");
    let pid = Pid::from_raw(child.id() as i32).unwrap();
    kill_process(pid, Signal::HUP).unwrap();
    // The flag would be seen at the next step: a further epoch's checkpoint shows that it was not set.
    let log = place.run_dir().join("events.jsonl");
    let seen = fs::read_to_string(&log).unwrap().matches("\"checkpoint\"").count();
    while fs::read_to_string(&log).unwrap().matches("\"checkpoint\"").count() < seen + 2 {
        assert!(child.try_wait().unwrap().is_none(), "the signal ended the run");
        std::thread::yield_now();
    }
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn field_a_run_whose_directory_goes_away_ends_and_leaves_no_half_one() {
    let elsewhere = |dir: &Path| fs::rename(dir, dir.with_file_name("elsewhere")).unwrap();
    let deleted = |dir: &Path| {
        // The run may write while its files go.
        while dir.exists() {
            let _ = fs::remove_dir_all(dir);
        }
    };
    let replaced = |dir: &Path| {
        elsewhere(dir);
        fs::create_dir(dir).unwrap();
    };
    for (how, left) in [(&elsewhere as &dyn Fn(&Path), false), (&deleted, false), (&replaced, true)] {
        let place = Place::new();
        let mut child = started(&place, "");
        let dir = place.run_dir();
        // In the midst of its epochs, not while it starts.
        while place.checkpoints("safetensors").is_empty() {
            assert!(child.try_wait().unwrap().is_none(), "the run ended by itself");
            std::thread::yield_now();
        }
        how(&dir);
        assert_eq!(child.wait().unwrap().code(), Some(1));
        let said = fs::read_to_string(place.path().join(SAID)).unwrap();
        assert!(said.contains("moved or deleted"), "{said}");
        assert_eq!(dir.exists(), left);
        assert!(!left || fs::read_dir(dir).unwrap().count() == 0, "files in another's directory");
    }
}

#[test]
fn field_a_file_that_may_not_grow_is_a_failed_run_and_no_killed_process() {
    // Too small for a checkpoint, for the log, and for a picture.
    for blocks in [64, 2, 16] {
        let place = Place::new();
        let kontrast = place.command(&[]);
        let mut shell = Command::new("sh");
        let line = format!("ulimit -f {blocks}; exec \"$0\" pretrain tiny.toml");
        shell.args(["-c", &line]).arg(kontrast.get_program()).current_dir(place.path());
        shell.envs(kontrast.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = shell.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{blocks}: {said}");
        assert!(said.contains("error: "), "{blocks}: {said}");
        place.tiny(&["--resume"]).says(0, &["report: "]);
    }
}

#[test]
fn field_runs_go_where_the_bytes_of_out_say() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let _ = place.tiny(&["--set", "train.epochs=1"]);
    let names: [&[u8]; 3] = [b"caf\xe8", b"caf\xe9", b"\xff\xfe out"];
    for name in names {
        let mut command = place.command(&["pretrain", "tiny.toml", "--set", "train.epochs=1", "--out"]);
        let output = command.arg(OsStr::from_bytes(name)).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let mut found: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap()).collect();
    found.retain(|entry| entry.path().is_dir() && entry.file_name() != "runs");
    found.sort_by_key(fs::DirEntry::file_name);
    assert_eq!(found.iter().map(fs::DirEntry::file_name).collect::<Vec<_>>(), names.map(OsStr::from_bytes));
    for folder in found {
        let runs: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|run| run.unwrap().path()).collect();
        assert!(runs.len() == 1 && runs[0].join("report.html").exists(), "{runs:?}");
    }
}

#[test]
fn field_what_no_memory_holds_is_refused_before_anything_is_made() {
    for width in [100_000, 2_000_000, 4_000_000_000_u64] {
        let (place, set) = (Place::new(), format!("encoder.resnet18.width={width}"));
        let parts = ["encoder.resnet18.width: weights", "of memory are available"];
        place.tiny(&["--set", &set]).says(2, &parts);
        assert!(!place.path().join("runs").exists(), "{set}");
    }
}
