//! `bundle`: what a GPU machine without a Rust toolchain needs, in one folder.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

use crate::build::Kontrast;
use crate::setup::{self, TORCH, Wanted};
use crate::{say, workspace};

const LAUNCHER: &str = include_str!("../templates/launcher.sh");

const README: &str = include_str!("../templates/bundle.md");

/// Builds the release and puts the folder together.
pub fn run(out: &Path) -> Result<u8> {
    let libtorch = setup::ensure(Wanted::Whatever)?;
    let kontrast = Kontrast::release(&libtorch)?;
    assemble(&kontrast.path, &workspace::root().join("configs"), out)?;
    say::out(format_args!(
        "{}: copy it to a machine with torch {TORCH} and run ./kontrast there",
        out.display()
    ));
    Ok(0)
}

/// Launcher, program, configurations, and a page that says how to start.
fn assemble(program: &Path, configs: &Path, out: &Path) -> Result<()> {
    let bin = out.join("bin");
    fs::create_dir_all(&bin).with_context(|| format!("{}: cannot be made", bin.display()))?;
    let target = bin.join("kontrast");
    // A program that runs cannot be written over, but it can be replaced.
    let new = bin.join(".kontrast.new");
    fs::copy(program, &new).with_context(|| format!("{}: cannot be copied", program.display()))?;
    fs::rename(&new, &target)?;
    copy_folder(configs, &out.join("configs"))?;
    fs::write(out.join("README.md"), README.replace("@TORCH@", TORCH))?;
    let launcher = out.join("kontrast");
    fs::write(&launcher, LAUNCHER.replace("@TORCH@", TORCH))?;
    fs::set_permissions(&launcher, Permissions::from_mode(0o755))?;
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("{}: cannot be read", from.display()))? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_folder(&source, &target)?;
        } else {
            fs::copy(&source, &target).with_context(|| format!("{}: cannot be copied", source.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Output};

    use super::*;
    use crate::setup::fake_torch;

    /// A bundle whose program says what it was given.
    fn bundle(folder: &Path) -> std::path::PathBuf {
        let (program, configs) = (folder.join("program"), folder.join("configs"));
        fs::write(&program, "#!/bin/sh\necho \"$LD_LIBRARY_PATH|$*\"\n").unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        fs::create_dir_all(configs.join("base")).unwrap();
        fs::write(configs.join("base/a.toml"), "a").unwrap();
        let out = folder.join("bundle");
        assemble(&program, &configs, &out).unwrap();
        out
    }

    fn start(bundle: &Path, libtorch: &Path) -> Output {
        let mut command = Command::new(bundle.join("kontrast"));
        command.args(["pretrain", "a b.toml"]).env("LIBTORCH", libtorch).env_remove("LD_LIBRARY_PATH");
        command.output().unwrap()
    }

    #[test]
    fn the_launcher_puts_libtorch_on_the_library_path() {
        let folder = tempfile::tempdir().unwrap();
        let (bundle, torch) = (bundle(folder.path()), folder.path().join("torch"));
        fake_torch(&torch, TORCH);
        let output = start(&bundle, &torch);
        let expected = format!("{}/lib|pretrain a b.toml\n", torch.display());
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
        assert_eq!(fs::read_to_string(bundle.join("configs/base/a.toml")).unwrap(), "a");
    }

    #[test]
    fn the_launcher_names_both_versions_when_they_differ() {
        let folder = tempfile::tempdir().unwrap();
        let (bundle, torch) = (bundle(folder.path()), folder.path().join("torch"));
        fake_torch(&torch, "2.12.0");
        let output = start(&bundle, &torch);
        assert_eq!(output.status.code(), Some(1));
        let expected = format!("error: {} is torch 2.12.0; 2.11.0 is needed", torch.display());
        assert!(String::from_utf8_lossy(&output.stderr).starts_with(&expected), "{output:?}");
    }
}
