//! Compiles the shim against the libtorch that torch-sys uses, and makes that libtorch findable at run time.
//!
//! Cargo puts link-search folders inside the target folder on the library path of everything it runs, so a link
//! in `OUT_DIR` lets unit, integration and doc tests start, in this workspace and in crates that depend on it.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=shim");
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_DOC_ONLY").is_some() {
        return;
    }
    // torch-sys hands its folder on to its direct dependents; without it there is nothing to compile against.
    let Some(lib) = env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from) else {
        println!("cargo::warning=torch-sys named no libtorch: the shim is not built");
        return;
    };
    let root = lib.parent().map(Path::to_path_buf).unwrap_or_default();
    cc::Build::new()
        .cpp(true)
        .pic(true)
        .std("c++17")
        .warnings(false)
        .include(root.join("include"))
        .include(root.join("include/torch/csrc/api/include"))
        .files(["shim/shim.cpp", "shim/script.cpp"])
        .compile("kontrast_shim");
    let link = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("libtorch");
    let _ = fs::remove_file(&link);
    if let Err(error) = std::os::unix::fs::symlink(&lib, &link) {
        println!("cargo::error=cannot link {} to {}: {error}", link.display(), lib.display());
    }
    println!("cargo::rustc-link-search=native={}", link.display());
    println!("cargo::rustc-link-lib=stdc++");
    println!("cargo::metadata=lib={}", lib.display());
}
