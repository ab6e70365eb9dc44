//! RandAugment (Cubuk et al. 2019, arXiv 1909.13719), with torchvision's list of operations and strengths.

use crate::recipe::{Op, Sampling};
use kontrast_rng::KeyedRng;

/// The greatest magnitude; torchvision has 31 of them.
pub(crate) const TOP: usize = 30;

/// What a policy may do; each has a strength, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Identity,
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Rotate,
    Brightness,
    Color,
    Contrast,
    Sharpness,
    Posterize,
    Solarize,
    AutoContrast,
    Equalize,
    Invert,
}

/// RandAugment's list: everything but the negative.
const KINDS: [Kind; 14] = [
    Kind::Identity,
    Kind::ShearX,
    Kind::ShearY,
    Kind::TranslateX,
    Kind::TranslateY,
    Kind::Rotate,
    Kind::Brightness,
    Kind::Color,
    Kind::Contrast,
    Kind::Sharpness,
    Kind::Posterize,
    Kind::Solarize,
    Kind::AutoContrast,
    Kind::Equalize,
];

/// Draws `count` operations of this magnitude, each from the whole list.
pub(crate) fn draw(
    picture: (usize, usize),
    count: usize,
    magnitude: usize,
    sampling: Sampling,
    stream: &mut KeyedRng,
    ops: &mut Vec<Op>,
) {
    for _ in 0..count {
        let kind = KINDS[stream.below(KINDS.len())];
        let level = Level { step: magnitude, top: TOP };
        ops.extend(kind.op(picture, level, sampling, stream));
    }
}

/// A strength: `step` of the way to `top`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    pub(crate) step: usize,
    pub(crate) top: usize,
}

impl Level {
    /// This part of the greatest value.
    fn of(self, greatest: f64) -> f64 {
        greatest * self.step as f64 / self.top as f64
    }
}

impl Kind {
    /// The operation, with a sign drawn where it has one; none for the identity.
    pub(crate) fn op(
        self,
        (width, height): (usize, usize),
        level: Level,
        sampling: Sampling,
        stream: &mut KeyedRng,
    ) -> Option<Op> {
        // Greatest strengths as torchvision has them: a slope of .3, 150 of 331 pixels, 30 degrees, a factor of 1.9.
        let mut signed = |greatest: f64| {
            let value = level.of(greatest);
            if stream.chance(0.5) { -value } else { value }
        };
        let pixels = |distance: f64| distance.trunc() as f32;
        Some(match self {
            Self::Identity => return None,
            Self::ShearX => Op::Shear { x: signed(0.3) as f32, y: 0.0, sampling },
            Self::ShearY => Op::Shear { x: 0.0, y: signed(0.3) as f32, sampling },
            Self::TranslateX => {
                Op::Translate { x: pixels(signed(150.0 / 331.0 * width as f64)), y: 0.0, sampling }
            }
            Self::TranslateY => {
                Op::Translate { x: 0.0, y: pixels(signed(150.0 / 331.0 * height as f64)), sampling }
            }
            Self::Rotate => Op::Rotate { degrees: signed(30.0) as f32, sampling },
            Self::Brightness => Op::Brightness(1.0 + signed(0.9) as f32),
            Self::Color => Op::Saturation(1.0 + signed(0.9) as f32),
            Self::Contrast => Op::Contrast(1.0 + signed(0.9) as f32),
            Self::Sharpness => Op::Sharpness(1.0 + signed(0.9) as f32),
            Self::Posterize => Op::Posterize { bits: 8 - level.of(4.0).round_ties_even() as u8 },
            Self::Solarize => Op::Solarize { threshold: 1.0 - level.of(1.0) as f32 },
            Self::AutoContrast => Op::Autocontrast,
            Self::Equalize => Op::Equalize,
            Self::Invert => Op::Invert,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{KINDS, Kind, Level};
    use crate::recipe::{Op, Sampling};
    use kontrast_rng::KeyedRng;

    fn op(kind: Kind, step: usize) -> Option<Op> {
        let mut stream = KeyedRng::new(0, 0, 0, 0);
        kind.op((331, 662), Level { step, top: 30 }, Sampling::Nearest, &mut stream)
    }

    #[test]
    fn no_strength_is_no_change_and_full_strength_the_papers() {
        assert_eq!(op(Kind::Posterize, 0), Some(Op::Posterize { bits: 8 }));
        assert_eq!(op(Kind::Posterize, 30), Some(Op::Posterize { bits: 4 }));
        assert_eq!(op(Kind::Solarize, 0), Some(Op::Solarize { threshold: 1.0 }));
        assert_eq!(op(Kind::Solarize, 30), Some(Op::Solarize { threshold: 0.0 }));
        let Some(Op::Translate { x, y, .. }) = op(Kind::TranslateY, 30) else { panic!("a translation") };
        assert_eq!((x, y.abs()), (0.0, 300.0));
        let Some(Op::Rotate { degrees, .. }) = op(Kind::Rotate, 15) else { panic!("a rotation") };
        assert_eq!(degrees.abs(), 15.0);
        assert_eq!(op(Kind::Identity, 9), None);
    }

    #[test]
    fn the_negative_is_autoaugments_only() {
        assert!(!KINDS.contains(&Kind::Invert));
    }
}
