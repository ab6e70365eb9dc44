//! Whether a paper's claims hold in our runs.

mod correlation;
mod evidence;
mod statistics;
mod tested;

use std::borrow::Cow;

use kontrast_config::{Ablation, Claim, ClaimTest};
use serde::Serialize;

use crate::ablation::CellResult;
pub use correlation::RankCorrelation;
use evidence::Evidence;
use tested::Test;

/// How likely it may be, by chance, that any tested claim of a file is decided wrongly.
const LEVEL: f64 = 0.05;

/// What our runs say of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The corrected test decides for the claim.
    Holds,
    /// It decides against it.
    Fails,
    /// It decides nothing, or there are too few runs.
    Undecided,
    /// The claim is meant for other scales.
    NotMeant,
}

/// A claim with what our runs say of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JudgedClaim {
    /// The statement in words.
    pub says: String,
    /// What is tested.
    pub test: String,
    /// What was found, with its interval.
    pub found: String,
    /// What follows.
    pub verdict: Verdict,
    /// What would decide it, or why nothing does; empty where it is decided.
    pub note: String,
    /// The p-value of the direction that was found, after Holm's correction.
    pub p: Option<f64>,
}

impl Verdict {
    /// As a table says it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::Undecided => "undecided",
            Self::NotMeant => "not meant here",
        }
    }
}

/// Judges every claim of a file by the runs that there are. Each verdict is at 5 per cent after Holm's correction for all
/// claims that can be tested.
pub(crate) fn judged(ablation: &Ablation, cells: &[CellResult]) -> Vec<JudgedClaim> {
    let evidence: Vec<_> = ablation
        .claims
        .iter()
        .map(|claim| {
            claim
                .is_meant_at(ablation.at.as_deref())
                .then(|| Evidence::of(&claim.test, &of_group(claim, ablation, cells)))
        })
        .collect();
    let tests: Vec<&Test> =
        evidence.iter().flatten().filter_map(|evidence| evidence.tested.as_ref()).collect();
    let corrected = statistics::holm(&tests.iter().map(|test| test.p()).collect::<Vec<_>>());
    let mut outcomes = tests.iter().enumerate().map(|(index, test)| match corrected[index] {
        p if p > LEVEL => (p, Verdict::Undecided, Test::needed(&tests, index)),
        p if test.is_claimed() => (p, Verdict::Holds, String::new()),
        p => (p, Verdict::Fails, String::new()),
    });
    let judge = |(claim, evidence): (&Claim, &Option<Evidence>)| {
        let base = JudgedClaim {
            says: claim.says.clone(),
            test: evidence::in_words(&claim.test),
            found: String::new(),
            verdict: Verdict::NotMeant,
            note: String::new(),
            p: None,
        };
        let Some(Evidence { found, certain, tested, missing }) = evidence else { return base };
        let base = JudgedClaim { found: found.clone(), verdict: Verdict::Undecided, ..base };
        if let Some(verdict) = certain {
            return JudgedClaim { verdict: *verdict, ..base };
        }
        match tested.as_ref().and_then(|_| outcomes.next()) {
            Some((p, verdict, note)) => JudgedClaim { verdict, note, p: Some(p), ..base },
            None => JudgedClaim { note: missing.clone(), ..base },
        }
    };
    ablation.claims.iter().zip(&evidence).map(judge).collect()
}

/// The cells that a claim is about: those of its group, where it names one.
fn of_group<'c>(claim: &Claim, ablation: &Ablation, cells: &'c [CellResult]) -> Cow<'c, [CellResult]> {
    let ClaimTest::Correlated { group: Some(name), .. } = &claim.test else { return Cow::Borrowed(cells) };
    let group = ablation.groups.iter().find(|group| group.name == *name);
    let has = |cell: &&CellResult| group.is_some_and(|group| group.has(&cell.labels));
    Cow::Owned(cells.iter().filter(has).cloned().collect())
}

/// Claims with their verdicts, as Markdown; empty where the file has none.
pub(crate) fn claims_markdown(claims: &[JudgedClaim], scale: Option<&str>) -> String {
    if claims.is_empty() {
        return String::new();
    }
    let rows: Vec<_> = claims
        .iter()
        .map(|claim| {
            vec![claim.says.clone(), claim.test.clone(), claim.found.clone(), claim.verdict_in_words()]
        })
        .collect();
    let at = scale.map_or_else(String::new, |scale| format!(" At scale {scale}."));
    format!(
        "\n## Claims\n\n{}\n{SMALL_PRINT}{at}\n",
        crate::markdown_table(&["the paper says", "test", "ours", "verdict"], &rows)
    )
}

/// What the intervals are.
pub(crate) const SMALL_PRINT: &str = "Differences in points, seed by seed, with the 95 % interval of their mean (90 % for \
                                      =); verdicts at 5 % after Holm's correction for all claims that were tested.";

impl JudgedClaim {
    /// The verdict with what would decide it.
    pub fn verdict_in_words(&self) -> String {
        let verdict = self.verdict.in_words();
        if self.note.is_empty() { verdict.to_owned() } else { format!("{verdict}: {}", self.note) }
    }
}
