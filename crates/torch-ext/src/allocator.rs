//! How the process's allocator treats the large buffers of a training step.

/// Makes glibc keep freed memory for the next step: without this every large tensor is mapped from the kernel and
/// handed back, page by page, at each step, which costs a CPU training about a tenth of its time. The process's peak
/// stays what the largest step needs. Does nothing with another C library. Call it before the first large tensor.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        /// Smaller requests, a tensor of a step among them, come from the heap. Older versions allow the second at most.
        const MAPPED_FROM: [libc::c_int; 2] = [1 << 30, 32 << 20];
        /// glibc reads it as the largest size: the heap's end is never handed back.
        const NEVER: libc::c_int = -1;
        // SAFETY: a call sets a number in the allocator; a refused one changes nothing.
        let taken =
            MAPPED_FROM.iter().any(|&from| unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, from) } == 1);
        if taken {
            // SAFETY: as above.
            unsafe { libc::mallopt(libc::M_TRIM_THRESHOLD, NEVER) };
        }
    }
}
