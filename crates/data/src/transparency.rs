//! Transparent pixels, which are laid over a background: the colours that they hide are not part of the picture.

use crate::channels::convert;
use crate::levels::Levels;
use image::{DynamicImage, LumaA, Rgb, RgbImage, Rgba};
use kontrast_augment::has_alpha;

/// The usual background, as bytes of red, green and blue.
pub const WHITE: [u8; 3] = [255; 3];

/// The pixels that are wanted of an image file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Form {
    /// 1 to 4, or more of bands.
    pub(crate) channels: usize,
    /// What is behind transparent pixels where alpha is no channel, as bytes of red, green and blue.
    pub(crate) background: [u8; 3],
    /// How the values of gray images become bytes, where they are not simply scaled to them.
    pub(crate) levels: Option<Levels>,
}

/// The pixels of an image file.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) size: (usize, usize),
    /// `[height, width, channels]`
    pub(crate) pixels: Vec<u8>,
    /// Whether any of it was transparent and was laid over the background.
    pub(crate) flattened: bool,
}

impl Decoded {
    /// The picture in the channels that are wanted.
    pub(crate) fn of(image: DynamicImage, form: Form) -> Self {
        if has_alpha(form.channels) {
            let image = image.into_rgba8();
            return Self::converted(image.dimensions(), image.into_raw(), 4, form.channels);
        }
        let (image, flattened) = flattened(image, form.background);
        Self { flattened, ..Self::converted(image.dimensions(), image.into_raw(), 3, form.channels) }
    }

    /// An opaque picture in the channels that are wanted.
    #[cfg(feature = "turbojpeg")]
    pub(crate) fn of_rgb(image: RgbImage, form: Form) -> Self {
        Self::converted(image.dimensions(), image.into_raw(), 3, form.channels)
    }

    /// The values of a gray picture through windows, in the channels that are wanted.
    ///
    /// # Errors
    /// In words, where it has colours.
    pub(crate) fn levelled(image: &DynamicImage, levels: &Levels, form: Form) -> Result<Self, String> {
        if image.color().has_color() {
            return Err("it has colours; data.windows and data.percentiles are of gray images".to_owned());
        }
        let size = (image.width(), image.height());
        let values: Vec<f32> = match image.color().bytes_per_pixel() / image.color().channel_count() {
            1 => image.to_luma8().into_raw().into_iter().map(f32::from).collect(),
            2 => image.to_luma16().into_raw().into_iter().map(f32::from).collect(),
            _ => image.to_luma32f().into_raw(),
        };
        let mut bytes = Vec::new();
        levels.bounds(&values).append(&values, &mut bytes);
        Ok(Self::converted(size, bytes, levels.channels(), form.channels))
    }

    fn converted((width, height): (u32, u32), stored: Vec<u8>, from: usize, to: usize) -> Self {
        let pixels = if from == to {
            stored
        } else {
            let mut pixels = Vec::new();
            convert(&stored, from, to, &mut pixels);
            pixels
        };
        Self { size: (width as usize, height as usize), pixels, flattened: false }
    }
}

/// The picture in bytes of red, green and blue, over the background, and whether any of it was transparent.
///
/// Values of 16 bits and of floats are blended as they are and rounded once.
fn flattened(image: DynamicImage, background: [u8; 3]) -> (RgbImage, bool) {
    match image {
        DynamicImage::ImageLumaA8(image) if image.pixels().any(|pixel| pixel[1] < u8::MAX) => {
            let pixels = image.pixels().map(|&LumaA([gray, alpha])| over_8([gray; 3], alpha, background));
            (collected(image.dimensions(), pixels), true)
        }
        DynamicImage::ImageRgba8(image) if image.pixels().any(|pixel| pixel[3] < u8::MAX) => {
            let pixels = image.pixels().map(|&Rgba([r, g, b, alpha])| over_8([r, g, b], alpha, background));
            (collected(image.dimensions(), pixels), true)
        }
        DynamicImage::ImageLumaA16(image) if image.pixels().any(|pixel| pixel[1] < u16::MAX) => {
            let pixels = image.pixels().map(|&LumaA([gray, alpha])| over_16([gray; 3], alpha, background));
            (collected(image.dimensions(), pixels), true)
        }
        DynamicImage::ImageRgba16(image) if image.pixels().any(|pixel| pixel[3] < u16::MAX) => {
            let pixels = image.pixels().map(|&Rgba([r, g, b, alpha])| over_16([r, g, b], alpha, background));
            (collected(image.dimensions(), pixels), true)
        }
        DynamicImage::ImageRgba32F(image) if image.pixels().any(|pixel| pixel[3] < 1.0) => {
            let pixels =
                image.pixels().map(|&Rgba([r, g, b, alpha])| over_floats([r, g, b], alpha, background));
            (collected(image.dimensions(), pixels), true)
        }
        opaque => (opaque.into_rgb8(), false),
    }
}

fn collected((width, height): (u32, u32), pixels: impl Iterator<Item = [u8; 3]>) -> RgbImage {
    let mut image = RgbImage::new(width, height);
    for (place, pixel) in image.pixels_mut().zip(pixels) {
        *place = Rgb(pixel);
    }
    image
}

fn over_8(colour: [u8; 3], alpha: u8, background: [u8; 3]) -> [u8; 3] {
    let alpha = u32::from(alpha);
    let blend = |channel: usize| {
        let sum = u32::from(colour[channel]) * alpha + u32::from(background[channel]) * (255 - alpha);
        ((sum + 127) / 255) as u8
    };
    [blend(0), blend(1), blend(2)]
}

fn over_16(colour: [u16; 3], alpha: u16, background: [u8; 3]) -> [u8; 3] {
    // A byte v is 257 v in 16 bits.
    const WHOLE: u64 = 65_535 * 257;
    let alpha = u64::from(alpha);
    let blend = |channel: usize| {
        let sum =
            u64::from(colour[channel]) * alpha + 257 * u64::from(background[channel]) * (65_535 - alpha);
        ((sum + WHOLE / 2) / WHOLE) as u8
    };
    [blend(0), blend(1), blend(2)]
}

fn over_floats(colour: [f32; 3], alpha: f32, background: [u8; 3]) -> [u8; 3] {
    let alpha = alpha.clamp(0.0, 1.0);
    let blend = |channel: usize| {
        let front = colour[channel].clamp(0.0, 1.0) * 255.0;
        (front * alpha + f32::from(background[channel]) * (1.0 - alpha)).round() as u8
    };
    [blend(0), blend(1), blend(2)]
}

#[cfg(test)]
mod tests {
    use super::{Decoded, Form, WHITE, flattened};
    use crate::decode::decode_as;
    use image::{DynamicImage, ExtendedColorType, ImageBuffer, ImageEncoder, ImageFormat, LumaA, Rgba};
    use std::io::Cursor;

    const GREEN: [u8; 3] = [10, 200, 30];

    fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// The first two pixels of an image file over a background.
    fn pixels(bytes: &[u8], background: [u8; 3]) -> ([u8; 3], [u8; 3]) {
        let Decoded { pixels, flattened, .. } =
            decode_as(bytes, Form { channels: 3, background, levels: None }).unwrap();
        assert!(flattened);
        let pixel = |place: usize| pixels.as_chunks().0[place];
        (pixel(0), pixel(1))
    }

    /// Left a pixel that is erased, with a colour that nobody sees; right one that is there.
    fn half_erased() -> DynamicImage {
        let pixel = |x, _| if x == 0 { Rgba([1_u8, 2, 3, 0]) } else { Rgba([90, 80, 70, 255]) };
        ImageBuffer::from_fn(2, 1, pixel).into()
    }

    #[test]
    fn field_erased_pixels_show_the_background_in_every_format_that_has_them() {
        for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Tiff, ImageFormat::Gif] {
            let bytes = encoded(&half_erased(), format);
            for background in [WHITE, [0; 3], GREEN] {
                let (erased, there) = pixels(&bytes, background);
                assert_eq!(erased, background, "{format:?}");
                assert!(
                    there.iter().zip([90, 80, 70]).all(|(a, b)| a.abs_diff(b) < 4),
                    "{format:?}: {there:?}"
                );
            }
        }
    }

    #[test]
    fn with_a_channel_for_it_alpha_stays_and_nothing_is_laid_over() {
        let of = |channels, background| {
            let form = Form { channels, background, levels: None };
            decode_as(&encoded(&half_erased(), ImageFormat::Png), form).unwrap()
        };
        assert_eq!(of(4, GREEN).pixels, [1, 2, 3, 0, 90, 80, 70, 255]);
        let gray = of(2, GREEN);
        assert_eq!((gray.pixels, gray.flattened, gray.size), (vec![2, 0, 82, 255], false, (2, 1)));
        let over = of(1, WHITE);
        assert_eq!((over.pixels, over.flattened), (vec![255, 82], true));
    }

    #[test]
    fn field_gray_16_bit_and_float_alpha_are_laid_over_the_background_too() {
        let gray: DynamicImage = ImageBuffer::from_fn(2, 1, |x, _| LumaA([40_u8, 255 * x as u8])).into();
        let gray_16: DynamicImage =
            ImageBuffer::from_fn(2, 1, |x, _| LumaA([40 * 257_u16, 65_535 * x as u16])).into();
        let deep: DynamicImage =
            ImageBuffer::from_fn(2, 1, |x, _| Rgba([40 * 257_u16, 10_280, 10_280, 65_535 * x as u16])).into();
        for image in [gray, gray_16, deep] {
            assert_eq!(pixels(&encoded(&image, ImageFormat::Png), GREEN), (GREEN, [40; 3]));
        }
        let float: DynamicImage =
            ImageBuffer::from_fn(2, 1, |x, _| Rgba([40.0 / 255.0, 40.0 / 255.0, 40.0 / 255.0, x as f32]))
                .into();
        assert_eq!(flattened(float, GREEN).0.into_raw(), [&GREEN[..], &[40; 3]].concat());
    }

    #[test]
    fn field_the_transparency_of_a_palette_is_laid_over_the_background() {
        let mut bytes = Vec::new();
        let palette = png_with_palette(&[[9, 9, 9], [50, 60, 70]], &[0, 255], &[0, 1], &mut bytes);
        assert_eq!(pixels(palette, WHITE), (WHITE, [50, 60, 70]));
        assert_eq!(pixels(palette, GREEN), (GREEN, [50, 60, 70]));
        let mut half = Vec::new();
        let palette = png_with_palette(&[[0; 3], [200; 3]], &[127, 51], &[0, 1], &mut half);
        assert_eq!(pixels(palette, WHITE), ([128; 3], [244; 3]));
    }

    /// A PNG of one row with a palette, the opacity of its entries, and an entry for each pixel.
    fn png_with_palette<'b>(
        palette: &[[u8; 3]],
        opacity: &[u8],
        row: &[u8],
        bytes: &'b mut Vec<u8>,
    ) -> &'b [u8] {
        let encoder = image::codecs::png::PngEncoder::new(&mut *bytes);
        encoder.write_image(row, row.len() as u32, 1, ExtendedColorType::L8).unwrap();
        let chunk = |kind: &[u8], content: &[u8]| {
            let body = [kind, content].concat();
            let sum = crc32fast::hash(&body).to_be_bytes();
            [&(content.len() as u32).to_be_bytes()[..], &body, &sum].concat()
        };
        let mut header = bytes[16..29].to_vec();
        // Bytes that are entries of a palette.
        header[9] = 3;
        let rest = bytes.split_off(33);
        bytes.truncate(8);
        bytes.extend(chunk(b"IHDR", &header));
        bytes.extend(chunk(b"PLTE", &palette.concat()));
        bytes.extend(chunk(b"tRNS", opacity));
        bytes.extend(rest);
        bytes
    }

    #[test]
    fn field_blends_are_rounded_to_the_nearest_byte() {
        for alpha in [0_u16, 1, 127, 128, 200, 254, 255] {
            for (value, behind) in [(0_u16, 255_u8), (255, 0), (13, 200), (77, 78)] {
                let fraction = f64::from(alpha) / 255.0;
                let exact = f64::from(value) * fraction + f64::from(behind) * (1.0 - fraction);
                let eight: DynamicImage =
                    ImageBuffer::from_pixel(1, 1, Rgba([value as u8, 0, 0, alpha as u8])).into();
                let sixteen: DynamicImage =
                    ImageBuffer::from_pixel(1, 1, Rgba([value * 257, 0, 0, alpha * 257])).into();
                for image in [eight, sixteen] {
                    let found = flattened(image, [behind; 3]).0.get_pixel(0, 0)[0];
                    assert!(
                        (f64::from(found) - exact).abs() <= 0.5 + 1e-9,
                        "{value}, {alpha}: {found} {exact}"
                    );
                }
            }
        }
    }

    #[test]
    fn field_16_bits_without_transparency_are_rounded_as_well() {
        for value in [0_u16, 128, 129, 257, 385, 386, 32_767, 65_406, 65_407, 65_535] {
            let nearest = (f64::from(value) / 257.0).round() as u8;
            let opaque: DynamicImage =
                ImageBuffer::from_pixel(1, 1, Rgba([value, value, value, 65_535])).into();
            let plain: DynamicImage = ImageBuffer::from_pixel(1, 1, image::Rgb([value; 3])).into();
            for image in [opaque, plain] {
                let (image, transparent) = flattened(image, WHITE);
                assert_eq!((image.into_raw(), transparent), (vec![nearest; 3], false), "{value}");
            }
        }
    }
}
