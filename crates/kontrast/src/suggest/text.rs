//! The experiment file, with a reason as a comment beside each choice.

use super::choose::{Choices, HOLDOUT, Seen};
use crate::Refusal;
use std::fmt::Write;
use std::path::Path;
use toml::Value;

/// The folder as the file names it: whole, so that the file may be used from anywhere.
///
/// # Errors
/// Where its name is no UTF-8, which TOML is written in.
pub(super) fn root(folder: &Path) -> Result<String, Refusal> {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let Some(whole) = whole.to_str() else {
        let text =
            format!("{}: expected a path in UTF-8, as an experiment file is; rename it", folder.display());
        return Err(Refusal(text));
    };
    Ok(Value::from(whole).to_string())
}

/// The whole file.
pub(super) fn text(name: &str, root: &str, seen: &Seen, choices: &Choices) -> String {
    let parts = [
        data(root, seen, choices),
        views(seen, choices),
        network(choices),
        train(seen, choices),
        eval(seen, choices),
    ];
    format!(
        "# Suggested by `kontrast suggest` for {}.\n# Settings of docs/results.md's runs, fitted to these images and to the \
         machine it ran on: a first run, not the best one.\n\nname = \"{name}\"\nseed = 0\n\n{}",
        seen.words(),
        parts.join("\n")
    )
}

fn data(root: &str, seen: &Seen, choices: &Choices) -> String {
    let mut text = format!("[data]\nname = \"folder\"\nroot = {root}\n");
    if seen.unreadable > 0 {
        let _ = write!(
            text,
            "# {} of {} images that were looked at cannot be read: they are left out and listed in summary.json.\n\
             unreadable = \"skip\"\n",
            seen.unreadable, seen.looked_at
        );
    } else {
        text += "# Stop at an image that cannot be read, and name it; \"skip\" leaves it out.\nunreadable = \"refuse\"\n";
    }
    if choices.holdout {
        let _ = write!(
            text,
            "# There are classes and no test images: this fraction of each is set apart to score on.\nholdout = {HOLDOUT:?}\n"
        );
    }
    if let Some(subset) = choices.subset {
        let _ = write!(
            text,
            "# Ten epochs of all {} images would take more than a day here; take the line out where there is time.\n\
             subset = {subset}\n",
            seen.train
        );
    }
    if seen.transparent > 0 {
        text +=
            "# Some images are transparent in places, and laid over white; channels = 4 would keep alpha.\n";
    }
    text += "# Of these images themselves, once at the start: no other data set's numbers have to fit them.\nmean = \"measured\"\n";
    let why = if seen.gray { "All that were looked at are gray." } else { "Red, green and blue." };
    text + &format!("# {why}\nchannels = {}\n", seen.channels())
}

fn views(seen: &Seen, choices: &Choices) -> String {
    let (width, height) = seen.size;
    let why = if choices.stem == "cifar" {
        "as small as the images, and at most 32"
    } else if choices.gpu {
        "as ImageNet's recipes have it, where images are as large"
    } else {
        "for a CPU; 128 or 224 shows more detail, and time grows with the number of pixels"
    };
    let colours = if seen.gray {
        "# Gray images have brightness and contrast, and no colours to change.\n\
         jitter = { probability = 0.8, brightness = 0.8, contrast = 0.8, saturation = 0.0, hue = 0.0 }\ngrayscale = 0.0\n"
    } else {
        "# Lower saturation, hue and grayscale where colour tells your images apart.\n\
         jitter = { probability = 0.8, brightness = 0.8, contrast = 0.8, saturation = 0.8, hue = 0.2 }\ngrayscale = 0.2\n"
    };
    format!(
        "[views.simclr]\n# Images are about {width}x{height}; views of {side} pixels {why}.\nsize = {side}\n\
         # Crops of at least a fifth of the image: smaller ones often miss what it shows.\ncrop_scale = [0.2, 1.0]\n\
         crop_ratio = [0.75, 1.3333333333333333]\n# 0 where left and right differ in meaning, as in text.\nflip = 0.5\n\
         # Half of the paper's, as for small images.\nstrength = 0.5\n{colours}",
        side = choices.side
    )
}

fn network(choices: &Choices) -> String {
    let Choices { encoder, stem, width, batch, .. } = choices;
    let stem_why = if *stem == "cifar" {
        "Views of up to 40 pixels would be too small after a stem that reduces them to a quarter."
    } else {
        "Views of more than 40 pixels: the first layers reduce them to a quarter, which saves most of the time."
    };
    let width_why = if choices.gpu { "The usual width." } else { "A part of the usual 64, for a CPU." };
    let method = choices.method();
    let method_why = if method == "simclr" {
        "The highest k-NN score without labels among methods that saw the same images as often (docs/results.md)."
    } else {
        "SimCLR's loss without its own pair among the candidates: depends least on the batch, and this one is small."
    };
    let features = width * if *encoder == "resnet50" { 32 } else { 8 };
    format!(
        "[encoder.{encoder}]\n# {stem_why}\nstem = \"{stem}\"\n# {width_why}\nwidth = {width}\n\n# {method_why}\n\
         [method.{method}]\ntemperature = 0.2\nprojector = {{ widths = [{features}, 128], batch_norm = {} }}\n\n\
         [optimizer.sgd]\n# Grows with the batch: {:.4} at {batch}.\nlr = {{ base = 0.15, per = 256 }}\nmomentum = 0.9\n\
         weight_decay = 5e-4\n\n[schedule.cosine]\nwarmup_epochs = 1.0\nfinal = 0.0\n",
        *batch >= 16,
        0.15 * *batch as f64 / 256.0
    )
}

fn train(seen: &Seen, choices: &Choices) -> String {
    let Choices { batch, epochs, .. } = choices;
    let images = choices.images(seen);
    let precision = choices.precision;
    let why = if precision == "bf16" {
        "This machine is quick in bf16."
    } else {
        "This CPU has no instructions for bf16."
    };
    let feed = if choices.on_device {
        "# All images have one size and fit beside the network: views are rendered there.\nfeed = \"device\"\n"
    } else {
        ""
    };
    format!(
        "[train]\n# Other images of a batch are what an image is told from: the more, the better; at least 4 steps an epoch of \
         {images} images.\nbatch = {batch}\n# About 6,000 steps, or what four hours here allow; at least 10 epochs, and at most 400.\nepochs = \
         {epochs}\n# {why}\nprecision = \"{precision}\"\nchannels_last = true\n{feed}"
    )
}

fn eval(seen: &Seen, choices: &Choices) -> String {
    let images = choices.images(seen);
    let scored = seen.classes.is_some() && (seen.test.is_some() || choices.holdout);
    if !scored {
        return "# Scores need classes and test images; without them there are figures that need no labels.\n\
                [eval]\nknn = true\nonline_every = 0\nvalidation = 0.2\n"
            .to_owned();
    }
    format!(
        "[eval]\nknn = true\n# A score on the way now and then, for the curve.\nonline_every = {}\n\
         # Settings of the probes are chosen on this fraction of the training images.\nvalidation = 0.2\n\n[eval.linear]\n\
         epochs = 50\nbatch = {}\nlrs = [0.01, 0.03, 0.1, 0.3]\nweight_decays = [0.0, 1e-4]\n",
        (choices.epochs / 4).max(1),
        images.clamp(2, 256)
    )
}
