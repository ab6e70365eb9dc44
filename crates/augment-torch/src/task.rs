//! One operation for a group of views: its kind, and what it does to them with one row of numbers a view.

use crate::numbers::Numbers;
use crate::{affine, color, equalize, moves, neighbourhood, noise, pointwise};
use kontrast_augment::{Fill, Op, Sampling, colours};
use tch::Tensor;

/// The kind of an operation, with what must be equal for a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Task {
    Brightness,
    Contrast,
    Saturation,
    Hue,
    Grayscale,
    /// That reaches this far.
    Blur(usize),
    Solarize,
    Posterize,
    Equalize,
    Invert,
    Autocontrast,
    Sharpness,
    /// Reads every pixel anew through an affine map.
    Affine {
        bilinear: bool,
    },
    /// Of this width and height.
    Cut(usize, usize),
    Flip,
    FlipVertical,
    /// Counter-clockwise, 0 to 3.
    QuarterTurns(u8),
    EraseValue,
    EraseNoise,
    Noise,
    Sobel,
    ShiftChannels,
    ReflectTranslate,
    /// All but this one.
    DropChannels(u8),
}

impl Task {
    /// The task of an operation on a picture of this width and height.
    ///
    /// # Panics
    /// For a crop or a resize, which can only be the first operation.
    pub(crate) fn of(op: &Op, size: (usize, usize)) -> Self {
        match *op {
            Op::Brightness(_) => Self::Brightness,
            Op::Contrast(_) => Self::Contrast,
            Op::Saturation(_) => Self::Saturation,
            Op::Hue(_) => Self::Hue,
            Op::Grayscale => Self::Grayscale,
            Op::Blur { sigma, kernel } => Self::Blur(neighbourhood::radius(sigma, kernel)),
            Op::Solarize { .. } => Self::Solarize,
            Op::Posterize { .. } => Self::Posterize,
            Op::Equalize => Self::Equalize,
            Op::Invert => Self::Invert,
            Op::Autocontrast => Self::Autocontrast,
            Op::Sharpness(_) => Self::Sharpness,
            Op::Rotate { sampling, .. } | Op::Translate { sampling, .. } | Op::Shear { sampling, .. } => op
                .quarters(size)
                .map_or(Self::Affine { bilinear: sampling == Sampling::Bilinear }, Self::QuarterTurns),
            Op::Cut { width, height, .. } => Self::Cut(width, height),
            Op::Flip => Self::Flip,
            Op::FlipVertical => Self::FlipVertical,
            Op::QuarterTurns(quarters) => Self::QuarterTurns(quarters % 4),
            Op::Erase { fill: Fill::Value(_), .. } => Self::EraseValue,
            Op::Erase { fill: Fill::Noise(_), .. } => Self::EraseNoise,
            Op::Noise { .. } => Self::Noise,
            Op::Sobel => Self::Sobel,
            Op::ShiftChannels(_) => Self::ShiftChannels,
            Op::DropChannels { kept, .. } => Self::DropChannels(kept),
            Op::ReflectTranslate { .. } => Self::ReflectTranslate,
            Op::Crop { .. } | Op::Resize { .. } => {
                panic!("{op} can only be the first operation of a recipe")
            }
        }
    }

    /// Width and height of a picture of `size` after this task.
    pub(crate) fn size_after(self, size: (usize, usize)) -> (usize, usize) {
        match self {
            Self::Cut(width, height) => (width, height),
            Self::QuarterTurns(1 | 3) => (size.1, size.0),
            _ => size,
        }
    }

    /// How many numbers a view has.
    pub(crate) fn numbers(self) -> usize {
        match self {
            Self::Brightness
            | Self::Solarize
            | Self::Posterize
            | Self::Sharpness
            | Self::Blur(_)
            | Self::Noise
            | Self::DropChannels(_) => 1,
            Self::Contrast | Self::Saturation | Self::Cut(..) | Self::ReflectTranslate => 2,
            Self::Hue => 3,
            Self::EraseValue | Self::EraseNoise => 5,
            Self::Affine { .. } | Self::ShiftChannels => 6,
            _ => 0,
        }
    }

    /// Whether a view has a key.
    pub(crate) fn keyed(self) -> bool {
        matches!(self, Self::EraseNoise | Self::Noise | Self::DropChannels(_))
    }

    /// Appends one view's numbers, and its key if it has one.
    pub(crate) fn write(self, op: &Op, size: (usize, usize), floats: &mut Vec<f32>, integers: &mut Vec<i64>) {
        let mut key =
            |key: u64| integers.extend([(key & 0xffff_ffff).cast_signed(), (key >> 32).cast_signed()]);
        match *op {
            _ if matches!(self, Self::Affine { .. }) => {
                let map = op.inverse_map(size).expect("a rotation, translation or shear");
                floats.extend(map.as_flattened());
            }
            Op::Brightness(value) | Op::Sharpness(value) | Op::Solarize { threshold: value } => {
                floats.push(value);
            }
            Op::Contrast(factor) | Op::Saturation(factor) => floats.extend([factor, 1.0 - factor]),
            Op::Hue(turn) => floats.extend(color::offsets(turn)),
            Op::Blur { sigma, .. } => floats.push(sigma),
            Op::Posterize { bits } => floats.push(f32::from(1_u16 << bits)),
            Op::ReflectTranslate { x, y } => floats.extend([x as f32, y as f32]),
            Op::Cut { x, y, .. } => floats.extend([x as f32, y as f32]),
            Op::Erase { x, y, width, height, fill } => {
                assert!(
                    x + width <= size.0 && y + height <= size.1,
                    "an erased box of {width}x{height} at {x}, {y} is no part of {}x{}",
                    size.0,
                    size.1
                );
                floats.extend([x, y, width, height].map(|number| number as f32));
                floats.push(if let Fill::Value(value) = fill { value } else { 0.0 });
                if let Fill::Noise(of) = fill {
                    key(of);
                }
            }
            Op::Noise { std: value, key: of } | Op::DropChannels { fraction: value, key: of, .. } => {
                floats.push(value);
                key(of);
            }
            Op::ShiftChannels(offsets) => floats.extend(offsets.as_flattened().iter().map(|&by| by as f32)),
            _ => {}
        }
    }

    /// Carries the task out in place; it must keep the picture's size. Alpha is a channel like the others to what moves,
    /// blurs or fills pixels or adds noise; colours and levels are changed without it.
    ///
    /// # Shapes
    /// - `x`: `[n, c, h, w]`, contiguous
    pub(crate) fn apply(self, x: &mut Tensor, numbers: &Numbers) {
        match self {
            Self::Blur(radius) => neighbourhood::blur(x, radius, numbers),
            Self::Affine { bilinear } => affine::apply(x, bilinear, numbers),
            Self::EraseValue => noise::erase(x, false, numbers),
            Self::EraseNoise => noise::erase(x, true, numbers),
            Self::Noise => noise::add(x, numbers),
            Self::Sobel => neighbourhood::sobel(x),
            Self::ReflectTranslate => moves::reflect_translate(x, numbers),
            Self::Cut(..) | Self::Flip | Self::FlipVertical | Self::QuarterTurns(_) => {
                x.copy_(&self.moved(x, numbers));
            }
            _ => self.change_colours(&mut x.narrow(1, 0, colours(x.size()[1] as usize) as i64), numbers),
        }
    }

    /// Changes colours or levels in place.
    ///
    /// # Shapes
    /// - `x`: `[n, 3 or 1, h, w]`
    fn change_colours(self, x: &mut Tensor, numbers: &Numbers) {
        match self {
            Self::Brightness => pointwise::brightness(x, numbers),
            Self::Contrast => color::contrast(x, numbers),
            Self::Saturation => color::saturation(x, numbers),
            Self::Hue => color::hue(x, numbers),
            Self::Grayscale => color::grayscale(x),
            Self::Solarize => pointwise::solarize(x, numbers),
            Self::Posterize => pointwise::posterize(x, numbers),
            Self::Equalize => equalize::equalize(x),
            Self::Invert => pointwise::invert(x),
            Self::Autocontrast => pointwise::autocontrast(x),
            Self::Sharpness => neighbourhood::sharpness(x, numbers),
            Self::ShiftChannels => moves::shift_channels(x, numbers),
            Self::DropChannels(kept) => noise::drop_channels(x, kept.into(), numbers),
            _ => unreachable!("{self:?} treats all channels alike"),
        }
    }

    /// The picture after a task that moves whole pixels.
    ///
    /// # Shapes
    /// - `x`: `[n, c, h, w]`
    /// - returns `[n, c, height, width]` of the size afterwards
    pub(crate) fn moved(self, x: &Tensor, numbers: &Numbers) -> Tensor {
        match self {
            Self::Cut(width, height) => moves::cut(x, (width as i64, height as i64), numbers),
            Self::Flip => x.flip([3]),
            Self::FlipVertical => x.flip([2]),
            Self::QuarterTurns(quarters) => x.rot90(quarters.into(), [2, 3]),
            _ => unreachable!("{self:?} keeps the size of a picture"),
        }
    }
}
