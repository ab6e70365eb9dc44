//! The command line.

use clap::{Args, Parser, Subcommand};
use kontrast::config::{ConfigError, Experiment, Loaded};
use kontrast::{
    Cluster, Compare, Duplicates, Embed, Evaluate, Export, Outliers, Pack, Permutations, Preview, Report,
    Search, Suggest, Table,
};
use kontrast_runlog::human::quoted;
use std::fmt::Write;
use std::path::PathBuf;
use toml::Value;

/// Trains image encoders without labels, and shows what they learned.
#[derive(Debug, Parser)]
#[command(name = "kontrast", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at a folder of images, and write an experiment file for it with a reason beside each choice
    Suggest(Suggest),
    /// Train, evaluate and report an experiment file
    Pretrain(Pretrain),
    /// Train one experiment after another: each line of standard input has the arguments of `pretrain` as a JSON array
    #[command(hide = true)]
    Worker,
    /// Score a run again from its last checkpoint, by further protocols or on other images; or an encoder of a file
    Evaluate(Evaluate),
    /// Compare two runs image by image, on the same test images
    Compare(Compare),
    /// Write the page of run directories again, from their logs, and put several into one table
    Report(Report),
    /// Turn images into vectors with a trained encoder, and write them as a table
    Embed(Embed),
    /// Say which images of a table are nearest to others
    Search(Search),
    /// Say which images of a table are nearly alike
    Duplicates(Duplicates),
    /// Group the images of a table by k-means
    Cluster(Cluster),
    /// Say which images of a table are least typical, and which labels most doubtful
    Outliers(Outliers),
    /// Put several runs into one table
    #[command(subcommand)]
    Table(Table),
    /// Draw what a plan does to images, or audit it for shortcuts
    Preview(Preview),
    /// Choose a set of permutations for a jigsaw and say how far apart they are
    Permutations(Permutations),
    /// Say which encoders a file or a run holds: a checkpoint, or weights of another program
    Inspect {
        /// A safetensors file, or a run directory, whose last checkpoint is taken
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Write a trained encoder as a file that other programs open, and check it
    Export(Export),
    /// Write a folder of images as one file that is read without decoding
    Pack(Pack),
    /// Fetch, verify and unpack a data set into the cache, or say how each stands there
    Data {
        /// cifar10, cifar100, stl10 or fashion-mnist; without it, each is looked at and nothing is fetched
        name: Option<String>,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Pretrain {
    /// The experiment file
    pub(crate) file: PathBuf,
    /// Overrides a key of the file, e.g. train.epochs=5
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) overrides: Vec<String>,
    /// auto, cpu, cuda or cuda:N
    #[arg(long)]
    pub(crate) device: Option<String>,
    /// Threads of libtorch
    #[arg(long)]
    pub(crate) threads: Option<usize>,
    /// Folder of run directories [default: runs]
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Go on from the last checkpoint, or start where there is none
    #[arg(long, conflicts_with = "force")]
    pub(crate) resume: bool,
    /// Throw away what an earlier run left, and start again
    #[arg(long)]
    pub(crate) force: bool,
    /// Train a few steps, keep nothing, and say how long the training would take and how much memory
    #[arg(long, conflicts_with_all = ["resume", "force"])]
    pub(crate) measure: bool,
    /// What the report shows as the command that repeats the run
    #[arg(long, hide = true)]
    pub(crate) command: Option<String>,
}

impl Pretrain {
    /// Every override, those of their own options too; a path or device is a TOML string.
    fn all_overrides(&self) -> Vec<String> {
        let mut all = self.overrides.clone();
        if let Some(device) = &self.device {
            all.push(format!("run.device={}", Value::from(device.as_str())));
        }
        if let Some(threads) = self.threads {
            all.push(format!("run.threads={threads}"));
        }
        // A name that is no UTF-8 cannot stand in TOML: `load` hands it over by itself.
        if let Some(out) = self.out.as_ref().and_then(|out| out.to_str()) {
            all.push(format!("run.out={}", Value::from(out)));
        }
        all
    }

    /// The experiment, with every override.
    pub(crate) fn load(&self) -> Result<Loaded, ConfigError> {
        let mut loaded = Experiment::load(&self.file, &self.all_overrides())?;
        if let Some(out) = &self.out {
            loaded.experiment.run.out.clone_from(out);
        }
        Ok(loaded)
    }

    /// What is asked of the library.
    pub(crate) fn asked(&self) -> Result<kontrast::Pretrain, ConfigError> {
        let (resume, force) = (self.resume, self.force);
        Ok(kontrast::Pretrain { loaded: self.load()?, resume, force, command: self.command() })
    }

    /// The command that repeats the run.
    fn command(&self) -> String {
        if let Some(command) = &self.command {
            return command.clone();
        }
        let mut command = format!("kontrast pretrain {}", quoted(&self.file.display().to_string()));
        for set in &self.overrides {
            let _ = write!(command, " --set {}", quoted(set));
        }
        let options = [
            ("device", self.device.clone()),
            ("threads", self.threads.map(|threads| threads.to_string())),
            ("out", self.out.as_ref().map(|out| out.display().to_string())),
        ];
        for (name, value) in options {
            if let Some(value) = value {
                let _ = write!(command, " --{name} {}", quoted(&value));
            }
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pretrain(arguments: &[&str]) -> Pretrain {
        let all = [&["kontrast", "pretrain"], arguments].concat();
        let Command::Pretrain(pretrain) = Arguments::parse_from(all).command else {
            panic!("another command")
        };
        pretrain
    }

    #[test]
    fn a_path_or_device_is_a_string_whatever_it_looks_like() {
        let all = pretrain(&["a.toml", "--device", "cuda:1", "--threads", "2", "--out", "5"]).all_overrides();
        assert_eq!(all, [r#"run.device="cuda:1""#, "run.threads=2", r#"run.out="5""#]);
    }

    #[test]
    fn the_command_is_one_that_a_shell_reads_back() {
        let sets = ["--set", "train.epochs=5", "--set", "eval.linear.lrs=[0.1, 1.0]", "--set", "name=it's"];
        let arguments = [&["my file.toml"], &sets[..], &["--out", "a b"]].concat();
        assert_eq!(
            pretrain(&arguments).command(),
            r"kontrast pretrain 'my file.toml' --set train.epochs=5 --set 'eval.linear.lrs=[0.1, 1.0]' --set 'name=it'\''s' --out 'a b'"
        );
    }
}
