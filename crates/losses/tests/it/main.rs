//! Losses against fp64 references and their own invariants.

mod nt_xent;
