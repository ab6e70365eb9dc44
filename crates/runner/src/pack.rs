//! `pack`: a folder of images as one file of pixels.

use crate::say;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use kontrast_data::{Source, Spec, Unreadable};
use kontrast_runlog::cache_home;
use std::path::PathBuf;

/// Options of `pack`.
#[derive(Args, Debug)]
pub(crate) struct Pack {
    /// Images: train and test (or val) with a folder a class, one folder a class, or images side by side
    folder: PathBuf,
    /// The file
    out: PathBuf,
    /// Pixels of the short side of larger images [default: images keep their sizes]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..=8192))]
    short: Option<u32>,
    /// Leave out images that cannot be read, instead of stopping
    #[arg(long)]
    skip_unreadable: bool,
    /// The share of a folder with classes but no test split that becomes one
    #[arg(long, value_name = "SHARE")]
    holdout: Option<f64>,
}

/// Packs, and says what was packed.
pub(crate) fn pack(arguments: &Pack) -> anyhow::Result<u8> {
    let unreadable = if arguments.skip_unreadable { Unreadable::Skip } else { Unreadable::Refuse };
    let source = Source::Folder { root: arguments.folder.clone(), unreadable, holdout: arguments.holdout };
    let splits = kontrast_data::open(&Spec { source, subset: None, seed: 0 }, &cache_home())?;
    for note in &splits.notes {
        say::note(format!("note: {note}"));
    }
    let style = ProgressStyle::with_template("packing [{bar:30}] {pos}/{len} images, {eta} left")?;
    // Hidden by itself where there is no terminal.
    let bar = ProgressBar::new(0).with_style(style.progress_chars("=> "));
    let short = arguments.short.map(|short| short as usize);
    let summary = kontrast_data::pack(&splits, short, &arguments.out, &mut |done, total| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    say::out(format!(
        "{}: {} training and {} test images, {:.1} MB; train on it with --set data.name=pack --set data.root={}",
        arguments.out.display(),
        summary.train,
        summary.test,
        summary.bytes as f64 / 1e6,
        arguments.out.display()
    ));
    Ok(0)
}
