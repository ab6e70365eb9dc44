//! The run directory as its readers and its killers meet it.

mod events;
mod ownership;
mod replacing;
mod scalars;
mod summaries;
mod temporary;
