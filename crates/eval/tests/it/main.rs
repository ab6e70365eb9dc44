//! Protocols against lightly, against data whose answer is known, and against encoders that move.

mod benchmark;
mod layers;
mod own_features;
mod protocols;
