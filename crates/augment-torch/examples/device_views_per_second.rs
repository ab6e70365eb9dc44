//! Views per second of the device renderer on one thread of the CPU:
//! `cargo run -p kontrast-augment-torch --example device_views_per_second`.
//!
//! The settings are those of SimCLR, as in `views_per_second` of crates/augment: drawing, rendering and normalising
//! are all counted.

use std::time::{Duration, Instant};

use kontrast_augment::{Blur, Jitter, PlanError, Recipe, Simclr, ViewPlan, ViewRng};
use kontrast_augment_torch::DeviceRenderer;
use kontrast_torch_ext::keep_freed_memory;
use tch::{Device, Kind, Tensor};

fn main() -> Result<(), PlanError> {
    keep_freed_memory();
    tch::set_num_threads(1);
    let blur = Blur { probability: 0.5, sigma: (0.1, 2.0), kernel: 23 };
    for (name, kind) in [("fp32", Kind::Float), ("bf16", Kind::BFloat16)] {
        report(&format!("32 px, {name}"), &settings(32, 0.5, None), (32, 32), 512, kind)?;
    }
    let small = Blur { probability: 0.5, sigma: (0.1, 2.0), kernel: 3 };
    report("32 px, blur", &settings(32, 0.5, Some(small)), (32, 32), 512, Kind::Float)?;
    report("224 px, blur", &settings(224, 1.0, Some(blur)), (300, 256), 48, Kind::Float)
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

/// Prints the best of many batches, each drawn anew.
fn report(
    name: &str,
    settings: &Simclr,
    size: (usize, usize),
    views: usize,
    kind: Kind,
) -> Result<(), PlanError> {
    let plan = ViewPlan::simclr(settings)?;
    let renderer = DeviceRenderer::new(Device::Cpu, [0.5; 3], [0.25; 3], kind);
    // Two waves a channel: smooth, as photographs are.
    let wave = |index: usize| {
        127.5 + 127.0 * ((index % 900) as f32 / 71.0).sin() * ((index / 900) as f32 / 31.0).cos()
    };
    let pixels: Vec<u8> = (0..views * size.0 * size.1 * 3).map(|index| wave(index) as u8).collect();
    let images = Tensor::from_slice(&pixels).view([views as i64, size.1 as i64, size.0 as i64, 3]);
    let sources: Vec<i64> = (0..views as i64).collect();
    let mut recipes = vec![Recipe::default(); views];
    let mut best = f64::INFINITY;
    let begun = Instant::now();
    let batches = (0..).take_while(|epoch| *epoch < 5 || begun.elapsed() < Duration::from_secs(2));
    for epoch in batches {
        let start = Instant::now();
        for (index, recipe) in recipes.iter_mut().enumerate() {
            plan.draw_into(recipe, size, &mut ViewRng::new(0, epoch, index as u64, 0));
        }
        let rendered = renderer.render(&images, &recipes, &sources);
        best = best.min(start.elapsed().as_secs_f64());
        assert_eq!(rendered.size()[0], views as i64);
    }
    println!("{name}: {:.0} views/s", views as f64 / best);
    Ok(())
}
