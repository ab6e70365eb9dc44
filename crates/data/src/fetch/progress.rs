//! How far fetching has come.

/// What fetching is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchProgress {
    /// A new task begins.
    Doing(String),
    /// So much of the present download is there.
    Bytes {
        /// Bytes so far.
        done: u64,
        /// All bytes, where the server says it.
        total: Option<u64>,
    },
}
