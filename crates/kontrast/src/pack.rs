//! `pack`: a folder of images as one file of pixels.

use crate::host::{Bar, Host};
use crate::{Refusal, images};
use clap::Args;
use kontrast_data::{DataError, PackSummary, Packing, Unreadable, is_archive};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Without a terminal, at most one line in this time.
const QUIET: Duration = Duration::from_secs(5);

/// Options of `pack`.
#[derive(Args, Debug)]
pub struct Pack {
    /// Images: train and test (or val, valid, validation) with a folder a class, one folder a class, or images side by
    /// side; or a tar or zip archive of such
    pub folder: PathBuf,
    /// The file; an earlier pack of that name is replaced
    pub out: PathBuf,
    /// Pixels of the short side of larger images [default: images keep their sizes]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..=8192))]
    pub short: Option<u32>,
    /// Channels of an image: 1 (gray), 2 (gray and alpha), 3 (RGB), 4 (RGB and alpha), or up to 256 bands
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub channels: u16,
    /// Leave out images that cannot be read, instead of stopping
    #[arg(long)]
    pub skip_unreadable: bool,
    /// The fraction of a folder with classes but no test split that becomes one
    #[arg(long, value_name = "FRACTION")]
    pub holdout: Option<f64>,
    /// Replace a file that is no pack
    #[arg(long)]
    pub force: bool,
}

/// Packs, and says what was packed. Without the pack, nothing, where it was asked to stop.
///
/// # Errors
/// Where images cannot be read, or the file cannot be written or is somebody's work.
pub fn pack(arguments: &Pack, host: &dyn Host) -> anyhow::Result<Option<PackSummary>> {
    let out = &arguments.out;
    check_out(arguments, host)?;
    if kontrast_data::remove_unfinished(out)? {
        host.note(&format_args!(
            "note: removed what an earlier packing to {} left unfinished",
            out.display()
        ));
    }
    let unreadable = if arguments.skip_unreadable { Unreadable::Skip } else { Unreadable::Refuse };
    let reading = host.bar("{spinner} {msg}");
    reading.message("looking at the images");
    let splits =
        images::open(&arguments.folder, unreadable, arguments.holdout, usize::from(arguments.channels), host);
    reading.finish();
    let splits = splits?;
    if kontrast_data::groups_of(&*splits.train.images()).is_some() {
        host.note(
            &"note: a pack stores no groups; train on the CSV file itself where they have to stay whole",
        );
    }
    let packing = Packing { short: arguments.short.map(|short| short as usize), holdout: arguments.holdout };
    let stop = host.stop()?;
    let mut progress = PackBar::new(host);
    let packed = kontrast_data::pack(&splits, packing, out, &mut |done, total| {
        progress.show(done, total);
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    progress.bar.finish();
    let summary = match packed {
        Err(error @ DataError::Interrupted(_)) => {
            host.note(&format_args!("{error}"));
            return Ok(None);
        }
        packed => packed?,
    };
    host.out(&format_args!(
        "{}: {} training and {} test images, {:.1} MB; train on it with --set data.name=pack --set data.root={}",
        out.display(),
        summary.train,
        summary.test,
        summary.bytes as f64 / 1e6,
        out.display()
    ));
    Ok(Some(summary))
}

/// Refuses a file that is somebody's work, and one that would lie among the images.
fn check_out(Pack { folder, out, force, .. }: &Pack, host: &dyn Host) -> anyhow::Result<()> {
    let refuse = |reason: &str| Err(Refusal(format!("{}: {reason}", out.display())).into());
    if folder.is_file() && !is_archive(folder) {
        let reason = "this is a file; expected a folder of images, or a tar or zip archive of them";
        return Err(Refusal(format!("{}: {reason}", folder.display())).into());
    }
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(parent) = parent.canonicalize() else {
        return refuse("its folder is not there; make it first");
    };
    if folder.canonicalize().is_ok_and(|folder| parent.starts_with(folder)) {
        return refuse("the pack would lie among the images; name a file outside of their folder");
    }
    if out.is_dir() {
        return refuse("this is a folder; name a file");
    }
    if !out.exists() {
        return Ok(());
    }
    if kontrast_data::is_pack(out)? {
        host.note(&format_args!("note: {} is a pack already, and is replaced", out.display()));
    } else if !force {
        return refuse("there is a file that is no pack; name another, or replace it with --force");
    }
    Ok(())
}

/// A bar on a terminal, a line now and then elsewhere.
struct PackBar {
    bar: Box<dyn Bar>,
    /// Whether the bar knows how many images there are.
    begun: bool,
    said: Instant,
}

impl PackBar {
    fn new(host: &dyn Host) -> Self {
        let bar = host.bar("packing [{bar:30}] {pos}/{len} images, {eta} left");
        Self { bar, begun: false, said: Instant::now() }
    }

    fn show(&mut self, done: usize, total: usize) {
        if !self.begun {
            self.begun = true;
            self.bar.begin(0, total as u64);
        }
        self.bar.set(done as u64);
        if !self.bar.is_seen() && self.said.elapsed() >= QUIET {
            self.said = Instant::now();
            self.bar.line(&format!("packing: {done} of {total} images"));
        }
    }
}
