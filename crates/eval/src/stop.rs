//! The request to stop: set by whoever waits, looked at by whatever takes long.

use crate::EvalError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that its clones share. Nothing clears it.
///
/// ```
/// let stop = kontrast_eval::Stop::default();
/// let elsewhere = stop.clone();
/// assert!(!stop.is_requested());
/// elsewhere.request();
/// assert!(stop.is_requested());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks to stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// For a protocol to ask between two pieces of work.
    ///
    /// # Errors
    /// [`EvalError::Stopped`] once somebody asked to stop.
    pub fn check(&self) -> Result<(), EvalError> {
        if self.is_requested() { Err(EvalError::Stopped) } else { Ok(()) }
    }
}

/// The flag that signals set, for one.
impl From<Arc<AtomicBool>> for Stop {
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}
