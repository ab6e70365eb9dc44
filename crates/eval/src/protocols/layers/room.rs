//! Whether the maps have room in memory: asked before any are computed, since a system that runs out of it ends the
//! program without a word.

use super::Shared;
use crate::EvalError;

/// The largest maps, which are held alone, against the memory that is available, where that is known. What a probe
/// holds besides is a batch, and small beside them.
pub(crate) fn require(shared: &[Shared], available: Option<u64>) -> Result<(), EvalError> {
    let (Some(largest), Some(available)) = (shared.iter().max_by_key(|maps| maps.bytes), available) else {
        return Ok(());
    };
    if largest.bytes <= available {
        return Ok(());
    }
    let probes: Vec<_> = largest.probes.iter().map(|(probe, _)| probe.as_str()).collect();
    let (stage, needed) = (largest.shape.stage, largest.bytes);
    Err(EvalError::Memory { stage, grid: largest.grid, probes: probes.join(" and "), needed, available })
}

#[cfg(test)]
mod tests {
    use super::super::maps::Shape;
    use super::*;
    use kontrast_config::Probe;

    fn shared(stage: usize, grid: i64, bytes: u64, probes: &[Probe]) -> Shared {
        let shape = Shape { stage, channels: 64, side: 32 };
        Shared { shape, grid, bytes, probes: probes.iter().map(|&probe| (probe, 0.1)).collect() }
    }

    #[test]
    fn maps_without_room_are_refused_with_what_is_there_and_the_keys() {
        let all = [
            shared(1, 11, 900_000_000, &[Probe::Linear, Probe::Mlp]),
            shared(1, 32, 7_900_000_000, &[Probe::Conv]),
        ];
        let error = require(&all, Some(4_000_000_000)).unwrap_err().to_string();
        let parts = ["stage 1", "32x32", "conv", "7.9 GB", "4.0 GB", "stages", "probes", "features"];
        for part in parts {
            assert!(error.contains(part), "{part:?} is not in {error}");
        }
        let error = require(&all[..1], Some(1000)).unwrap_err().to_string();
        assert!(error.contains("for linear and mlp take 900 MB, and 1.0 kB"), "{error}");
    }

    #[test]
    fn maps_with_room_and_memory_nobody_knows_of_are_let_through() {
        let one = [shared(2, 32, 4000, &[Probe::Conv])];
        for available in [None, Some(4000), Some(5000)] {
            require(&one, available).unwrap();
        }
        require(&[], Some(0)).unwrap();
    }
}
