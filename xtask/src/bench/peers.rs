//! The other side's Python: whether it is there and imports what a script needs, asked before anything is measured.

use crate::{Refusal, workspace};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names each module that cannot be imported, and why, in a line.
const IMPORTS: &str = "
import sys, warnings
warnings.simplefilter('ignore')
for name in sys.argv[1:]:
    try:
        __import__(name)
    except BaseException as error:
        print('missing ' + name + ': ' + (str(error).splitlines() or [''])[0])
print('asked')
";

/// A script of the other side, and who runs it.
pub struct Peers {
    python: PathBuf,
    script: PathBuf,
}

impl Peers {
    /// The script of this name among those of the benches under `python`, a path in the checkout or a name on `PATH`.
    pub fn new(python: &Path, script: &str) -> Self {
        Self::at(python, &format!("benches/peers/{script}"))
    }

    /// The same of a script anywhere in the checkout.
    pub fn at(python: &Path, script: &str) -> Self {
        let bare = python.components().count() == 1;
        let python = if bare { python.to_owned() } else { workspace::root().join(python) };
        Self { python, script: workspace::root().join(script) }
    }

    /// The script, to be run.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(&self.script).env_remove("OMP_WAIT_POLICY");
        command
    }

    /// Refuses a Python that is not there, or lacks a library, with the line that installs it.
    pub fn check(&self) -> Result<()> {
        let text = std::fs::read_to_string(&self.script)
            .with_context(|| format!("{}: cannot be read", self.script.display()))?;
        let packages = packages(&text);
        let python = self.python.display();
        let modules = packages.iter().filter_map(|package| package.split("==").next()).map(module);
        let asked = match Command::new(&self.python).args(["-c", IMPORTS]).args(modules).output() {
            Ok(asked) => asked,
            Err(error) => bail!(Refusal(format!(
                "{python}: there is no such Python ({error}); make one as benches/README.md says, or name another with \
                 --peers"
            ))),
        };
        let said = String::from_utf8_lossy(&asked.stdout);
        if !said.lines().any(|line| line == "asked") {
            bail!(Refusal(format!("{python}: this is no Python that runs; name another with --peers")));
        }
        let missing: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("missing ")).collect();
        if missing.is_empty() {
            return Ok(());
        }
        bail!(Refusal(format!(
            "{python}: cannot import {}; install it with: {python} -m pip install {}",
            missing.join("; "),
            packages.join(" ")
        )))
    }
}

/// What the script's first lines say that it needs, as pip takes it.
fn packages(script: &str) -> Vec<&str> {
    let pinned = |word: &str| word.contains("==");
    let needs = script.lines().find(|line| line.starts_with("Needs Python")).unwrap_or_default();
    needs.split_whitespace().filter(|word| pinned(word)).map(|word| word.trim_end_matches('.')).collect()
}

/// What a package is imported as.
fn module(package: &str) -> &str {
    match package {
        "open_clip_torch" => "open_clip",
        "scikit-learn" => "sklearn",
        "scikit-image" => "skimage",
        package => package,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_names_what_it_needs() {
        for script in ["augment.py", "step.py", "clip_step.py", "loss.py", "features.py"] {
            let text = std::fs::read_to_string(Peers::new(Path::new("python3"), script).script).unwrap();
            let packages = packages(&text);
            let other = if script == "clip_step.py" { "open_clip_torch==3.3.0" } else { "lightly==1.6.0" };
            assert!(packages.contains(&"torch==2.11.0") && packages.contains(&other), "{packages:?}");
        }
    }
}
