//! Partners within a group: the later views of an image are of another frame of its video, another slice of its scan.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use kontrast_augment::ImageRef;
use kontrast_rng::KeyedRng;

use crate::dataset::{Dataset, Labelled};
use crate::error::DataError;

/// Which image of a group the later views of an image are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partners {
    /// The image itself.
    Itself,
    /// Any other image of the group.
    Anywhere,
    /// Another image of the group that is at most so many places away, in the order of the group: by ascending index.
    Within(usize),
}

/// A data set whose images have partners within their groups: each of those that [`Partners`] allows is as likely. An image
/// without any is its own partner.
#[derive(Clone, Debug)]
pub struct Paired<D: ?Sized> {
    partners: Partners,
    /// The images of each group, ascending.
    members: Vec<Vec<u32>>,
    /// Of each image its group, as an index into `members`, and its place there.
    places: Vec<(u32, u32)>,
    base: Arc<D>,
}

impl<D: Dataset + ?Sized> Paired<D> {
    /// The images of `base` with partners from the groups that it knows.
    ///
    /// # Errors
    /// Unless each image is to be its own partner: where no image shares its group with another, and where all are of one
    /// group.
    pub fn new(base: Arc<D>, partners: Partners) -> Result<Self, DataError> {
        let mut numbers = HashMap::new();
        let mut members: Vec<Vec<u32>> = Vec::new();
        let mut places = Vec::with_capacity(base.len());
        for index in 0..base.len() {
            let number = *numbers.entry(base.group(index)).or_insert(members.len());
            if number == members.len() {
                members.push(Vec::new());
            }
            places.push((number as u32, members[number].len() as u32));
            members[number].push(index as u32);
        }
        if partners != Partners::Itself {
            check(base.len(), members.len())?;
        }
        Ok(Self { partners, members, places, base })
    }

    /// How many images are alone in their group.
    pub fn alone(&self) -> usize {
        self.members.iter().filter(|members| members.len() == 1).count()
    }
}

fn check(images: usize, groups: usize) -> Result<(), DataError> {
    let reason = if groups == images {
        format!(
            "expected images in groups, such as a CSV file with a column group or data.name = \"frames\"; each of the \
             {images} images is a group of its own"
        )
    } else if groups == 1 {
        format!(
            "all {images} images are of one group, so that nothing is left to tell apart; add images of other groups, or \
             leave data.pairs out"
        )
    } else {
        return Ok(());
    };
    Err(DataError::Pairs { reason })
}

impl<D: Dataset + ?Sized> Dataset for Paired<D> {
    fn len(&self) -> usize {
        self.base.len()
    }

    fn size(&self, index: usize) -> Result<(usize, usize), DataError> {
        self.base.size(index)
    }

    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        self.base.image(index, buffer)
    }

    fn image_at_least<'a>(
        &'a self,
        index: usize,
        short: usize,
        buffer: &'a mut Vec<u8>,
    ) -> Result<ImageRef<'a>, DataError> {
        self.base.image_at_least(index, short, buffer)
    }

    fn name(&self, index: usize) -> Option<String> {
        self.base.name(index)
    }

    fn path(&self, index: usize) -> Option<&Path> {
        self.base.path(index)
    }

    /// Another image of the group, or the image itself where none is within reach.
    fn partner(&self, index: usize, stream: &mut KeyedRng) -> usize {
        let (group, place) = self.places[index];
        let (members, place) = (&self.members[group as usize], place as usize);
        let reach = match self.partners {
            Partners::Itself => 0,
            Partners::Anywhere => members.len(),
            Partners::Within(reach) => reach,
        };
        let first = place.saturating_sub(reach);
        let last = place.saturating_add(reach).min(members.len() - 1);
        if first == last {
            return index;
        }
        let drawn = first + stream.below(last - first);
        // The image itself is passed over.
        members[drawn + usize::from(drawn >= place)] as usize
    }

    fn captions(&self, index: usize) -> &[String] {
        self.base.captions(index)
    }

    fn group(&self, index: usize) -> u64 {
        self.base.group(index)
    }
}

impl<D: Labelled + ?Sized> Labelled for Paired<D> {
    fn class_names(&self) -> &[String] {
        self.base.class_names()
    }

    fn label(&self, index: usize) -> u32 {
        self.base.label(index)
    }

    fn labels(&self) -> Vec<u32> {
        self.base.labels()
    }
}
