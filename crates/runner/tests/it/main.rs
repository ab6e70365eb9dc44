//! The program from outside: what it prints, what it leaves, how it exits.

mod bad_input;
mod checkpoints;
mod depth;
mod ends;
mod packs;
mod permutations;
mod preview;
mod program;
mod puzzles;
mod resume;
mod runs;
