//! Integration tests of kontrast-training: exact resume, damaged checkpoints, bad ends, and what an observer hears.

mod checkpoints;
mod collapse;
mod ends;
mod feed;
mod fixture;
mod full_disk;
mod killed;
mod listener;
mod other_images;
mod records;
mod resume;
