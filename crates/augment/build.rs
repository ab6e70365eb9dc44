//! Warns whoever compiles the renderer without optimisation: it is then many times as slow, and nothing looks wrong.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("OPT_LEVEL").is_ok_and(|level| level == "0") {
        println!(
            "cargo::warning=kontrast-augment is compiled without optimisation, and renders many times more slowly; have \
             dependencies optimised in your Cargo.toml: [profile.dev.package.\"*\"] opt-level = 3"
        );
    }
}
