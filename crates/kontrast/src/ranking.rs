//! Runs in one table, the best first, each held against the one above it and against the best, image by image.

use crate::Refusal;
use crate::paired::interval;
use crate::predictions;
use kontrast_report::{markdown_table, read_run};
use kontrast_runlog::{Layout, Summary};
use std::path::{Component, Path, PathBuf};
use tch::Kind;

/// Scores that runs are sorted by where none is named, the first that all have.
const USUAL: [&str; 3] = ["linear", "knn", "knn_200"];

/// A run with its score.
struct Ranked<'r> {
    run: &'r Path,
    summary: &'r Summary,
    top1: f64,
    /// How often each test image is right, where its predictions are there, and which images these are.
    hits: Option<(String, Vec<f64>)>,
}

/// The table of runs by a score.
pub(crate) struct Ranking {
    score: String,
    /// Of each run what stands behind its name.
    rows: Vec<Vec<String>>,
    runs: Vec<PathBuf>,
    note: String,
}

/// The table of runs by a score; none of a single run, or where none is named and no usual one is common to all.
///
/// # Errors
/// Where a run cannot be read, or the score that is named is not one that two runs have.
pub(crate) fn ranking(runs: &[PathBuf], score: Option<&str>) -> anyhow::Result<Option<Ranking>> {
    let summaries = runs.iter().map(|run| read_run(run)).collect::<Result<Vec<_>, _>>()?;
    let Some(score) = score.map(str::to_owned).or_else(|| common(&summaries)) else { return Ok(None) };
    let mut ranked = Vec::new();
    for (run, summary) in runs.iter().zip(&summaries) {
        let Some(found) = summary.eval.trained.get(&score) else { continue };
        ranked.push(Ranked { run, summary, top1: found.top1, hits: hits(run, &summary.dataset, &score)? });
    }
    if ranked.len() < 2 {
        let text = format!("--score {score}: expected two runs that have it, found {}", ranked.len());
        return Err(Refusal(text).into());
    }
    ranked.sort_by(|one, other| other.top1.total_cmp(&one.top1));
    let row = |(place, run): (usize, &Ranked<'_>)| {
        let to = |other: Option<usize>| other.map_or_else(String::new, |other| run.beside(&ranked[other]));
        vec![
            run.summary.method.clone(),
            run.summary.status.to_string(),
            format!("{:.2}", run.top1),
            to(place.checked_sub(1)),
            to((place > 1).then_some(0)),
        ]
    };
    let left_out = runs.len() - ranked.len();
    let rest = match left_out {
        0 => String::new(),
        _ => format!(" Without the score {score}: {left_out} of {}.", runs.len()),
    };
    Ok(Some(Ranking {
        rows: ranked.iter().enumerate().map(row).collect(),
        runs: ranked.iter().map(|run| run.run.to_owned()).collect(),
        note: format!(
            "Differences in points with 95 % intervals over test images that are drawn again, so that another training is no \
             part of them; none between runs on other test images.{rest}"
        ),
        score,
    }))
}

impl Ranking {
    /// As Markdown, each run with a link to its page from a folder where one is given.
    pub(crate) fn markdown(&self, from: Option<&Path>) -> String {
        let name = |run: &PathBuf| {
            let name = run.file_name().unwrap_or_default().to_string_lossy();
            let page = Layout::of(run).report();
            from.map_or_else(|| name.to_string(), |from| format!("[{name}]({})", link(&page, from)))
        };
        let rows = self.runs.iter().zip(&self.rows).map(|(run, row)| [&[name(run)], &row[..]].concat());
        let score = format!("{} top-1 %", self.score);
        let headings = ["run", "method", "status", &score, "to the one above", "to the best"];
        format!("{}\n{}\n", markdown_table(&headings, &rows.collect::<Vec<_>>()), self.note)
    }
}

impl Ranked<'_> {
    /// The difference to another run in points, with its interval where both predict the same images.
    fn beside(&self, other: &Self) -> String {
        let images = |one: &Self| (one.summary.dataset.clone(), one.summary.images_fingerprint.clone());
        if images(self) != images(other) {
            return "-".to_owned();
        }
        let difference = self.top1 - other.top1;
        let (Some((images, own)), Some((others_images, others))) = (&self.hits, &other.hits) else {
            return format!("{difference:+.1}");
        };
        if images != others_images {
            return "-".to_owned();
        }
        let differences: Vec<f64> = own.iter().zip(others).map(|(own, other)| own - other).collect();
        let (low, high) = interval(&differences);
        format!("{difference:+.1} [{:+.1}, {:+.1}]", 100.0 * low, 100.0 * high)
    }
}

/// The first of the usual scores that all runs with any score have.
fn common(summaries: &[Summary]) -> Option<String> {
    let scored = || summaries.iter().filter(|summary| !summary.eval.trained.is_empty());
    let has_all = |name: &&str| scored().all(|summary| summary.eval.trained.contains_key(*name));
    (scored().count() > 1).then(|| USUAL.into_iter().find(has_all))?.map(str::to_owned)
}

/// How often each test image is right over the draws of a score.
fn hits(run: &Path, dataset: &str, score: &str) -> anyhow::Result<Option<(String, Vec<f64>)>> {
    let path = Layout::of(run).predictions(dataset);
    if !path.exists() {
        return Ok(None);
    }
    let all = predictions::read(&path)?;
    let of = |predicted: &tch::Tensor| -> anyhow::Result<Vec<f64>> {
        let hits = predicted.eq_tensor(&all.labels).to_kind(Kind::Double);
        Ok(Vec::try_from(hits.mean_dim([0i64].as_slice(), false, Kind::Double))?)
    };
    let hits = all.scores.get(score).map(of).transpose()?;
    Ok(hits.map(|hits| (all.images, hits)))
}

/// A path as a link from a folder.
fn link(path: &Path, from: &Path) -> String {
    // The folder of a file that is named without one is this one.
    let absolute =
        |path: &Path| std::path::absolute(Path::new(".").join(path)).unwrap_or_else(|_| path.to_owned());
    let (path, from) = (absolute(path), absolute(from));
    let common = path.components().zip(from.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    let relative: PathBuf = up.chain(path.components().skip(common)).collect();
    let escaped = [("%", "%25"), (" ", "%20"), ("#", "%23"), ("(", "%28"), (")", "%29")];
    escaped.iter().fold(relative.display().to_string(), |link, (plain, code)| link.replace(plain, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_from_the_folder_of_the_table() {
        let of = |path: &str, from: &str| link(Path::new(path), Path::new(from));
        assert_eq!(of("runs/a/report.html", "tables"), "../runs/a/report.html");
        assert_eq!(of("runs/a/report.html", ""), "runs/a/report.html");
        assert_eq!(of("runs/a b (1)#/report.html", "runs"), "a%20b%20%281%29%23/report.html");
        assert_eq!(of("/x/100%/report.html", "/y/z"), "../../x/100%25/report.html");
    }
}
