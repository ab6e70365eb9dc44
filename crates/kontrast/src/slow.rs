//! Warns of a precision that this machine computes slowly.

use crate::host::Runtime;
use kontrast_config::Precision;
use tch::Device;

/// What a person should know before a training in this precision; none where it is quick.
///
/// Without instructions for it, libtorch computes bf16 one number at a time.
pub(crate) fn warning(precision: Precision, runtime: &Runtime) -> Option<String> {
    warning_of(precision, runtime.device, is_quick_in_bf16())
}

fn warning_of(precision: Precision, device: Device, is_quick: bool) -> Option<String> {
    let slow = precision == Precision::Bf16 && device == Device::Cpu && !is_quick;
    slow.then(|| {
        "train.precision = \"bf16\": this CPU has no instructions for bf16, and training takes several times as long as \
         in fp32; --set train.precision=fp32 trains in fp32, as a run of its own"
            .to_owned()
    })
}

/// Whether this CPU multiplies matrices of bf16, by its own instructions or by AVX-512's in fp32.
pub(crate) fn is_quick_in_bf16() -> bool {
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

    #[test]
    fn only_bf16_on_a_cpu_without_it_is_warned_of() {
        let cases = [Precision::Fp32, Precision::Bf16].into_iter().flat_map(|precision| {
            let on = [Device::Cpu, Device::Cuda(0)].map(|device| (precision, device));
            on.into_iter()
                .flat_map(|(precision, device)| [true, false].map(|quick| (precision, device, quick)))
        });
        let warned: Vec<_> = cases
            .filter(|&(precision, device, quick)| warning_of(precision, device, quick).is_some())
            .collect();
        assert_eq!(warned, [(Precision::Bf16, Device::Cpu, false)]);
    }
}
