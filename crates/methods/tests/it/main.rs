//! Every method, by one shared body of tests.

mod simclr;
mod views;
