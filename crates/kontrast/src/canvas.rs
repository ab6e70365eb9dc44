//! Pictures: letters on them, the colours of right and wrong, and their files.

use anyhow::Context;
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::iso_8859_1::FONT_6X10;
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::prelude::{DrawTarget, Drawable, OriginDimensions, Pixel, Point, Size};
use embedded_graphics::text::{Baseline, Text};
use image::{Rgb, RgbImage, imageops};
use kontrast_augment::ImageRef;
use kontrast_augment_torch::ToTensor;
use kontrast_data::save_picture;
use std::convert::Infallible;
use std::path::Path;
use tch::Tensor;

/// Width of a letter of small words, and height of a line of them.
pub(crate) const LETTER: u32 = 6;
pub(crate) const LINE: u32 = 11;

/// Around what is right, and around what is not.
pub(crate) const RIGHT: Rgb<u8> = Rgb([46, 139, 87]);
pub(crate) const WRONG: Rgb<u8> = Rgb([200, 70, 60]);
pub(crate) const PAPER: Rgb<u8> = Rgb([255, 255, 255]);

/// Writes a picture, in a folder that is made where it is not there.
pub(crate) fn save(picture: &RgbImage, file: &Path) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        make(folder)?;
    }
    Ok(save_picture(picture, file)?)
}

/// Makes a folder, but not those around it: where these are gone, a run was moved or deleted.
fn make(folder: &Path) -> anyhow::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    std::fs::create_dir(folder).with_context(|| format!("{}: the folder cannot be made", folder.display()))
}

/// A picture that letters can be drawn on.
pub(crate) struct Canvas<'p>(pub(crate) &'p mut RgbImage);

impl Canvas<'_> {
    /// Writes one line whose upper left corner lies there; what is outside is cut off.
    pub(crate) fn write(&mut self, text: &str, left: u32, top: u32, style: MonoTextStyle<'_, Rgb888>) {
        let place = Point::new(left.cast_signed(), top.cast_signed());
        let Ok(_) = Text::with_baseline(text, place, style, Baseline::Top).draw(self);
    }

    /// Writes one line upwards, its beginning at the bottom left.
    pub(crate) fn write_upwards(
        &mut self,
        text: &str,
        left: u32,
        bottom: u32,
        style: MonoTextStyle<'_, Rgb888>,
    ) {
        let width = width(text).max(1);
        let mut line = RgbImage::from_pixel(width, LINE, PAPER);
        Canvas(&mut line).write(text, 0, 0, style);
        imageops::replace(
            self.0,
            &imageops::rotate270(&line),
            left.into(),
            i64::from(bottom) - i64::from(width),
        );
    }

    /// Paints a rectangle of this width and height; what is outside is cut off.
    pub(crate) fn fill(&mut self, (left, top): (u32, u32), (width, height): (u32, u32), colour: Rgb<u8>) {
        for y in top..(top + height).min(self.0.height()) {
            for x in left..(left + width).min(self.0.width()) {
                self.0.put_pixel(x, y, colour);
            }
        }
    }
}

/// How wide a line of small words is.
pub(crate) fn width(text: &str) -> u32 {
    text.chars().count() as u32 * LETTER
}

/// Small grey words.
pub(crate) fn words() -> MonoTextStyle<'static, Rgb888> {
    MonoTextStyle::new(&FONT_6X10, Rgb888::new(60, 60, 60))
}

/// Small words on something dark.
pub(crate) fn pale_words() -> MonoTextStyle<'static, Rgb888> {
    MonoTextStyle::new(&FONT_6X10, Rgb888::WHITE)
}

/// A normalised picture, `[c, h, w]`, as it was before it was normalised.
pub(crate) fn pixels(picture: &Tensor, to_tensor: &ToTensor) -> RgbImage {
    let bytes = to_tensor.bytes(&picture.unsqueeze(0));
    let (_, h, w, _) = bytes.size4().expect("a picture of four dimensions");
    let bytes: Vec<u8> = Vec::try_from(bytes.view(-1)).expect("bytes");
    shown(ImageRef::new(w as usize, h as usize, &bytes))
}

/// An image as a picture: gray in all colours, what is transparent over the paper, of bands the first three as colours.
pub(crate) fn shown(image: ImageRef<'_>) -> RgbImage {
    let pixel = |pixel: &[u8]| match *pixel {
        [gray] => Rgb([gray; 3]),
        [gray, alpha] => over_paper([gray; 3], alpha),
        [red, green, blue] => Rgb([red, green, blue]),
        [red, green, blue, alpha] => over_paper([red, green, blue], alpha),
        _ => Rgb([pixel[0], pixel[1], pixel[2]]),
    };
    let channels = image.channels();
    RgbImage::from_fn(image.width as u32, image.height as u32, |x, y| {
        let place = (y as usize * image.width + x as usize) * channels;
        pixel(&image.pixels[place..place + channels])
    })
}

fn over_paper(colour: [u8; 3], alpha: u8) -> Rgb<u8> {
    let alpha = u32::from(alpha);
    let blend = |value: u8, paper: u8| {
        ((u32::from(value) * alpha + u32::from(paper) * (255 - alpha) + 127) / 255) as u8
    };
    let [red, green, blue] = colour;
    Rgb([blend(red, PAPER[0]), blend(green, PAPER[1]), blend(blue, PAPER[2])])
}

impl OriginDimensions for Canvas<'_> {
    fn size(&self) -> Size {
        Size::new(self.0.width(), self.0.height())
    }
}

impl DrawTarget for Canvas<'_> {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(Point { x, y }, color) in pixels {
            if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
                && let Some(pixel) = self.0.get_pixel_mut_checked(x, y)
            {
                *pixel = Rgb([color.r(), color.g(), color.b()]);
            }
        }
        Ok(())
    }
}
