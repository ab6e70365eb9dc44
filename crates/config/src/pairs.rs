//! `[data.pairs]`: which images show the same thing to a method.

use serde::{Deserialize, Serialize};

use crate::problems::Problems;
use crate::{AnyMethod, ComparedViews, Data, DataName};

/// What the images of a group, such as the frames of a clip or the slices of a patient, are to each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pairs {
    /// Where the other views of an image come from: itself, another image of its group, one that is so many places away
    /// from it at most, in the order of the group's images, or another slice of its volume so many mm away at most. An image
    /// without such another is its own.
    ///
    /// Range: `itself`, `anywhere`, `{ within = 1 }` and above, of `scans` `{ within_mm = 5.0 }` above 0
    pub from: PairsFrom,
    /// What the other images of its group are to an image in the loss, where a method compares images of a batch or a queue:
    /// left out, told apart as those of other groups are, or right answers as its own other view is; default `ignore`.
    ///
    /// Range: `ignore`, `negative`, `positive`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others: Option<Others>,
}

/// Where the other views of an image come from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PairsFrom {
    /// The image.
    Itself,
    /// Another of its group.
    Anywhere,
    /// Another of its group, at most so many places away.
    Within(usize),
    /// Another slice of its volume, at most so many mm away.
    #[serde(rename = "within_mm")]
    WithinMm(f64),
}

/// What the others of an image's group are to it in a loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Others {
    /// Neither attracted nor repelled.
    #[default]
    Ignore,
    /// Repelled, as images of other groups are.
    Negative,
    /// Attracted.
    Positive,
}

impl Others {
    /// All of them: what a softmax over candidates can do.
    pub const ALL: [Self; 3] = [Self::Ignore, Self::Negative, Self::Positive];
    /// Where there is one right answer.
    pub const OF_ONE_POSITIVE: [Self; 2] = [Self::Ignore, Self::Negative];

    /// The name as a file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Negative => "negative",
            Self::Positive => "positive",
        }
    }
}

impl Pairs {
    /// Reports what the data set or the method cannot do.
    pub(crate) fn check(&self, data: &Data, method: &AnyMethod, problems: &mut Problems) {
        let name = data.name.as_str();
        let expected = "no such table: only data.name = \"csv\" with a column group, \"frames\", \"scans\" and \"synthetic-video\" have images in groups";
        problems.require(data.name.has_groups(), "data.pairs", &name, expected);
        if let PairsFrom::Within(places) = self.from {
            problems.require(places >= 1, "data.pairs.from.within", &places, "at least 1 place");
        }
        if let PairsFrom::WithinMm(mm) = self.from {
            problems.positive("data.pairs.from.within_mm", mm);
            let expected = "within, since only slices of data.name = \"scans\" know where they lie";
            problems.require(data.name == DataName::Scans, "data.pairs.from.within_mm", &mm, expected);
        }
        let one_view = |views| {
            matches!(
                views,
                ComparedViews::Slot
                    | ComparedViews::Pretext
                    | ComparedViews::Grid
                    | ComparedViews::Whole
                    | ComparedViews::BesideText
            )
        };
        for task in method.tasks() {
            let expected = format!("\"itself\", for {} looks at one view of each image", task.key);
            let fits = self.from == PairsFrom::Itself || !one_view(task.info.compared_views);
            problems.require(
                fits || task.views.is_some(),
                "data.pairs.from",
                &self.from.in_words(),
                &expected,
            );
            let Some(others) = self.others else { continue };
            let known: Vec<_> =
                task.info.others.iter().map(|others| format!("{:?}", others.as_str())).collect();
            let expected = if known.is_empty() {
                format!("no such key, for {} compares an image with no others", task.key)
            } else {
                format!("{} for {}", known.join(" or "), task.key)
            };
            let fits = task.info.others.contains(&others) || known.is_empty() && task.views.is_some();
            problems.require(fits, "data.pairs.others", &others.as_str(), &expected);
        }
    }
}

impl PairsFrom {
    fn in_words(self) -> String {
        match self {
            Self::Itself => "itself".to_owned(),
            Self::Anywhere => "anywhere".to_owned(),
            Self::Within(places) => format!("within {places}"),
            Self::WithinMm(mm) => format!("within {mm} mm"),
        }
    }
}
