//! Brings data sets into the cache: fetched, verified, never half.

mod archive;
mod cached;
mod cifar10;
mod cifar100;
mod download;
mod fashion_mnist;
mod known;
mod named;
mod origin;
mod place;
mod program;
mod progress;
mod stl10;

pub use cached::{Cached, cached};
pub use known::{NAMES, source_of};
pub use named::fetch;
pub use progress::FetchProgress;
