//! `preview`: what a plan does to images, as a picture; one view again from its four numbers; and the shortcut audit.

mod audit;
mod pairs;
mod sheet;
mod source;

use crate::canvas::shown;
use crate::host::Host;
use crate::{Refusal, destination};
use clap::Args;
use image::RgbImage;
use kontrast_augment::{ImageRef, Recipe, Scratch, ViewPlan, render_into};
use kontrast_data::{DataError, Dataset, recipe_of_view, save_picture, source_of_view};
use sheet::{Cell, Sheet};
use source::Previewed;
use std::path::{Path, PathBuf};

/// Options of `preview`.
#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("plans").required(true)))]
pub struct Preview {
    /// A paper's plan: simclr, mocov1, mocov2, byol, vicreg, swav, dino, amdim, supervised or identity
    #[arg(long, value_name = "NAME", group = "plans")]
    pub plan: Option<String>,
    /// An experiment file: its plan, its images, its seed
    #[arg(long, value_name = "FILE", group = "plans")]
    pub config: Option<PathBuf>,
    /// Changes a key, e.g. views.simclr.size=64
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
    /// A folder of images or a pack [default: the experiment's; else CIFAR-10 where it is in the cache, else drawn shapes]
    #[arg(long, value_name = "PATH")]
    pub images: Option<PathBuf>,
    /// Leave out images of the folder that cannot be read, instead of stopping
    #[arg(long, requires = "images")]
    pub skip_unreadable: bool,
    /// Images in the picture, its rows: 1 to 64
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub rows: u32,
    /// Epochs in the picture, each with all views of the plan: 1 to 16
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub epochs: u32,
    /// Seed of the recipes [default: the experiment's, else 0]
    #[arg(long)]
    pub seed: Option<u64>,
    /// One view only, from its four numbers: SEED,EPOCH,IMAGE,VIEW
    #[arg(long, value_name = "NUMBERS", value_parser = key, allow_hyphen_values = true, conflicts_with_all = ["audit", "seed"])]
    pub replay: Option<ViewKey>,
    /// Say how often a trivial cue finds an image's other view, instead of drawing
    #[arg(long)]
    pub audit: bool,
    /// The picture, a PNG
    #[arg(long, default_value = "preview.png", value_name = "FILE")]
    pub out: PathBuf,
}

/// The four numbers that a view is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewKey {
    /// Of the experiment.
    pub seed: u64,
    /// Counted from 0.
    pub epoch: u32,
    /// Its place in the data set.
    pub image: u32,
    /// Its place in the plan.
    pub view: u32,
}

fn key(text: &str) -> Result<ViewKey, String> {
    let expected =
        || format!("expected SEED,EPOCH,IMAGE,VIEW, four whole numbers such as 0,3,17,1; found {text}");
    let numbers: Vec<u64> =
        text.split(',').map(|part| part.trim().parse()).collect::<Result<_, _>>().map_err(|_| expected())?;
    let [seed, epoch, image, view] = numbers[..] else { return Err(expected()) };
    let small = |number: u64| u32::try_from(number).map_err(|_| expected());
    Ok(ViewKey { seed, epoch: small(epoch)?, image: small(image)?, view: small(view)? })
}

/// Draws, replays or audits.
///
/// # Errors
/// Where the plan or the images are not there, or the picture cannot be written.
pub fn preview(arguments: &Preview, host: &dyn Host) -> anyhow::Result<()> {
    if !arguments.audit {
        destination::require_png("--out", &arguments.out)?;
    }
    let source = Previewed::of(arguments, host)?;
    if let Some(note) = source.enlarged()? {
        host.note(&format_args!("note: {note}"));
    }
    if arguments.audit {
        host.out(&audit::report(&source)?.trim_end());
    } else if let Some(key) = arguments.replay {
        replay(&source, key, &arguments.out, host)?;
    } else {
        draw(&source, arguments, host)?;
    }
    Ok(())
}

/// One view with its recipe.
struct View {
    recipe: Recipe,
    /// The image that it is made of: the image itself, or its partner.
    source: usize,
    /// Red, green and blue, whatever the channels of the image: what a person sees.
    picture: RgbImage,
}

/// Renders one of so many views as a training would.
fn view(plan: &ViewPlan, images: &dyn Dataset, key: ViewKey, views: usize) -> anyhow::Result<View> {
    let (mut recipe, mut buffer) = (Recipe::default(), Vec::new());
    let mut pixels = vec![0; plan.bytes()];
    let source = source_of_view(images, (key.seed, key.epoch), key.image, (key.view as usize, views));
    let image = images.image(source, &mut buffer)?;
    recipe_of_view(plan, (key.seed, key.epoch), (key.image, key.view as usize), image.size(), &mut recipe);
    render_into(&recipe, image, &mut pixels, &mut Scratch::default());
    Ok(View { recipe, source, picture: shown(ImageRef::new(plan.size().0, plan.size().1, &pixels)) })
}

fn replay(source: &Previewed, key: ViewKey, out: &Path, host: &dyn Host) -> anyhow::Result<()> {
    let images = source.images.len();
    if key.image as usize >= images {
        return Err(
            Refusal(format!("--replay: image {}: there are {images}, counted from 0", key.image)).into()
        );
    }
    let Some(plan) = source.plans.get(key.view as usize) else {
        let views = source.plans.len();
        return Err(
            Refusal(format!("--replay: view {}: the plan has {views}, counted from 0", key.view)).into()
        );
    };
    let View { recipe, source: made_of, picture } = view(plan, &*source.images, key, source.plans.len())?;
    save_picture(&picture, out).map_err(|error| unwritten(out, &error))?;
    if made_of != key.image as usize {
        host.out(&format_args!("of {}", named(source, made_of)));
    }
    host.out(&recipe);
    host.out(&out.display());
    Ok(())
}

fn unwritten(out: &Path, error: &DataError) -> anyhow::Error {
    anyhow::anyhow!("{}: cannot be written; give --out another file: {error}", out.display())
}

/// Explains the words under the views once.
const FOOT: &str = "above a view: seed,epoch,image,view, for --replay; crop WxH+X+Y: a box of W by H pixels, X from the \
                    left and Y from the top of the image; erase WxH+X+Y: the same in the view";

/// What stands under an image: how it is shown, and the name of its file.
fn source_text(source: &Previewed, image: usize) -> String {
    let name = source.images.name(image).map(|name| format!("\n{}", sheet::shortened(&name, 32)));
    format!("centre crop{}", name.unwrap_or_default())
}

/// What stands under a view: the image that it is made of, where that is another, and what was done to it.
fn view_text(source: &Previewed, image: u32, view: &View) -> String {
    if view.source == image as usize {
        return view.recipe.to_string();
    }
    format!("of {}\n{}", sheet::shortened(&named(source, view.source), 32), view.recipe)
}

/// The name of an image, or its number.
fn named(source: &Previewed, image: usize) -> String {
    source.images.name(image).unwrap_or_else(|| format!("image {image}"))
}

fn draw(source: &Previewed, arguments: &Preview, host: &dyn Host) -> anyhow::Result<()> {
    let rows = (arguments.rows as usize).min(source.images.len());
    let mut sheet = Sheet::default();
    for row in 0..rows {
        // Spread over the data set, which may be sorted by class.
        let image = (row * source.images.len() / rows) as u32;
        let first = &source.plans[0];
        let undistorted = ViewPlan::evaluation(first.size()).of_channels(first.channels())?;
        let own = view(&undistorted, &*source.images, ViewKey { seed: 0, epoch: 0, image, view: 0 }, 1)?;
        let mut cells = vec![Cell {
            picture: own.picture,
            title: format!("image {image}"),
            text: source_text(source, image as usize),
        }];
        for epoch in 0..arguments.epochs {
            for (index, plan) in source.plans.iter().enumerate() {
                let key = ViewKey { seed: source.seed, epoch, image, view: index as u32 };
                let view = view(plan, &*source.images, key, source.plans.len())?;
                let title = format!("{},{epoch},{image},{index}", source.seed);
                let text = view_text(source, image, &view);
                cells.push(Cell { picture: view.picture, title, text });
            }
        }
        sheet.push(cells);
    }
    FOOT.clone_into(&mut sheet.foot);
    let picture = sheet.drawn();
    save_picture(&picture, &arguments.out).map_err(|error| unwritten(&arguments.out, &error))?;
    host.out(&format!(
        "{}: {rows} of {}; above each view stand seed,epoch,image,view, from which --replay draws it again",
        arguments.out.display(),
        source.words
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{ViewKey, key};

    #[test]
    fn a_view_is_named_by_four_numbers() {
        assert_eq!(key("7, 0,12,1"), Ok(ViewKey { seed: 7, epoch: 0, image: 12, view: 1 }));
        for wrong in ["", "1,2,3", "1,2,3,4,5", "1,2,x,4", "1,2,-3,4", "1,5000000000,3,4"] {
            assert!(key(wrong).unwrap_err().contains("four whole numbers"), "{wrong}");
        }
    }
}
