//! Both renderers on the same recipes.

use kontrast_augment::{ImageRef, KeyedRng, Recipe, Scratch, render_into};
use kontrast_augment_torch::{DeviceRenderer, Grouping};
use tch::{Device, Kind, Tensor};

/// Images of one size, as bytes one after the other.
#[derive(Clone)]
pub(crate) struct Images {
    pub(crate) size: (usize, usize),
    pub(crate) channels: usize,
    pub(crate) pixels: Vec<u8>,
}

impl Images {
    /// One of each sort: smooth, noise, saturated colours, black, white, and two levels of dark.
    pub(crate) fn of_all_sorts(size: (usize, usize), seed: u64) -> Self {
        Self::of_channels(3, size, seed)
    }

    /// The same with so many channels.
    pub(crate) fn of_channels(channels: usize, size: (usize, usize), seed: u64) -> Self {
        let mut stream = KeyedRng::named(*b"testing ", seed, 0, 0);
        let (width, len) = (size.0, size.0 * size.1 * channels);
        let mut pixels = Vec::with_capacity(6 * len);
        let phase = stream.uniform(0.0, 6.0);
        pixels.extend((0..len).map(|index| {
            let (x, y) = (index / channels % width, index / channels / width);
            let slant = (index % channels) as f64 + 1.0;
            let wave = (x as f64 / 5.0 * slant + phase).sin() * (y as f64 / 7.0 - phase).cos();
            (127.5 + 127.5 * wave) as u8
        }));
        pixels.extend((0..len).map(|_| stream.below(256) as u8));
        pixels.extend((0..len).map(|_| if stream.chance(0.5) { 255 } else { 0 }));
        pixels.extend(std::iter::repeat_n(0, len).chain(std::iter::repeat_n(255, len)));
        pixels.extend((0..len).map(|_| 3 + stream.below(2) as u8));
        Self { size, channels, pixels }
    }

    pub(crate) fn len(&self) -> usize {
        self.pixels.len() / (self.size.0 * self.size.1 * self.channels)
    }

    pub(crate) fn tensor(&self) -> Tensor {
        let shape = [self.len() as i64, self.size.1 as i64, self.size.0 as i64, self.channels as i64];
        Tensor::from_slice(&self.pixels).view(shape)
    }

    fn rendered(&self, recipe: &Recipe, source: i64) -> Vec<u8> {
        let bytes = self.size.0 * self.size.1 * self.channels;
        let pixels = &self.pixels[source as usize * bytes..][..bytes];
        let mut view = vec![0; recipe.size.0 * recipe.size.1 * self.channels];
        let image = ImageRef::new(self.size.0, self.size.1, pixels);
        render_into(recipe, image, &mut view, &mut Scratch::default());
        view
    }
}

pub(crate) fn renderer(grouping: Grouping) -> DeviceRenderer {
    DeviceRenderer::new(Device::Cpu, [0.4, 0.5, 0.6], [0.2, 0.25, 0.3], Kind::Float).with_grouping(grouping)
}

/// The largest difference of any byte, for each recipe on each image; and the two groupings against each other.
pub(crate) fn largest_difference(images: &Images, recipes: &[Recipe]) -> (u8, String) {
    let (mut views, mut sources) = (Vec::new(), Vec::new());
    for recipe in recipes {
        for source in 0..images.len() as i64 {
            views.push(recipe.clone());
            sources.push(source);
        }
    }
    let tensor = images.tensor();
    let rendered = renderer(Grouping::Runs).render_unnormalised(&tensor, &views, &sources);
    let picked = renderer(Grouping::Kinds).render_unnormalised(&tensor, &views, &sources);
    let apart = (&rendered - picked).abs().max().double_value(&[]);
    assert!(apart <= 1e-6, "the groupings differ by {apart}");
    let bytes = (rendered * 255.0).round().clamp(0.0, 255.0).to_kind(Kind::Uint8).permute([0, 2, 3, 1]);
    let bytes = Vec::<u8>::try_from(bytes.contiguous().view([-1])).unwrap();
    let mut worst = (0, String::new());
    let each = recipes[0].size.0 * recipes[0].size.1 * images.channels;
    for ((recipe, &source), found) in views.iter().zip(&sources).zip(bytes.chunks_exact(each)) {
        let expected = images.rendered(recipe, source);
        for (place, (&a, &b)) in found.iter().zip(&expected).enumerate() {
            if a.abs_diff(b) > worst.0 {
                let said = format!("image {source}, {recipe}: {a} beside {b} at {place}");
                worst = (a.abs_diff(b), said);
            }
        }
    }
    worst
}
