//! Views on one thread: SimCLR's plan whole, and each costly transform alone, at 32 and at 224 pixels.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kontrast_augment::{ImageRef, KeyedRng, Op, Recipe, Scratch, render_into};
use kontrast_benches::{simclr_plan, smooth_image};

fn plans(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("augment_simclr");
    group.throughput(Throughput::Elements(1));
    for (side, image, blur) in [(32, (32, 32), None), (224, (300, 256), Some(23))] {
        let plan = simclr_plan(side, 1.0, blur);
        let pixels = smooth_image(0, image);
        let (mut recipe, mut scratch) = (Recipe::default(), Scratch::default());
        let (mut view, mut index) = (vec![0; plan.bytes()], 0);
        group.bench_function(BenchmarkId::from_parameter(format!("{side}px")), |bencher| {
            bencher.iter(|| {
                plan.draw_into(&mut recipe, image, &mut KeyedRng::new(0, 0, index, 0));
                render_into(&recipe, ImageRef::new(image.0, image.1, &pixels), &mut view, &mut scratch);
                index += 1;
            });
        });
    }
    group.finish();
}

fn transforms(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("augment_transform");
    group.throughput(Throughput::Elements(1));
    let pixels = smooth_image(0, (300, 256));
    for (name, op) in [
        ("crop_only", None),
        ("contrast", Some(Op::Contrast(1.3))),
        ("hue", Some(Op::Hue(0.1))),
        ("blur", Some(Op::Blur { sigma: 1.0, kernel: 23 })),
        ("sharpness", Some(Op::Sharpness(1.5))),
        ("equalize", Some(Op::Equalize)),
    ] {
        let ops = [Op::crop(20, 10, 240, 200)].into_iter().chain(op).collect();
        let recipe = Recipe { size: (224, 224), ops };
        let (mut view, mut scratch) = (vec![0; 224 * 224 * 3], Scratch::default());
        group.bench_function(BenchmarkId::new(name, "224px"), |bencher| {
            bencher.iter(|| render_into(&recipe, ImageRef::new(300, 256, &pixels), &mut view, &mut scratch));
        });
    }
    group.finish();
}

criterion_group!(benches, plans, transforms);
criterion_main!(benches);
