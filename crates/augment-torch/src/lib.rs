//! From rendered bytes to normalised tensors: the feed that training and evaluation share.

mod feed;
mod views;

pub use feed::Feed;
pub use views::Views;

// torch-ext makes libtorch findable at run time for whoever depends on this crate.
use kontrast_torch_ext as _;
