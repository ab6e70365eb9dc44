//! `[data.pairs]`: where an image's other views come from, and which images a loss knows to be of one group.

use crate::host::Host;
use kontrast_config::{Data, Others, PairsFrom};
use kontrast_data::{Dataset, Paired, Partners};
use kontrast_methods::ImageGroups;
use kontrast_runlog::human::counted;
use std::sync::Arc;

/// The images with the partners that the file says; as they are where it says nothing.
///
/// # Errors
/// Where no image shares its group with another, or all are of one.
pub(crate) fn paired(
    images: Arc<dyn Dataset>,
    data: &Data,
    host: &dyn Host,
) -> anyhow::Result<Arc<dyn Dataset>> {
    let Some(pairs) = &data.pairs else { return Ok(images) };
    let partners = match pairs.from {
        PairsFrom::Itself => Partners::Itself,
        PairsFrom::Anywhere => Partners::Anywhere,
        PairsFrom::Within(places) => Partners::Within(places),
        PairsFrom::WithinMm(mm) => Partners::WithinMm(mm),
    };
    if partners == Partners::Itself {
        // Groups that say nothing are refused all the same.
        Paired::new(Arc::clone(&images), Partners::Anywhere)?;
    }
    let paired = Paired::new(images, partners)?;
    let near = matches!(partners, Partners::Within(_) | Partners::WithinMm(_));
    if !(near && pairs.others == Some(Others::Negative)) {
        paired.require_groups()?;
    }
    if paired.alone() > 0 && partners != Partners::Itself {
        let alone = counted(paired.alone() as u64, "image");
        host.note(&format_args!(
            "note: data.pairs.from: {alone} without another of its group within reach: all of its views are of itself"
        ));
    }
    Ok(Arc::new(paired))
}

/// The groups that the loss is to know; none where the others of a group are as any others.
pub(crate) fn groups(images: &dyn Dataset, data: &Data) -> Option<ImageGroups> {
    let pairs = data.pairs.as_ref()?;
    let by_image: Vec<_> = (0..images.len()).map(|index| images.group(index)).collect();
    ImageGroups::of_config(&by_image, pairs.others.unwrap_or_default())
}
