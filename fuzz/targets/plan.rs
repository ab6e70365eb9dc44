//! Text that claims to change a plan of views.
#![no_main]

use kontrast_config::Views;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let lists = format!("views.custom.view={text}");
    if let Some(Ok(views)) = Views::of_paper("identity", &[lists]) {
        assert!(!views.sizes().is_empty());
    }
    for name in ["simclr", "dino", "identity"] {
        if let Some(Err(error)) = Views::of_paper(name, &[text.to_owned()]) {
            assert!(!error.to_string().is_empty());
        }
    }
});
