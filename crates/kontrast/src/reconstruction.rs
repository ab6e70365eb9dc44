//! What a method that learns to give images back makes of them: the error in the log, and a picture.

use crate::canvas::{pixels, save};
use crate::figures::{SHOWN, Sheet};
use crate::session::Session;
use crate::task_images;
use kontrast_config::Task;
use kontrast_eval::{TaskImages, reconstruction};
use kontrast_methods::Method;
use kontrast_runlog::Reconstruction;
use std::path::Path;
use tch::Tensor;

/// Gives all test images back, or the training images where there is no test split, measures the error, and draws some.
/// None for a method that does not learn to.
pub(crate) fn measured(
    session: &Session<'_>,
    method: &Method,
    file: &Path,
) -> anyhow::Result<Option<Reconstruction>> {
    let reconstructed = |task: Task| Some((task.first_view(), task.info.reconstructs?));
    let Some((view, loss)) = session.experiment.method.tasks().into_iter().find_map(reconstructed) else {
        return Ok(None);
    };
    let asked = task_images::undistorted(session, view);
    let Some(measured) = reconstruction(method, &asked, loss, &session.stop)? else { return Ok(None) };
    session.host.note(&format_args!(
        "reconstruction of the {} images: {} {:.4}, of one colour for each {:.4}",
        asked.split(),
        measured.loss,
        measured.error,
        measured.baseline
    ));
    draw(session, method, &asked, file)?;
    Ok(Some(measured))
}

/// A dozen images in columns: as they are, what the method sees of them where that is not all, and what comes back.
fn draw(session: &Session<'_>, method: &Method, asked: &TaskImages, file: &Path) -> anyhow::Result<()> {
    let count = asked.count().min(SHOWN);
    // Spread over the data set, which may be sorted by class.
    let indices: Vec<u32> = (0..count).map(|column| (column * asked.count() / count) as u32).collect();
    let views = asked.some(&indices)?;
    let Some(found) = method.reconstruct(&views) else { return Ok(()) };
    let images = views.view(0);
    let size = (images.size()[3] as usize, images.size()[2] as usize);
    // What is hidden is 0, the mean of the data set's colours.
    let seen = found.hidden.map(|hidden| &images * (1.0 - hidden));
    let rows: Vec<Tensor> = [Some(images), seen, Some(found.images)].into_iter().flatten().collect();
    let mut sheet = Sheet::new(count, rows.len(), size);
    let to_tensor = session.to_tensor();
    for (row, pictures) in rows.iter().enumerate() {
        for column in 0..count {
            sheet.put(column, row, &pixels(&pictures.get(column as i64), &to_tensor), None);
        }
    }
    save(&sheet.picture, file)
}
