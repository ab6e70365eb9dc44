//! The crate from outside: against scikit-learn, and by properties.

mod files;
mod golden;
mod properties;
