//! What our runs have to say of one claim.

use kontrast_config::ClaimTest;

use super::statistics::{Differences, p_correlation_above};
use super::tested::{LEAST_SEEDS, Test};
use super::{RankCorrelation, Verdict};
use crate::ablation::{CellResult, Outcome, beside_paper};
use kontrast_runlog::Status;

const NOT_MEASURED: &str = "not measured";
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
    /// The test; none where there are too few runs.
    pub(super) tested: Option<Test>,
    /// Which runs are missing, where nothing could be tested.
    pub(super) missing: String,
}

/// Why nothing could be tested.
struct Missing {
    /// In place of what was found.
    found: &'static str,
    /// Which runs it is.
    note: String,
}

/// The difference of two cells.
struct Contrast {
    name: String,
    differences: Differences,
    /// How many seeds there are to be, some of which may have no pair.
    seeds: usize,
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
        ClaimTest::Best { cell, but } if but.is_empty() => format!("{} > every other", name(cell)),
        ClaimTest::Best { cell, but } => format!("{} > every other but {}", name(cell), all(but, " and ")),
        ClaimTest::Rising { cells } => all(cells, " < "),
        ClaimTest::Same { cells, margin } => format!("{}, to less than {margin}", all(cells, " = ")),
        ClaimTest::Correlated { least, group } => {
            let cells = group.as_ref().map_or_else(String::new, |group| format!(", {group}"));
            format!("Spearman's rank correlation with the paper{cells} > {least}")
        }
        ClaimTest::Fails { cell, below } => format!("{} fails, or has less than {below} %", name(cell)),
    }
}

impl Evidence {
    pub(super) fn of(test: &ClaimTest, cells: &[CellResult]) -> Self {
        let contrasts = |pairs: &[(&[String], &[String])]| {
            pairs.iter().map(|(cell, other)| Contrast::of(cells, (cell, other))).collect::<Result<_, _>>()
        };
        match test {
            ClaimTest::Greater { cell, than, by } => Self::greater(contrasts(&[(cell, than)]), *by),
            ClaimTest::Best { cell, but } => {
                let others =
                    cells.iter().filter(|other| other.labels != *cell && !but.contains(&other.labels));
                let pairs: Vec<_> = others.map(|other| (&cell[..], &other.labels[..])).collect();
                Self::greater(contrasts(&pairs), 0.0)
            }
            ClaimTest::Rising { cells: named } => {
                let pairs: Vec<_> = named.windows(2).map(|pair| (&pair[1][..], &pair[0][..])).collect();
                Self::greater(contrasts(&pairs), 0.0)
            }
            ClaimTest::Same { cells: named, margin } => {
                let pairs: Vec<_> = named
                    .iter()
                    .enumerate()
                    .flat_map(|(place, cell)| named[..place].iter().map(|other| (&cell[..], &other[..])))
                    .collect();
                Self::same(contrasts(&pairs), *margin)
            }
            ClaimTest::Correlated { least, .. } => Self::correlated(beside_paper(cells), *least),
            ClaimTest::Fails { cell, below } => Self::fails(cells, cell, *below),
        }
    }

    /// Every difference is to be above what it is held against.
    fn greater(contrasts: Result<Vec<Contrast>, Missing>, than: f64) -> Self {
        let test = |all| Test::Greater(all, than);
        Self::of_contrasts(contrasts, test, CONFIDENCE, |one| one.p_above(than))
    }

    /// Every difference is to lie within the margin.
    fn same(contrasts: Result<Vec<Contrast>, Missing>, margin: f64) -> Self {
        let test = |all| Test::Same(all, margin);
        let doubt = |one: &Differences| one.p_above(-margin).max(1.0 - one.p_above(margin));
        Self::of_contrasts(contrasts, test, CONFIDENCE_OF_SAME, doubt)
    }

    /// The test of all, and the least clear of them in words.
    fn of_contrasts(
        contrasts: Result<Vec<Contrast>, Missing>,
        test: impl FnOnce(Vec<Differences>) -> Test,
        confidence: f64,
        doubt: impl Fn(&Differences) -> f64,
    ) -> Self {
        let contrasts = match contrasts {
            Ok(contrasts) => contrasts,
            Err(missing) => return Self::missing(missing),
        };
        let of = |contrast: &Contrast| doubt(&contrast.differences);
        let least = contrasts.iter().max_by(|a, b| of(a).total_cmp(&of(b)));
        let found = least.map_or_else(String::new, |least| least.in_words(contrasts.len(), confidence));
        let test = test(contrasts.iter().map(|contrast| contrast.differences).collect());
        Self::tested(found + &unpaired(&contrasts), test)
    }

    fn correlated(pairs: impl Iterator<Item = (f64, f64)>, least: f64) -> Self {
        let RankCorrelation { count, spearman, interval, .. } = RankCorrelation::of(None, pairs);
        if count < 4 {
            let note = format!("{count} cells have both values, of at least 4");
            return Self::missing(Missing { found: measured(count, "too few cells"), note });
        }
        let Some((correlation, (low, high))) = spearman.zip(interval) else {
            let note = "all cells have one value, so that there is no order".to_owned();
            return Self::missing(Missing { found: "no order", note });
        };
        let above = p_correlation_above(correlation, count, least);
        let is_claimed = correlation > least;
        let p = 2.0 * if is_claimed { above } else { 1.0 - above };
        let found = format!("{correlation:.2} [{low:.2}, {high:.2}] over {count} cells");
        Self::tested(found, Test::Fixed { is_claimed, p })
    }

    fn fails(cells: &[CellResult], labels: &[String], below: f64) -> Self {
        let Some(cell) = cells.iter().find(|cell| cell.labels == labels) else {
            return Self::missing(Missing { found: NOT_MEASURED, note: "there is no such cell".to_owned() });
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

    fn tested(found: String, tested: Test) -> Self {
        Self { found, certain: None, tested: Some(tested), missing: String::new() }
    }

    fn missing(Missing { found, note }: Missing) -> Self {
        Self { found: found.to_owned(), certain: None, tested: None, missing: note }
    }
}

impl Contrast {
    /// The difference of the first cell and the second, over the seeds that both have.
    fn of(cells: &[CellResult], (one, other): (&[String], &[String])) -> Result<Self, Missing> {
        let runs = |labels: &[String]| {
            cells.iter().find(|cell| cell.labels == labels).map_or(&[][..], |cell| &cell.runs[..])
        };
        // Runs stand in the order of the seeds.
        let pairs = runs(one).iter().zip(runs(other));
        let seeds = pairs.len();
        let differences: Vec<f64> =
            pairs.filter_map(|((_, one), (_, other))| Some(one.score()? - other.score()?)).collect();
        let name = format!("{} - {}", one.join(", "), other.join(", "));
        let count = differences.len();
        // Where no seed has a pair there is nothing to add.
        let missing = if (1..seeds).contains(&count) { seeds - count } else { 0 };
        let rest = if missing > 0 { format!("; {}", without_a_pair(missing, seeds)) } else { String::new() };
        match Differences::of(&differences) {
            Some(differences) if differences.is_constant() && count >= LEAST_SEEDS => {
                let question =
                    if differences.mean.abs() < 1e-9 { ": are the cells one experiment?" } else { "" };
                let note = format!("{name} is the same with every seed{question}{rest}");
                Err(Missing { found: "no variation", note })
            }
            Some(differences) if count >= LEAST_SEEDS => Ok(Self { name, differences, seeds }),
            _ => {
                let Missing { found, note } = few(&[name], count);
                Err(Missing { found, note: note + &rest })
            }
        }
    }

    /// The difference with its interval, and its name where it stands for several.
    fn in_words(&self, of: usize, confidence: f64) -> String {
        let (low, high) = self.differences.interval(confidence);
        let number = format!("{:+.1} [{low:+.1}, {high:+.1}]", self.differences.mean);
        if of == 1 { number } else { format!("the least clear of {of}: {}, {number}", self.name) }
    }
}

/// Seeds of which one of two cells has no score, where there are such; the most of several contrasts.
fn unpaired(contrasts: &[Contrast]) -> String {
    let missing = |contrast: &Contrast| contrast.seeds - contrast.differences.count;
    match contrasts.iter().max_by_key(|contrast| missing(contrast)) {
        Some(most) if missing(most) > 0 => {
            let up_to = if contrasts.len() > 1 { "up to " } else { "" };
            format!("; {up_to}{}", without_a_pair(missing(most), most.seeds))
        }
        _ => String::new(),
    }
}

fn without_a_pair(missing: usize, seeds: usize) -> String {
    format!("{missing} of {seeds} seeds without a pair")
}

fn few(labels: &[String], seeds: usize) -> Missing {
    let note = format!("{} has {seeds} of at least {LEAST_SEEDS} seeds", labels.join(", "));
    Missing { found: measured(seeds, "too few seeds"), note }
}

/// What is found where something is there, and not enough.
fn measured(count: usize, too_few: &'static str) -> &'static str {
    if count == 0 { NOT_MEASURED } else { too_few }
}
