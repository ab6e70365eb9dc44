//! `kontrast permutations`: a set for a jigsaw, as TOML and as a picture.

use crate::canvas::{Canvas, LINE, PAPER, save, words};
use crate::destination;
use crate::host::Host;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use image::{Rgb, RgbImage};
use kontrast_config::PermutationMethod;
use kontrast_methods::permutation_choice;
use kontrast_pretext::Grid;
use kontrast_pretext::permutations::{Choice, Permutation, PermutationSet};
use kontrast_runlog::atomic_write;
use std::path::PathBuf;

/// Options of `permutations`.
#[derive(Args, Debug)]
pub struct Permutations {
    /// How many permutations, from 2 [default: all of a group]
    #[arg(long, value_parser = count, allow_negative_numbers = true)]
    pub count: Option<usize>,
    /// Rows and columns of tiles: 3, or 3x2 for three rows of two
    #[arg(long, default_value = "3")]
    pub grid: Grid,
    /// How they are chosen
    #[arg(long, value_parser = methods(), default_value = PermutationMethod::Greedy.as_str())]
    pub method: PermutationMethod,
    /// Fixes the first choice, and which of equals is taken
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Write the set to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Draw the set as this file, a PNG: a colour a tile
    #[arg(long, value_name = "FILE")]
    pub picture: Option<PathBuf>,
}

/// Numbers that are too small are refused with the set, by those who know why.
fn count(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("expected a whole number, 2 or above; found {text}"))
}

/// Every method by the name that an experiment file gives it.
fn methods() -> impl TypedValueParser<Value = PermutationMethod> {
    PossibleValuesParser::new(PermutationMethod::ALL.map(value)).map(|name| {
        let is_named = |method: &PermutationMethod| value(*method).matches(&name, false);
        PermutationMethod::ALL.into_iter().find(is_named).expect("one of the possible values")
    })
}

fn value(method: PermutationMethod) -> PossibleValue {
    let value = PossibleValue::new(method.as_str());
    match method {
        PermutationMethod::Greedy => value.alias("max_avg").help(
            "Each the farthest from those before, by the sum of distances (Noroozi and Favaro 2016, algorithm 1)",
        ),
        PermutationMethod::MaxMin => value.help("Each the farthest from its nearest among those before"),
        PermutationMethod::Middle => {
            value.help("Each the median by the sum of distances (the paper's middle set)")
        }
        PermutationMethod::MinAvg => value.help("Each the nearest to those before (the paper's lowest set)"),
        PermutationMethod::Random => value.help("Drawn"),
        PermutationMethod::Cyclic => value.help("Shifts: as many as tiles, which differ everywhere"),
        PermutationMethod::Agl19 => value.help("72 of nine tiles, 8 apart"),
        PermutationMethod::Pgl28 => value.help("504 of nine tiles, 7 apart"),
        PermutationMethod::Pgammal28 => value.help("1,512 of nine tiles, 6 apart"),
    }
}

/// Chooses a set of permutations, and says or writes it.
///
/// # Errors
/// Where there is no such set, or a file cannot be written.
pub fn permutations(arguments: &Permutations, host: &dyn Host) -> anyhow::Result<()> {
    if let Some(file) = &arguments.out {
        destination::require_folder("--out", file)?;
    }
    if let Some(file) = &arguments.picture {
        destination::require_png("--picture", file)?;
    }
    let choice = permutation_choice(arguments.method);
    if arguments.count.is_none() && !matches!(choice, Choice::Group(_)) {
        let text = format!(
            "--method {choice}: expected --count with it, such as --count 100; only a group has a size"
        );
        return Err(crate::Refusal(text).into());
    }
    let set = PermutationSet::choose(arguments.grid, choice, arguments.count, arguments.seed)?;
    let text = set.to_toml();
    match &arguments.out {
        Some(file) => {
            atomic_write(file, text.as_bytes())?;
            let distances = set.distances();
            host.out(&format_args!(
                "{}: {} permutations of {} tiles, {} apart at least and {:.3} on average",
                file.display(),
                set.permutations().len(),
                set.grid().tiles(),
                distances.minimum,
                distances.mean
            ));
        }
        None => host.out(&text.trim_end()),
    }
    if let Some(file) = &arguments.picture {
        save(&drawn(&set), file)?;
        host.note(&format_args!("{}: a picture of the set", file.display()));
    }
    Ok(())
}

/// Pixels between permutations.
const GAP: u32 = 6;
/// About as wide as a picture may be.
const WIDTH: u32 = 1600;

/// Every permutation as a small grid whose tiles have the colours of their numbers; the first has them in order.
fn drawn(set: &PermutationSet) -> RgbImage {
    let (grid, permutations) = (set.grid(), set.permutations());
    let identity: Permutation = (0..grid.tiles() as u8).collect();
    let all: Vec<&Permutation> = std::iter::once(&identity).chain(permutations).collect();
    // Numbers are written where they fit.
    let tile = if all.len() <= 150 { 16 } else { 7 };
    let (width, height) = (grid.columns() as u32 * tile + GAP, grid.rows() as u32 * tile + GAP);
    let columns = (WIDTH / width).clamp(1, all.len() as u32);
    let rows = (all.len() as u32).div_ceil(columns);
    let top = LINE + 2 * GAP;
    let least = 60 * crate::canvas::LETTER;
    let mut picture = RgbImage::from_pixel((columns * width + GAP).max(least), rows * height + top, PAPER);
    let distances = set.distances();
    let title = format!(
        "{} permutations: {} apart at least, {:.3} on average; first the order",
        permutations.len(),
        distances.minimum,
        distances.mean
    );
    Canvas(&mut picture).write(&title, GAP, GAP, words());
    for (number, permutation) in all.into_iter().enumerate() {
        let (left, up) = (number as u32 % columns * width + GAP, number as u32 / columns * height + top);
        for (place, &shown) in permutation.iter().enumerate() {
            let x = left + (place % grid.columns()) as u32 * tile;
            let y = up + (place / grid.columns()) as u32 * tile;
            let colour = colour(shown, grid.tiles());
            for (dx, dy) in (0..tile - 1).flat_map(|dx| (0..tile - 1).map(move |dy| (dx, dy))) {
                picture.put_pixel(x + dx, y + dy, colour);
            }
            if tile >= 16 {
                let inset = if shown < 10 { 5 } else { 2 };
                Canvas(&mut picture).write(&shown.to_string(), x + inset, y + 3, words());
            }
        }
    }
    picture
}

/// Hues around the circle, every second one paler.
fn colour(tile: u8, tiles: usize) -> Rgb<u8> {
    let hue = 6.0 * f64::from(tile) / tiles as f64;
    let pale = if tile.is_multiple_of(2) { 0.35 } else { 0.65 };
    let channel = |shift: f64| {
        let distance = ((hue + shift) % 6.0 - 3.0).abs() - 1.0;
        (255.0 * (pale + (1.0 - pale) * distance.clamp(0.0, 1.0))) as u8
    };
    Rgb([channel(0.0), channel(4.0), channel(2.0)])
}
