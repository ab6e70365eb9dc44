//! What our runs have to say of one claim.

use kontrast_config::ClaimTest;

use super::Verdict;
use super::statistics::{Differences, correlation_interval, p_correlation_above, spearman};
use crate::ablation::{CellResult, Outcome, beside_paper};
use kontrast_runlog::Status;

/// Fewer seeds decide nothing.
pub(super) const LEAST_SEEDS: usize = 3;
const CONFIDENCE: f64 = 0.95;
/// Of two one-sided tests at 5 per cent each.
const CONFIDENCE_OF_SAME: f64 = 0.9;

/// What was found of a claim.
#[derive(Debug)]
pub(super) struct Evidence {
    /// In words, with the interval.
    pub(super) found: String,
    /// The verdict, where no test is needed for it.
    pub(super) certain: Option<Verdict>,
    /// What a test says; none where there are too few runs.
    pub(super) tested: Option<Tested>,
    /// Which runs are missing, where nothing could be tested.
    pub(super) missing: String,
}

/// The outcome of a test, before it is corrected for others.
#[derive(Debug)]
pub(super) struct Tested {
    /// Whether what was found lies on the claimed side.
    pub(super) claimed: bool,
    /// How likely it is by chance.
    pub(super) p: f64,
    /// What would decide it, where it is undecided.
    pub(super) needed: String,
}

/// The difference of two cells, which is to be more than `than`.
struct Contrast {
    name: String,
    differences: Differences,
    than: f64,
}

/// The test of a claim in words.
pub(super) fn in_words(test: &ClaimTest) -> String {
    let name = |cell: &[String]| cell.join(", ");
    let all = |cells: &[Vec<String>], between: &str| {
        cells.iter().map(|cell| name(cell)).collect::<Vec<_>>().join(between)
    };
    match test {
        ClaimTest::Greater { cell, than, by } if *by == 0.0 => format!("{} > {}", name(cell), name(than)),
        ClaimTest::Greater { cell, than, by } => format!("{} > {} + {by}", name(cell), name(than)),
        ClaimTest::Best { cell } => format!("{} > every other", name(cell)),
        ClaimTest::Rising { cells } => all(cells, " < "),
        ClaimTest::Same { cells, margin } => format!("{}, to less than {margin}", all(cells, " = ")),
        ClaimTest::Correlated { least, group } => {
            let within = group.as_ref().map_or_else(String::new, |group| format!(" within {group}"));
            format!("Spearman's rank correlation with the paper > {least}{within}")
        }
        ClaimTest::Fails { cell, below } => format!("{} fails, or has less than {below} %", name(cell)),
    }
}

impl Evidence {
    pub(super) fn of(test: &ClaimTest, cells: &[CellResult]) -> Self {
        let contrasts = |pairs: &[(&[String], &[String])], than: f64| {
            pairs
                .iter()
                .map(|(cell, other)| Contrast::of(cells, (cell, other), than))
                .collect::<Result<_, _>>()
        };
        match test {
            ClaimTest::Greater { cell, than, by } => Self::greater(contrasts(&[(cell, than)], *by)),
            ClaimTest::Best { cell } => {
                let others = cells.iter().filter(|other| other.labels != *cell);
                let pairs: Vec<_> = others.map(|other| (&cell[..], &other.labels[..])).collect();
                Self::greater(contrasts(&pairs, 0.0))
            }
            ClaimTest::Rising { cells: named } => {
                let pairs: Vec<_> = named.windows(2).map(|pair| (&pair[1][..], &pair[0][..])).collect();
                Self::greater(contrasts(&pairs, 0.0))
            }
            ClaimTest::Same { cells: named, margin } => {
                let pairs: Vec<_> = named
                    .iter()
                    .enumerate()
                    .flat_map(|(place, cell)| named[..place].iter().map(|other| (&cell[..], &other[..])))
                    .collect();
                Self::same(contrasts(&pairs, 0.0), *margin)
            }
            ClaimTest::Correlated { least, .. } => Self::correlated(cells, *least),
            ClaimTest::Fails { cell, below } => Self::fails(cells, cell, *below),
        }
    }

    /// Every difference is to be above what it is held against.
    fn greater(contrasts: Result<Vec<Contrast>, String>) -> Self {
        let contrasts = match contrasts {
            Ok(contrasts) => contrasts,
            Err(missing) => return Self::missing(missing),
        };
        let claimed = contrasts.iter().all(|contrast| contrast.differences.mean > contrast.than);
        let above = |contrast: &Contrast| contrast.differences.p_above(contrast.than);
        // All have to hold, so the least certain decides; one that does not is enough to fail, and had as many chances as
        // there are contrasts.
        let p = if claimed {
            2.0 * contrasts.iter().map(above).fold(0.0, f64::max)
        } else {
            2.0 * contrasts.len() as f64 * contrasts.iter().map(|c| 1.0 - above(c)).fold(1.0, f64::min)
        };
        let needed = needed(contrasts.iter().map(|c| c.differences.count_that_decides(c.than, CONFIDENCE)));
        let margin = |contrast: &&Contrast| contrast.differences.mean - contrast.than;
        let found =
            least(&contrasts, margin).map_or_else(String::new, |c| c.in_words(contrasts.len(), CONFIDENCE));
        Self::tested(found, Tested { claimed, p: p.min(1.0), needed })
    }

    /// Every difference is to lie within the margin: two one-sided tests each.
    fn same(contrasts: Result<Vec<Contrast>, String>, margin: f64) -> Self {
        let contrasts = match contrasts {
            Ok(contrasts) => contrasts,
            Err(missing) => return Self::missing(missing),
        };
        let claimed = contrasts.iter().all(|contrast| contrast.differences.mean.abs() < margin);
        let inside = |contrast: &Contrast| {
            let differences = &contrast.differences;
            (differences.p_above(-margin)).max(1.0 - differences.p_above(margin))
        };
        let outside = |contrast: &Contrast| {
            let differences = &contrast.differences;
            differences.p_above(margin).min(1.0 - differences.p_above(-margin))
        };
        let p = if claimed {
            contrasts.iter().map(inside).fold(0.0, f64::max)
        } else {
            2.0 * contrasts.len() as f64 * contrasts.iter().map(outside).fold(1.0, f64::min)
        };
        let needed = needed(contrasts.iter().flat_map(|contrast| {
            [-margin, margin].map(|than| contrast.differences.count_that_decides(than, CONFIDENCE_OF_SAME))
        }));
        let found = least(&contrasts, |contrast| -contrast.differences.mean.abs())
            .map_or_else(String::new, |contrast| contrast.in_words(contrasts.len(), CONFIDENCE_OF_SAME));
        Self::tested(found, Tested { claimed, p: p.min(1.0), needed })
    }

    fn correlated(cells: &[CellResult], least: f64) -> Self {
        let (ours, paper): (Vec<f64>, Vec<f64>) = beside_paper(cells).unzip();
        let missing = || Self::missing(format!("{} cells have both values, of at least 4", ours.len()));
        if ours.len() < 4 {
            return missing();
        }
        let Some(correlation) = spearman(&ours, &paper) else {
            return Self::missing("all cells have one value, so that there is no order".to_owned());
        };
        let (low, high) = correlation_interval(correlation, ours.len(), CONFIDENCE);
        let above = p_correlation_above(correlation, ours.len(), least);
        let claimed = correlation > least;
        let p = 2.0 * if claimed { above } else { 1.0 - above };
        let found = format!("{correlation:.2} [{low:.2}, {high:.2}] over {} cells", ours.len());
        let needed = "the interval follows from the number of cells".to_owned();
        Self::tested(found, Tested { claimed, p: p.min(1.0), needed })
    }

    fn fails(cells: &[CellResult], labels: &[String], below: f64) -> Self {
        let Some(cell) = cells.iter().find(|cell| cell.labels == labels) else {
            return Self::missing("there is no such cell".to_owned());
        };
        let failed: Vec<bool> = cell
            .runs
            .iter()
            .filter_map(|(_, outcome)| match outcome {
                Outcome::Top1(top1) => Some(*top1 < below),
                Outcome::Collapsed(_) | Outcome::Ended(Status::Diverged | Status::Collapsed) => Some(true),
                // Stopped by an error, such as a full disk: it says nothing of the cell.
                Outcome::Ended(_) | Outcome::NotMeasured => None,
            })
            .collect();
        if failed.len() < LEAST_SEEDS {
            return Self::missing(few(labels, failed.len()));
        }
        let count = failed.iter().filter(|failed| **failed).count();
        let verdict = match count {
            0 => Verdict::Fails,
            all if all == failed.len() => Verdict::Holds,
            _ => Verdict::Undecided,
        };
        let found = format!("{count} of {} runs fail; {}", failed.len(), cell.ours());
        Self { found, certain: Some(verdict), tested: None, missing: String::new() }
    }

    fn tested(found: String, tested: Tested) -> Self {
        Self { found, certain: None, tested: Some(tested), missing: String::new() }
    }

    fn missing(missing: String) -> Self {
        Self { found: "not measured".to_owned(), certain: None, tested: None, missing }
    }
}

impl Contrast {
    /// The difference of the first cell and the second, over the seeds that both have.
    fn of(cells: &[CellResult], (one, other): (&[String], &[String]), than: f64) -> Result<Self, String> {
        let runs = |labels: &[String]| {
            cells.iter().find(|cell| cell.labels == labels).map_or(&[][..], |cell| &cell.runs[..])
        };
        // Runs stand in the order of the seeds.
        let pairs = runs(one).iter().zip(runs(other));
        let differences: Vec<f64> =
            pairs.filter_map(|((_, one), (_, other))| Some(one.score()? - other.score()?)).collect();
        let name = format!("{} - {}", one.join(", "), other.join(", "));
        match Differences::of(&differences) {
            Some(differences) if differences.std == 0.0 && differences.count >= LEAST_SEEDS => {
                Err(format!("{name} is the same with every seed: are the cells one experiment?"))
            }
            Some(differences) if differences.count >= LEAST_SEEDS => Ok(Self { name, differences, than }),
            _ => Err(few(&[name], differences.len())),
        }
    }

    /// The difference with its interval, and its name where it stands for several.
    fn in_words(&self, of: usize, confidence: f64) -> String {
        let (low, high) = self.differences.interval(confidence);
        let number = format!("{:+.1} [{low:+.1}, {high:+.1}]", self.differences.mean);
        if of == 1 { number } else { format!("the least clear of {of}: {}, {number}", self.name) }
    }
}

/// How many seeds of the same means and deviations would decide every difference.
fn needed(seeds: impl Iterator<Item = Option<usize>>) -> String {
    match seeds.collect::<Option<Vec<_>>>().and_then(|seeds| seeds.into_iter().max()) {
        Some(seeds) => format!("about {} seeds would decide", seeds.max(LEAST_SEEDS)),
        None => "a thousand seeds would not decide".to_owned(),
    }
}

fn few(labels: &[String], seeds: usize) -> String {
    format!("{} has {seeds} of at least {LEAST_SEEDS} seeds", labels.join(", "))
}

fn least(contrasts: &[Contrast], by: impl Fn(&&Contrast) -> f64) -> Option<&Contrast> {
    contrasts.iter().min_by(|a, b| by(a).total_cmp(&by(b)))
}
