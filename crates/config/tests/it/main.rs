//! The experiment file as its users meet it: what loads, what is refused, and in which words.

mod ablations;
mod committed;
mod cpc;
mod digests;
mod eval_ranges;
mod files;
mod folder;
mod free_lists;
mod images;
mod many;
mod merging;
mod methods;
mod mistakes;
mod pairs;
mod ranges;
mod renamed;
mod scans;
mod texts;
mod tuning;
mod weights;
mod words;
