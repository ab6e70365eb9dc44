//! Scores features that were computed elsewhere: `cargo run -p kontrast-eval --example score_features -- FILE`.
//!
//! FILE is a safetensors file with `train.features` [n, d], `train.labels` [n], `test.features` [m, d] and `test.labels`
//! [m]; without one, points around four centres are scored. Exit code 2 where the file does not hold that.

use anyhow::{Context, Result};
use kontrast_eval::protocols::{Knn, Linear};
use kontrast_eval::{FeatureBank, Protocol, Stop, Subject, evaluate};
use kontrast_rng::KeyedRng;
use kontrast_torch_ext::StateDict;
use std::process::ExitCode;
use tch::{Kind, Tensor};

fn main() -> ExitCode {
    let scored = match std::env::args().nth(1) {
        Some(file) => read(&file).and_then(|tensors| score(&file, &tensors).context(file)),
        None => score("made up", &made_up()),
    };
    match scored {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn score(dataset: &str, tensors: &StateDict) -> Result<()> {
    let labels = tensor(tensors, "train.labels")?;
    let classes = if labels.numel() == 0 { 0 } else { labels.max().int64_value(&[]) + 1 };
    let (train, test) = (bank(tensors, "train", classes)?, bank(tensors, "test", classes)?);
    // Scoring is these lines.
    let subject = Subject::of_features(dataset, train, test)?;
    for report in evaluate(&protocols(), &subject, &Stop::default())? {
        println!("{report}");
    }
    Ok(())
}

fn protocols() -> Vec<Box<dyn Protocol>> {
    let (lrs, weight_decays) = (vec![0.01, 0.1, 1.0], vec![0.0, 1e-4]);
    let linear = Linear { epochs: 20, batch: 64, lrs, weight_decays, validation: 0.2, seed: 0 };
    vec![Box::new(Knn::chosen(0.2, 0)), Box::new(linear)]
}

fn read(file: &str) -> Result<StateDict> {
    let bytes = std::fs::read(file).with_context(|| file.to_owned())?;
    let tensors = StateDict::from_bytes(&bytes).ok();
    tensors.with_context(|| format!("{file}: expected a safetensors file, found other bytes"))
}

fn bank(tensors: &StateDict, split: &str, classes: i64) -> Result<FeatureBank> {
    let (features, labels) = (format!("{split}.features"), format!("{split}.labels"));
    FeatureBank::new(tensor(tensors, &features)?, tensor(tensors, &labels)?, classes.max(0) as usize)
        .with_context(|| format!("{features} and {labels}"))
}

fn tensor<'t>(tensors: &'t StateDict, name: &str) -> Result<&'t Tensor> {
    let found = || tensors.iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
    tensors.get(name).with_context(|| format!("expected a tensor {name}, found {}", found()))
}

/// Points around a centre a class.
fn made_up() -> StateDict {
    let split = |split: &'static str, rows: i64| {
        let mut rng = KeyedRng::named(*b"example ", 0, 0, rows as u64);
        let labels: Vec<i64> = (0..rows).map(|row| row % 4).collect();
        let noise: Vec<f32> = (0..rows * 16).map(|_| rng.uniform(-1.0, 1.0) as f32).collect();
        let labels = Tensor::from_slice(&labels);
        let features = labels.one_hot(16).to_kind(Kind::Float) + Tensor::from_slice(&noise).view([rows, 16]);
        [(format!("{split}.features"), features), (format!("{split}.labels"), labels)]
    };
    split("train", 400).into_iter().chain(split("test", 100)).collect()
}
