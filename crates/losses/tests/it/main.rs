//! Losses against fp64 references and their own invariants.

mod foreign;
mod nt_xent;
