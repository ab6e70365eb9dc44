//! What `setup` installs, finds, refuses, and does about installations that were interrupted.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::machine::{Ended, Machine, ended, libtorch, make_libtorch};

const FITS: [u32; 3] = [2, 11, 0];

/// The one line that says what is missing.
fn refused(ended: &Ended) -> &str {
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let last = ended.stderr.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or_else(|| panic!("{}", ended.stderr))
}

#[test]
fn libtorch_is_installed_once_and_cargo_is_told() {
    let machine = Machine::new();
    machine.python("3.9.2", &libtorch(FITS));
    let first = machine.setup(&[]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let view = machine.home().join("view/torch");
    assert_eq!(machine.written(), Some(view.display().to_string()));
    let linked =
        fs::read_to_string(view.join("lib").join(format!("libtorch{}", std::env::consts::DLL_SUFFIX)));
    assert_eq!(linked.unwrap(), "torch_cpu\n");
    assert!(first.stdout.contains(&format!("include = [\"{}\"]", machine.path("cargo.toml").display())));

    machine.python("3.9.2", "exit 1");
    let second = machine.setup(&[]);
    assert_eq!(second.code, Some(0), "{}", second.stderr);
    assert!(!second.stderr.contains("fetching"), "{}", second.stderr);
}

#[test]
fn what_a_killed_installation_left_is_removed() {
    let machine = Machine::new();
    let (half, go_on) = (machine.path("half"), machine.path("go-on"));
    assert!(Command::new("mkfifo").args([&half, &go_on]).status().unwrap().success());
    // A pip that comes half way, says so, and waits.
    let (said, waits) =
        (format!("echo there > {}", half.display()), format!("read on < {}", go_on.display()));
    machine.python("3.12.1", &format!("mkdir -p \"$target/torch\"\n{said}\n{waits}"));
    let mut command = machine.xtask(&["setup", "--cpu", "--write", "unused.toml"]);
    command.current_dir(machine.path(""));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    assert_eq!(fs::read_to_string(&half).unwrap(), "there\n");
    child.kill().unwrap();
    child.wait().unwrap();
    fs::write(&go_on, "on\n").unwrap();
    // One that was never marked as whole.
    make_libtorch(&machine.home().join("cpu"), FITS);

    machine.python("3.12.1", &libtorch(FITS));
    let again = machine.setup(&[]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(again.stderr.contains("removing what an interrupted installation left"), "{}", again.stderr);
    assert!(again.stderr.contains("removing an installation that is not whole"), "{}", again.stderr);
    let left: Vec<_> =
        fs::read_dir(machine.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".new-")), "{left:?}");
}

#[test]
fn leftovers_are_removed_where_nothing_has_to_be_installed_but_not_those_of_an_installation_at_work() {
    let machine = Machine::new();
    machine.python("3.12.1", &libtorch(FITS));
    assert_eq!(machine.setup(&[]).code, Some(0));
    let left = machine.home().join(".new-abc");
    fs::create_dir(&left).unwrap();
    // Whoever installs holds the lock.
    let lock = fs::File::create(machine.home().join(".lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(machine.setup(&[]).code, Some(0));
    assert!(left.exists(), "an installation lost its folder");
    lock.unlock().unwrap();
    let ended = machine.setup(&[]);
    assert!(ended.stderr.contains("removing what an interrupted installation left"), "{}", ended.stderr);
    assert!(!left.exists());
}

#[test]
fn a_failed_installation_leaves_nothing() {
    let machine = Machine::new();
    machine
        .python("3.12.1", "mkdir -p \"$target/torch\"; echo 'ERROR: No matching distribution found'; exit 1");
    assert_eq!(refused(&machine.setup(&[])), "pip: No matching distribution found");
    let left: Vec<_> =
        fs::read_dir(machine.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".lock"]);
    assert_eq!(machine.written(), None);
}

#[test]
fn no_network_is_said_so() {
    let machine = Machine::new();
    machine.python("3.12.1", "echo 'WARNING: Retrying after NewConnectionError' >&2; exit 1");
    assert!(refused(&machine.setup(&[])).starts_with("network: pip cannot reach the package index; check"));
}

#[test]
fn a_disk_that_fills_up_is_said_so_and_given_back() {
    let machine = Machine::new();
    let full = "mkdir -p \"$target/torch\"; echo 'ERROR: [Errno 28] No space left on device' >&2; exit 1";
    machine.python("3.12.1", full);
    let expected =
        "disk: pip ran out of room; make some, or name a folder on another disk with KONTRAST_HOME";
    assert_eq!(refused(&machine.setup(&[])), expected);
    let left: Vec<_> =
        fs::read_dir(machine.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".lock"]);
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let machine = Machine::new();
    machine.python("3.12.1", &libtorch(FITS));
    // Below a file no folder can be made, not even by root.
    let home = machine.path("bin/cc");
    let ended = machine.setup(&[("KONTRAST_HOME", &home)]);
    let expected = format!("{}: cannot be made: ", home.join("libtorch/2.11.0").display());
    assert!(refused(&ended).starts_with(&expected), "{}", ended.stderr);
}

#[test]
fn a_torch_without_its_libraries_is_not_kept() {
    let machine = Machine::new();
    let c10 = format!("torch/lib/{}c10{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    machine.python("3.12.1", &format!("{}\nrm \"$target/{c10}\"", libtorch(FITS)));
    let ended = machine.setup(&[]);
    let said = refused(&ended);
    assert!(
        said.starts_with("libtorch: pip installed torch 2.11.0 without ") && said.ends_with(&c10),
        "{said}"
    );
    assert!(!machine.home().join("cpu").exists());
}

#[test]
fn another_version_than_asked_for_is_not_kept() {
    let machine = Machine::new();
    machine.python("3.12.1", &libtorch([2, 12, 0]));
    assert_eq!(refused(&machine.setup(&[])), "libtorch: pip installed torch 2.12.0; 2.11.0 was asked for");
}

#[test]
fn python_and_pip_are_asked_for_by_name() {
    let machine = Machine::new();
    assert!(
        refused(&machine.setup(&[])).starts_with("python: none found on PATH; install Python 3.9 or later")
    );

    machine.python("3.8.10", "exit 1");
    let ended = machine.setup(&[]);
    let python = machine.path("bin/python3");
    let expected = format!("python: {} is 3.8.10; 3.9 or later is needed", python.display());
    assert!(refused(&ended).starts_with(&expected), "{}", ended.stderr);

    machine.program("python3", "case \"$*\" in *version_info*) echo 3.11.2 ;; *) exit 1 ;; esac");
    let expected = format!("pip: {} (3.11.2) has none; install it", python.display());
    assert!(refused(&machine.setup(&[])).starts_with(&expected));

    let old = "case \"$*\" in *version_info*) echo 3.9.2 ;; *) echo pip 19.3.1 from here ;; esac";
    machine.program("python3", old);
    let expected = format!("pip: {} has 19.3.1; 20.3 or later is needed: ", python.display());
    assert!(refused(&machine.setup(&[])).starts_with(&expected));

    machine.program("python3", "exit 1");
    let expected = format!("python: {} does not start; name another with PYTHON", python.display());
    assert_eq!(refused(&machine.setup(&[])), expected);
}

#[test]
fn another_python_may_be_named() {
    let machine = Machine::new();
    machine.python("3.12.1", &libtorch(FITS));
    let python = machine.path("mine");
    fs::rename(machine.path("bin/python3"), &python).unwrap();
    machine.program("python3", "echo 3.6.9");
    let ended = machine.setup(&[("PYTHON", &python)]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn the_compiler_and_the_linker_are_asked_for_by_name() {
    let machine = Machine::new();
    machine.python("3.12.1", &libtorch(FITS));
    let ended = machine.without("cc").setup(&[]);
    assert!(refused(&ended).starts_with("linker: no cc on PATH"));
    let ended = machine.without("c++").setup(&[]);
    assert!(refused(&ended).starts_with("C++ compiler: none found (c++, g++, clang++, or CXX); install one"));
    machine.program("clang++", "exit 0");
    let expected = "C++ compiler: no c++ on PATH, but clang++ is there: export CXX=clang++";
    assert_eq!(refused(&machine.setup(&[])), expected);
    let ended = machine.setup(&[("CXX", Path::new("icpx -O1"))]);
    assert!(refused(&ended).starts_with("C++ compiler: CXX = icpx -O1, which is not there"));
}

#[test]
fn an_experiment_says_what_set_up_lacks() {
    let machine = Machine::new();
    let smoke = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/smoke/simclr.toml");
    let ended = ended(&mut machine.xtask(&["experiment", smoke]));
    assert!(refused(&ended).starts_with("python: none found on PATH"), "{}", ended.stderr);
}

#[test]
fn a_libtorch_that_is_named_is_used_through_a_view() {
    let machine = Machine::new();
    let torch = make_libtorch(&machine.path("there"), FITS);
    let ended = machine.setup(&[("LIBTORCH", &torch)]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let view = machine.written().unwrap();
    assert!(view.starts_with(&machine.home().join("views").display().to_string()), "{view}");
    let real = fs::canonicalize(Path::new(&view).join("lib/../../nvidia")).unwrap();
    assert_eq!(real, fs::canonicalize(machine.path("there/nvidia")).unwrap());

    // Who exports the view, as set-up advises, means the same libtorch.
    fs::remove_file(machine.path("cargo.toml")).unwrap();
    let again = machine.setup(&[("LIBTORCH", Path::new(&view))]);
    assert_eq!((again.code, machine.written()), (Some(0), Some(view)), "{}", again.stderr);
}

#[test]
fn a_libtorch_of_another_version_is_refused_with_both() {
    let machine = Machine::new();
    let torch = make_libtorch(&machine.path("there"), [2, 10, 1]);
    let ended = machine.setup(&[("LIBTORCH", &torch)]);
    let expected =
        format!("libtorch: LIBTORCH = {} is 2.10.1; 2.11.0 is needed; unset LIBTORCH", torch.display());
    assert!(refused(&ended).starts_with(&expected), "{}", ended.stderr);

    let ended = machine.setup(&[("LIBTORCH", &machine.path("bin"))]);
    let expected = format!("libtorch: LIBTORCH = {} is no libtorch 2.11.0", machine.path("bin").display());
    assert!(refused(&ended).starts_with(&expected), "{}", ended.stderr);
}

/// Set-up that may choose by itself, on a machine without GPU.
fn setup_by_itself(machine: &Machine) -> Ended {
    let file = machine.path("cargo.toml").display().to_string();
    ended(&mut machine.xtask(&["setup", "--write", &file]))
}

#[test]
fn the_torch_of_the_active_python_is_used_when_it_fits() {
    let machine = Machine::new();
    let torch = make_libtorch(&machine.path("venv"), FITS);
    machine.python_with("3.12.1", &torch.display().to_string(), "exit 1");
    let ended = setup_by_itself(&machine);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(machine.written().unwrap().contains("/views/"));
}

#[test]
fn a_torch_of_another_version_there_is_no_hindrance() {
    let machine = Machine::new();
    let torch = make_libtorch(&machine.path("venv"), [2, 9, 0]);
    machine.python_with("3.12.1", &torch.display().to_string(), &libtorch(FITS));
    let ended = setup_by_itself(&machine);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let note = format!("{} is torch 2.9.0; 2.11.0 is needed and installed beside it", torch.display());
    assert!(ended.stderr.contains(&note), "{}", ended.stderr);
    assert!(machine.written().unwrap().ends_with("/view/torch"));
}

#[test]
fn several_at_a_time_install_once() {
    let machine = Machine::new();
    let count = machine.path("count");
    machine.python("3.12.1", &format!("echo one >> {}\n{}", count.display(), libtorch(FITS)));
    several_succeed(&machine, &["--cpu"]);
    assert_eq!(fs::read_to_string(count).unwrap(), "one\n");
}

#[test]
fn several_at_a_time_make_one_view_of_what_is_there() {
    let machine = Machine::new();
    let torch = make_libtorch(&machine.path("venv"), FITS);
    machine.python_with("3.12.1", &torch.display().to_string(), "exit 1");
    several_succeed(&machine, &[]);
}

/// Eight set-ups started together, each with a file of its own to write, until one view after another is made.
fn several_succeed(machine: &Machine, how: &[&str]) {
    for round in 0..4 {
        let setup = |number: usize| {
            let file = machine.path(&format!("{number}.toml")).display().to_string();
            let mut command = machine.xtask(&[&["setup", "--write", &file], how].concat());
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        };
        for child in (0..8).map(setup).collect::<Vec<_>>() {
            let ended = child.wait_with_output().unwrap();
            assert!(ended.status.success(), "round {round}: {}", String::from_utf8_lossy(&ended.stderr));
        }
        fs::remove_dir_all(machine.home().join("views")).unwrap();
    }
}
