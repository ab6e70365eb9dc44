//! Which images a method's own task is asked on: those of the test split, or the training images without one. Where
//! training images are the classes, these in views that training never saw.

use crate::session::Session;
use kontrast_eval::TaskImages;
use std::sync::Arc;

/// Undistorted, as large as this view of the method.
pub(crate) fn undistorted(session: &Session<'_>, view: usize) -> TaskImages {
    let test = session.splits.test.clone();
    let on_test = test.is_some();
    let images = test.map_or_else(|| session.splits.train.images(), |test| test as _);
    let size = session.experiment.views.sizes()[view].width_and_height();
    let (plan, to_tensor) = (session.undistorted(size), session.to_tensor());
    TaskImages { images, plan, to_tensor, seed: session.experiment.seed, epoch: 0, on_test }
}

/// What was trained on, in views of an epoch after the last.
pub(crate) fn drawn_anew(session: &Session<'_>, view: usize) -> TaskImages {
    let (plan, epoch) = (session.plans[view].clone(), session.experiment.train.epochs);
    TaskImages { plan, epoch, ..trained_on(session, view) }
}

/// What was trained on, undistorted.
pub(crate) fn trained_on(session: &Session<'_>, view: usize) -> TaskImages {
    let images = Arc::clone(&session.trained_on);
    TaskImages { images, on_test: false, ..undistorted(session, view) }
}
