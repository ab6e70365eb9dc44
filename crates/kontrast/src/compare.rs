//! `compare`: two runs on the same test images, image by image.

use crate::host::Host;
use crate::paired::{interval, mcnemar};
use crate::predictions::{self, Predictions};
use crate::{Refusal, evaluate};
use clap::Args;
use kontrast_report::markdown_table;
use kontrast_runlog::{Layout, read_summary};
use std::path::{Path, PathBuf};
use tch::{Kind, Tensor};

/// Options of `compare`.
#[derive(Args, Debug)]
pub struct Compare {
    /// A run directory
    pub first: PathBuf,
    /// Another
    pub second: PathBuf,
    /// The data set [default: the runs' own]
    #[arg(long, value_name = "DATASET")]
    pub on: Option<String>,
}

/// Compares the predictions of two runs on the same test images, for each score that both have.
///
/// # Errors
/// Where there is no run, one has no predictions, or they are of other images.
pub fn compare(asked: &Compare, host: &dyn Host) -> anyhow::Result<()> {
    let dataset = if let Some(name) = &asked.on {
        name.clone()
    } else {
        evaluate::require_run(&asked.first)?;
        read_summary(&asked.first)?.dataset
    };
    let (first, second) = (of_run(&asked.first, &dataset)?, of_run(&asked.second, &dataset)?);
    if first.images != second.images {
        let text = format!(
            "{} and {}: their predictions on {dataset} are of different test images; score both on the same ones",
            asked.first.display(),
            asked.second.display()
        );
        return Err(Refusal(text).into());
    }
    let labels = &first.labels;
    let both = first.scores.iter().filter_map(|(name, of)| Some((name, of, second.scores.get(name)?)));
    let rows: Vec<_> = both.map(|(name, first, second)| row(name, first, second, labels)).collect();
    if rows.is_empty() {
        let names = |of: &Predictions| of.scores.iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
        let text = format!(
            "expected a score that both runs have, found {} and {}; evaluate --protocol makes more",
            names(&first),
            names(&second)
        );
        return Err(Refusal(text).into());
    }
    host.out(&format_args!("A: {}\nB: {}\n", asked.first.display(), asked.second.display()));
    let heading =
        ["score", "A %", "B %", "B - A", "95 % interval", "only A right", "only B right", "p (McNemar)"];
    host.out(&markdown_table(&heading, &rows).trim_end());
    host.note(&format_args!(
        "{} test images of {dataset}; the interval is over images drawn again, so that another training is no part of it",
        labels.size()[0]
    ));
    Ok(())
}

fn of_run(run: &Path, dataset: &str) -> anyhow::Result<Predictions> {
    evaluate::require_run(run)?;
    let path = Layout::of(run).predictions(dataset);
    if !path.exists() {
        let text = format!(
            "{}: expected predictions on {dataset}, found none: the run has no such scores, or an earlier version made them; \
             cargo xtask run -- evaluate {} makes them again",
            run.display(),
            run.display()
        );
        return Err(Refusal(text).into());
    }
    predictions::read(&path)
}

/// A row of the table. Over several draws an image is right as often as it is in them, and there is no test.
fn row(name: &str, first: &Tensor, second: &Tensor, labels: &Tensor) -> Vec<String> {
    let hits = |of: &Tensor| -> Vec<f64> {
        let hits =
            of.eq_tensor(labels).to_kind(Kind::Double).mean_dim([0i64].as_slice(), false, Kind::Double);
        Vec::try_from(hits).expect("a fraction an image")
    };
    let (a, b) = (hits(first), hits(second));
    let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| b - a).collect();
    let per_cent = |of: &[f64]| 100.0 * of.iter().sum::<f64>() / of.len() as f64;
    let (low, high) = interval(&differences);
    let single = first.size()[0] == 1 && second.size()[0] == 1;
    let alone = |sign: f64| differences.iter().filter(|&&difference| difference * sign > 0.0).count() as u64;
    let (only_a, only_b) = (alone(-1.0), alone(1.0));
    let counted = |count: u64| if single { count.to_string() } else { "-".to_owned() };
    let p = match mcnemar(only_a, only_b) {
        _ if !single => "-".to_owned(),
        p if p < 1e-4 => "< 0.0001".to_owned(),
        p => format!("{p:.4}"),
    };
    vec![
        name.to_owned(),
        format!("{:.1}", per_cent(&a)),
        format!("{:.1}", per_cent(&b)),
        format!("{:+.1}", per_cent(&differences)),
        format!("{:+.1} to {:+.1}", 100.0 * low, 100.0 * high),
        counted(only_a),
        counted(only_b),
        p,
    ]
}
