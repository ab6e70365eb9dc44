//! `embed`: the vectors of images, as a table.

use crate::encoder_file::{self, EncoderOptions, Opened};
use crate::host::Host;
use crate::origin::Origin;
use crate::vectors::refused;
use crate::{Refusal, data, destination, images};
use clap::Args;
use kontrast_config::Experiment;
use kontrast_data::{Dataset, Labelled, Split, Splits, groups_of, is_archive};
use kontrast_embeddings::{EmbeddingsError, Existing, Table};
use kontrast_eval::{EvalError, Stop};
use kontrast_runlog::human;
use ndarray::Array2;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Options of `embed`.
#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("source").required(true)))]
pub struct Embed {
    /// The encoder
    #[command(flatten)]
    pub with: EncoderOptions,
    /// A folder, of which every image is taken, a pack, or a CSV with a column image; images that cannot be read are named and left out
    #[arg(long, value_name = "PATH", group = "source")]
    pub images: Option<PathBuf>,
    /// A text file with a path of an image on each line, relative to the file's folder; rows stand in its order
    #[arg(long, value_name = "FILE", group = "source")]
    pub list: Option<PathBuf>,
    /// A data set: cifar10, cifar100, stl10 or fashion-mnist; or a path as of --images
    #[arg(long, value_name = "NAME", group = "source")]
    pub dataset: Option<String>,
    /// An experiment file, or the config.toml of a run: the images of its `data` table
    #[arg(long, value_name = "FILE", group = "source")]
    pub config: Option<PathBuf>,
    /// With --config: changes a key, e.g. data.root=scans
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "config")]
    pub overrides: Vec<String>,
    /// Embed where texts are embedded too, so that `search --text` finds the images: for a run of a method that reads texts
    #[arg(long)]
    pub text_space: bool,
    /// The table: .safetensors, .csv, .parquet, or .npy, which has no names
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}

/// Embeds images: a row each, h, with the image's name and, where they are known, its class and its group. Rows stand in the order of the
/// images, those of a test split last. Nothing is returned, and nothing written, where it was asked to stop.
///
/// # Errors
/// Where there is no such encoder, no image that can be read, or the table cannot be written.
pub fn embed(asked: &Embed, host: &dyn Host) -> anyhow::Result<Option<Table>> {
    destination::require_free("--out", &asked.out, asked.force)?;
    // Before the images: what cannot be written is known.
    Table::require_form(&asked.out).map_err(refused)?;
    let Opened { encoder, extractor, channels } = if asked.text_space {
        encoder_file::open_with_texts(&asked.with, host)?.0
    } else {
        encoder_file::open(&asked.with, host)?
    };
    let (parts, folder) = parts(asked, channels, host)?;
    let count: usize = parts.iter().map(Part::len).sum();
    let stop = Stop::from(host.stop()?);
    host.when_stopped("stopping after this batch; Ctrl-C again stops at once");
    let bar = host.bar("embedding [{bar:30}] {pos}/{len} images, {eta} left");
    bar.begin(0, count as u64);
    let (begun, width) = (Instant::now(), encoder.width() as usize);
    let mut values: Vec<f32> = Vec::with_capacity(count * width);
    for part in &parts {
        let indices: Vec<u32> = (0..part.len() as u32).collect();
        for some in indices.chunks(extractor.batch) {
            let features = match extractor.features(&*encoder, part.images(), some, &stop) {
                Err(EvalError::Stopped) => {
                    bar.finish();
                    host.note(&"stopped; nothing was written");
                    return Ok(None);
                }
                features => features?,
            };
            let features = features.to_device(tch::Device::Cpu).contiguous().flatten(0, -1);
            values.extend(Vec::<f32>::try_from(features)?);
            bar.set((values.len() / width) as u64);
        }
    }
    bar.finish();
    let table = Table::new(Array2::from_shape_vec((count, width), values)?).map_err(refused)?;
    let origin = Origin::of(&*encoder, extractor.plan.size());
    let table = described(table, &parts, &folder).map_err(refused)?.with_notes(origin.notes());
    table.write(&asked.out, if asked.force { Existing::Replace } else { Existing::Keep }).map_err(refused)?;
    let took = begun.elapsed().as_secs_f64();
    host.out(&format_args!(
        "{}: {} of {width} values each, in {}, {:.0} images/s",
        asked.out.display(),
        human::counted(count as u64, "image"),
        human::seconds(took),
        count as f64 / took
    ));
    Ok(Some(table))
}

/// Images of one split.
enum Part {
    Labelled(&'static str, Arc<dyn Labelled>),
    Unlabelled(&'static str, Arc<dyn Dataset>),
}

impl Part {
    fn images(&self) -> &dyn Dataset {
        match self {
            Self::Labelled(_, images) => &**images,
            Self::Unlabelled(_, images) => &**images,
        }
    }

    fn len(&self) -> usize {
        self.images().len()
    }

    /// The image's file, from the folder on that was named; of a slice its name, which says its position; or its place in its
    /// split.
    fn name(&self, index: usize, folder: &Path) -> String {
        let (Self::Labelled(split, _) | Self::Unlabelled(split, _)) = self;
        if let (Some(_), Some(name)) = (self.images().position(index), self.images().name(index)) {
            return name;
        }
        let place = || format!("{split}/{index}");
        let file = self.images().path(index).map(|path| path.strip_prefix(folder).unwrap_or(path));
        file.map_or_else(place, |file| file.to_string_lossy().into_owned())
    }
}

/// The images, and the folder from which their names begin.
fn parts(asked: &Embed, channels: usize, host: &dyn Host) -> anyhow::Result<(Vec<Part>, PathBuf)> {
    let (splits, folder) = match (&asked.images, &asked.list, &asked.config, &asked.dataset) {
        (Some(path), ..) => (images::every(path, channels, host)?, beginning(path)),
        (.., Some(config), _) => of_experiment(config, &asked.overrides, channels, host)?,
        (_, Some(list), ..) => {
            let folder = list.parent().unwrap_or(Path::new("")).to_owned();
            (images::listed(list, channels, host)?, folder)
        }
        (.., dataset) => {
            let name = dataset.as_deref().unwrap_or_default();
            let every = |path: &Path| images::every(path, channels, host);
            (images::named_or_path("--dataset", name, channels, host, every)?, beginning(Path::new(name)))
        }
    };
    let train = match splits.train {
        Split::Labelled(images) => Part::Labelled("train", images),
        other => Part::Unlabelled("train", other.images()),
    };
    let test = splits.test.map(|images| Part::Labelled("test", images));
    Ok(([Some(train), test].into_iter().flatten().collect(), folder))
}

/// The images of an experiment file.
fn of_experiment(
    config: &Path,
    overrides: &[String],
    channels: usize,
    host: &dyn Host,
) -> anyhow::Result<(Splits, PathBuf)> {
    let (experiment, notes) = Experiment::load_to_look(config, overrides)?;
    for note in notes {
        host.note(&format_args!("note: {note}"));
    }
    let found = experiment.data.channels();
    if found != channels {
        let text = format!(
            "--config {}: its images have {found} channels; expected {channels}, as the encoder takes them",
            config.display()
        );
        return Err(Refusal(text).into());
    }
    let splits = data::open(&experiment.data, experiment.seed, host)?;
    images::log_notes(&splits, host);
    Ok((splits, beginning(experiment.data.root.as_deref().unwrap_or(Path::new("")))))
}

/// From where names of images begin: a folder or an archive itself, the folder of another file.
fn beginning(path: &Path) -> PathBuf {
    let is_list = path.is_file() && !is_archive(path);
    let folder = if is_list { path.parent().unwrap_or(Path::new("")) } else { path };
    folder.to_owned()
}

/// The table with names, and with groups and classes where those of all images are known.
fn described(table: Table, parts: &[Part], folder: &Path) -> Result<Table, EmbeddingsError> {
    let names = parts.iter().flat_map(|part| (0..part.len()).map(|index| part.name(index, folder))).collect();
    let mut table = table.with_names(names)?;
    if parts.iter().any(|part| groups_of(part.images()).is_some()) {
        // One file numbers the groups of all its images.
        let of = |part: &Part| {
            (0..part.len()).map(|index| part.images().group(index).to_string()).collect::<Vec<_>>()
        };
        table = table.with_groups(parts.iter().flat_map(of).collect())?;
    }
    let mut labels = Vec::with_capacity(table.len());
    for part in parts {
        let Part::Labelled(_, images) = part else { return Ok(table) };
        let classes = images.class_names();
        labels.extend(images.labels().into_iter().map(|label| classes[label as usize].clone()));
    }
    table.with_labels(labels)
}
