//! The run directory as its readers and its killers meet it.

mod damaged_log;
mod events;
mod gone;
mod once;
mod ownership;
mod replacing;
mod scalars;
mod summaries;
mod temporary;
