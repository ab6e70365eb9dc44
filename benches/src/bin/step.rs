//! A training step of a CIFAR ResNet-18, data loading included, in images per second: SimCLR's, beside which stands
//! `benches/peers/step.py`, without data loading, or MoCo's.

use clap::Parser;
use kontrast_augment_torch::Views;
use kontrast_benches::{Bench, Measured, SIDE, figure, images, median, plan, to_tensor};
use kontrast_data::{Epochs, Loader, LoaderSpec};
use kontrast_torch_ext::{Precision, deterministic, keep_freed_memory, load_cuda};
use std::error::Error;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Instant;
use tch::Device;

/// Steps before the clock counts: kernels are chosen and memory is taken in them.
const WARM_UP: usize = 3;

#[derive(Parser)]
#[command(about = "A training step, data loading included, in images per second")]
struct Arguments {
    /// Whose step
    #[arg(long, value_enum, default_value = "simclr")]
    method: Measured,
    /// Images of a step; each has two views
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// Steps that are measured
    #[arg(long, default_value_t = 10)]
    steps: usize,
    /// Channels of the network's first stage
    #[arg(long, default_value_t = 64)]
    width: i64,
    /// 32-bit numbers instead of bf16
    #[arg(long)]
    fp32: bool,
    /// The first GPU instead of the CPU
    #[arg(long)]
    cuda: bool,
    /// Threads of libtorch, and as many that render views [default: one a core]
    #[arg(long)]
    threads: Option<usize>,
    /// Print the figure as a line of JSON too
    #[arg(long)]
    json: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { method, batch, steps, width, fp32, cuda, threads, json } = Arguments::parse();
    let device = if cuda { Device::Cuda(0) } else { Device::Cpu };
    if cuda {
        load_cuda()?;
    }
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.unwrap_or(cores);
    tch::set_num_threads(i32::try_from(threads)?);
    deterministic(true);
    keep_freed_memory();
    let precision = if fp32 { Precision::Fp32 } else { Precision::Bf16 };
    let mut bench = Bench::new(method, batch, width, precision, device);

    let dataset = Arc::new(images(batch.max(10_000))?);
    let spec = LoaderSpec {
        epochs: Epochs { len: batch.max(10_000), batch, seed: 0 },
        dataset,
        plans: vec![plan(), plan()],
        total_epochs: u32::MAX,
        first_step: 0,
        seed: 0,
        workers: threads,
    };
    let buffers = (0..3).map(|_| vec![0_u8; spec.bytes()]).collect();
    let mut loader = Loader::start(spec, buffers)?;
    let to_tensor = to_tensor(device);
    let (mut seconds, mut waited) = (Vec::new(), 0.0);
    for step in 0..WARM_UP + steps.max(1) {
        let started = Instant::now();
        let batch = loader.next()?.ok_or("the loader ended")?;
        let waiting = started.elapsed().as_secs_f64();
        let views = Views::new(to_tensor.images(&batch.buffer, (SIDE, SIDE)), batch.indices);
        loader.recycle(batch.buffer);
        // Reading the loss waits for the device.
        let loss = bench.step(&views).double_value(&[]);
        assert!(loss.is_finite(), "the loss is {loss}");
        if step >= WARM_UP {
            seconds.push(started.elapsed().as_secs_f64());
            waited += waiting;
        }
    }
    let fraction = 100.0 * waited / seconds.iter().sum::<f64>();
    let (count, speed) = (seconds.len(), batch as f64 / median(seconds));
    let kind = if fp32 { "fp32" } else { "bf16" };
    // SimCLR's is the one that others measure too.
    let own = match method {
        Measured::Simclr => "",
        Measured::Moco => " moco",
        Measured::MocoSymmetric => " moco-symmetric",
    };
    println!(
        "kontrast{own} batch={batch} width={width} {kind} channels-last threads={threads}: {speed:.1} images/s, data loading \
         included (median of {count} steps), {fraction:.1} % waiting for data"
    );
    if json {
        figure(&format!("step{own}, batch {batch}, width {width}, {kind}"), speed, "images/s");
    }
    Ok(())
}
