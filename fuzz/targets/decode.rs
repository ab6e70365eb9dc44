//! Bytes that claim to be an image.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(image) = kontrast_data::decode_bytes(bytes) {
        assert!(image.width() > 0 && image.height() > 0);
    }
});
