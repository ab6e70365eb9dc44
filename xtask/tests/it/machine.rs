//! A machine of scripts: its `PATH` holds what a test puts there and nothing else.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A machine with a compiler and a linker; Python is up to the test.
pub struct Machine {
    folder: TempDir,
}

/// What a command left.
pub struct Ended {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Machine {
    pub fn new() -> Self {
        let machine = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(machine.path("bin")).unwrap();
        for name in ["c++", "cc"] {
            machine.program(name, "echo stand-in 1.0");
        }
        machine
    }

    /// A path on this machine.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The cache folder.
    pub fn home(&self) -> PathBuf {
        self.path("home/libtorch/2.11.0")
    }

    /// The `LIBTORCH` that cargo was told of.
    pub fn written(&self) -> Option<String> {
        let text = fs::read_to_string(self.path("cargo.toml")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("LIBTORCH = "))?;
        Some(line.trim_matches('"').to_owned())
    }

    /// Puts a shell script on the `PATH`.
    pub fn program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }

    pub fn without(&self, name: &str) -> &Self {
        fs::remove_file(self.path("bin").join(name)).unwrap();
        self
    }

    /// A Python of that version; `pip` is what it does on `pip install`, with the target folder in `$target`.
    pub fn python(&self, version: &str, pip: &str) -> &Self {
        self.python_with(version, "", pip)
    }

    /// A Python that would import torch from the folder `torch`.
    pub fn python_with(&self, version: &str, torch: &str, pip: &str) -> &Self {
        let script = format!(
            "case \"$*\" in\n\
             *version_info*) echo {version} ;;\n\
             *find_spec*) echo '{torch}' ;;\n\
             '-m pip --version') echo pip 24.0 from here ;;\n\
             '-m pip install'*)\n\
             while [ \"$1\" != --target ]; do shift; done; target=$2\n\
             {pip}\n;;\n\
             *) exit 9 ;;\nesac"
        );
        self.program("python3", &script);
        self
    }

    /// `cargo xtask` there, in a checkout that holds nothing but what set-up writes.
    pub fn xtask(&self, arguments: &[&str]) -> Command {
        let mut command = xtask(arguments);
        command.env("PATH", self.path("bin")).env("KONTRAST_HOME", self.path("home"));
        // Where cargo says that xtask's own manifest lies.
        command.env("CARGO_MANIFEST_DIR", self.path("checkout/xtask"));
        command
    }

    /// `cargo xtask setup` there, with further environment.
    pub fn setup(&self, environment: &[(&str, &Path)]) -> Ended {
        let file = self.path("cargo.toml");
        let mut command = self.xtask(&["setup", "--cpu", "--write", &file.display().to_string()]);
        ended(command.envs(environment.iter().copied()))
    }
}

/// A folder that looks like libtorch of that version, as a script for `sh` that makes it at `$target/torch`.
pub fn libtorch(version: [u32; 3]) -> String {
    let [major, minor, patch] = version;
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    format!(
        "mkdir -p \"$target/torch/lib\" \"$target/torch/include/torch/headeronly\" \"$target/nvidia\"\n\
         printf '#define TORCH_VERSION_MAJOR {major}\\n#define TORCH_VERSION_MINOR {minor}\\n\
         #define TORCH_VERSION_PATCH {patch}\\n' > \"$target/torch/include/torch/headeronly/version.h\"\n\
         for name in torch_cpu torch_cuda torch c10; do echo $name > \"$target/torch/lib/{prefix}$name{suffix}\"; done\n\
         echo gomp > \"$target/torch/lib/libgomp.so.1\""
    )
}

/// Such a folder, made at once; returns `<folder>/torch`.
pub fn make_libtorch(folder: &Path, version: [u32; 3]) -> PathBuf {
    let status =
        Command::new("/bin/sh").args(["-c", &libtorch(version)]).env("target", folder).status().unwrap();
    assert!(status.success());
    folder.join("torch")
}

/// The program, without what cargo and the user have set for libtorch and Python.
pub fn xtask(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(arguments);
    for name in ["LIBTORCH", "CXX", "PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX"] {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end.
pub fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}
