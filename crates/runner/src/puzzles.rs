//! The puzzles of a pretext task: how many are solved, which are taken for which, and what they look like.

use crate::canvas::{Canvas, LETTER, LINE, PAPER, RIGHT, WRONG, save, words};
use crate::say;
use crate::stage::Stage;
use image::{Rgb, RgbImage, imageops};
use kontrast_augment::ViewPlan;
use kontrast_augment_torch::Views;
use kontrast_data::{Dataset, fill};
use kontrast_methods::{Method, Progress, Solved};
use kontrast_runlog::Puzzle;
use std::path::Path;
use tch::{Kind, Tensor};

/// Images whose puzzles are set at once: each is several, or many tiles.
const BATCH: usize = 250;
/// Puzzles in the picture, in rows of so many.
const SHOWN: usize = 24;
const COLUMNS: usize = 8;
/// About as many pixels as a puzzle has on a side, and those around it.
const CELL: u32 = 128;
const GAP: u32 = 8;
const FRAME: u32 = 3;
/// About as many pixels as the matrix has on a side.
const MATRIX: u32 = 480;

/// Sets the method's puzzles of the test images, or of the training images where there is no test split, counts what is
/// solved, and draws some of them and the confusion matrix. None for a method that sets no puzzles.
pub(crate) fn solved(stage: &Stage, method: &dyn Method, figures: &Path) -> anyhow::Result<Option<Puzzle>> {
    let Some(view) = stage.experiment.method.puzzle_view() else { return Ok(None) };
    let (train, test) = (stage.splits.train.images(), stage.splits.test.clone());
    let on_test = test.is_some();
    let images: &dyn Dataset = test.as_ref().map_or(&*train, |test| &**test);
    let side = stage.experiment.views.sizes()[view];
    let plan = ViewPlan::evaluation((side, side));
    let epochs = stage.experiment.train.epochs;
    // Draws of an epoch that training never sees.
    let progress = Progress { step: 0, steps: 1, epoch: epochs, epochs };
    let (mut confusion, mut shown) = (None::<Tensor>, None::<Solved>);
    let indices: Vec<u32> = (0..images.len() as u32).collect();
    let mut bytes = Vec::new();
    for chunk in indices.chunks(BATCH) {
        bytes.resize(chunk.len() * plan.bytes(), 0);
        fill(images, &plan, 0, 0, chunk, &mut bytes)?;
        let views = Views::new(stage.feed().images(&bytes, plan.size()), chunk.to_vec());
        let Some(solved) = method.solve(&views, progress) else { return Ok(None) };
        let counts = counted(&solved);
        confusion = Some(confusion.map_or_else(|| counts.shallow_clone(), |sum| sum + &counts));
        shown.get_or_insert(solved);
    }
    let (Some(confusion), Some(shown)) = (confusion, shown) else { return Ok(None) };
    let (puzzles, classes) = (confusion.sum(Kind::Double).double_value(&[]), shown.classes.len());
    let right = confusion.diag(0).sum(Kind::Double).double_value(&[]);
    let puzzle = Puzzle {
        top1: (1e6 * right / puzzles.max(1.0)).round() / 1e4,
        chance: 100.0 / classes as f64,
        puzzles: puzzles as u64,
        classes: classes as u64,
        on_test,
    };
    say::note(format_args!(
        "puzzles of the {} images: {:.1} % of {} solved, by chance {:.1} %",
        if on_test { "test" } else { "training" },
        puzzle.top1,
        puzzle.puzzles,
        puzzle.chance
    ));
    save(&sheet(stage, &shown), &figures.join("puzzles.png"))?;
    save(&matrix(&confusion, &shown.classes), &figures.join("confusion.png"))?;
    Ok(Some(puzzle))
}

/// How often each class, a row, was taken for each, a column: `[classes, classes]`, i64.
fn counted(solved: &Solved) -> Tensor {
    let classes = solved.classes.len() as i64;
    let cells = (&solved.targets * classes + &solved.found).to_device(tch::Device::Cpu);
    cells.bincount::<Tensor>(None, classes * classes).view([classes, classes])
}

/// Some puzzles as they are set, framed by whether they are solved, with the right answer and the one that was found.
fn sheet(stage: &Stage, solved: &Solved) -> RgbImage {
    let (count, _, h, w) = solved.pictures.size4().expect("pictures of four dimensions");
    let shown = SHOWN.min(count as usize);
    // Spread, for the puzzles may lie class after class.
    let which: Vec<i64> = (0..shown).map(|i| (i * count as usize / shown + i % 3) as i64 % count).collect();
    let data = &stage.experiment.data;
    let times = (CELL / h.max(w) as u32).max(1);
    let (width, height) = (w as u32 * times, h as u32 * times);
    let letters = (width / LETTER) as usize;
    let below = 2 * (LINE + 1);
    let (across, down) = (width + 2 * FRAME + GAP, height + 2 * FRAME + below + GAP);
    let rows = shown.div_ceil(COLUMNS) as u32;
    let columns = shown.min(COLUMNS) as u32;
    let mut picture = RgbImage::from_pixel(columns * across + GAP, rows * down + GAP, PAPER);
    for (place, &index) in which.iter().enumerate() {
        let (x, y) = (place as u32 % columns * across + GAP, place as u32 / columns * down + GAP);
        let (right, found) = (solved.targets.int64_value(&[index]), solved.found.int64_value(&[index]));
        let frame = if right == found { RIGHT } else { WRONG };
        let framed = RgbImage::from_pixel(width + 2 * FRAME, height + 2 * FRAME, frame);
        imageops::replace(&mut picture, &framed, x.into(), y.into());
        let small = pixels(&solved.pictures.get(index), data.mean, data.deviation);
        let large = imageops::resize(&small, width, height, imageops::FilterType::Nearest);
        imageops::replace(&mut picture, &large, (x + FRAME).into(), (y + FRAME).into());
        let top = y + height + 2 * FRAME + 2;
        for (line, (what, class)) in [("is", right), ("found", found)].into_iter().enumerate() {
            let text: String =
                format!("{what} {}", solved.classes[class as usize]).chars().take(letters).collect();
            Canvas(&mut picture).write(&text, x, top + LINE * line as u32, words());
        }
    }
    picture
}

/// A normalised picture, `[3, h, w]`, as bytes.
pub(crate) fn pixels(picture: &Tensor, mean: [f64; 3], deviation: [f64; 3]) -> RgbImage {
    let column = |of: [f64; 3]| Tensor::from_slice(&of).to_kind(Kind::Float).view([3, 1, 1]);
    let picture = picture.to_device(tch::Device::Cpu).to_kind(Kind::Float) * column(deviation) + column(mean);
    let bytes =
        (picture * 255.0).round().clamp(0.0, 255.0).to_kind(Kind::Uint8).permute([1, 2, 0]).contiguous();
    let (h, w, _) = bytes.size3().expect("a picture of three dimensions");
    let bytes = Vec::try_from(bytes.view(-1)).expect("bytes");
    RgbImage::from_raw(w as u32, h as u32, bytes).expect("three bytes a pixel")
}

/// Rows are what is right, columns what was found; the darker, the larger the share of the row.
fn matrix(confusion: &Tensor, classes: &[String]) -> RgbImage {
    let count = classes.len() as u32;
    let cell = (MATRIX / count).max(1);
    let written = cell >= 5 * LETTER;
    let names = if written {
        classes.iter().map(|name| name.chars().count()).max().unwrap_or(0) as u32 * LETTER
    } else {
        0
    };
    let (left, top) = (names + 2 * GAP, 2 * LINE + 2 * GAP);
    let mut picture =
        RgbImage::from_pixel((left + count * cell + GAP).max(300), top + count * cell + GAP, PAPER);
    Canvas(&mut picture).write("rows: what is right; columns: what was found", GAP, GAP, words());
    let shares = confusion.to_kind(Kind::Double)
        / confusion.sum_dim_intlist([1i64].as_slice(), true, Kind::Double).clamp_min(1.0);
    for (row, name) in classes.iter().enumerate() {
        let y = top + row as u32 * cell;
        if written {
            Canvas(&mut picture).write(name, GAP, y + (cell - LINE) / 2, words());
        }
        for column in 0..classes.len() {
            let x = left + column as u32 * cell;
            let share = shares.double_value(&[row as i64, column as i64]);
            let shade = |full: f64| (255.0 - (255.0 - full) * share.clamp(0.0, 1.0)) as u8;
            let colour = Rgb([shade(90.0), shade(140.0), shade(210.0)]);
            let edge = u32::from(cell > 4);
            for (dx, dy) in (0..cell - edge).flat_map(|dx| (0..cell - edge).map(move |dy| (dx, dy))) {
                picture.put_pixel(x + dx, y + dy, colour);
            }
            if written {
                let text = format!("{:.1}", 100.0 * share);
                Canvas(&mut picture).write(&text, x + GAP / 2, y + (cell - LINE) / 2, words());
            }
        }
    }
    picture
}
