//! Warns of a precision that this machine computes slowly.

use crate::host::Runtime;
use kontrast_config::Precision;
use kontrast_runlog::is_quick_in_bf16;
use tch::Device;

/// What a person should know before a training in this precision; none where it is quick.
pub(crate) fn warning(precision: Precision, runtime: &Runtime) -> Option<String> {
    warning_of(precision, runtime.device, is_quick_in_bf16())
}

fn warning_of(precision: Precision, device: Device, is_quick: bool) -> Option<String> {
    let slow = precision == Precision::Bf16 && device == Device::Cpu && !is_quick;
    slow.then(|| {
        "train.precision = \"bf16\": this CPU has no instructions for bf16, which takes several times as long here as fp32; \
         Ctrl-C, then the same command with --set train.precision=fp32, trains in fp32 as a run of its own"
            .to_owned()
    })
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
