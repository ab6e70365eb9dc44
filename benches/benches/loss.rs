//! NT-Xent, forward and backward, d = 128.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use kontrast_benches::EMBEDDING;
use kontrast_losses::nt_xent;
use tch::{Device, Kind, Tensor};

/// Embeddings from a formula, so that every run has the same ones.
fn embeddings(n: i64, shift: f64) -> Tensor {
    let ramp = Tensor::arange(n * EMBEDDING, (Kind::Float, Device::Cpu)).reshape([n, EMBEDDING]);
    ((ramp * 0.618_034) + shift).sin().set_requires_grad(true)
}

fn forward_and_backward(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("nt_xent");
    group.sample_size(10);
    for pairs in [256, 2048] {
        let (mut z1, mut z2) = (embeddings(pairs, 0.0), embeddings(pairs, 0.5));
        let id = BenchmarkId::from_parameter(format!("{pairs}x{EMBEDDING}"));
        group.bench_function(id, |bencher| {
            bencher.iter(|| {
                z1.zero_grad();
                z2.zero_grad();
                let loss = nt_xent(&z1, &z2, 0.5);
                loss.backward();
                loss.double_value(&[])
            });
        });
    }
    group.finish();
}

criterion_group!(benches, forward_and_backward);
criterion_main!(benches);
