//! The curves of a run over its epochs.

use kontrast_runlog::{Event, LossPart, Score, Summary};
use std::collections::BTreeMap;

use crate::{Curve, Level, Series};

/// The curves that the events have points for.
pub(crate) fn curves(summary: &Summary, events: &[Event]) -> Vec<Curve> {
    let time = Time::of(summary, events);
    let mut drawn = vec![knn(summary, &time), losses(summary, &time)];
    if !summary.loss_parts.is_empty() {
        drawn.push(parts(summary, &time));
    }
    drawn.extend(of_batches(summary, &time));
    drawn.retain(|curve| !curve.to_svg().is_empty());
    drawn
}

/// The events, over epochs where it is known how many steps one has.
struct Time<'e> {
    events: &'e [Event],
    label: &'static str,
    /// Of a step.
    unit: f64,
}

impl<'e> Time<'e> {
    fn of(summary: &Summary, events: &'e [Event]) -> Self {
        let per_step =
            if summary.steps == 0 { 0.0 } else { f64::from(summary.epochs) / summary.steps as f64 };
        let (label, unit) = if per_step > 0.0 { ("epochs", per_step) } else { ("steps", 1.0) };
        Self { events, label, unit }
    }

    fn plot(&self, title: &str, series: Vec<Series>, levels: Vec<Level>) -> Curve {
        let x_label = self.label.to_owned();
        Curve { title: title.to_owned(), x_label, x_ticks: Vec::new(), series, levels }
    }

    fn series(&self, name: &str, pick: impl Fn(&Event) -> Option<f64>) -> Series {
        let at = |event: &Event| Some((event.step()? as f64 * self.unit, pick(event)?));
        Series {
            name: name.to_owned(),
            points: self.events.iter().filter_map(at).collect(),
            ..Series::default()
        }
    }

    fn of_steps(&self, name: &str, which: fn(StepFigures) -> Option<f64>) -> Series {
        self.series(name, |event| which(step(event)?))
    }
}

fn level(name: &str, value: Option<f64>) -> Vec<Level> {
    value.map(|value| Level { name: name.to_owned(), value }).into_iter().collect()
}

fn knn(summary: &Summary, time: &Time<'_>) -> Curve {
    let knn = time.series("k-NN", |event| match event {
        Event::Score { top1, .. } => top1.get("knn").copied(),
        _ => None,
    });
    let baseline =
        |scores: &BTreeMap<String, Score>, name: &str| level(name, scores.get("knn").map(|score| score.top1));
    let baselines =
        [baseline(&summary.eval.pixels, "raw pixels"), baseline(&summary.eval.random_init, "random init")]
            .concat();
    time.plot("k-NN top-1 while training, %", vec![knn], baselines)
}

fn losses(summary: &Summary, time: &Time<'_>) -> Curve {
    time.plot("Loss", vec![time.of_steps("loss", |of| of.loss)], level("uniform value", summary.loss_chance))
}

fn parts(summary: &Summary, time: &Time<'_>) -> Curve {
    let of_part = |part: &LossPart| {
        let name = part.name.strip_prefix("tasks.").unwrap_or(&part.name);
        time.series(name, |event| match event {
            Event::Step { loss_parts, .. } => Some(loss_parts.iter().find(|p| p.name == part.name)?.loss),
            _ => None,
        })
    };
    let all = summary.loss_parts.iter().map(of_part).collect();
    time.plot("Parts of the loss, before they are weighted", all, Vec::new())
}

/// What is looked at in single batches.
fn of_batches(summary: &Summary, time: &Time<'_>) -> [Curve; 5] {
    [
        time.plot(
            "Pretext accuracy in the step's batch, %",
            vec![time.of_steps("pretext", |of| of.pretext)],
            level("chance", summary.pretext.as_ref().map(|pretext| pretext.chance)),
        ),
        time.plot(
            "Contrastive accuracy within the batch of the step, %",
            vec![time.of_steps("contrastive accuracy", |of| of.accuracy)],
            Vec::new(),
        ),
        time.plot(
            "Std of that batch's embeddings, 1 fills the sphere",
            vec![time.of_steps("std", |of| of.std)],
            Vec::new(),
        ),
        time.plot(
            "Effective rank of that batch's embeddings z and representations h",
            vec![time.of_steps("z", |of| of.rank), time.of_steps("h", |of| of.rank_of_h)],
            Vec::new(),
        ),
        time.plot(
            "Alignment and uniformity of that batch's embeddings",
            vec![
                time.of_steps("alignment", |of| of.alignment),
                time.of_steps("uniformity", |of| of.uniformity),
            ],
            Vec::new(),
        ),
    ]
}

/// What the curves read of a step's event.
struct StepFigures {
    loss: Option<f64>,
    accuracy: Option<f64>,
    pretext: Option<f64>,
    std: Option<f64>,
    rank: Option<f64>,
    rank_of_h: Option<f64>,
    alignment: Option<f64>,
    uniformity: Option<f64>,
}

fn step(event: &Event) -> Option<StepFigures> {
    match *event {
        Event::Step {
            loss,
            contrastive_accuracy: accuracy,
            pretext_accuracy: pretext,
            std,
            effective_rank: rank,
            representation_rank: rank_of_h,
            alignment,
            uniformity,
            ..
        } => Some(StepFigures {
            loss: Some(loss),
            accuracy,
            pretext,
            std,
            rank,
            rank_of_h,
            alignment,
            uniformity,
        }),
        _ => None,
    }
}
