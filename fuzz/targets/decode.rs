//! Bytes that claim to be an image.
#![no_main]

use std::sync::Once;

/// libFuzzer's own hook would stop at panics that are caught, too.
static HOOK: Once = Once::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            if !kontrast_data::is_decoding() {
                eprintln!("{panic}");
                std::process::abort();
            }
        }));
    });
    if let Ok(image) = kontrast_data::decode_bytes(bytes) {
        assert!(image.width() > 0 && image.height() > 0);
    }
});
