//! NT-Xent forward and backward: value, gradient norm, seconds, extra memory. Beside it stands
//! `benches/peers/loss.py`; both draw the same embeddings, so value and gradient have to agree.

use clap::Parser;
use kontrast_benches::{EMBEDDING, figure};
use kontrast_losses::nt_xent;
use std::error::Error;
use std::num::NonZero;
use std::time::Instant;
use tch::{Device, Kind, Tensor};

#[derive(Parser)]
#[command(about = "NT-Xent forward and backward: value, gradient norm, seconds, extra memory")]
struct Arguments {
    /// Pairs of embeddings
    #[arg(default_value_t = 2048)]
    pairs: i64,
    /// Threads of libtorch [default: one a core]
    #[arg(long)]
    threads: Option<usize>,
    /// Print the figures as lines of JSON too
    #[arg(long)]
    json: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { pairs, threads, json } = Arguments::parse();
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    tch::set_num_threads(i32::try_from(threads.unwrap_or(cores))?);
    // PyTorch's generator with PyTorch's seed: the numbers of the script beside this.
    tch::manual_seed(0);
    let draw = || Tensor::randn([pairs, EMBEDDING], (Kind::Float, Device::Cpu)).set_requires_grad(true);
    let (mut z1, mut z2) = (draw(), draw());
    let before = peak_kib()?;
    // Twice: the first call takes memory and chooses kernels.
    let mut measured = (0.0, 0.0);
    for _ in 0..2 {
        z1.zero_grad();
        z2.zero_grad();
        let started = Instant::now();
        let loss = nt_xent(&z1, &z2, 0.1);
        loss.backward();
        measured = (loss.double_value(&[]), started.elapsed().as_secs_f64());
    }
    let (loss, seconds) = measured;
    let extra = (peak_kib()? - before) / 1024.0;
    let gradient = z1.grad().norm().double_value(&[]);
    println!("kontrast pairs={pairs} loss={loss:.6} gradient={gradient:.6e} {seconds:.2} s +{extra:.0} MB");
    if json {
        figure(&format!("nt_xent, {pairs} pairs"), seconds, "s");
        figure(&format!("nt_xent, {pairs} pairs, memory"), extra, "MB more");
    }
    Ok(())
}

/// The most memory that this process has held, in KiB.
fn peak_kib() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc/self/status")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
