//! Networks written down an operation at a time, from images to `h`, in whatever language: the one walk that every graph of
//! an export follows.

use super::frozen::Frozen;
use kontrast_models::{
    AmdimSpec, EncoderSpec, NinSpec, Norm, PatchwiseSpec, ResNetSpec, SplitSpec, Stem, VitSpec,
};

/// A language that has the operations of our encoders. A value is named by the text that a method returns, a variable by
/// its name in the state dictionary, such as `layer1.0.conv1` for its weight.
pub(crate) trait Language {
    /// A convolution without bias.
    fn convolution(&mut self, x: &str, name: &str, stride: i64, padding: i64) -> String;
    /// A convolution with bias, without padding.
    fn biased_convolution(&mut self, x: &str, name: &str, stride: i64) -> String;
    /// So many pixels more on each side, of the mirror image.
    fn reflected(&mut self, x: &str, border: i64) -> String;
    /// The mean of each window of such a side, in such steps, without a border.
    fn window_mean(&mut self, x: &str, side: i64, stride: i64) -> String;
    /// So many channels of zeros behind the others.
    fn more_channels(&mut self, x: &str, more: i64) -> String;
    /// Batch norm by the running statistics.
    fn batch_norm(&mut self, x: &str, name: &str) -> String;
    /// Group norm of one group: over all values of an image, then a scale and a shift for each channel.
    fn group_norm(&mut self, x: &str, name: &str) -> String;
    /// Patches of such a side, of all images the first, then of all images the next: `[patches * n, c, side, side]`. Each
    /// begins at its row and column.
    fn patches(&mut self, images: &str, starts: &[(i64, i64)], side: i64) -> String;
    /// The mean over so many patches of each image, of rows in the order of `patches`, `[patches * n, width]`.
    fn mean_of_patches(&mut self, x: &str, patches: i64, width: i64) -> String;
    /// What is below 0 becomes 0.
    fn relu(&mut self, x: &str) -> String;
    /// The largest of each window of 3x3, in steps of 2, with a border of 1.
    fn max_pool(&mut self, x: &str) -> String;
    /// The mean of each such window, in which the border counts as 0.
    fn average_pool(&mut self, x: &str) -> String;
    /// The sum of two values.
    fn add(&mut self, a: &str, b: &str) -> String;
    /// So many channels of images, from this one on.
    fn channels(&mut self, images: &str, from: i64, count: i64) -> String;
    /// Two representations side by side.
    fn beside(&mut self, a: &str, b: &str) -> String;
    /// The mean of each map, `[n, c]`, fp32.
    fn global_mean(&mut self, x: &str) -> String;
    /// The class token and the patches of images with their positions, `[n, 1 + patches, width]`.
    fn tokens(&mut self, images: &str, patch: i64, width: i64) -> String;
    /// Layer norm over the last dimension.
    fn layer_norm(&mut self, x: &str, name: &str) -> String;
    /// A linear layer with bias.
    fn linear(&mut self, x: &str, name: &str) -> String;
    /// Attention of queries, keys and values that stand side by side, `[n, tokens, 3 * width]`, without the projection.
    fn attention(&mut self, x: &str, heads: i64, width: i64) -> String;
    /// GELU, not approximated.
    fn gelu(&mut self, x: &str) -> String;
    /// The class token, `[n, width]`.
    fn class_token(&mut self, x: &str) -> String;
}

/// Writes the encoder down, for images of such a width and height; returns the value of `h`.
pub(crate) fn write(encoder: &Frozen, images: &str, to: &mut dyn Language) -> String {
    match encoder.spec {
        EncoderSpec::Patchwise(spec) => patchwise(spec, encoder, images, to),
        EncoderSpec::ResNet(spec) => resnet(spec, images, "", to),
        EncoderSpec::Split(spec) => split(spec, images, to),
        EncoderSpec::Nin(spec) => nin(spec, images, to),
        EncoderSpec::Vit(spec) => vit(spec, images, to),
        EncoderSpec::Amdim(spec) => amdim(spec, images, to),
    }
}

fn patchwise(spec: PatchwiseSpec, encoder: &Frozen, images: &str, to: &mut dyn Language) -> String {
    let (width, height) = encoder.size;
    let columns: Vec<i64> = spec.starts(width as i64).collect();
    let starts = spec.starts(height as i64).flat_map(|row| columns.iter().map(move |&column| (row, column)));
    let starts: Vec<_> = starts.collect();
    let patches = to.patches(images, &starts, spec.patch);
    let h = resnet(spec.network, &patches, "", to);
    to.mean_of_patches(&h, starts.len() as i64, encoder.width)
}

fn split(spec: SplitSpec, images: &str, to: &mut dyn Language) -> String {
    let [first, rest] = spec.halves();
    let [of_first, of_rest] = [(0, first.channels), (first.channels, rest.channels)]
        .map(|(from, count)| to.channels(images, from, count));
    let (a, b) = (resnet(first, &of_first, "first.", to), resnet(rest, &of_rest, "rest.", to));
    to.beside(&a, &b)
}

/// The norm of a ResNet, where it has one.
fn normed(x: String, name: &str, norm: Norm, to: &mut dyn Language) -> String {
    match norm {
        Norm::Batch => to.batch_norm(&x, name),
        Norm::Group => to.group_norm(&x, name),
        Norm::None => x,
    }
}

/// `under` is what the names of its variables begin with.
fn resnet(spec: ResNetSpec, images: &str, under: &str, to: &mut dyn Language) -> String {
    let (stride, padding) = if spec.stem == Stem::Cifar { (1, 1) } else { (2, 3) };
    let x = to.convolution(images, &format!("{under}conv1"), stride, padding);
    let x = normed(x, &format!("{under}bn1"), spec.norm, to);
    let mut x = to.relu(&x);
    if spec.stem == Stem::Imagenet {
        x = to.max_pool(&x);
    }
    let (counts, bottleneck) = spec.blocks();
    for (stage, count) in counts.into_iter().enumerate() {
        for block in 0..count {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let downsample = block == 0 && (stage > 0 || bottleneck);
            let name = format!("{under}layer{}.{block}", stage + 1);
            x = residual(&x, &name, (stride, bottleneck, downsample, spec.norm), to);
        }
    }
    to.global_mean(&x)
}

fn residual(
    x: &str,
    name: &str,
    (stride, bottleneck, downsample, norm): (i64, bool, bool, Norm),
    to: &mut dyn Language,
) -> String {
    // Stride and padding of each convolution.
    let steps: &[_] = if bottleneck { &[(1, 0), (stride, 1), (1, 0)] } else { &[(stride, 1), (1, 1)] };
    let mut y = x.to_owned();
    for (index, (stride, padding)) in steps.iter().enumerate() {
        let number = index + 1;
        y = to.convolution(&y, &format!("{name}.conv{number}"), *stride, *padding);
        y = normed(y, &format!("{name}.bn{number}"), norm, to);
        if number < steps.len() {
            y = to.relu(&y);
        }
    }
    let mut shortcut = x.to_owned();
    if downsample {
        shortcut = to.convolution(x, &format!("{name}.downsample.0"), stride, 0);
        shortcut = normed(shortcut, &format!("{name}.downsample.1"), norm, to);
    }
    let sum = to.add(&y, &shortcut);
    to.relu(&sum)
}

fn nin(spec: NinSpec, images: &str, to: &mut dyn Language) -> String {
    let mut x = images.to_owned();
    for number in 1..=spec.blocks {
        for step in 1..=3 {
            let padding = match (step, number) {
                (1, 1 | 2) => 2,
                (1, _) => 1,
                _ => 0,
            };
            x = to.convolution(&x, &format!("block{number}.conv{step}"), 1, padding);
            x = to.batch_norm(&x, &format!("block{number}.bn{step}"));
            x = to.relu(&x);
        }
        x = match number {
            1 => to.max_pool(&x),
            2 => to.average_pool(&x),
            _ => x,
        };
    }
    to.global_mean(&x)
}

fn amdim(spec: AmdimSpec, images: &str, to: &mut dyn Language) -> String {
    let mut x = images.to_owned();
    for (index, &(_, stride, border)) in spec.stem().iter().enumerate() {
        if border > 0 {
            x = to.reflected(&x, border);
        }
        x = to.biased_convolution(&x, &format!("conv{}", index + 1), stride);
        x = to.relu(&x);
    }
    let mut channels = spec.width;
    for (index, (outputs, kernel, stride, units)) in spec.blocks().into_iter().enumerate() {
        for unit in 0..units {
            let name = format!("block{}.{unit}", index + 1);
            let (kernel, stride) = if unit == 0 { (kernel, stride) } else { (1, 1) };
            let y = to.convolution(&x, &format!("{name}.conv1"), stride, 0);
            let y = to.relu(&y);
            let y = to.convolution(&y, &format!("{name}.conv2"), 1, 0);
            let mut shortcut = x;
            if kernel > 1 {
                shortcut = to.window_mean(&shortcut, kernel, stride);
            }
            if outputs > channels {
                shortcut = to.more_channels(&shortcut, outputs - channels);
            }
            channels = outputs;
            x = to.add(&y, &shortcut);
        }
    }
    let x = to.batch_norm(&x, "bn");
    to.global_mean(&x)
}

fn vit(spec: VitSpec, images: &str, to: &mut dyn Language) -> String {
    let mut x = to.tokens(images, spec.patch, spec.width);
    for block in 0..spec.depth {
        let name = |part: &str| format!("blocks.{block}.{part}");
        let y = to.layer_norm(&x, &name("norm1"));
        let y = to.linear(&y, &name("attn.qkv"));
        let y = to.attention(&y, spec.heads, spec.width);
        let y = to.linear(&y, &name("attn.proj"));
        x = to.add(&x, &y);
        let y = to.layer_norm(&x, &name("norm2"));
        let y = to.linear(&y, &name("mlp.fc1"));
        let y = to.gelu(&y);
        let y = to.linear(&y, &name("mlp.fc2"));
        x = to.add(&x, &y);
    }
    let class = to.class_token(&x);
    to.layer_norm(&class, "norm")
}
