//! `SimCLR`'s distortions on one thread, in views per second. Beside it stands `benches/peers/augment.py`.

use clap::Parser;
use kontrast_augment::{ImageRef, KeyedRng, Recipe, Scratch, ViewPlan, render_into};
use kontrast_augment_torch::DeviceRenderer;
use kontrast_benches::{figure, simclr_plan, smooth_image};
use kontrast_torch_ext::keep_freed_memory;
use std::time::Instant;
use tch::{Device, Kind, Tensor};

/// Rounds, of which the best counts.
const ROUNDS: u32 = 3;
/// Views of a batch for the device renderer, and batches of a round.
const BATCH: u32 = 512;
const BATCHES: u32 = 20;

#[derive(Parser)]
#[command(about = "SimCLR's distortions on one thread, in views per second")]
struct Arguments {
    /// Print the figures as lines of JSON too
    #[arg(long)]
    json: bool,
}

fn main() {
    let Arguments { json } = Arguments::parse();
    let small = simclr_plan(32, 0.5, None);
    let large = simclr_plan(224, 1.0, Some(23));
    let cases = [("simclr 32px", &small, (32, 32), 40_000), ("simclr 224px", &large, (300, 256), 1_000)];
    let mut speeds: Vec<_> =
        cases.map(|(name, plan, size, views)| (name, views_per_second(plan, size, views))).into();
    keep_freed_memory();
    tch::set_num_threads(1);
    speeds.push(("simclr 32px, device", device_views_per_second(&small, (32, 32))));
    for (name, speed) in speeds {
        println!("{name}: {speed:.0} views/s, one thread, drawing included (best of {ROUNDS} rounds)");
        if json {
            figure(name, speed, "views/s");
        }
    }
}

/// The device renderer on the CPU: batches of 512, normalised.
fn device_views_per_second(plan: &ViewPlan, size: (usize, usize)) -> f64 {
    let renderer = DeviceRenderer::new(Device::Cpu, [0.5; 3], [0.25; 3], Kind::Float);
    let pixels: Vec<u8> = (0..BATCH).flat_map(|which| smooth_image(which, size)).collect();
    let images = Tensor::from_slice(&pixels).view([BATCH.into(), size.1 as i64, size.0 as i64, 3]);
    let sources: Vec<i64> = (0..BATCH.into()).collect();
    let mut recipes = vec![Recipe::default(); BATCH as usize];
    let mut best = f64::INFINITY;
    for round in 0..=ROUNDS {
        let start = Instant::now();
        for batch in 0..BATCHES {
            for (index, recipe) in (0_u64..).zip(&mut recipes) {
                plan.draw_into(recipe, size, &mut KeyedRng::new(0, round * BATCHES + batch, index, 0));
            }
            let rendered = renderer.render(&images, &recipes, &sources);
            assert_eq!(rendered.size()[0], i64::from(BATCH));
        }
        // The first round warms up.
        if round > 0 {
            best = best.min(start.elapsed().as_secs_f64());
        }
    }
    f64::from(BATCHES * BATCH) / best
}

fn views_per_second(plan: &ViewPlan, size: (usize, usize), views: u64) -> f64 {
    let images: Vec<Vec<u8>> = (0..48).map(|which| smooth_image(which, size)).collect();
    let (mut recipe, mut scratch) = (Recipe::default(), Scratch::default());
    let mut view = vec![0; plan.bytes()];
    let mut best = f64::INFINITY;
    for epoch in 0..=ROUNDS {
        let start = Instant::now();
        for index in 0..views {
            plan.draw_into(&mut recipe, size, &mut KeyedRng::new(0, epoch, index, 0));
            let pixels = &images[index as usize % images.len()];
            render_into(&recipe, ImageRef::new(size.0, size.1, pixels), &mut view, &mut scratch);
        }
        // The first round warms up.
        if epoch > 0 {
            best = best.min(start.elapsed().as_secs_f64());
        }
    }
    views as f64 / best
}
