//! `evaluate --on`: the scores of a run's encoder on the images of another data set.

use crate::evaluate::{self, Opened};
use crate::evaluation::{self, LabelledSplits};
use crate::host::Host;
use crate::{Refusal, images, words};
use kontrast_config::Loaded;
use kontrast_data::{NAMES, Splits, Unreadable};
use kontrast_eval::{Report, Scores};
use kontrast_runlog::{Status, human};
use std::path::Path;

/// Scores the last checkpoint of a run on another data set, by the protocols of `loaded`; images are prepared as those of
/// the run were. The scores become rows of its table, under the name of the data set: that of one that can be fetched, or
/// of the folder or pack.
///
/// # Errors
/// Where there is no such data set, or one without labels or without test images.
pub(crate) fn transfer(
    run: &Path,
    dataset: &str,
    loaded: &Loaded,
    unreadable: Unreadable,
    host: &dyn Host,
) -> anyhow::Result<Status> {
    let experiment = &loaded.experiment;
    let name = name_of(dataset);
    if name == experiment.data.name.as_str() {
        let again = words::evaluate_command(run);
        let text = format!(
            "--on {dataset}: the run's own scores are those of {name}; {again} makes them again; another folder needs another \
             name"
        );
        return Err(Refusal(text).into());
    }
    let splits = open(dataset, experiment.data.channels(), unreadable, host)?;
    let splits = labelled(dataset, &splits)?;
    let again = format!("{} --on {}", words::evaluate_command(run), human::quoted(dataset));
    evaluate::stoppable(&again, host, |stop| {
        let Opened { session, mut record, trainer } = evaluate::open(run, loaded, stop, host)?;
        let model = trainer.method().into();
        evaluation::check_on(&session, &splits, model)?;
        host.out(&format_args!("evaluating on {name}: {} and {} images", splits.0.len(), splits.1.len()));
        let scores = evaluation::scored(&session, &name, &splits, model)?;
        if record.summary.transfer.contains_key(&name) {
            host.note(&format_args!("note: these scores replace earlier ones on {name}"));
        }
        record.enter(&scores, &*splits.1)?;
        record.write()?;
        words::ended(&record, host);
        if let Some(line) = in_a_line(&scores, splits.1.len()) {
            host.out(&line);
        }
        Ok(Status::Finished)
    })
}

/// What it comes to.
pub(crate) fn in_a_line(scores: &Scores, images: usize) -> Option<String> {
    let top1 = |reports: &[Report]| Some(reports.iter().find(|report| report.name == "knn")?.top1());
    let [trained, random_init, pixels] =
        [top1(&scores.trained)?, top1(&scores.random_init)?, top1(&scores.pixels)?];
    Some(format!(
        "on {}: knn top-1 {trained:.1} % of {images} test images; random weights {random_init:.1} %, pixels {pixels:.1} %",
        scores.dataset
    ))
}

/// What its rows are called: a folder's own name, whatever stands before it.
pub(crate) fn name_of(dataset: &str) -> String {
    if NAMES.contains(&dataset) {
        return dataset.to_owned();
    }
    let path = Path::new(dataset);
    let whole = path.canonicalize();
    let path = whole.as_deref().unwrap_or(path);
    // A folder may have a dot in its name; what follows a file's is its form.
    let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
    name.map_or_else(|| dataset.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The images, in so many channels, with nothing left out.
pub(crate) fn open(
    dataset: &str,
    channels: usize,
    unreadable: Unreadable,
    host: &dyn Host,
) -> anyhow::Result<Splits> {
    images::named_or_path("--on", dataset, channels, host, |path| {
        images::open(path, unreadable, None, channels, host)
    })
}

pub(crate) fn labelled(dataset: &str, splits: &Splits) -> Result<LabelledSplits, Refusal> {
    let (train, test) = (splits.train.labelled(), splits.test.clone());
    train.zip(test).ok_or_else(|| {
        Refusal(format!(
            "--on {dataset}: scores need training and test images with labels: folders train and test, with a folder a class \
             in each, or a pack of such"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn a_data_set_has_its_name_and_a_folder_its_last_one() {
        for (dataset, name) in [
            ("stl10", "stl10"),
            ("photos/birds", "birds"),
            ("/data/birds.pack", "birds"),
            ("birds/", "birds"),
        ] {
            assert_eq!(name_of(dataset), name);
        }
        let folder = tempfile::tempdir().unwrap();
        for name in ["birds.v1", "birds.v2"] {
            let path = folder.path().join(name);
            std::fs::create_dir(&path).unwrap();
            assert_eq!(name_of(path.to_str().unwrap()), name);
        }
    }
}
