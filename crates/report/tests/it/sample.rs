//! A run directory as a run of the quickstart leaves it, with made-up numbers.

use std::collections::BTreeMap;
use std::path::Path;

use kontrast_runlog::{Evaluation, Event, LabelFree, RunDir, Score, Status, Summary};

/// A PNG of one gray pixel.
pub const PIXEL: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0,
    0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63,
    0x68, 0, 0, 0, 0x82, 0, 0x81, 0xdd, 0x43, 0x6a, 0xf4, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42,
    0x60, 0x82,
];

const CONFIG: &str = "name = \"quickstart\"\nseed = 0\n\n[data]\nname = \"cifar10\"\nsubset = 10000\n";

/// The summary of a finished run.
pub fn summary() -> Summary {
    let score = |top1, top5| Score { top1, top5: Some(top5), ..Score::default() };
    let linear = score(53.87, 94.1).with("lr", 1.0).with("weight_decay", 1e-4);
    let knn = score(49.46, 89.9).with("k", 20).with("temperature", 0.05);
    let named = |scores: [(&str, Score); 4]| scores.map(|(name, score)| (name.to_owned(), score)).into();
    let all = |top1: [f64; 4]| {
        let [a, b, c, d] = top1.map(|top1| score(top1, top1 + 40.0));
        named([("knn", a), ("knn_10", b), ("knn_200", c), ("linear", d)])
    };
    let trained = named([
        ("knn", knn),
        ("knn_10", score(48.9, 88.0)),
        ("knn_200", score(46.12, 90.2)),
        ("linear", linear),
    ]);
    Summary {
        status: Status::Finished,
        name: "quickstart".to_owned(),
        method: "simclr".to_owned(),
        digest: "5a2243f1".repeat(8),
        dataset: "cifar10".to_owned(),
        classes: Some(10),
        test_images: Some(10_000),
        command: "cargo xtask experiment configs/quickstart.toml".to_owned(),
        device: "cpu, 2 threads".to_owned(),
        threads: 2,
        epochs: 20,
        steps: 780,
        train_seconds: 241.7,
        wall_seconds: 268.2,
        images_per_second: Some(831.0),
        data_wait_percent: Some(0.4),
        peak_memory_bytes: Some(1_730_000_000),
        parameters: 734_960,
        forward_passes: 399_360,
        loss_first: Some(5.91),
        loss_last: Some(4.42),
        loss_chance: Some(6.236),
        eval: Evaluation {
            trained,
            random_init: all([30.41, 30.0, 28.7, 35.2]),
            pixels: all([39.62, 38.4, 37.9, 39.1]),
        },
        label_free: Some(LabelFree {
            alignment: Some(0.41),
            uniformity: Some(-3.02),
            effective_rank: Some(41.3),
            std: Some(0.93),
            contrastive_accuracy: Some(61.2),
            lidar: Some(23.4),
            spectrum: (0..128).map(|place| 0.08 * (-0.08 * f64::from(place)).exp()).collect(),
        }),
        ..Summary::default()
    }
}

/// The events of that run.
pub fn events() -> Vec<Event> {
    events_of(0.0)
}

/// The events of a run whose loss and score lie by so much apart from those of that run.
pub fn events_of(apart: f64) -> Vec<Event> {
    let mut events = vec![Event::Start {
        time: "2026-05-09T08:00:00Z".to_owned(),
        command: summary().command,
        digest: summary().digest,
        version: "0.1.0".to_owned(),
        device: "cpu".to_owned(),
        threads: 2,
        parameters: 734_960,
        train_images: 10_000,
        steps: 780,
    }];
    for step in (13..=780).step_by(13) {
        let done = step as f64 / 780.0;
        let wobble = ((step * 7919) % 97) as f64 / 97.0 - 0.5;
        events.push(Event::Step {
            step,
            epoch: (step / 39) as u32 + 1,
            loss: 4.35 + 0.05 * apart + 1.8 * (-5.0 * done).exp() + 0.06 * wobble,
            loss_chance: Some(6.236),
            lr: 0.06 * (1.0 - done),
            gradient_norm: Some(2.5),
            images_per_second: 830.0 + 20.0 * wobble,
            data_wait_percent: 0.4,
            loss_parts: Vec::new(),
            pretext_accuracy: None,
            contrastive_accuracy: Some(62.0 * (1.0 - (-4.0 * done).exp()) + 2.0 * wobble),
            std: Some(0.95 - 0.5 * (-8.0 * done).exp() + 0.01 * wobble),
            effective_rank: Some(41.3 - 30.0 * (-6.0 * done).exp() + wobble),
            representation_rank: Some(60.0 - 30.0 * (-6.0 * done).exp()),
            alignment: Some(0.4 + 0.4 * (-4.0 * done).exp()),
            uniformity: Some(-3.4 * (1.0 - (-8.0 * done).exp())),
            seconds: 241.7 * done,
        });
        if step % 195 == 0 {
            let top1 = BTreeMap::from([("knn".to_owned(), 49.5 - 0.5 * apart - 16.0 * (1.0 - done).powi(2))]);
            events.push(Event::Score { step, epoch: (step / 39) as u32, top1 });
        }
    }
    events.push(Event::End { time: "2026-05-09T08:04:28Z".to_owned(), status: Status::Finished, hint: None });
    events
}

/// Writes a whole run directory.
pub fn write(folder: &Path, summary: &Summary, events: &[Event]) {
    let mut run = RunDir::acquire(folder).expect("the directory is free");
    for event in events {
        run.append(event).expect("the event can be written");
    }
    run.write_summary(summary).expect("the summary can be written");
    std::fs::write(run.layout().config(), CONFIG).expect("the configuration can be written");
    for name in ["views.png", "neighbours.png"] {
        std::fs::write(run.layout().figures().join(name), PIXEL).expect("the figure can be written");
    }
}
