//! Joins training to the rest: log, TensorBoard, progress, summary, online evaluation.

use crate::evaluation;
use crate::progress::ProgressLine;
use crate::record::Record;
use crate::session::Session;
use kontrast_eval::EvalError;
use kontrast_methods::Method;
use kontrast_runlog::{Event, ScalarWriter};
use kontrast_training::{Observer, Position, StepRecord};
use std::path::Path;

/// Hears of one training.
pub(crate) struct Watch<'a> {
    pub(crate) session: &'a Session<'a>,
    pub(crate) record: &'a mut Record,
    pub(crate) scalars: ScalarWriter,
    pub(crate) progress: ProgressLine,
}

impl Observer for Watch<'_> {
    fn step_done(&mut self, step: u64) {
        self.progress.step(step);
    }

    fn steps_done(&mut self, record: &StepRecord) -> anyhow::Result<()> {
        let diagnosis = &record.diagnosis;
        self.record.dir.append(&Event::Step {
            step: record.step,
            epoch: record.epoch,
            loss: record.loss,
            loss_chance: record.uniform,
            lr: record.lr,
            gradient_norm: Some(record.gradient_norm),
            images_per_second: record.images_per_second,
            data_wait_percent: record.data_wait_percent,
            contrastive_accuracy: diagnosis.contrastive_accuracy,
            loss_parts: record.parts.clone(),
            pretext_accuracy: record.pretext_accuracy,
            std: Some(diagnosis.std),
            effective_rank: Some(diagnosis.effective_rank),
            representation_rank: Some(diagnosis.representation_rank),
            alignment: diagnosis.alignment,
            uniformity: Some(diagnosis.uniformity),
            seconds: record.totals.train_seconds,
        })?;
        let mut values = vec![
            ("train/loss", record.loss),
            ("train/lr", record.lr),
            ("train/gradient_norm", record.gradient_norm),
            ("train/images_per_second", record.images_per_second),
            ("train/data_wait_percent", record.data_wait_percent),
            ("embedding/std", diagnosis.std),
            ("embedding/effective_rank", diagnosis.effective_rank),
            ("embedding/uniformity", diagnosis.uniformity),
            ("representation/effective_rank", diagnosis.representation_rank),
        ];
        let of_some = [
            ("embedding/contrastive_accuracy", diagnosis.contrastive_accuracy),
            ("embedding/alignment", diagnosis.alignment),
            ("pretext/accuracy", record.pretext_accuracy),
        ];
        values.extend(of_some.into_iter().filter_map(|(name, value)| Some((name, value?))));
        self.scalars.write(record.step, &values)?;
        for part in &record.parts {
            let name = |what: &str| format!("train/{what}/{}", part.name);
            let (loss, accuracy) = (name("loss"), name("accuracy"));
            let values = [(&*loss, Some(part.loss)), (&*accuracy, part.accuracy)];
            let there: Vec<_> = values.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            self.scalars.write(record.step, &there)?;
        }
        self.record.summary.loss_parts.clone_from(&record.parts);
        self.progress.record(record);
        Ok(())
    }

    fn epoch_done(&mut self, epoch: u32, step: u64, method: &Method) -> anyhow::Result<()> {
        let experiment = &self.session.experiment;
        let every = experiment.eval.online_every;
        // The last epoch is judged at the end, with its baselines.
        if every == 0 || !epoch.is_multiple_of(every) || epoch == experiment.train.epochs {
            return Ok(());
        }
        let top1 = match evaluation::online(self.session, method.into()) {
            // The trainer sees the same flag, and writes a checkpoint; the epoch goes without a score.
            Err(EvalError::Stopped) => return Ok(()),
            top1 => top1?,
        };
        if top1.is_empty() {
            return Ok(());
        }
        let words: Vec<String> = top1.iter().map(|(name, score)| format!("{name} {score:.1} %")).collect();
        self.progress.line_above(&format!("epoch {epoch}/{}: {}", experiment.train.epochs, words.join(", ")));
        for (name, score) in &top1 {
            self.scalars.write(step, &[(&format!("eval/{name}_top1"), *score)])?;
        }
        Ok(self.record.dir.append(&Event::Score { step, epoch, top1 })?)
    }

    fn checkpoint_written(&mut self, position: Position, file: &Path) -> anyhow::Result<()> {
        let file = self.record.relative(file);
        self.record.totals(position.epoch, position.step, &position.totals);
        self.record.dir.append(&Event::Checkpoint { step: position.step, epoch: position.epoch, file })?;
        Ok(self.record.write()?)
    }
}
