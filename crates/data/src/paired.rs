//! Partners within a group: the later views of an image are of another frame of its video, another slice of its scan.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use kontrast_augment::ImageRef;
use kontrast_rng::KeyedRng;

use crate::dataset::{Dataset, Labelled, Position};
use crate::error::DataError;

/// Positions are sums of floats: so many millimetres do not count.
const ROUNDING: f64 = 1e-6;

/// Which image of a group the later views of an image are of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Partners {
    /// The image itself.
    Itself,
    /// Any other image of the group.
    Anywhere,
    /// Another image of the group that is at most so many places away, in the order of the group: by ascending index.
    Within(usize),
    /// Another slice of the same volume that is at most so many millimetres away.
    WithinMm(f64),
}

/// A data set whose images have partners within their groups: each of those that [`Partners`] allows is as likely. An image
/// without any is its own partner.
#[derive(Clone, Debug)]
pub struct Paired<D: ?Sized> {
    partners: Partners,
    /// The images of each group, ascending, or by volume and position where these decide.
    members: Vec<Vec<u32>>,
    /// Of each image its group, as an index into `members`, and its place there.
    places: Vec<(u32, u32)>,
    base: Arc<D>,
}

impl<D: Dataset + ?Sized> Paired<D> {
    /// The images of `base` with partners from the groups that it knows.
    ///
    /// # Errors
    /// Unless each image is to be its own partner: where no image shares its group with another; of [`Partners::WithinMm`],
    /// where one does not know its position.
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
        if partners != Partners::Itself && members.len() == base.len() {
            let reason = format!(
                "expected images in groups, such as a CSV file with a column group or data.name = \"frames\"; each of the {} \
                 images is a group of its own",
                base.len()
            );
            return Err(DataError::Pairs { reason });
        }
        let mut paired = Self { partners, members, places, base };
        if let Partners::WithinMm(_) = partners {
            paired.sort()?;
        }
        Ok(paired)
    }

    /// Whether there are several groups.
    ///
    /// # Errors
    /// Where there is one, so that a loss that knows them has no other images to compare with.
    pub fn require_groups(&self) -> Result<(), DataError> {
        if self.members.len() > 1 {
            return Ok(());
        }
        let reason = format!(
            "all {} images are of one group, so that nothing is left to tell apart; add images of other groups, leave \
             data.pairs out, or tell images of one group apart: from = {{ within = 2 }} and others = \"negative\"",
            self.base.len()
        );
        Err(DataError::Pairs { reason })
    }

    /// Sorts the images of each group by volume and position.
    fn sort(&mut self) -> Result<(), DataError> {
        let mut known = Vec::with_capacity(self.base.len());
        for index in 0..self.base.len() {
            let Some(position) = self.base.position(index) else {
                let name = self.base.name(index).unwrap_or_else(|| format!("image {index}"));
                let reason = format!(
                    "within_mm: {name} does not say where it lies in its volume; expected slices of scans that do, as volumes of \
                     NIfTI and DICOM series with ImagePositionPatient; or give within, a number of slices"
                );
                return Err(DataError::Pairs { reason });
            };
            known.push(position);
        }
        for (group, members) in self.members.iter_mut().enumerate() {
            let at = |&index: &u32| known[index as usize];
            members.sort_by(|a, b| (at(a).volume.cmp(&at(b).volume)).then(at(a).mm.total_cmp(&at(b).mm)));
            for (place, &index) in members.iter().enumerate() {
                self.places[index as usize] = (group as u32, place as u32);
            }
        }
        Ok(())
    }

    /// How many images have no other within reach.
    pub fn alone(&self) -> usize {
        let alone = |&index: &usize| {
            let (first, last) = self.ends(index);
            first == last
        };
        (0..self.base.len()).filter(alone).count()
    }

    /// The first and the last place in the group that are within reach of an image: one place where it is alone.
    fn ends(&self, index: usize) -> (usize, usize) {
        let (group, place) = self.places[index];
        let (members, place) = (&self.members[group as usize], place as usize);
        let reach = match self.partners {
            Partners::Itself => 0,
            Partners::Anywhere => members.len(),
            Partners::Within(reach) => reach,
            Partners::WithinMm(mm) => return self.ends_in_mm(members, place, mm),
        };
        (place.saturating_sub(reach), place.saturating_add(reach).min(members.len() - 1))
    }

    fn ends_in_mm(&self, members: &[u32], place: usize, mm: f64) -> (usize, usize) {
        let at = |index: u32| self.base.position(index as usize);
        let own = at(members[place]);
        let near = |other: &&u32| match (own, at(**other)) {
            (Some(own), Some(other)) => {
                own.volume == other.volume && (own.mm - other.mm).abs() <= mm + ROUNDING
            }
            _ => false,
        };
        let before = members[..place].iter().rev().take_while(near).count();
        (place - before, place + members[place + 1..].iter().take_while(near).count())
    }
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
        let (first, last) = self.ends(index);
        if first == last {
            return index;
        }
        let (group, place) = self.places[index];
        let (members, place) = (&self.members[group as usize], place as usize);
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

    fn position(&self, index: usize) -> Option<Position> {
        self.base.position(index)
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
