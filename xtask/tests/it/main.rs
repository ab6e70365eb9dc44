//! The program `xtask` from outside: exit codes, messages, and set-up against stand-ins for Python and the compiler.

mod cargo;
mod doctor;
mod files;
mod machine;
mod refusals;
mod set_up;
