//! The program from outside: what it prints, what it leaves, how it exits.

mod bad_input;
mod channels;
mod checkpoints;
mod compare;
mod ends;
mod evaluate;
mod export;
mod feed;
mod inspect;
mod layers;
mod packs;
mod permutations;
mod pretext;
mod preview;
mod program;
mod resume;
mod runs;
mod sources;
mod start;
mod texts;
mod transfer;
mod vectors;
mod worker;
