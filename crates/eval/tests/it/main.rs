//! Protocols against lightly, against data whose answer is known, and against encoders that move.

mod layers;
mod protocols;
