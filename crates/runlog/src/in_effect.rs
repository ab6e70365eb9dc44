//! Which events of a log count: a later start, resume or step makes earlier ones void.

use std::mem::discriminant;

use crate::Event;

/// The events that count, each with the line it stands in, from 0.
#[derive(Debug, Default)]
pub(crate) struct InEffect(Vec<(usize, Event)>);

impl InEffect {
    /// Takes in the next event, which may void earlier ones.
    pub(crate) fn add(&mut self, line: usize, event: Event) {
        match &event {
            Event::Start { .. } => self.0.clear(),
            Event::Resume { step, .. } => self.keep_until(*step),
            Event::Step { step, .. } => self.go_back_to(*step),
            Event::Score { .. } | Event::Checkpoint { .. } => self.replace(&event),
            Event::End { .. } => {}
        }
        self.0.push((line, event));
    }

    /// The event with what an earlier score of the same step has beside it.
    pub(crate) fn joined(&self, mut event: Event) -> Event {
        if let Event::Score { step, top1, .. } = &mut event {
            for (_, earlier) in self.since(*step) {
                if let Event::Score { step: there, top1: scores, .. } = earlier
                    && there == step
                {
                    let missing: Vec<_> =
                        scores.iter().filter(|(name, _)| !top1.contains_key(*name)).collect();
                    top1.extend(missing.into_iter().map(|(name, score)| (name.clone(), *score)));
                }
            }
        }
        event
    }

    /// Whether this event is there.
    pub(crate) fn holds(&self, event: &Event) -> bool {
        self.since(event.step().unwrap_or(0)).any(|(_, there)| there == event)
    }

    /// Whether there is a score, or a checkpoint, of the same step as this one.
    pub(crate) fn has_another(&self, event: &Event) -> bool {
        let same = |there: &Event| discriminant(there) == discriminant(event) && there.step() == event.step();
        self.since(event.step().unwrap_or(0)).any(|(_, there)| same(there))
    }

    /// The lines of the events that count, in their order.
    pub(crate) fn lines(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|(line, _)| *line)
    }

    /// Without the steps, of which there may be many.
    pub(crate) fn without_steps(mut self) -> Self {
        self.0.retain(|(_, event)| !matches!(event, Event::Step { .. }));
        self
    }

    pub(crate) fn into_events(self) -> Vec<Event> {
        self.0.into_iter().map(|(_, event)| event).collect()
    }

    fn keep_until(&mut self, last: u64) {
        self.0.retain(|(_, event)| event.step().is_none_or(|step| step <= last));
    }

    /// A step that was logged already is logged again where the line of a resume is damaged.
    fn go_back_to(&mut self, step: u64) {
        let again = |event: &Event| matches!(event, Event::Step { step: there, .. } if *there >= step);
        if self.since(step).any(|(_, event)| again(event)) {
            self.keep_until(step);
            self.0.retain(|(_, event)| !again(event));
        }
    }

    /// Takes away what this event says anew.
    fn replace(&mut self, event: &Event) {
        let from = self.0.len() - self.since(event.step().unwrap_or(0)).count();
        let mut line = from;
        while let Some((_, earlier)) = self.0.get_mut(line) {
            if is_said_anew(earlier, event) {
                self.0.remove(line);
            } else {
                line += 1;
            }
        }
    }

    /// From the end back to the last step before this one, the events of no step among them.
    fn since(&self, step: u64) -> impl Iterator<Item = &(usize, Event)> {
        let before = move |event: &Event| matches!(event, Event::Step { step: there, .. } if *there < step);
        self.0.iter().rev().take_while(move |(_, event)| !before(event))
    }
}

/// Whether a later event says all that an earlier one does. Scores that it has too are taken from the earlier one.
fn is_said_anew(earlier: &mut Event, later: &Event) -> bool {
    match (earlier, later) {
        (Event::Score { step, top1, .. }, Event::Score { step: same, top1: anew, .. }) if step == same => {
            top1.retain(|name, _| !anew.contains_key(name));
            top1.is_empty()
        }
        (Event::Checkpoint { step, .. }, Event::Checkpoint { step: same, .. }) => step == same,
        _ => false,
    }
}
