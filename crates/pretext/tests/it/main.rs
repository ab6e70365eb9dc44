//! Permutation sets against brute force, and the tasks made with them.

mod groups;
mod patches;
mod permutations;
mod rotation;
mod tiles;
