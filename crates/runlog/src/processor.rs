//! What the processor of this machine computes quickly.

/// Whether this CPU multiplies matrices of bf16 quickly, by its own instructions or by AVX-512's in fp32. Without either,
/// libtorch computes bf16 one number at a time.
pub fn is_quick_in_bf16() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512f");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("bf16");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    true
}
