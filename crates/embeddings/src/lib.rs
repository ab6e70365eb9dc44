//! Vectors from anywhere: files, exact search, near duplicates, clusters, projections, and scores of them.
//!
#![doc = include_str!("../README.md")]

mod agreement;
mod auroc;
mod duplicates;
mod error;
mod files;
mod kmeans;
mod matching;
mod pca;
mod retrieval;
mod search;
mod table;
mod top;
mod tsne;

pub use agreement::Contingency;
pub use auroc::auroc;
pub use duplicates::{Duplicates, Pair, near_duplicates};
pub use error::EmbeddingsError;
pub use files::Existing;
pub use kmeans::{Clustering, KMeans};
pub use matching::recall_between;
pub use pca::Pca;
pub use retrieval::{Retrieval, retrieval};
pub use search::{Index, Neighbours, Similarity};
pub use table::Table;
pub use top::highest;
pub use tsne::Tsne;
