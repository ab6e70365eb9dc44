//! What is wrong with a plan.

use thiserror::Error;

/// A plan that cannot be drawn from.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PlanError {
    /// A view without pixels.
    #[error("a view of {0}x{1} has no pixels; give both sides at least 1")]
    Empty(usize, usize),
    /// No crop at the front, or one that comes later: the step, counted from 1.
    #[error(
        "step {0}: a plan begins with its only crop, or with a resize and then the crop; move them to the front, outside \
         of choices"
    )]
    CropPlace(usize),
    /// A crop or resize inside another step.
    #[error("a crop stands inside another step; a plan begins with its only crop: move it to the front")]
    CropInside,
    /// A second resize.
    #[error(
        "after a resize comes a crop that does not resize again: centre_crop or random_crop; leave the resize out, or take \
         one of those"
    )]
    ResizedTwice,
    /// Quarter turns of a view that is not square.
    #[error(
        "quarter turns need a square view, but this one is {0}x{1}; give both sides the same number of pixels"
    )]
    NotSquare(usize, usize),
    /// A step that changes colours, for images of so many channels, which have none.
    #[error(
        "{step} changes colours, and images of {channels} channel(s) have none; leave it out, or set it to 0"
    )]
    NoColours {
        /// Which step.
        step: &'static str,
        /// Channels of the images.
        channels: usize,
    },
    /// A choice among nothing.
    #[error("a choice has no step of a weight above 0; give it one")]
    NoChoice,
    /// What is wrong with one of a plan's own steps, with what stands inside it.
    #[error("step {place}: {source}")]
    Step {
        /// Which, counted from 1.
        place: usize,
        /// What is wrong.
        source: Box<PlanError>,
    },
    /// A number outside its range.
    #[error("{name} is {found}; expected {expected}")]
    Range {
        /// Which number.
        name: &'static str,
        /// What was given.
        found: String,
        /// What would do.
        expected: String,
    },
}

/// A number from 0 to 1.
pub(crate) fn probability(name: &'static str, found: f64) -> Result<(), PlanError> {
    between(name, found, (0.0, 1.0))
}

/// A number inside a range; [`f64::MAX`] says that it has no upper end.
pub(crate) fn between(name: &'static str, found: f64, (least, most): (f64, f64)) -> Result<(), PlanError> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    let expected = if most == f64::MAX {
        format!("a number of at least {least}")
    } else {
        format!("a number from {least} to {most}")
    };
    Err(PlanError::Range { name, found: found.to_string(), expected })
}

/// A smaller and a larger number, above 0 and at most `most`.
pub(crate) fn ordered(name: &'static str, (low, high): (f64, f64), most: f64) -> Result<(), PlanError> {
    if 0.0 < low && low <= high && high <= most {
        return Ok(());
    }
    let limit = if most == f64::MAX { String::new() } else { format!(", at most {most}") };
    let expected = format!("a smaller number, then a larger one, above 0{limit}");
    Err(PlanError::Range { name, found: format!("[{low}, {high}]"), expected })
}

/// A smaller and a larger number, both from `least` to `most`.
pub(crate) fn ordered_within(
    name: &'static str,
    (low, high): (f64, f64),
    (least, most): (f64, f64),
) -> Result<(), PlanError> {
    if least <= low && low <= high && high <= most {
        return Ok(());
    }
    let expected = format!("a smaller number, then a larger one, both from {least} to {most}");
    Err(PlanError::Range { name, found: format!("[{low}, {high}]"), expected })
}
