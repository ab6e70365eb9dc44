//! The command line.

use clap::{Args, Parser, Subcommand};
use std::fmt::Write;
use std::path::PathBuf;

/// Trains image encoders without labels, and shows what they learned.
#[derive(Debug, Parser)]
#[command(name = "kontrast", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train, evaluate and report an experiment file
    Pretrain(Pretrain),
    /// Evaluate a run directory again, from its last checkpoint
    Evaluate {
        /// The run directory
        run: PathBuf,
    },
    /// Write the page of run directories again, from their logs
    Report {
        /// Run directories
        #[arg(required = true)]
        runs: Vec<PathBuf>,
    },
    /// Fetch, verify and unpack a data set into the cache
    Data {
        /// cifar10 or fashion-mnist
        name: String,
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
    /// Stop, as by Ctrl-C, when standard input ends
    #[arg(long, hide = true)]
    pub(crate) stop_with_parent: bool,
    /// What the report shows as the command that repeats the run
    #[arg(long, hide = true)]
    pub(crate) command: Option<String>,
}

impl Pretrain {
    /// Every override, those of their own options too; a path or device is a TOML string.
    pub(crate) fn all_overrides(&self) -> Vec<String> {
        let mut all = self.overrides.clone();
        if let Some(device) = &self.device {
            all.push(format!("run.device={device}"));
        }
        if let Some(threads) = self.threads {
            all.push(format!("run.threads={threads}"));
        }
        if let Some(out) = &self.out {
            all.push(format!("run.out={}", out.display()));
        }
        all
    }

    /// The command that repeats the run.
    pub(crate) fn command(&self) -> String {
        if let Some(command) = &self.command {
            return command.clone();
        }
        let mut command = format!("kontrast pretrain {}", self.file.display());
        for set in &self.overrides {
            let _ = write!(command, " --set '{set}'");
        }
        let options = [
            ("device", self.device.clone()),
            ("threads", self.threads.map(|threads| threads.to_string())),
            ("out", self.out.as_ref().map(|out| out.display().to_string())),
        ];
        for (name, value) in options {
            if let Some(value) = value {
                let _ = write!(command, " --{name} {value}");
            }
        }
        command
    }
}
