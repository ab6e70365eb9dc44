//! Images by index, where they come from, and the loader that turns them into batches of views.
//!
#![doc = include_str!("../README.md")]

mod channels;
mod cifar10;
mod cifar100;
mod class_names;
mod classes;
mod coverage;
mod dataset;
mod decode;
mod epochs;
mod error;
mod fashion_mnist;
mod fetch;
mod fill;
mod folder;
mod formats;
mod jpeg;
mod layout;
mod left_out;
mod loader;
mod memory;
mod open;
mod own;
mod pack;
mod pinned;
mod regular;
mod shapes;
mod split;
mod stl10;
mod subset;
mod transparency;
mod walk;

pub use channels::{InChannels, luminance};
pub use classes::Classes;
pub use dataset::{Dataset, Labelled};
pub use decode::{decode_bytes, is_decoding};
pub use epochs::Epochs;
pub use error::DataError;
pub use fetch::{Cached, FetchProgress, NAMES, cached, fetch};
pub use fill::{fill, fill_views};
pub use folder::{ClassFolder, ImageFolder, Unreadable};
pub use loader::{Batch, Loader, LoaderSpec};
pub use memory::InMemory;
pub use open::{Source, Spec, open};
pub use own::save_picture;
pub use pack::{PackSummary, PackedImages, Packing, is_pack, pack, remove_unfinished};
pub use shapes::Shapes;
pub use split::{Split, Splits};
pub use subset::{Subset, balanced};
pub use transparency::WHITE;
