//! Gives the program an rpath to the libtorch it was built against, so that it also runs outside cargo.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // torch-ext hands its folder on; without libtorch, as in the lint step, there is none.
    if let Some(lib) = env::var_os("DEP_KONTRAST_TORCH_EXT_LIB") {
        println!("cargo::rustc-link-arg-bins=-Wl,-rpath,{}", lib.to_string_lossy());
    }
}
