//! What computes, and is slower here than it has to be.

use crate::host::Runtime;
use kontrast_config::Precision;
use tch::Device;

/// What a person should know before a training in this precision; none where it is quick.
///
/// Without instructions for it, libtorch computes bf16 one number at a time.
pub(crate) fn warning(precision: Precision, runtime: &Runtime) -> Option<String> {
    let slow = precision == Precision::Bf16 && runtime.device == Device::Cpu && !has_bf16();
    slow.then(|| {
        "train.precision = \"bf16\": this CPU has no instructions for it, and is several times slower than in fp32; \
         --set train.precision=fp32 trains in fp32, as a run of its own"
            .to_owned()
    })
}

/// Whether this CPU multiplies matrices of bf16, by its own instructions or by AVX-512's in fp32.
fn has_bf16() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512f");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("bf16");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime(device: Device) -> Runtime {
        Runtime { device, threads: 1, workers: 1 }
    }

    #[test]
    fn only_bf16_on_a_cpu_without_it_is_warned_of() {
        assert_eq!(warning(Precision::Fp32, &runtime(Device::Cpu)), None);
        assert_eq!(warning(Precision::Bf16, &runtime(Device::Cuda(0))), None);
        assert_eq!(warning(Precision::Bf16, &runtime(Device::Cpu)).is_some(), !has_bf16());
    }
}
