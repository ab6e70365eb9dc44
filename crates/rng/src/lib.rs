//! Random streams keyed by what is drawn, noise from a counter, and where training stands.
//!
//! Nothing here depends on what was drawn before: a number follows from its key alone. So neither the number of threads
//! nor the order of work changes it, and a run that goes on from a checkpoint draws what it would have drawn.
//!
//! ```
//! use kontrast_rng::KeyedRng;
//!
//! let view = |epoch| KeyedRng::new(1, epoch, 42, 0).uniform(0.0, 1.0);
//! assert_eq!(view(3), view(3));
//! assert_ne!(view(3), view(4));
//! ```

mod counter;
mod keyed;
mod progress;

pub use counter::Counter;
pub use keyed::KeyedRng;
pub use progress::Progress;
