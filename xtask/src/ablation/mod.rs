//! `ablation`: a paper's table again, cell by cell and seed by seed; or those of all files.

mod budget;
mod execute;
mod measure;
mod plan;
mod run;

use std::path::{Path, PathBuf};

use anyhow::Result;
use kontrast_config::{Ablation, Device, Experiment};
use kontrast_runlog::human;

use crate::arguments;
use crate::build::{Features, Kontrast};
use crate::experiment::ready;
use crate::family::{Family, INTERRUPTED, worst};
use crate::{Refusal, say, workspace};
use budget::Budget;
use plan::Plan;

/// One ablation file, loaded, with what is left of it.
struct PlannedAblation {
    file: PathBuf,
    ablation: Ablation,
    device: Device,
    features: Features,
    out: PathBuf,
    plan: Plan,
}

/// Runs what is missing of an ablation, or of all, and writes each table as far as it is known.
pub fn run(asked: &arguments::Ablation) -> Result<u8> {
    let mut parts = match &asked.file {
        Some(file) => vec![PlannedAblation::load(asked, file)?],
        None => all(asked)?,
    };
    // What is cheap for the claims that it decides comes first.
    parts.sort_by(|one, other| one.cost_of_a_claim().total_cmp(&other.cost_of_a_claim()));
    if asked.list || asked.dry_run {
        for part in &parts {
            let described = || part.plan.describe((!asked.measure).then_some(asked.jobs));
            print!("{}", if asked.list { part.plan.list() } else { described() });
        }
        if !asked.measure {
            return Ok(0);
        }
    }
    // A table needs no GPU.
    let device = parts.iter().find(|part| !part.is_done()).map(|part| asked.device.unwrap_or(part.device));
    let features = parts.iter().map(|part| part.features).fold(Features::default(), Features::and);
    let kontrast = ready(device.unwrap_or(Device::Cpu), features)?;
    let (family, budget) = (Family::new()?, Budget::new(asked.budget));
    let (mut codes, mut failures, mut left) = (Vec::new(), Vec::new(), 0);
    if asked.measure {
        for part in &parts {
            measure::all(asked, part, &kontrast, &family)?;
        }
    }
    if asked.dry_run {
        return Ok(if family.is_interrupted() { INTERRUPTED } else { 0 });
    }
    for part in &parts {
        codes.extend(part.plan.codes());
        if !asked.measure && part.plan.is_unknown() && !family.is_interrupted() {
            measure::first(asked, part, &kontrast, &family)?;
        }
        let (ended, unbegun) = part.run(asked, &kontrast, &family, &budget)?;
        left += unbegun;
        codes.extend(ended.iter().map(|ended| ended.code));
        failures.extend(
            ended.iter().filter(|ended| ended.code != INTERRUPTED).filter_map(execute::EndedRun::failure),
        );
        if part.out.is_dir() {
            codes.push(Family::call(kontrast.command(&part.table(asked)))?);
        }
    }
    for failure in failures {
        say::note(format_args!("{failure}"));
    }
    if family.is_interrupted() {
        say::note("interrupted; the same command goes on from here");
        codes.push(INTERRUPTED);
    } else if left > 0 && asked.budget.is_some() {
        let runs = human::counted(left as u64, "run");
        say::note(format_args!(
            "{runs} left that the budget has no time for; the same command goes on from here"
        ));
    }
    Ok(worst(codes))
}

/// The ablations of the project, but for those that do not have the scale that is asked for.
fn all(asked: &arguments::Ablation) -> Result<Vec<PlannedAblation>> {
    let folder = workspace::root().join("configs/ablations");
    let entries = std::fs::read_dir(&folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    let mut parts = Vec::new();
    for file in files {
        let has_it = |scale: &String| Ok::<_, anyhow::Error>(Ablation::scales_of(&file)?.contains(scale));
        if asked.scale.as_ref().map_or(Ok(true), has_it)? {
            parts.push(PlannedAblation::load(asked, &file)?);
        } else {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let scale = asked.scale.as_deref().unwrap_or_default();
            say::note(format_args!("note: {name} has no scale {scale} and is left out"));
        }
    }
    if let (Some(scale), true) = (&asked.scale, parts.is_empty()) {
        return Err(Refusal(format!("--scale {scale}: no file of {} has it", folder.display())).into());
    }
    Ok(parts)
}

/// The file, or the project's own of this name.
fn named(file: &Path) -> PathBuf {
    let own = workspace::root().join("configs/ablations").join(file).with_extension("toml");
    if !file.exists() && own.is_file() { own } else { file.to_owned() }
}

impl PlannedAblation {
    fn load(asked: &arguments::Ablation, file: &Path) -> Result<Self> {
        let file = &named(file);
        if let Some(scale) = &asked.scale
            && file.is_file()
            && Ablation::scales_of(file)?.is_empty()
        {
            let message = format!("--scale {scale}: {} has no scales; leave --scale out", file.display());
            return Err(Refusal(message).into());
        }
        let ablation = Ablation::load(file, asked.scale.as_deref())?;
        if let Some(count) = asked.seeds.filter(|count| *count < ablation.seeds.len()) {
            let message = format!(
                "--seeds {count}: expected as many as the file has, or more, found fewer than its {}; leave --seeds out, or \
                 change seeds in {}",
                ablation.seeds.len(),
                file.display()
            );
            return Err(Refusal(message).into());
        }
        let ablation = ablation.with_seeds(asked.seeds);
        let base = Experiment::load(&ablation.base, &[])?.experiment;
        let features = Features::of(&base);
        let base = base.run;
        // Below the folder of runs, in one that bears the ablation's name.
        let out = asked.out.as_ref().unwrap_or(&base.out).join("ablations").join(&ablation.name);
        let plan = Plan::new(&ablation, &out, &asked.only)?;
        Ok(Self { file: file.to_owned(), ablation, device: base.device, features, out, plan })
    }

    fn is_done(&self) -> bool {
        self.plan.left().next().is_none() && self.plan.waiting.is_empty()
    }

    /// Runs that are left for each claim that this scale is to judge; nothing where none is left.
    fn cost_of_a_claim(&self) -> f64 {
        let at = self.ablation.at.as_deref();
        let claims = self.ablation.claims.iter().filter(|claim| claim.is_meant_at(at)).count();
        (self.plan.left().count() + self.plan.waiting.len()) as f64 / claims.max(1) as f64
    }

    /// Runs what is left, and what follows from it in tuned cells; with how many the budget has no time for.
    fn run(
        &self,
        asked: &arguments::Ablation,
        kontrast: &Kontrast,
        family: &Family,
        budget: &Budget,
    ) -> Result<(Vec<execute::EndedRun>, usize)> {
        let mut ended: Vec<execute::EndedRun> = Vec::new();
        let mut plan = Plan::clone(&self.plan);
        loop {
            let left: Vec<_> =
                plan.left().filter(|run| !ended.iter().any(|ended| ended.is_of(run))).collect();
            if left.is_empty() {
                return Ok((ended, 0));
            }
            if family.is_interrupted() || !left.iter().any(|run| budget.allows(run.epochs)) {
                return Ok((ended, left.len() + plan.waiting.len()));
            }
            std::fs::create_dir_all(&self.out)?;
            ended.extend(execute::all(asked, self, (&left, plan.waiting.len()), kontrast, family, budget)?);
            plan = Plan::new(&self.ablation, &self.out, &asked.only)?;
        }
    }

    /// The arguments that write the table.
    fn table(&self, asked: &arguments::Ablation) -> Vec<String> {
        let mut words = vec!["table".to_owned(), "ablation".to_owned(), self.file.display().to_string()];
        words.extend(["--out".to_owned(), self.out.display().to_string()]);
        words.extend(["--command".to_owned(), execute::command(asked, &self.file)]);
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
}
