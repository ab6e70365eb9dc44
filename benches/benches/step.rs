//! A SimCLR step of a CIFAR ResNet-18 in bf16 with channels-last images, without data loading.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kontrast_augment_torch::Views;
use kontrast_benches::{Bench, Measured, SIDE, to_tensor};
use kontrast_torch_ext::Precision;
use tch::Device;

/// Two views of `batch` images, as the loader would give them, from a formula.
fn views(batch: usize) -> Views {
    let bytes: Vec<u8> = (0..2 * batch * SIDE * SIDE * 3).map(|at| (at * 7919 % 251) as u8).collect();
    Views::new(to_tensor(Device::Cpu).images(&bytes, (SIDE, SIDE)), (0..batch as u32).collect())
}

fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("simclr_step");
    group.sample_size(10);
    for (width, batch) in [(16, 256), (64, 64)] {
        let mut bench = Bench::new(Measured::Simclr, batch, width, Precision::Bf16, Device::Cpu);
        let views = views(batch);
        group.throughput(Throughput::Elements(batch as u64));
        let id = BenchmarkId::from_parameter(format!("resnet18_width_{width}_batch_{batch}_bf16"));
        // Reading the loss waits for the device.
        group.bench_function(id, |bencher| bencher.iter(|| bench.step(&views).double_value(&[])));
    }
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);
