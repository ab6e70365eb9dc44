//! Views per second of the renderer on one thread: `cargo run -p kontrast-augment --example views_per_second`.
//!
//! The settings are those of SimCLR, at 32 px from CIFAR's size without blur and at 224 px from 256 x 300
//! with it: the same as in the comparison with other libraries.

use std::time::Instant;

use kontrast_augment::{Blur, ImageRef, Jitter, Recipe, Scratch, Simclr, ViewPlan, ViewRng, render_into};

fn main() -> Result<(), kontrast_augment::PlanError> {
    let blur = Blur { probability: 0.5, sigma: (0.1, 2.0), kernel: 23 };
    if std::env::args().count() < 2 {
        report("32 px", &settings(32, 0.5, None), (32, 32), 40_000)?;
    }
    report("224 px, blur", &settings(224, 1.0, Some(blur)), (300, 256), 1_000)?;
    Ok(())
}

fn settings(side: usize, strength: f64, blur: Option<Blur>) -> Simclr {
    let jitter = Jitter { probability: 0.8, brightness: 0.8, contrast: 0.8, saturation: 0.8, hue: 0.2 };
    Simclr {
        size: (side, side),
        crop_scale: (0.08, 1.0),
        crop_ratio: (0.75, 4.0 / 3.0),
        flip: 0.5,
        strength,
        jitter,
        grayscale: 0.2,
        blur,
        solarize: None,
    }
}

/// Prints the best of five rounds, drawing included.
fn report(
    name: &str,
    settings: &Simclr,
    size: (usize, usize),
    views: u64,
) -> Result<(), kontrast_augment::PlanError> {
    let plan = ViewPlan::simclr(settings)?;
    // Two waves a channel: smooth, as photographs are.
    let wave = |index: usize| {
        127.5 + 127.0 * ((index % 900) as f32 / 71.0).sin() * ((index / 900) as f32 / 31.0).cos()
    };
    let pixels: Vec<u8> = (0..size.0 * size.1 * 3).map(|index| wave(index) as u8).collect();
    let image = ImageRef::new(size.0, size.1, &pixels);
    let (mut recipe, mut scratch) = (Recipe::default(), Scratch::default());
    let mut view = vec![0; plan.bytes()];
    let mut best = f64::INFINITY;
    for epoch in 0..5 {
        let start = Instant::now();
        for index in 0..views {
            plan.draw_into(&mut recipe, size, &mut ViewRng::new(0, epoch, index, 0));
            render_into(&recipe, image, &mut view, &mut scratch);
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{name}: {:.0} views/s", views as f64 / best);
    Ok(())
}
