//! What an exported file says of itself, as JSON: where it comes from, how images are prepared, and a sample image with its
//! representation, by which a reader finds out whether it does so.

use super::library::Network;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kontrast_models::Preprocessing;
use serde::Serialize;

/// Under which name it stands among a file's metadata, whatever the format.
pub(crate) const KEY: &str = "kontrast.export";
/// The version of what is written here.
const VERSION: u32 = 1;
/// What evaluation does to an image that does not have the size of a view.
const RESIZE: Resize =
    Resize { crop: "largest centred box", interpolation: "bilinear", antialias: true, rounding: "to bytes" };

/// All that a file says.
#[derive(Debug, Serialize)]
pub(crate) struct Card<'a> {
    version: u32,
    format: &'a str,
    precision: &'a str,
    source: Source<'a>,
    /// The library's network, where the file has weights alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<&'a Network>,
    preprocessing: Steps<'a>,
    sample: Sample<'a>,
}

/// The training behind the encoder.
#[derive(Debug, Serialize)]
pub(crate) struct Source<'a> {
    /// What trained it.
    pub(crate) method: &'a str,
    /// Digest of the configuration of the run; empty where it is no run of ours.
    pub(crate) digest: &'a str,
    /// The encoder's name there.
    pub(crate) tower: &'a str,
}

/// What is done to an image, in this order.
#[derive(Debug, Serialize)]
struct Steps<'a> {
    width: usize,
    height: usize,
    channels: usize,
    resize: Resize,
    color_space: &'a str,
    mean: &'a [f64],
    std: &'a [f64],
}

#[derive(Debug, Serialize)]
struct Resize {
    crop: &'static str,
    interpolation: &'static str,
    antialias: bool,
    rounding: &'static str,
}

/// An image and what the encoder made of it before it was exported.
#[derive(Debug, Serialize)]
struct Sample<'a> {
    /// Height, width and channels.
    shape: [usize; 3],
    /// Bytes of that shape, base64.
    image: String,
    /// The representation.
    h: &'a [f32],
}

impl<'a> Card<'a> {
    /// Of an encoder; `image` has the size and channels of `preprocessing`.
    pub(crate) fn new(
        (format, half): (&'a str, bool),
        source: Source<'a>,
        network: Option<&'a Network>,
        preprocessing: &'a Preprocessing,
        (image, h): (&[u8], &'a [f32]),
    ) -> Self {
        let Preprocessing { size: (width, height), mean, std, color_space } = preprocessing;
        let (width, height, channels) = (*width, *height, mean.len());
        Self {
            version: VERSION,
            format,
            precision: if half { "fp16" } else { "fp32" },
            source,
            network,
            preprocessing: Steps { width, height, channels, resize: RESIZE, color_space, mean, std },
            sample: Sample { shape: [height, width, channels], image: STANDARD.encode(image), h },
        }
    }

    /// As the text of the metadata.
    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("plain numbers and text")
    }
}

/// The sample image: colours that change over it, with a pattern of squares, so that every part of a network has something
/// to see.
pub(crate) fn sample_image((width, height): (usize, usize), channels: usize) -> Vec<u8> {
    let pixel = |y: usize, x: usize, channel: usize| {
        let slope = [x * 255 / width, y * 255 / height, (x + y) * 255 / (width + height), 255][channel % 4];
        let square = ((x / 4) ^ (y / 4)) & 1;
        (slope / 2 + 100 * square) as u8
    };
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
    pixels.flat_map(|(y, x)| (0..channels).map(move |channel| pixel(y, x, channel))).collect()
}

#[cfg(test)]
mod tests {
    use super::sample_image;

    #[test]
    fn the_sample_is_the_same_everywhere() {
        let image = sample_image((8, 4), 3);
        assert_eq!(image.len(), 8 * 4 * 3);
        assert_eq!(image[..6], [0, 0, 0, 15, 0, 10]);
        assert_eq!(image[4 * 3..5 * 3], [163, 100, 142]);
    }
}
