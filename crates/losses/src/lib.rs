//! Losses of self-supervised learning as pure functions: tensors in, a scalar tensor out.
//!
//! ```
//! use kontrast_losses::nt_xent;
//! use tch::{Device, Kind, Tensor};
//!
//! let z1 = Tensor::from_slice2(&[[1f32, 0.0], [0.0, 1.0]]).set_requires_grad(true);
//! let z2 = Tensor::from_slice2(&[[1f32, 0.1], [0.1, 1.0]]);
//! let loss = nt_xent(&z1, &z2, 0.5);
//! loss.backward();
//! assert!(loss.double_value(&[]) < (3f64).ln(), "below chance: the pairs agree");
//! assert_eq!(z1.grad().size(), [2, 2]);
//! ```

pub mod geometry;
mod nt_xent;
mod surrogate;
mod unit;

pub use nt_xent::{nt_xent, nt_xent_chance, nt_xent_rows};
pub use unit::unit;

// torch-ext makes libtorch findable at run time for whoever depends on this crate.
use kontrast_torch_ext as _;
