//! `SimCLR`'s distortions on one thread, in views per second. Beside it stands `benches/peers/augment.py`.

use clap::Parser;
use kontrast_augment::{Blur, ImageRef, Recipe, Scratch, ViewPlan, ViewRng, render_into};
use kontrast_benches::{figure, simclr_views, smooth_image};
use std::error::Error;
use std::time::Instant;

/// Rounds, of which the best counts.
const ROUNDS: u32 = 3;

#[derive(Parser)]
#[command(about = "SimCLR's distortions on one thread, in views per second")]
struct Arguments {
    /// Print the figures as lines of JSON too
    #[arg(long)]
    json: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { json } = Arguments::parse();
    let blur = Blur { probability: 0.5, sigma: (0.1, 2.0), kernel: 23 };
    let small = ViewPlan::simclr(&simclr_views(32, 0.5, None))?;
    let large = ViewPlan::simclr(&simclr_views(224, 1.0, Some(blur)))?;
    for (name, plan, size, views) in
        [("simclr 32px", small, (32, 32), 40_000), ("simclr 224px", large, (300, 256), 1_000)]
    {
        let speed = views_per_second(&plan, size, views);
        println!("{name}: {speed:.0} views/s, one thread, drawing included (best of {ROUNDS} rounds)");
        if json {
            figure(name, speed, "views/s");
        }
    }
    Ok(())
}

fn views_per_second(plan: &ViewPlan, size: (usize, usize), views: u64) -> f64 {
    let images: Vec<Vec<u8>> = (0..48).map(|which| smooth_image(which, size)).collect();
    let (mut recipe, mut scratch) = (Recipe::default(), Scratch::default());
    let mut view = vec![0; plan.bytes()];
    let mut best = f64::INFINITY;
    for epoch in 0..=ROUNDS {
        let start = Instant::now();
        for index in 0..views {
            plan.draw_into(&mut recipe, size, &mut ViewRng::new(0, epoch, index, 0));
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
