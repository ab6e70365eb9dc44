//! Frames of clips: folders of frames and animations, each clip a group, in the order of its frames.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use kontrast_augment::ImageRef;

use crate::animation::Animation;
use crate::class_names::{distinct, shown};
use crate::classes::Classes;
use crate::clips::{Clip, Clips};
use crate::coverage;
use crate::dataset::Dataset;
use crate::error::DataError;
use crate::folder::{ImageFolder, Part, Unreadable, split};
use crate::reader::Reader;
use crate::split::{Split, Splits};
use crate::transparency::Form;
use crate::walk::Files;

/// Opens a folder of clips: its splits, or with a `holdout` a test split made of whole training clips.
pub(crate) fn open(
    root: &Path,
    unreadable: Unreadable,
    holdout: Option<f64>,
    form: Form,
    seed: u64,
) -> Result<Splits, DataError> {
    let Clips { train, test, notes, storage } = Clips::find(root, unreadable)?;
    let wrong = |reason: &str| match holdout {
        Some(fraction) => {
            Err(DataError::Holdout { folder: root.to_owned(), fraction, reason: reason.into() })
        }
        None => Ok(()),
    };
    let mut reader = Reader::new(root, unreadable, form, notes).of(storage);
    if test.is_some() {
        wrong("cannot be used, since there is a test split already; leave it out")?;
    }
    let known: BTreeSet<OsString> = train.iter().filter_map(|clip| clip.class.clone()).collect();
    let known: Vec<OsString> = known.into_iter().collect();
    let clips = train.len();
    if known.is_empty() {
        wrong("cannot be used, since clips without classes cannot be scored; leave it out")?;
        let images = Frames::read(train, 0, &mut reader)?;
        reader.notes.extend(images.single(root));
        let paths = |clip: &Clip| clip.frames.clone().unwrap_or_else(|| vec![clip.path.clone()]);
        reader.untested(test.map(|test| Files::Flat(test.iter().flat_map(paths).collect())).as_ref());
        return Ok(reader.splits(Split::Unlabelled(Arc::new(images)), None));
    }
    let train = Arc::new(classes(root, train, 0, &known, &mut reader)?);
    if let Some(fraction) = holdout {
        let (train, test) = split(root, train, fraction, seed)?;
        reader.notes.extend(coverage::untested(&*train, &*test, fraction));
        return Ok(reader.splits(Split::Labelled(train), Some(test)));
    }
    let mut tests: Option<Part> = None;
    if let Some(test) = test {
        tests = Some(Arc::new(classes(root, test, clips, &known, &mut reader)?));
    }
    Ok(reader.splits(Split::Labelled(train), tests))
}

/// The frames of clips with classes; each class must be among those that are `known`. Groups are numbered from `first` on.
fn classes(
    root: &Path,
    clips: Vec<Clip>,
    first: usize,
    known: &[OsString],
    reader: &mut Reader<'_>,
) -> Result<Classes<Frames>, DataError> {
    let mut labels = Vec::with_capacity(clips.len());
    for clip in &clips {
        let label = clip.class.as_ref().and_then(|class| known.binary_search(class).ok());
        let Some(label) = label else {
            let reason = match &clip.class {
                Some(class) => format!(
                    "the class {} has test clips, but no training clips; give it some, or remove its test clips",
                    shown(class)
                ),
                None => "the test clips have no classes; give each class a folder".to_owned(),
            };
            return Err(DataError::Layout { folder: root.to_owned(), reason });
        };
        labels.push(label as u32);
    }
    let split = if first == 0 { "training" } else { "test" };
    let images = Frames::read(clips, first as u64, reader)?;
    reader.notes.extend(images.single(root));
    let names = distinct(known);
    let clips = labels;
    let labels = images.groups.iter().map(|&group| clips[group as usize - first]).collect::<Vec<_>>();
    reader.lost(&clips, &labels, &names, split);
    Ok(Classes::new(images, labels, names))
}

/// The frames of clips, clip after clip, each in its order.
#[derive(Debug)]
struct Frames {
    files: ImageFolder,
    animations: Vec<Animation>,
    /// Where each frame is.
    places: Vec<Place>,
    /// The clip of each frame.
    groups: Vec<u64>,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// In a file of its own.
    File(u32),
    /// In an animation, at this place.
    Animation(u32, u32),
}

impl Frames {
    /// Reads every frame once, in parallel; those that cannot be read are left out where this is asked for.
    fn read(clips: Vec<Clip>, first: u64, reader: &mut Reader<'_>) -> Result<Self, DataError> {
        let (mut paths, mut animated) = (Vec::new(), Vec::new());
        let mut counts = Vec::with_capacity(clips.len());
        for Clip { path, frames, .. } in clips {
            counts.push(frames.as_ref().map(Vec::len));
            match frames {
                Some(frames) => paths.extend(frames),
                None => animated.push(path),
            }
        }
        let count = animated.len() + paths.len();
        let first_path = animated.first().or(paths.first()).cloned().unwrap_or_default();
        let mut animated = reader.animations(animated)?.into_iter();
        let (files, kept) = reader.images_or_none(paths)?;
        let (mut kept, mut file) = (kept.into_iter(), 0);
        let mut read = Self { files, animations: Vec::new(), places: Vec::new(), groups: Vec::new() };
        for (group, count) in (first..).zip(counts) {
            if let Some(count) = count {
                for _ in kept.by_ref().take(count).filter(|&kept| kept) {
                    read.places.push(Place::File(file));
                    file += 1;
                }
            } else if let Some(animation) = animated.next().flatten() {
                let number = read.animations.len() as u32;
                let frames = 0..animation.frames.len() as u32;
                read.places.extend(frames.map(|frame| Place::Animation(number, frame)));
                read.animations.push(animation);
            }
            read.groups.resize(read.places.len(), group);
        }
        if read.places.is_empty() {
            return Err(reader.none_readable(&first_path, count));
        }
        Ok(read)
    }

    /// A note about clips of one frame, which has no other beside it.
    fn single(&self, root: &Path) -> Option<String> {
        let mut frames: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
        for (index, &group) in self.groups.iter().enumerate() {
            frames.entry(group).or_insert((index, 0)).1 += 1;
        }
        let single: Vec<_> = frames.into_values().filter(|&(_, count)| count == 1).collect();
        let count = match single.len() {
            1 => "1 clip has".to_owned(),
            many => format!("{many} clips have"),
        };
        let list = coverage::listed(single.iter().filter_map(|&(index, _)| self.name(index)))?;
        Some(format!(
            "{}: {count} one frame only, which has no other to be paired with: {list}",
            root.display()
        ))
    }
}

impl Dataset for Frames {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn size(&self, index: usize) -> Result<(usize, usize), DataError> {
        match self.places[index] {
            Place::File(file) => self.files.size(file as usize),
            Place::Animation(animation, _) => Ok(self.animations[animation as usize].size),
        }
    }

    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        match self.places[index] {
            Place::File(file) => self.files.image(file as usize, buffer),
            Place::Animation(animation, frame) => Ok(self.animations[animation as usize].image(frame)),
        }
    }

    fn image_at_least<'a>(
        &'a self,
        index: usize,
        short: usize,
        buffer: &'a mut Vec<u8>,
    ) -> Result<ImageRef<'a>, DataError> {
        match self.places[index] {
            Place::File(file) => self.files.image_at_least(file as usize, short, buffer),
            Place::Animation(animation, frame) => Ok(self.animations[animation as usize].image(frame)),
        }
    }

    /// As in `clip/frame.png`, and `clip.gif#3` of the third frame of an animation.
    fn name(&self, index: usize) -> Option<String> {
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        match self.places[index] {
            Place::File(file) => {
                let path = self.files.path(file as usize)?;
                Some(format!("{}/{}", name(path.parent()?)?, name(path)?))
            }
            Place::Animation(animation, frame) => {
                Some(format!("{}#{}", name(&self.animations[animation as usize].path)?, frame + 1))
            }
        }
    }

    /// None of the frames of an animation, which share one file.
    fn path(&self, index: usize) -> Option<&Path> {
        match self.places[index] {
            Place::File(file) => self.files.path(file as usize),
            Place::Animation(..) => None,
        }
    }

    fn group(&self, index: usize) -> u64 {
        self.groups[index]
    }
}
