//! Every method, by one shared body of tests, and what is exact of each.

mod every_method;
mod example;
mod groups;
mod start;
mod views;
