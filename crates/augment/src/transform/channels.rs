//! Channels moved against each other, and channels dropped: both take away what colour fringes betray.

use crate::canvas::Canvas;
use crate::clamp::unit;
use crate::image::colours;
use crate::recipe::Op;
use kontrast_rng::Counter;
use kontrast_rng::KeyedRng;

/// Each channel moved by up to `most` pixels in both directions (Noroozi and Favaro 2016, arXiv 1603.09246, section 4.3).
pub(crate) fn draw_shift(most: usize, stream: &mut KeyedRng) -> Op {
    let mut offset = || stream.below(2 * most + 1) as i32 - most as i32;
    Op::ShiftChannels([(); 3].map(|()| [offset(), offset()]))
}

/// One channel kept, drawn uniformly (Doersch et al. 2015, arXiv 1505.05192, section 3.1).
pub(crate) fn draw_drop(fraction: f64, stream: &mut KeyedRng) -> Op {
    let kept = stream.below(3) as u8;
    Op::DropChannels { kept, fraction: fraction as f32, key: stream.key() }
}

/// Moves the picture of each channel to the right and downwards; border pixels are repeated.
pub(crate) fn shift(canvas: &mut Canvas, offsets: [[i32; 2]; 3]) {
    let (width, height) = canvas.size();
    require_colours(canvas);
    let inside = |position: usize, offset: i32, limit: usize| {
        (position as isize - offset as isize).clamp(0, limit as isize - 1) as usize
    };
    let mut offsets = offsets.into_iter();
    canvas.redraw_colours(|source, target| {
        let [right, down] = offsets.next().expect("one offset a plane");
        for (y, row) in target.chunks_exact_mut(width).enumerate() {
            let source = &source[inside(y, down, height) * width..][..width];
            for (x, value) in row.iter_mut().enumerate() {
                *value = source[inside(x, right, width)];
            }
        }
    });
}

/// Replaces two channels by noise about the middle gray, its std this fraction of the kept channel's.
pub(crate) fn drop(canvas: &mut Canvas, kept: u8, fraction: f32, key: u64) {
    require_colours(canvas);
    let std = fraction * canvas.each_colour().nth(kept.into()).map_or(0.0, |plane| std(plane));
    let counter = Counter::new(key);
    let mut index = 0;
    for (channel, plane) in canvas.each_colour().enumerate() {
        if channel == usize::from(kept) {
            continue;
        }
        for value in plane {
            *value = unit(0.5 + std * counter.normal(index));
            index += 1;
        }
    }
}

fn require_colours(canvas: &Canvas) {
    assert_eq!(colours(canvas.channels()), 3, "channels of colour to move or to drop");
}

fn std(plane: &[f32]) -> f32 {
    let mean_of = |f: &dyn Fn(f64) -> f64| {
        plane.iter().map(|&value| f(f64::from(value))).sum::<f64>() / plane.len() as f64
    };
    let mean = mean_of(&|value| value);
    mean_of(&|value| (value - mean).powi(2)).sqrt() as f32
}
