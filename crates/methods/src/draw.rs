//! What a method draws: streams keyed by seed and step, so that a resumed run draws the same.

use kontrast_rng::KeyedRng;
use rand::RngExt;
use rand::seq::SliceRandom;
use tch::Tensor;

/// What a stream is for: two uses in one step do not draw the same numbers.
#[derive(Clone, Copy)]
enum Use {
    Permutation = 1,
    Noise = 2,
    Answer = 3,
    Offset = 4,
    Colour = 5,
    Cell = 6,
    Patch = 7,
    Mask = 8,
}

fn stream(seed: u64, step: u64, purpose: Use) -> KeyedRng {
    KeyedRng::of_words([seed, step, purpose as u64, 0])
}

/// A stream for an image in an epoch.
fn of_image(seed: u64, epoch: u32, image: u32, purpose: Use) -> KeyedRng {
    stream(seed, u64::from(epoch) << 32 | u64::from(image), purpose)
}

/// The answer for each image, as its own stream has it, `[n]`: whatever else is in the batch.
pub(crate) fn answers(
    indices: &[u32],
    seed: u64,
    epoch: u32,
    mut draw: impl FnMut(&mut KeyedRng) -> i64,
) -> Tensor {
    let drawn: Vec<i64> =
        indices.iter().map(|&image| draw(&mut of_image(seed, epoch, image, Use::Answer))).collect();
    Tensor::from_slice(&drawn)
}

/// A number below `below`, each as likely as the others.
pub(crate) fn below(below: i64, stream: &mut KeyedRng) -> i64 {
    stream.random_range(0..below)
}

/// A cell of so many for each view of each image, `[views, n]`.
pub(crate) fn cells(indices: &[u32], seed: u64, epoch: u32, (views, cells): (i64, i64)) -> Tensor {
    let drawn = indices.iter().flat_map(|&image| {
        let mut stream = of_image(seed, epoch, image, Use::Cell);
        (0..views).map(|_| below(cells, &mut stream)).collect::<Vec<_>>()
    });
    Tensor::from_slice(&drawn.collect::<Vec<i64>>()).view([-1, views]).tr().contiguous()
}

/// The places of the patches of each image that are kept, so many of all, in their order, `[n, kept]`.
pub(crate) fn kept_patches(indices: &[u32], seed: u64, epoch: u32, (kept, patches): (i64, i64)) -> Tensor {
    let drawn = indices.iter().flat_map(|&image| {
        let mut stream = of_image(seed, epoch, image, Use::Mask);
        let mut places: Vec<i64> = (0..patches).collect();
        let mut own = places.partial_shuffle(&mut stream, kept as usize).0.to_vec();
        own.sort_unstable();
        own
    });
    Tensor::from_slice(&drawn.collect::<Vec<_>>()).view([-1, kept])
}

/// Where tiles lie in their cells, down and right, each 0 to `slack`: `[n, tiles, 2]`.
pub(crate) fn offsets(indices: &[u32], seed: u64, epoch: u32, (tiles, slack): (usize, i64)) -> Tensor {
    let drawn = indices.iter().flat_map(|&image| {
        let mut stream = of_image(seed, epoch, image, Use::Offset);
        (0..2 * tiles).map(|_| stream.random_range(0..=slack)).collect::<Vec<_>>()
    });
    Tensor::from_slice(&drawn.collect::<Vec<i64>>()).view([-1, tiles as i64, 2])
}

/// Which channel of each tile stays, `[n, tiles]`, and the key of the noise that replaces the others, `[n * tiles, 2]`.
pub(crate) fn colours(indices: &[u32], seed: u64, epoch: u32, tiles: usize) -> (Tensor, Tensor) {
    let (mut kept, mut keys) = (Vec::new(), Vec::new());
    for &image in indices {
        let mut stream = of_image(seed, epoch, image, Use::Colour);
        for _ in 0..tiles {
            kept.push(stream.random_range(0..3i64));
            keys.extend([(); 2].map(|()| i64::from(stream.random::<u32>())));
        }
    }
    (Tensor::from_slice(&kept).view([-1, tiles as i64]), Tensor::from_slice(&keys).view([-1, 2]))
}

/// How the colours of a patch are changed.
pub(crate) struct Jitter {
    /// Of each channel, `[n, patches, channels]`, fp32.
    pub(crate) factors: Tensor,
    /// The same shape.
    pub(crate) shifts: Tensor,
    /// The channel that takes the place of all, `[n, patches]`, i64; -1 where none does.
    pub(crate) kept: Tensor,
}

/// Factors within `strength` of 1, shifts within it of 0, and with probability `one_channel` a channel, for each patch.
pub(crate) fn jitter(
    indices: &[u32],
    seed: u64,
    epoch: u32,
    (patches, channels): (i64, i64),
    (strength, one_channel): (f64, f64),
) -> Jitter {
    let (mut factors, mut shifts, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for &image in indices {
        let mut stream = of_image(seed, epoch, image, Use::Patch);
        for _ in 0..patches {
            for _ in 0..channels {
                factors.push((1.0 + strength * stream.random_range(-1.0..=1.0)) as f32);
                shifts.push((strength * stream.random_range(-1.0..=1.0)) as f32);
            }
            let (drawn, channel) = (stream.random::<f64>(), below(channels, &mut stream));
            kept.push(if drawn < one_channel { channel } else { -1 });
        }
    }
    let by_channel = |values: &[f32]| Tensor::from_slice(values).view([-1, patches, channels]);
    let kept = Tensor::from_slice(&kept).view([-1, patches]);
    Jitter { factors: by_channel(&factors), shifts: by_channel(&shifts), kept }
}

/// Numbers of the rows of a pass of so many copies of each image (turns of it), copy after copy.
///
/// # Shapes
/// - `rows`: `[n]`, as `Views::rows` has them
/// - returns `[copies * n]`
pub(crate) fn copies(rows: &[i64], copies: i64) -> Vec<i64> {
    (0..copies).flat_map(|copy| rows.iter().map(move |row| row + copy)).collect()
}

/// The same of so many parts of each image (tiles), image after image: `[n * parts]`.
pub(crate) fn parts(rows: &[i64], parts: i64) -> Vec<i64> {
    rows.iter().flat_map(|row| (0..parts).map(move |part| row + part)).collect()
}

/// The numbers below `n` in random order, `[n]`.
pub(crate) fn permutation(n: i64, seed: u64, step: u64) -> Tensor {
    let mut order: Vec<i64> = (0..n).collect();
    order.shuffle(&mut stream(seed, step, Use::Permutation));
    Tensor::from_slice(&order)
}

/// Numbers below `below`, each as likely as the others, `[n, m]`.
pub(crate) fn noise([n, m]: [i64; 2], below: i64, seed: u64, step: u64) -> Tensor {
    let mut stream = stream(seed, step, Use::Noise);
    let drawn: Vec<i64> = (0..n * m).map(|_| stream.random_range(0..below)).collect();
    Tensor::from_slice(&drawn).view([n, m])
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Kind;

    #[test]
    fn copies_stand_one_after_the_other_and_parts_beside_their_image() {
        assert_eq!(copies(&[0, 65_536], 3), [0, 65_536, 1, 65_537, 2, 65_538]);
        assert_eq!(parts(&[0, 65_536], 3), [0, 1, 2, 65_536, 65_537, 65_538]);
    }

    #[test]
    fn a_permutation_has_every_number_once_and_depends_on_the_step() {
        let a = permutation(100, 3, 7);
        let (sorted, _) = a.sort(0, false);
        assert_eq!(sorted, Tensor::arange(100, (Kind::Int64, tch::Device::Cpu)));
        assert_eq!(a, permutation(100, 3, 7));
        assert_ne!(a, permutation(100, 3, 8));
        assert_ne!(a, permutation(100, 4, 7));
    }

    #[test]
    fn answers_are_even_and_follow_from_seed_epoch_and_image_alone() {
        let images: Vec<u32> = (0..100_000).collect();
        let drawn = answers(&images, 3, 5, |stream| below(24, stream));
        let counts = drawn.bincount::<Tensor>(None, 24).to_kind(Kind::Double);
        // 4,167 expected in each; five standard deviations are 316.
        assert!((counts - 100_000.0 / 24.0).abs().max().double_value(&[]) < 316.0);
        // Whatever else is in the batch.
        let some = answers(&[7, 99_999, 12], 3, 5, |stream| below(24, stream));
        assert_eq!(some, drawn.index_select(0, &Tensor::from_slice(&[7i64, 99_999, 12])));
        assert_ne!(answers(&images, 3, 6, |stream| below(24, stream)), drawn);
        assert_ne!(answers(&images, 4, 5, |stream| below(24, stream)), drawn);
    }

    #[test]
    fn offsets_are_even() {
        let images: Vec<u32> = (0..20_000).collect();
        let drawn = offsets(&images, 1, 0, (9, 4));
        assert_eq!(drawn.size(), [20_000, 9, 2]);
        let counts = drawn.view(-1).bincount::<Tensor>(None, 5).to_kind(Kind::Double);
        // 72,000 expected in each; five standard deviations are 1,200.
        assert!((counts - 72_000.0).abs().max().double_value(&[]) < 1200.0);
    }

    #[test]
    fn cells_are_even_and_drawn_for_each_view_of_an_image_alone() {
        let images: Vec<u32> = (0..50_000).collect();
        let drawn = cells(&images, 1, 0, (2, 25));
        assert_eq!(drawn.size(), [2, 50_000]);
        let counts = drawn.view(-1).bincount::<Tensor>(None, 25).to_kind(Kind::Double);
        // 4,000 expected in each; five standard deviations are 310.
        assert!((counts - 4000.0).abs().max().double_value(&[]) < 310.0);
        let some = cells(&[7, 41_000], 1, 0, (2, 25));
        assert_eq!(some, drawn.index_select(1, &Tensor::from_slice(&[7i64, 41_000])));
        assert_ne!(drawn.get(0), drawn.get(1));
        assert_ne!(cells(&images, 1, 1, (2, 25)), drawn);
    }

    #[test]
    fn kept_patches_are_even_ordered_and_drawn_for_each_image_alone() {
        let images: Vec<u32> = (0..20_000).collect();
        let drawn = kept_patches(&images, 1, 0, (4, 16));
        assert_eq!(drawn.size(), [20_000, 4]);
        let counts = drawn.view(-1).bincount::<Tensor>(None, 16).to_kind(Kind::Double);
        // 5,000 expected in each; five standard deviations are 306.
        assert!((counts - 5000.0).abs().max().double_value(&[]) < 306.0);
        let steps = drawn.narrow(1, 1, 3) - drawn.narrow(1, 0, 3);
        assert!(steps.min().int64_value(&[]) >= 1, "no patch stands twice");
        let some = kept_patches(&[7, 11_000], 1, 0, (4, 16));
        assert_eq!(some, drawn.index_select(0, &Tensor::from_slice(&[7i64, 11_000])));
        assert_ne!(kept_patches(&images, 1, 1, (4, 16)), drawn);
        assert_ne!(kept_patches(&images, 2, 0, (4, 16)), drawn);
    }

    #[test]
    fn channels_are_even_and_keys_differ() {
        let images: Vec<u32> = (0..10_000).collect();
        let (kept, keys) = colours(&images, 1, 0, 9);
        let counts = kept.view(-1).bincount::<Tensor>(None, 3).to_kind(Kind::Double);
        // 30,000 expected in each; five standard deviations are 707.
        assert!((counts - 30_000.0).abs().max().double_value(&[]) < 707.0);
        let mut pairs: Vec<(i64, i64)> =
            Vec::<Vec<i64>>::try_from(keys).unwrap().into_iter().map(|key| (key[0], key[1])).collect();
        pairs.sort_unstable();
        pairs.dedup();
        assert_eq!(pairs.len(), 90_000);
    }

    #[test]
    fn noise_is_even() {
        let counts = noise([1000, 100], 10, 0, 0).view(-1).bincount::<Tensor>(None, 10).to_kind(Kind::Double);
        // 10,000 expected in each; five standard deviations are 474.
        assert!((counts - 10_000.0).abs().max().double_value(&[]) < 474.0);
    }
}
