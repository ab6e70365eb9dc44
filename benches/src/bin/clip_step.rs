//! A CLIP training step in pairs per second, images in memory and texts as ids. Beside it stands `benches/peers/clip_step.py`, of the
//! same shapes: a ViT-Tiny on patches of 4 of 32 pixels, and a text transformer of 6 blocks and 256 values.

use clap::Parser;
use kontrast_augment::ViewPlan;
use kontrast_augment_torch::Views;
use kontrast_benches::{figure, median};
use kontrast_methods::{Clip, ClipSpec, Method, Progress, Setting, TextSetting, ViewSpec};
use kontrast_models::{EncoderSpec, TextActivation, TextSpec, TextTransformerSpec, VitSpec};
use kontrast_optim::{Adamw, Optimizer, Rates};
use kontrast_torch_ext::{Precision, Texts, deterministic, keep_freed_memory};
use std::error::Error;
use std::num::NonZero;
use std::time::Instant;
use tch::{Device, Kind, Tensor};

/// Steps before the clock counts.
const WARM_UP: usize = 3;
/// Tokens of CLIP's vocabulary, and of each text.
const VOCABULARY: i64 = 49_408;
const LENGTH: i64 = 32;
/// Values of an embedding.
const DIMENSION: i64 = 256;
/// Pixels on a side.
const SIDE: i64 = 32;

#[derive(Parser)]
#[command(about = "A CLIP training step, images in memory and texts as ids, in pairs per second")]
struct Arguments {
    /// Pairs of a step
    #[arg(long, default_value_t = 64)]
    batch: i64,
    /// Steps that are measured
    #[arg(long, default_value_t = 7)]
    steps: usize,
    /// bf16 instead of 32-bit numbers
    #[arg(long)]
    bf16: bool,
    /// Threads of libtorch [default: one a core]
    #[arg(long)]
    threads: Option<usize>,
    /// Print the figure as a line of JSON too
    #[arg(long)]
    json: bool,
}

fn setting(precision: Precision) -> Setting {
    Setting {
        encoder: EncoderSpec::Vit(VitSpec::tiny(4, SIDE)),
        shared: None,
        views: ViewSpec { plans: vec![ViewPlan::evaluation((SIDE as usize, SIDE as usize))] },
        precision,
        seed: 0,
        chunk: None,
        groups: None,
        texts: None,
        images: 0,
        steps_per_epoch: 1,
        lr: 1e-3,
        device: Device::Cpu,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { batch, steps, bf16, threads, json } = Arguments::parse();
    let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get));
    tch::set_num_threads(i32::try_from(threads)?);
    deterministic(true);
    keep_freed_memory();
    let setting = setting(if bf16 { Precision::Bf16 } else { Precision::Fp32 });
    let spec = TextSpec::Transformer(TextTransformerSpec {
        vocabulary: VOCABULARY,
        length: LENGTH,
        width: 256,
        depth: 6,
        heads: 4,
        output: DIMENSION,
        activation: TextActivation::Gelu,
    });
    let text = TextSetting { spec, weights: None, frozen: false };
    let clip = Clip::new(&ClipSpec { text, dimension: DIMENSION, temperature: 0.07 }, &setting)?;
    let mut method = Method::new(Box::new(clip), &setting);
    let mut optimizer = Adamw::new(method.groups(), (0.9, 0.98), 1e-6);
    let images = Tensor::randn([batch, 3, SIDE, SIDE], (Kind::Float, Device::Cpu));
    let ids = Tensor::randint_low(1, VOCABULARY - 1, [batch, LENGTH], (Kind::Int64, Device::Cpu));
    let _ = ids.narrow(1, LENGTH - 1, 1).fill_(VOCABULARY - 1);
    let texts = Texts::new(ids, Tensor::full([batch], LENGTH, (Kind::Int64, Device::Cpu)));
    let views = Views::new(images, (0..batch as u32).collect()).with_texts(vec![texts]);
    let progress = Progress { step: 0, steps: 1, epoch: 0, epochs: 1 };
    let mut seconds = Vec::new();
    for step in 0..WARM_UP + steps.max(1) {
        let started = Instant::now();
        optimizer.zero_grad();
        let loss = method.step(&views, progress).loss;
        optimizer.step(Rates { lr: 1e-3, weight_decay: 0.2 });
        method.after_step(progress);
        assert!(loss.double_value(&[]).is_finite(), "the loss is no number");
        if step >= WARM_UP {
            seconds.push(started.elapsed().as_secs_f64());
        }
    }
    let speed = batch as f64 / median(seconds);
    let kind = if bf16 { "bf16" } else { "fp32" };
    println!(
        "kontrast clip batch={batch} {kind} threads={threads}: {speed:.1} pairs/s (median of {steps} steps)"
    );
    if json {
        figure(&format!("clip step, batch {batch}, {kind}"), speed, "pairs/s");
    }
    Ok(())
}
