//! A protocol scores a frozen encoder or its features; all of them run over one subject.

use crate::{EvalError, Needs, Network, Report, Stop, Subject};
use kontrast_config::Probe;

/// A way to score representations.
pub trait Protocol {
    /// The protocol's name.
    fn name(&self) -> &'static str;

    /// Rises whenever the protocol changes so that the same features get another score: scores of two versions are not
    /// comparable.
    fn version(&self) -> u32;

    /// What it reads of the subject.
    fn needs(&self) -> Needs;

    /// Refuses what `evaluate` would refuse, as far as it can be known before hours of training.
    ///
    /// # Errors
    /// Where the images, or the memory that is available, do not allow what the protocol asks for.
    fn check(&self, _network: &Network<'_>) -> Result<(), EvalError> {
        Ok(())
    }

    /// One report for most protocols, several for one that scores several settings. Each goes through
    /// [`Subject::scored`] as soon as it is there. Settings are chosen on a split of the training set; the test set is read
    /// for the score alone.
    ///
    /// # Errors
    /// Where the subject has not what the protocol needs, the training set is too small for it, or the caller asked to
    /// stop.
    fn evaluate(&self, subject: &Subject<'_>, stop: &Stop) -> Result<Vec<Report>, EvalError>;
}

/// How far protocols have come.
#[derive(Clone, Copy, Debug)]
pub enum Milestone<'a> {
    /// The protocol of this name begins.
    Started(&'static str),
    /// Feature maps of a stage are about to be computed.
    Maps {
        /// The stage, from 1.
        stage: usize,
        /// What they take.
        bytes: u64,
    },
    /// A probe has passed over the maps of its stage once more.
    Epoch {
        /// The stage, from 1.
        stage: usize,
        /// The probe.
        probe: Probe,
        /// Epochs done, of it alone.
        epoch: u32,
        /// Epochs of each probe.
        epochs: u32,
        /// How many probes there are at all stages together.
        probes: usize,
    },
    /// A score is there.
    Scored(&'a Report),
}

/// Runs protocols over a subject, and holds that none of them moved the encoder.
///
/// # Errors
/// Where a protocol fails, or the encoder's variables are not what they were.
pub fn evaluate<'p>(
    protocols: impl IntoIterator<Item = &'p Box<dyn Protocol>>,
    subject: &Subject<'_>,
    stop: &Stop,
) -> Result<Vec<Report>, EvalError> {
    let mut reports = Vec::new();
    for protocol in protocols {
        stop.check()?;
        subject.tell(Milestone::Started(protocol.name()));
        reports.extend(protocol.evaluate(subject, stop)?);
        subject.require_still(protocol.name())?;
    }
    Ok(reports)
}
