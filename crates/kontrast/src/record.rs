//! The run's summary, kept up to date on disk at every change of its status.

use crate::session::Session;
use crate::{class_confusion, cluster_sheet, predictions, start};
use kontrast_data::Labelled;
use kontrast_eval::Scores;
use kontrast_runlog::{Event, RunDir, RunlogError, Status, Summary, read_summary};
use kontrast_torch_ext::{peak_device_memory, peak_memory};
use kontrast_training::Totals;
use std::path::Path;
use std::time::Instant;
use tch::Device;

/// A run directory that this process owns, with its summary.
pub(crate) struct Record {
    pub(crate) dir: RunDir,
    pub(crate) summary: Summary,
    device: Device,
    /// When this process began on the run; none where it only looks at one that has ended.
    started: Option<Instant>,
    /// Seconds of earlier processes.
    before: f64,
}

impl Record {
    /// Takes up the summary that an earlier process left, or begins one.
    pub(crate) fn new(dir: RunDir, session: &Session<'_>, command: String, parameters: u64) -> Self {
        let earlier = read_summary(dir.layout().root()).ok();
        let before = earlier.as_ref().map_or(0.0, |summary| summary.wall_seconds);
        let experiment = &session.experiment;
        let summary = Summary {
            status: Status::Running,
            name: experiment.name.clone(),
            method: experiment.method.name().to_owned(),
            seed: experiment.seed,
            digest: session.digest.clone(),
            dataset: experiment.data.name.as_str().to_owned(),
            classes: session.splits.train.labelled().map(|images| images.class_names().len()),
            test_images: session.splits.test.as_ref().map(|images| images.len()),
            images_fingerprint: Some(session.inventory.fingerprint.clone()),
            normalization: session.normalization.clone(),
            skipped_images: session.splits.skipped.clone(),
            weights: start::in_summary(experiment),
            command,
            device: session.runtime.device_name(),
            threads: session.runtime.threads,
            parameters,
            loss_parts: earlier.as_ref().map(|summary| summary.loss_parts.clone()).unwrap_or_default(),
            peak_memory_bytes: earlier.as_ref().and_then(|summary| summary.peak_memory_bytes),
            peak_device_memory_bytes: earlier.and_then(|summary| summary.peak_device_memory_bytes),
            ..Summary::default()
        };
        Self { dir, summary, device: session.runtime.device, started: Some(Instant::now()), before }
    }

    /// Enters scores, and writes what was predicted of each test image.
    pub(crate) fn enter(&mut self, scores: &Scores, test: &dyn Labelled) -> anyhow::Result<()> {
        self.dir.require_held()?;
        predictions::write(self.dir.layout(), scores, test)?;
        scores.enter(&mut self.summary);
        let figures = self.dir.layout().figures();
        class_confusion::draw(&self.summary, scores, test, &figures)?;
        cluster_sheet::draw(&self.summary, scores, test, &figures)
    }

    /// The run's own time stays, however long it is looked at.
    pub(crate) fn stop_the_clock(&mut self) {
        self.started = None;
    }

    /// A file of the run as the log names it: from the run directory on.
    pub(crate) fn relative(&self, file: &Path) -> String {
        file.strip_prefix(self.dir.layout().root()).unwrap_or(file).display().to_string()
    }

    /// Takes over what training has measured so far.
    pub(crate) fn totals(&mut self, epochs: u32, steps: u64, totals: &Totals) {
        let summary = &mut self.summary;
        (summary.epochs, summary.steps) = (epochs, steps);
        summary.train_seconds = totals.train_seconds;
        summary.images_per_second = totals.images_per_second();
        summary.data_wait_percent = totals.data_wait_percent();
        summary.forward_passes = totals.forward_passes;
        summary.loss_first = totals.loss_first;
        summary.loss_last = totals.loss_last;
        summary.loss_chance = totals.loss_chance;
    }

    /// Writes the summary as it stands.
    pub(crate) fn write(&mut self) -> Result<(), RunlogError> {
        let most = |a: Option<u64>, b: Option<u64>| a.max(b);
        let now = self.started.map_or(0.0, |started| started.elapsed().as_secs_f64());
        self.summary.wall_seconds = self.before + now;
        self.summary.peak_memory_bytes = most(self.summary.peak_memory_bytes, peak_memory());
        self.summary.peak_device_memory_bytes =
            most(self.summary.peak_device_memory_bytes, peak_device_memory(self.device));
        self.dir.write_summary(&self.summary)
    }

    /// Ends the run in the log and in the summary.
    pub(crate) fn end(&mut self, status: Status, hint: Option<String>) -> Result<(), RunlogError> {
        self.summary.status = status;
        self.summary.hint.clone_from(&hint);
        self.dir.append(&Event::end(status, hint))?;
        self.write()
    }
}
