//! Builds the program `kontrast`, and calls it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use kontrast_config::{DataName, Experiment};

use crate::{say, workspace};

/// The program, built.
#[derive(Debug)]
pub struct Kontrast {
    /// Where it lies.
    pub path: PathBuf,
}

impl Kontrast {
    /// Builds what experiments run, against this libtorch, with these features.
    pub fn build(libtorch: &Path, features: Features) -> Result<Self> {
        // The whole workspace but what experiments do not run: with less of it, shared crates would get other features, and
        // tch be built twice.
        let mut cargo = workspace::cargo("build");
        cargo.args(["--workspace", "--exclude", "kontrast-benches", "--exclude", "kontrast-testkit"]);
        cargo.args(features.arguments());
        Ok(Self { path: built("kontrast", &mut cargo, libtorch)? })
    }

    /// Builds what a bundle holds.
    pub fn release(libtorch: &Path) -> Result<Self> {
        let mut cargo = workspace::cargo("build");
        Ok(Self { path: built("kontrast", cargo.args(["--release", "--package", "kontrast"]), libtorch)? })
    }

    /// The program of an earlier build, beside this one, if there is one; builds nothing.
    pub fn built() -> Option<Self> {
        let path = std::env::current_exe().ok()?.with_file_name("kontrast");
        path.is_file().then_some(Self { path })
    }

    /// The program that trains one experiment after another.
    pub fn worker(&self) -> Command {
        self.command(&["worker".to_owned()])
    }

    /// The program with arguments.
    pub fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(&self.path);
        // Cargo's configuration lets waiting threads sleep, for the tests' sake. A training sees to it itself.
        command.args(arguments).env_remove("OMP_WAIT_POLICY");
        command
    }
}

/// What is compiled only where a command needs it, since it takes long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    parquet: bool,
    scans: bool,
    texts: bool,
}

impl Features {
    /// What the smoke experiments need.
    pub const OF_SMOKE: Self = Self { parquet: false, scans: true, texts: true };

    /// What these arguments of the program need: by the ending of a file, by an option, by the experiment of a file or a run.
    pub fn of_arguments(arguments: &[String]) -> Self {
        let is_parquet = |argument: &String| argument.to_lowercase().ends_with(".parquet");
        let is_of_texts = |argument: &String| {
            argument == "--text" || argument.starts_with("--text=") || argument == "--text-space"
        };
        let own = Self {
            parquet: arguments.iter().any(is_parquet),
            scans: false,
            texts: arguments.iter().any(is_of_texts),
        };
        arguments
            .iter()
            .map(Path::new)
            .filter_map(experiment)
            .map(|known| Self::of(&known))
            .fold(own, Self::and)
    }

    /// What an experiment needs.
    pub fn of(experiment: &Experiment) -> Self {
        Self {
            parquet: false,
            scans: experiment.data.name == DataName::Scans,
            texts: experiment.texts.is_some(),
        }
    }

    /// What both need.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            parquet: self.parquet || other.parquet,
            scans: self.scans || other.scans,
            texts: self.texts || other.texts,
        }
    }

    /// As cargo's arguments.
    fn arguments(self) -> Vec<String> {
        let all = [("parquet", self.parquet), ("scans", self.scans), ("texts", self.texts)];
        let on = all.into_iter().filter(|(_, on)| *on);
        on.flat_map(|(name, _)| ["--features".to_owned(), format!("kontrast/{name}")]).collect()
    }
}

/// The experiment of a file, or of the run in a directory or around a checkpoint; none of anything else.
fn experiment(path: &Path) -> Option<Experiment> {
    let is_toml = |path: &Path| path.extension().is_some_and(|ending| ending == "toml") && path.is_file();
    let of_run = |folder: &Path| folder.join("config.toml");
    let around = path.ancestors().skip(1).take(2).map(of_run);
    let file = [path.to_owned(), of_run(path)].into_iter().chain(around).find(|file| is_toml(file))?;
    Experiment::load_to_look(&file, &[]).ok().map(|(experiment, _)| experiment)
}

/// Builds, and says where the program of this name lies, whatever folders the user's configuration names. Cargo shows
/// its progress.
pub fn built(name: &str, cargo: &mut Command, libtorch: &Path) -> Result<PathBuf> {
    cargo.arg("--message-format=json-render-diagnostics").env("LIBTORCH", libtorch);
    if !is_there(name, cargo) {
        say::fact("building", "the first time this takes some minutes");
    }
    let mut child = cargo.stdout(Stdio::piped()).spawn().context("cargo does not start")?;
    let lines = child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines);
    let path = lines.map_while(Result::ok).filter_map(|line| program(name, &line)).last();
    if !child.wait()?.success() {
        bail!("the build failed; cargo's messages stand above");
    }
    path.with_context(|| format!("cargo built no program {name}"))
}

/// Whether the program was built before, in the folder in which this one lies, or beside it for a release.
fn is_there(name: &str, cargo: &Command) -> bool {
    let release = cargo.get_args().any(|argument| argument == "--release");
    let Ok(own) = std::env::current_exe() else { return false };
    let folder = own.parent().map(|own| if release { own.with_file_name("release") } else { own.to_owned() });
    folder.is_some_and(|folder| folder.join(name).exists())
}

/// Becomes the command, where nothing follows it.
pub fn become_it(mut command: Command) -> Result<u8> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(error).with_context(|| format!("{} does not start", command.get_program().display()))
}

/// The path of the program, where that message of cargo bears it.
fn program(name: &str, message: &str) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        target: Target,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    let message: Message = serde_json::from_str(message).ok()?;
    message.executable.filter(|_| message.target.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_minutes_is_compiled_where_a_file_asks_for_it() {
        let of = |words: &[&str]| {
            Features::of_arguments(&words.iter().map(ToString::to_string).collect::<Vec<_>>()).arguments()
        };
        assert_eq!(of(&["search", "--index", "bank.PARQUET"]), ["--features", "kontrast/parquet"]);
        assert!(of(&["search", "--index=bank.csv"]).is_empty());
        assert_eq!(of(&["search", "--text", "a bird"]), ["--features", "kontrast/texts"]);
        let configs = workspace::root().join("configs");
        let file = |name: &str| configs.join(name).display().to_string();
        assert_eq!(of(&["evaluate", &file("smoke/clip.toml")]), ["--features", "kontrast/texts"]);
        assert_eq!(
            of(&["embed", "--config", &file("pretrain/simclr-scans-r18.toml")]),
            ["--features", "kontrast/scans"]
        );
        assert!(of(&["pretrain", &file("quickstart.toml")]).is_empty());
    }

    #[test]
    fn a_run_and_its_checkpoint_need_what_their_experiment_does() {
        let run = tempfile::tempdir().unwrap();
        let checkpoint = run.path().join("checkpoints/step-1.safetensors");
        std::fs::create_dir(run.path().join("checkpoints")).unwrap();
        std::fs::write(&checkpoint, "").unwrap();
        let clip = workspace::root().join("configs/smoke/clip.toml");
        std::fs::write(run.path().join("config.toml"), format!("extends = {clip:?}\n")).unwrap();
        let of = |path: &Path| Features::of_arguments(&[path.display().to_string()]);
        let texts = Features { texts: true, ..Features::default() };
        assert_eq!((of(run.path()), of(&checkpoint)), (texts, texts));
        assert_eq!(of(Path::new("nothing/there")), Features::default());
    }

    #[test]
    fn the_program_is_where_cargo_says() {
        let artifact = r#"{"reason":"compiler-artifact","target":{"name":"kontrast","kind":["bin"]},
                           "executable":"/t/x86_64/debug/kontrast"}"#;
        assert_eq!(program("kontrast", artifact), Some(PathBuf::from("/t/x86_64/debug/kontrast")));
        assert_eq!(program("kontrast", &artifact.replace("\"kontrast\"", "\"xtask\"")), None);
        assert_eq!(program("kontrast", r#"{"reason":"build-finished","success":true}"#), None);
        assert_eq!(program("kontrast", "warning: not JSON"), None);
    }
}
