//! Protocols against lightly, against data whose answer is known, and against encoders that move.

mod benchmark;
mod fine_tuning;
mod groups;
mod head;
mod layers;
mod linear_views;
mod own_features;
mod protocols;
