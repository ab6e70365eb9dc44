//! Where training stands.

/// Where training stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Steps done before this one.
    pub step: u64,
    /// Steps in all.
    pub steps: u64,
    /// Epoch of this step, from 0.
    pub epoch: u32,
    /// Epochs in all.
    pub epochs: u32,
}
