//! The loader: a batch of 256 images of 32 pixels, two SimCLR views each, by one and by two rendering threads.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kontrast_benches::{SIDE, images, plan};
use kontrast_data::{Epochs, Loader, LoaderSpec};
use std::sync::Arc;

const IMAGES: usize = 4096;
const BATCH: usize = 256;

fn batches(criterion: &mut Criterion) {
    let dataset = Arc::new(images(IMAGES).expect("drawn shapes"));
    let mut group = criterion.benchmark_group("loader");
    group.sample_size(20).throughput(Throughput::Elements(BATCH as u64));
    for workers in [1, 2] {
        let spec = LoaderSpec {
            dataset: Arc::clone(&dataset) as Arc<_>,
            plans: vec![plan(), plan()],
            epochs: Epochs { len: IMAGES, batch: BATCH, seed: 0 },
            total_epochs: u32::MAX,
            first_step: 0,
            seed: 0,
            workers,
        };
        let buffers = (0..2).map(|_| vec![0_u8; spec.bytes()]).collect();
        let mut loader = Loader::start(spec, buffers).expect("threads");
        let id = BenchmarkId::from_parameter(format!("{BATCH}x{SIDE}px_{workers}_workers"));
        group.bench_function(id, |bencher| {
            bencher.iter(|| {
                let batch = loader.next().expect("drawn shapes").expect("endless epochs");
                loader.recycle(batch.buffer);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, batches);
criterion_main!(benches);
