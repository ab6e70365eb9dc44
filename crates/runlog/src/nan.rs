//! Numbers that are none, as JSON has them.

use serde::{Deserialize, Deserializer};

/// JSON has no NaN; a diverged loss is written as null.
pub(crate) fn null_is_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}
