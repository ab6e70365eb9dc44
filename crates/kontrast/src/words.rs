//! What a person reads at the beginning and at the end of a run.

use crate::Refusal;
use crate::host::Host;
use crate::record::Record;
use crate::session::Session;
use kontrast_config::Loaded;
use kontrast_report::{
    conclusion, label_free_markdown, layers_markdown, loss_parts_markdown, measures_markdown, scores_markdown,
};
use kontrast_runlog::human::{count, counted};
use kontrast_runlog::{Layout, Summary};
use std::path::Path;

/// What is about to be trained: the derived numbers too, so that nobody has to guess them.
pub(crate) fn opening(session: &Session<'_>, record: &Record, steps: u64) -> String {
    let experiment = &session.experiment;
    let train = &experiment.train;
    let chunks = train.chunk.map(|chunk| format!(" in chunks of {chunk} (GradCache: each embedded twice)"));
    format!(
        "{}: {}{}, {} parameters; {}, {} images; batch {}{}, {}, {}; {} lr {:.4}; {} on {} with \
         {}",
        experiment.method.name(),
        experiment.encoder.shape(),
        experiment.encoder.weights().map(|own| format!(" from {}", own.in_words())).unwrap_or_default(),
        count(record.summary.parameters),
        experiment.data.name.as_str(),
        count(session.trained_on.len() as u64),
        train.batch,
        chunks.unwrap_or_default(),
        counted(train.epochs.into(), "epoch"),
        counted(steps, "step"),
        experiment.optimizer.name(),
        experiment.optimizer.lr().scaled(train.batch),
        train.precision.as_str(),
        session.runtime.device_name(),
        counted(session.runtime.threads as u64, "thread"),
    )
}

/// The summary in words, and the page; a page that cannot be written is no reason to lose the run.
pub(crate) fn ended(record: &Record, host: &dyn Host) {
    summary(&record.summary, host);
    if record.dir.require_held().is_ok() {
        write_page(record.dir.layout(), host);
    }
}

/// Where the page of a run that ended lies. A kill or a full disk may have come before it: then it is made now.
pub(crate) fn page(layout: &Layout, host: &dyn Host) {
    if layout.report().exists() {
        host.out(&format_args!("report: {}", layout.report().display()));
    } else {
        write_page(layout, host);
    }
}

fn write_page(layout: &Layout, host: &dyn Host) {
    match kontrast_report::run_page(layout.root()) {
        Ok(()) => host.out(&format_args!("report: {}", layout.report().display())),
        Err(error) => host.note(&format_args!("warning: the report was not written: {error}")),
    }
}

/// The scores, or the figures that need no labels; then what the run comes to, and what to do.
pub(crate) fn summary(summary: &Summary, host: &dyn Host) {
    let scored = !summary.eval.trained.is_empty();
    let table = if scored { scores_markdown(summary) } else { label_free_markdown(summary) };
    let tables = [table, measures_markdown(summary), loss_parts_markdown(summary), layers_markdown(summary)];
    for table in tables.iter().filter(|table| !table.is_empty()) {
        host.out(&format_args!("\n{}", table.trim_end()));
    }
    host.out(&format_args!("\n{}", conclusion(summary)));
    if let Some(hint) = &summary.hint {
        host.out(&hint);
    }
}

/// The command that goes on where a run was stopped.
pub(crate) fn resume(command: &str) -> String {
    // An ablation looks by itself at what was begun.
    if command.starts_with("cargo xtask ablation ") {
        command.to_owned()
    } else {
        format!("{command} --resume")
    }
}

/// The command that evaluates a run again.
pub(crate) fn evaluate_command(run: &Path) -> String {
    format!("cargo xtask run -- evaluate {}", run.display())
}

/// Says that `--resume` finds nothing.
///
/// # Errors
/// Where another configuration of the same name and seed has a run: most likely that one was meant, and starting from
/// nothing would cost a training.
pub(crate) fn nothing_to_resume(loaded: &Loaded, path: &Path, host: &dyn Host) -> Result<(), Refusal> {
    let experiment = &loaded.experiment;
    let (beginning, ending) = (format!("{}-", experiment.name), format!("-s{}", experiment.seed));
    let is_sibling = |name: &String| {
        let digest = name.strip_prefix(&beginning).and_then(|rest| rest.strip_suffix(&ending));
        digest.is_some_and(|digest| digest.len() == 8 && digest.chars().all(|c| c.is_ascii_hexdigit()))
    };
    let entries = path.parent().and_then(|out| std::fs::read_dir(out).ok()).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut siblings: Vec<_> = names.filter(is_sibling).collect();
    siblings.sort();
    if siblings.is_empty() {
        host.note(&"note: no earlier run of this configuration; starting");
        return Ok(());
    }
    Err(Refusal(format!(
        "--resume: no run of this configuration, {}, but of the same name with another: {}. Compare the config.toml there with \
         the file and its --set; without --resume this one starts from nothing",
        path.display(),
        siblings.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ablation_is_repeated_as_it_is_and_a_run_with_resume() {
        assert_eq!(resume("cargo xtask experiment a.toml"), "cargo xtask experiment a.toml --resume");
        assert_eq!(resume("cargo xtask ablation a.toml --only b"), "cargo xtask ablation a.toml --only b");
    }
}
