//! `ablation`: a paper's table again, cell by cell and seed by seed.

mod execute;
mod plan;

use std::path::{Path, PathBuf};

use anyhow::Result;
use kontrast_config::{Ablation, Device, Experiment};

use crate::arguments;
use crate::experiment::ready;
use crate::family::{Family, INTERRUPTED, worst};
use crate::say;
use plan::Plan;

/// Runs what is missing of an ablation, and writes its table as far as it is known.
pub fn run(asked: &arguments::Ablation) -> Result<u8> {
    let ablation = Ablation::load(&asked.file, asked.scale.as_deref())?.with_seeds(asked.seeds);
    let base = Experiment::load(&ablation.base, &[])?.experiment.run;
    let out = folder(asked.out.as_ref().unwrap_or(&base.out), &ablation);
    let plan = Plan::new(&ablation, &out, &asked.only)?;
    if asked.dry_run {
        print!("{}", plan.describe(asked.jobs));
        return Ok(0);
    }
    let (mut codes, mut failures) = (plan.codes(), Vec::new());
    let is_done = plan.left().next().is_none();
    // A table needs no GPU.
    let kontrast = ready(if is_done { Device::Cpu } else { asked.device.unwrap_or(base.device) })?;
    let family = Family::new()?;
    if !is_done {
        std::fs::create_dir_all(&out)?;
        let ended = execute::all(asked, &ablation, &plan, &kontrast, &family)?;
        codes.extend(ended.iter().map(|ended| ended.code));
        codes.extend((ended.len() < plan.left().count()).then_some(INTERRUPTED));
        failures.extend(
            ended.iter().filter(|ended| ended.code != INTERRUPTED).filter_map(execute::Ended::failure),
        );
    }
    let table = Family::call(kontrast.command(&table(asked, &out)));
    for failure in failures {
        say::note(format_args!("{failure}"));
    }
    codes.push(table?);
    let code = worst(codes);
    if code == INTERRUPTED {
        say::note(format_args!("interrupted; the same command goes on from here"));
    }
    Ok(code)
}

/// Where the runs and the table lie: below the folder of runs, in one that bears the ablation's name.
fn folder(runs: &Path, ablation: &Ablation) -> PathBuf {
    runs.join("ablations").join(&ablation.name)
}

/// The arguments that write the table.
fn table(asked: &arguments::Ablation, out: &Path) -> Vec<String> {
    let mut words = vec!["table".to_owned(), "ablation".to_owned(), asked.file.display().to_string()];
    words.extend(["--out".to_owned(), out.display().to_string()]);
    if let Some(scale) = &asked.scale {
        words.extend(["--scale".to_owned(), scale.clone()]);
    }
    if let Some(count) = asked.seeds {
        words.extend(["--seeds".to_owned(), count.to_string()]);
    }
    if let Some(file) = &asked.write {
        words.extend(["--write".to_owned(), file.display().to_string()]);
    }
    words
}
