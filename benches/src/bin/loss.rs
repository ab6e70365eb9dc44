//! Losses forward and backward: value, gradient norm, seconds, extra memory. Beside it stands `benches/peers/loss.py`;
//! both draw the same inputs, so values and gradients have to agree.

use clap::Parser;
use kontrast_benches::{EMBEDDING, figure, median};
use kontrast_losses::{
    VicregWeights, alignment, barlow_twins, dcl, dclw, dino, info_nce, negative_cosine, nt_xent, sinkhorn,
    swapped_prediction, uniformity, unit, vicreg,
};
use std::error::Error;
use std::num::NonZero;
use std::process::Command;
use std::time::Instant;
use tch::{Device, Kind, Tensor};

/// Negatives in MoCo's queue.
const QUEUE: i64 = 16_384;
/// SwAV's prototypes, and as many outputs for DINO.
const PROTOTYPES: i64 = 3000;
/// A loss is computed again until this has passed, in seconds.
const ENOUGH: f64 = 3.0;

/// A first call of so many seconds is a measurement too.
const LONG: f64 = 60.0;

#[derive(Parser)]
#[command(about = "Losses forward and backward: value, gradient norm, seconds, extra memory")]
struct Arguments {
    /// Pairs of embeddings
    #[arg(default_value_t = 4096)]
    pairs: i64,
    /// This loss only, in this process [default: all, each in a process of its own]
    #[arg(long, value_name = "LOSS")]
    only: Option<String>,
    /// Threads of libtorch [default: one a core]
    #[arg(long)]
    threads: Option<usize>,
    /// Print the figures as lines of JSON too
    #[arg(long)]
    json: bool,
}

/// What a loss is given.
#[derive(Clone, Copy, PartialEq)]
enum Inputs {
    /// The embeddings of two views.
    Embeddings,
    /// These, and MoCo's queue.
    Queue,
    /// Products of the embeddings with prototypes.
    Scores,
}

/// A loss by its name, what it is given, and whether it compares all pairs, so that its memory is shown.
struct Subject(&'static str, Inputs, bool, fn(&[Tensor]) -> Tensor);

const SUBJECTS: [Subject; 10] = [
    Subject("nt_xent", Inputs::Embeddings, true, |z| nt_xent(&z[0], &z[1], 0.1)),
    Subject("info_nce", Inputs::Queue, true, |z| info_nce(&z[0], &z[1], &z[2], 0.1)),
    Subject("dcl", Inputs::Embeddings, true, |z| dcl(&z[0], &z[1], 0.1)),
    Subject("dclw", Inputs::Embeddings, true, |z| dclw(&z[0], &z[1], 0.1, 0.5)),
    Subject("alignment and uniformity", Inputs::Embeddings, true, |z| {
        alignment(&z[0], &z[1], 2.0) + (uniformity(&z[0], 1.0) + uniformity(&z[1], 1.0)) / 2.0
    }),
    Subject("barlow_twins", Inputs::Embeddings, false, |z| barlow_twins(&z[0], &z[1], 5e-3)),
    Subject("vicreg", Inputs::Embeddings, false, |z| vicreg(&z[0], &z[1], VicregWeights::default())),
    Subject("negative_cosine", Inputs::Embeddings, false, |z| negative_cosine(&z[0], &z[1])),
    Subject("swav", Inputs::Scores, false, |scores| {
        let swapped =
            |from: usize, to: usize| swapped_prediction(&scores[to], &sinkhorn(&scores[from], 0.05, 3), 0.1);
        (swapped(0, 1) + swapped(1, 0)) / 2.0
    }),
    Subject("dino", Inputs::Scores, false, |scores| {
        let views = Tensor::stack(scores, 0);
        let centre = Tensor::zeros([PROTOTYPES], (Kind::Float, Device::Cpu));
        dino(&views, &views.detach(), &centre, 0.1, 0.04)
    }),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let Some(only) = &arguments.only else { return each_in_its_own_process() };
    let found = SUBJECTS.iter().find(|Subject(name, ..)| name == only);
    let Subject(name, inputs, pairwise, loss) = found.ok_or_else(|| format!("{only}: no such loss"))?;
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    tch::set_num_threads(i32::try_from(arguments.threads.unwrap_or(cores))?);
    let pairs = arguments.pairs;
    let mut leaves = drawn(*inputs, pairs);
    let before = peak_kib()?;
    // The first call takes memory and chooses kernels, and is timed only where that is nothing beside it.
    let started = Instant::now();
    let (value, gradient) = evaluated(&mut leaves, *loss);
    let first = started.elapsed().as_secs_f64();
    let mut seconds = if first > LONG { vec![first] } else { Vec::new() };
    while seconds.iter().sum::<f64>() < ENOUGH {
        let started = Instant::now();
        evaluated(&mut leaves, *loss);
        seconds.push(started.elapsed().as_secs_f64());
    }
    let seconds = median(seconds);
    let extra = (peak_kib()? - before) / 1024.0;
    println!(
        "kontrast {name} pairs={pairs} loss={value:.6} gradient={gradient:.6e} {seconds:.4} s +{extra:.0} MB"
    );
    if arguments.json {
        let name = format!("{name}, {pairs} pairs");
        figure(&name, seconds, "s");
        figure(&format!("{name}, value"), value, "result");
        figure(&format!("{name}, gradient"), gradient, "result");
        if *pairwise {
            figure(&format!("{name}, memory"), extra, "MB more");
        }
    }
    Ok(())
}

/// The peak memory of a process never falls, so one process can measure one loss.
fn each_in_its_own_process() -> Result<(), Box<dyn Error>> {
    for Subject(name, ..) in &SUBJECTS {
        let mut command = Command::new(std::env::current_exe()?);
        let status = command.args(std::env::args_os().skip(1)).args(["--only", name]).status()?;
        if !status.success() {
            return Err(format!("{name}: {status}").into());
        }
    }
    Ok(())
}

/// PyTorch's generator with PyTorch's seed: the numbers of the script beside this.
fn drawn(inputs: Inputs, pairs: i64) -> Vec<Tensor> {
    tch::manual_seed(0);
    let draw = |rows: i64| Tensor::randn([rows, EMBEDDING], (Kind::Float, Device::Cpu));
    let (z1, z2) = (draw(pairs), draw(pairs));
    let leaves = match inputs {
        Inputs::Embeddings => vec![z1, z2],
        Inputs::Queue => return vec![z1.set_requires_grad(true), z2, draw(QUEUE)],
        Inputs::Scores => {
            let prototypes = unit(&draw(PROTOTYPES)).tr();
            vec![unit(&z1).matmul(&prototypes), unit(&z2).matmul(&prototypes)]
        }
    };
    leaves.into_iter().map(|leaf| leaf.set_requires_grad(true)).collect()
}

/// Value, and length of the first gradient.
fn evaluated(leaves: &mut [Tensor], loss: fn(&[Tensor]) -> Tensor) -> (f64, f64) {
    for leaf in leaves.iter_mut() {
        leaf.zero_grad();
    }
    let value = loss(leaves);
    value.backward();
    (value.double_value(&[]), leaves[0].grad().norm().double_value(&[]))
}

/// The most memory that this process has held, in KiB.
fn peak_kib() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc/self/status")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
