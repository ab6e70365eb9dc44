//! Hue, turned in HSV and back in one go.

use crate::clamp::{larger, smaller, unit};

/// Every channel lies between the smallest one and `range` above it, at a height that only the hue says. `turn` is in
/// sixths of the circle, from -3 to 3.
#[inline(always)]
pub(crate) fn turned([r, g, b]: [f32; 3], turn: f32) -> [f32; 3] {
    let most = larger(larger(r, g), b);
    let least = smaller(smaller(r, g), b);
    let range = most - least;
    let scale = 1.0 / if range > 0.0 { range } else { 1.0 };
    let from_red = (g - b) * scale;
    let from_green = (b - r) * scale + 2.0;
    let from_blue = (r - g) * scale + 4.0;
    let not_red = if g == most { from_green } else { from_blue };
    let hue = wrapped(if r == most { from_red } else { not_red } + turn);
    // Green is full from 1 to 3 sixths, blue from 3 to 5, red from 5 to 1; each falls off over one sixth.
    let height = [(hue - 3.0).abs() - 1.0, 2.0 - (hue - 2.0).abs(), 2.0 - (hue - 4.0).abs()];
    height.map(|height| least + range * unit(height))
}

/// A hue from -6 to 12 sixths, brought back to the circle.
#[inline(always)]
fn wrapped(hue: f32) -> f32 {
    let hue = if hue < 0.0 { hue + 6.0 } else { hue };
    if hue >= 6.0 { hue - 6.0 } else { hue }
}

#[cfg(test)]
mod tests {
    use super::turned;

    #[test]
    fn a_third_of_a_turn_moves_each_channel_on() {
        for (turn, expected) in [(2.0, [0.5, 1.0, 0.0]), (-2.0, [0.0, 0.5, 1.0]), (0.0, [1.0, 0.0, 0.5])] {
            let found = turned([1.0, 0.0, 0.5], turn);
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{turn}: {found:?}");
        }
    }

    #[test]
    fn gray_has_no_hue() {
        assert_eq!(turned([0.25; 3], 1.3), [0.25; 3]);
    }
}
