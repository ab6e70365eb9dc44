//! `suggest`: an experiment file for a folder of images, with a reason beside each choice.

mod choose;
mod step;
mod text;

use crate::destination::require_free;
use crate::host::Host;
use crate::{Refusal, estimate};
use choose::{Choices, Machine, Seen, Time};
use clap::Args;
use kontrast_config::{Experiment, Infrastructure};
use kontrast_data::{DataError, is_archive, survey};
use kontrast_runlog::human::{self, quoted};
use kontrast_runlog::is_quick_in_bf16;
use kontrast_torch_ext::available_memory;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tch::Device;

/// Options of `suggest`.
#[derive(Args, Debug)]
pub struct Suggest {
    /// The images: train and test (or val, valid, validation) with a folder a class, one folder a class, or side by side
    pub folder: PathBuf,
    /// The experiment file [default: the folder's name with .toml, where the command runs]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}

/// Looks at the images and at this machine, writes an experiment file, and says what to expect of it.
///
/// # Errors
/// Where there are no images, too few of them, none that can be read, or the file is there already.
pub fn suggest(asked: &Suggest, host: &dyn Host) -> anyhow::Result<PathBuf> {
    let folder = &asked.folder;
    let name = name_of(folder);
    let out = asked.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.toml")));
    require_free("--out", &out, asked.force)?;
    if out.is_dir() {
        return Err(Refusal(format!("--out {}: this is a folder; name a file", out.display())).into());
    }
    if folder.is_file() && !is_archive(folder) {
        let text = format!(
            "{}: this is a file; expected a folder of images, or a tar or zip archive of them",
            folder.display()
        );
        return Err(Refusal(text).into());
    }
    let bar = host.bar("{spinner} {msg}");
    bar.message("looking at the images");
    let found = survey(folder);
    bar.finish();
    let found = found.map_err(|error| in_flags(folder, error))?;
    for note in &found.notes {
        host.note(&format_args!("note: {note}"));
    }
    let seen = Seen::of(folder, &found)?;
    let root = text::root(folder)?;
    let (machine, device) = machine(host)?;
    let mut choices = Choices::of(&seen, &machine);
    let provisional = loaded(&text::text(&name, &root, &seen, &choices))?;
    if let (Some(memory), true) = (machine.memory, choices.batch > 2) {
        choices.batch = estimate::largest_batch(&provisional, choices.batch, memory / 2)?;
    }
    let experiment = loaded(&text::text(&name, &root, &seen, &choices))?;
    let bar = host.bar("{spinner} {msg}");
    bar.message("measuring a step");
    let step = step::seconds(&experiment, seen.train, device);
    bar.finish();
    let step = step?;
    let time = Time::of(&seen, &machine, &choices, step);
    choices.fit(&seen, &time);
    let text = text::text(&name, &root, &seen, &choices);
    loaded(&text)?;
    std::fs::write(&out, text).map_err(|error| Refusal(format!("--out {}: {error}", out.display())))?;
    report(&out, &seen, &choices, &time, host);
    Ok(out)
}

/// The experiment that a text is, checked as `pretrain` checks it.
fn loaded(text: &str) -> anyhow::Result<Experiment> {
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), text)?;
    Ok(Experiment::load(file.path(), &[])?.experiment)
}

fn machine(host: &dyn Host) -> anyhow::Result<(Machine, Device)> {
    let runtime = host.runtime(&Infrastructure::default(), None)?;
    let gpu = matches!(runtime.device, Device::Cuda(_));
    let memory = available_memory(runtime.device);
    let bf16 = gpu || is_quick_in_bf16();
    Ok((Machine { gpu, memory, workers: runtime.workers, bf16 }, runtime.device))
}

/// The folder's own name in letters that an experiment may have.
fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = if is_archive(folder) { whole.file_stem() } else { whole.file_name() };
    let name = name.unwrap_or_default().to_string_lossy();
    let fit = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = name.chars().map(fit).collect();
    let name = name.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    if name.is_empty() { "images".to_owned() } else { name.to_owned() }
}

fn in_flags(folder: &Path, error: DataError) -> anyhow::Error {
    match error {
        DataError::NoFolder { here, .. } => Refusal(format!(
            "{}: there is no such folder; a relative path begins in the folder in which the command runs, {}",
            folder.display(),
            here.display()
        ))
        .into(),
        other => other.into(),
    }
}

/// What was found, what was chosen, and what to expect.
fn report(out: &Path, seen: &Seen, choices: &Choices, time: &Time, host: &dyn Host) {
    host.out(&format_args!("found: {}", seen.words()));
    host.out(&format_args!("{}: {}", out.display(), choices.words()));
    let whole =
        Duration::from_secs_f64(time.epoch(choices.images(seen), choices.batch) * f64::from(choices.epochs));
    host.out(&format_args!(
        "expect about {} of training on this machine ({:.2} s a step of {} images, {:.0} % of it for reading them), and \
         evaluation besides",
        human::seconds(whole.as_secs_f64()),
        time.step + time.reading,
        choices.batch,
        100.0 * time.reading / (time.step + time.reading)
    ));
    host.out(&format_args!("scores: {}", seen.scores(choices)));
    for lack in seen.lacks(choices) {
        host.out(&format_args!("missing: {lack}"));
    }
    let file = quoted(&out.display().to_string());
    if time.reading > time.step {
        host.out(&format_args!(
            "reading takes longer than computing: cargo xtask run -- pack writes the images as one file at a small size, once"
        ));
    }
    host.out(&format_args!(
        "look at the views: cargo xtask run -- preview --config {file}; then train: cargo xtask experiment {file}"
    ));
}
