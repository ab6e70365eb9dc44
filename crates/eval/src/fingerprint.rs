//! A hash of an encoder: evaluation that moves a weight or a statistic is caught, and its score void.

use kontrast_models::Encoder;
use sha2::{Digest, Sha256};

/// SHA-256 over names, shapes and bytes of all variables and running statistics.
pub fn fingerprint(encoder: &dyn Encoder) -> String {
    let bytes = encoder.variables().to_bytes(None).expect("an encoder has plain tensors");
    hex::encode(Sha256::digest(bytes))
}
