//! Labels beside each other that would overlap where they belong: moved apart, and as little as can be.

/// Moves values apart until neighbours are `gap` or more from each other, within `least` and `most`. Their order stays,
/// and labels that crowd move both ways from the middle of their crowd: the sum of the squared moves is the least there
/// is, but for what the bounds ask. Where they do not fit they stand closer, evenly.
pub(crate) fn apart(wanted: &[f64], gap: f64, (least, most): (f64, f64)) -> Vec<f64> {
    let between = wanted.len().saturating_sub(1).max(1) as f64;
    let gap = gap.min((most - least) / between);
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    // Less the room of all labels before it, a label may lie anywhere from the one before it on. What would lie before it
    // is pooled with it (isotonic regression), as sums and counts.
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (place, &label) in order.iter().enumerate() {
        pools.push((wanted[label] - gap * place as f64, 1));
        while let [.., (before, many), (sum, count)] = pools[..]
            && before / many as f64 > sum / count as f64
        {
            pools.truncate(pools.len() - 2);
            pools.push((before + sum, many + count));
        }
    }
    let starts = pools.iter().flat_map(|&(sum, count)| std::iter::repeat_n(sum / count as f64, count));
    // The last of all labels has the room of all before it.
    let last = most - gap * wanted.len().saturating_sub(1) as f64;
    let mut placed = vec![0.0; wanted.len()];
    for (place, (label, start)) in order.into_iter().zip(starts).enumerate() {
        placed[label] = start.min(last).max(least) + gap * place as f64;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: (f64, f64) = (0.0, 100.0);

    fn assert_near(found: &[f64], expected: &[f64]) {
        let near = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(near && found.len() == expected.len(), "{found:?}, not {expected:?}");
    }

    #[test]
    fn labels_with_room_stay() {
        assert_near(&apart(&[80.0, 10.0, 30.0], 14.0, BOUNDS), &[80.0, 10.0, 30.0]);
        assert_near(&apart(&[], 14.0, BOUNDS), &[]);
    }

    #[test]
    fn labels_that_crowd_move_both_ways_and_keep_their_order() {
        assert_near(&apart(&[50.0, 50.0], 14.0, BOUNDS), &[43.0, 57.0]);
        assert_near(&apart(&[52.0, 48.0, 50.0], 10.0, BOUNDS), &[60.0, 40.0, 50.0]);
        // A crowd that moves meets another.
        assert_near(
            &apart(&[50.0, 51.0, 63.0], 10.0, BOUNDS),
            &[44.666_666_666_666_664, 54.666_666_666_666_664, 64.666_666_666_666_67],
        );
    }

    #[test]
    fn the_bounds_hold_and_what_lies_at_one_pushes_the_others() {
        assert_near(&apart(&[99.0, 98.0], 14.0, BOUNDS), &[100.0, 86.0]);
        assert_near(&apart(&[-5.0, 3.0, 4.0], 14.0, BOUNDS), &[0.0, 14.0, 28.0]);
    }

    #[test]
    fn too_many_labels_stand_closer() {
        assert_near(&apart(&[9.0; 6], 14.0, (0.0, 50.0)), &[0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
    }
}
