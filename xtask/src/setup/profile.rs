//! The two profiles of libtorch: the Python packages each is made of, and the disk it needs.

use std::fmt;

/// The PyTorch that tch 0.24 binds; the pair moves together.
pub const TORCH: &str = "2.11.0";

/// Which libtorch to install.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Runs on the CPU.
    Cpu,
    /// Runs on NVIDIA GPUs too.
    Cuda,
}

impl Profile {
    /// Names its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }

    /// Requirements for pip, dependencies included: pip is told to add none.
    pub fn packages(self) -> Vec<&'static str> {
        let beside: &[&str] = match self {
            _ if cfg!(target_os = "macos") => &[],
            Self::Cpu => &BESIDE_CPU,
            Self::Cuda => &BESIDE_CUDA,
        };
        [&["torch==2.11.0"], beside].concat()
    }

    /// Disk that an installation takes while it is at work: the unpacked packages (1.2 and about 4 GB), and the wheels
    /// twice, in pip's working folder and in its cache.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Cpu => 2_500_000_000,
            Self::Cuda => 10_000_000_000,
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What `libtorch_cpu.so` of the wheel needs beside itself.
const BESIDE_CPU: [&str; 2] = ["nvidia-cuda-runtime==13.0.96", "nvidia-cuda-cupti==13.0.85"];

/// What torch 2.11.0 requires on Linux, resolved (`cuda-toolkit==13.0.2` stands for most of them), without the
/// packages that only Python code uses.
const BESIDE_CUDA: [&str; 15] = [
    "nvidia-cublas==13.1.0.3",
    "nvidia-cuda-cupti==13.0.85",
    "nvidia-cuda-nvrtc==13.0.88",
    "nvidia-cuda-runtime==13.0.96",
    "nvidia-cudnn-cu13==9.19.0.56",
    "nvidia-cufft==12.0.0.61",
    "nvidia-cufile==1.15.1.6",
    "nvidia-curand==10.4.0.35",
    "nvidia-cusolver==12.0.4.66",
    "nvidia-cusparse==12.6.3.3",
    "nvidia-cusparselt-cu13==0.8.0",
    "nvidia-nccl-cu13==2.28.9",
    "nvidia-nvjitlink==13.0.88",
    "nvidia-nvshmem-cu13==3.4.5",
    "nvidia-nvtx==13.0.85",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_profile_holds_the_smaller_one() {
        let cuda = Profile::Cuda.packages();
        assert!(Profile::Cpu.packages().iter().all(|package| cuda.contains(package)));
    }

    #[test]
    fn the_wheel_is_the_version_that_is_checked_for() {
        assert_eq!(Profile::Cpu.packages()[0], format!("torch=={TORCH}"));
    }
}
