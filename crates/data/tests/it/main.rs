//! Integration tests of kontrast-data: opening, folders, and the loader with its threads.

mod archives;
mod bands;
mod channels;
mod csv_files;
mod damaged;
mod folders;
mod fractions;
mod frames;
mod layouts;
mod loading;
mod opening;
mod packs;
mod pairs;
mod patients;
mod recipes;
mod scans;
