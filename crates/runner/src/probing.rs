//! The layer-wise probes of one encoder, and what a person sees of them: they take minutes.

use crate::log;
use crate::session::Session;
use indicatif::{ProgressBar, ProgressStyle};
use kontrast_eval::layers::{Heard, Probes};
use kontrast_eval::{Extractor, LayerScore, Subject};
use kontrast_runlog::human;
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Without a terminal, at most one line of epochs in this time.
const QUIET: Duration = Duration::from_secs(10);

/// What the experiment asks for; none where it asks for no probes.
pub(crate) fn probes(session: &Session) -> Option<Probes> {
    let experiment = &session.experiment;
    let config = experiment.eval.layers.as_ref()?;
    Some(Probes::new(config, experiment.encoder.stages(), experiment.seed))
}

/// The probes of one encoder.
pub(crate) struct Probing<'a> {
    probes: Probes,
    whose: &'a str,
    interrupt: &'a AtomicBool,
    bar: ProgressBar,
    /// When a line was last said, and when a score was.
    said: Instant,
    scored: Instant,
}

impl<'a> Probing<'a> {
    /// None where the experiment asks for none.
    pub(crate) fn new(
        session: &Session,
        whose: &'a str,
        interrupt: &'a AtomicBool,
    ) -> anyhow::Result<Option<Self>> {
        let Some(probes) = probes(session) else { return Ok(None) };
        let epochs = probes.stages.len() as u64 * probes.probes.len() as u64 * u64::from(probes.epochs);
        let bar = if std::io::stderr().is_terminal() {
            let style =
                ProgressStyle::with_template("{bar:24} {pos}/{len} epochs of probes, {eta} left, {msg}")?;
            ProgressBar::new(epochs).with_style(style.progress_chars("=> "))
        } else {
            ProgressBar::hidden()
        };
        let now = Instant::now();
        Ok(Some(Self { probes, whose, interrupt, bar, said: now, scored: now }))
    }

    /// Scores, stage by stage; an error where somebody stops it.
    pub(crate) fn run(
        mut self,
        subject: &Subject<'_>,
        extractor: &Extractor,
    ) -> anyhow::Result<Vec<LayerScore>> {
        let probes = self.probes.clone();
        let scores = probes.evaluate(subject, extractor, &mut |what| self.hear(what));
        self.bar.finish_and_clear();
        Ok(scores?)
    }

    fn hear(&mut self, what: Heard<'_>) -> ControlFlow<()> {
        match what {
            Heard::Maps { stage, bytes } => {
                let words = format!("maps of stage {stage}, {}", human::bytes(bytes));
                // What a machine runs out of is known before it does.
                self.say(&format!("{}, {words}", self.whose));
                self.bar.set_message(words);
            }
            Heard::Epoch { stage, probe, epoch } => {
                self.bar.inc(1);
                let epochs = self.probes.epochs;
                self.on_the_way(format!("stage {stage}, {}: epoch {epoch}/{epochs}", probe.as_str()));
            }
            Heard::Scored(score) => {
                let took = human::seconds(self.scored.elapsed().as_secs_f64());
                let LayerScore { stage, channels, side, probe, top1, .. } = score;
                let map = format!("{channels}x{side}x{side}");
                self.say(&format!("{}, stage {stage} ({map}), {probe}: {top1:.1} % in {took}", self.whose));
                self.scored = Instant::now();
            }
        }
        if self.interrupt.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Beside the bar; without a terminal a line where the last is a while ago.
    fn on_the_way(&mut self, words: String) {
        if self.bar.is_hidden() && self.said.elapsed() >= QUIET {
            self.say(&format!("{}, {words}", self.whose));
        }
        self.bar.set_message(words);
    }

    fn say(&mut self, line: &str) {
        if self.bar.is_hidden() {
            log::note(line);
        } else {
            self.bar.println(line);
        }
        self.said = Instant::now();
    }
}
