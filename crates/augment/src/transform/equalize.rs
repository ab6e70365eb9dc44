//! Histogram equalization of each channel, in 256 levels (PIL's, as torchvision's).

/// The largest level of a byte.
const TOP: usize = 255;

/// Floats become levels as torchvision converts them: 255.999 times the value, cut off.
pub(crate) fn equalize(plane: &mut [f32]) {
    let level = |value: f32| ((value * 255.999) as usize).min(TOP);
    let mut counts = [0_usize; TOP + 1];
    for &value in plane.iter() {
        counts[level(value)] += 1;
    }
    let brightest = counts.iter().rposition(|&count| count > 0).map_or(0, |last| counts[last]);
    let step = (plane.len() - brightest) / TOP;
    if step == 0 {
        // Too few pixels below the brightest level to spread: they keep their levels.
        for value in plane {
            *value = level(*value) as f32 / TOP as f32;
        }
        return;
    }
    let mut table = [0.0; TOP + 1];
    let mut below = step / 2;
    for (entry, count) in table.iter_mut().zip(counts) {
        *entry = (below / step).min(TOP) as f32 / TOP as f32;
        below += count;
    }
    // torchvision's table starts at 0 whatever half a step says.
    table[0] = 0.0;
    for value in plane {
        *value = table[level(*value)];
    }
}

#[cfg(test)]
mod tests {
    use super::equalize;

    #[test]
    fn a_ramp_over_half_the_range_spreads_over_all_of_it() {
        let mut plane: Vec<f32> = (0..2560).map(|index| (64 + index / 20) as f32 / 255.0).collect();
        equalize(&mut plane);
        assert_eq!((plane[0], plane[2559]), (0.0, 1.0));
        assert!(plane.is_sorted());
    }

    #[test]
    fn one_value_stays() {
        let mut plane = vec![0.4; 300];
        equalize(&mut plane);
        assert!(plane.iter().all(|value| (value - 0.4).abs() < 1e-6));
    }
}
