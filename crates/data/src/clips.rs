//! Finds the clips of a folder, and their classes and splits where there are some: folders of frames, and animations.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::animated::is_animated;
use crate::coverage;
use crate::error::DataError;
use crate::folder::Unreadable;
use crate::layout::{TEST, TRAIN, count_beside, in_archives_where_needed, named, one_folder, tests_alone};
use crate::natural::natural;
use crate::storage::Storage;
use crate::walk::Walker;

/// Where the frames of a clip are expected.
const EXPECTED: &str = "expected CLIP/frame.png for every frame, or CLASS/CLIP/frame.png, or the latter below folders train \
                        and test; an animated GIF, PNG or WebP file stands for the folder of a clip";

/// A clip: its frames in order, or an animation.
#[derive(Debug)]
pub(crate) struct Clip {
    /// The folder of its class, where there are classes.
    pub(crate) class: Option<OsString>,
    /// The folder of its frames, or the file.
    pub(crate) path: PathBuf,
    /// None of an animation.
    pub(crate) frames: Option<Vec<PathBuf>>,
}

/// The clips of a folder.
#[derive(Debug)]
pub(crate) struct Clips {
    /// By class, then in natural order; either all have a class or none.
    pub(crate) train: Vec<Clip>,
    pub(crate) test: Option<Vec<Clip>>,
    pub(crate) notes: Vec<String>,
    pub(crate) storage: Storage,
}

impl Clips {
    /// Looks for a folder of training clips, and one of test clips beside it; without the first all clips are `root`'s own.
    pub(crate) fn find(root: &Path, unreadable: Unreadable) -> Result<Self, DataError> {
        let (mut clips, archives) = in_archives_where_needed(root, |top, storage| {
            let mut walker = Walker::of(storage.clone());
            let listed = walker.listed(top)?;
            let Some(train) = named(&listed.folders, &TRAIN) else {
                let images = walker.every(top)?;
                let train = Sorter { part: top, storage: &storage, unreadable }.clips(images, &mut walker)?;
                let names = train.iter().map(Clip::top).collect::<BTreeSet<_>>();
                let note = tests_alone(root, names.into_iter().map(OsStr::to_string_lossy))?;
                walker.left.folders.extend(note);
                return Ok(Self { train, test: None, notes: walker.notes(root), storage });
            };
            let mut part = |part: &Path| {
                let images = walker.every(part)?;
                Sorter { part, storage: &storage, unreadable }.clips(images, &mut walker)
            };
            let clips = part(train)?;
            let folder = named(&listed.folders, &TEST);
            let test = match folder {
                Some(folder) => Some(part(folder)?),
                None => None,
            };
            if let (Some(folder), Some([])) = (folder, test.as_deref()) {
                return Err(one_folder(root, train, folder));
            }
            count_beside(&listed, train, folder, &mut walker);
            Ok(Self { train: clips, test, notes: walker.notes(root), storage })
        })?;
        clips.notes.splice(0..0, archives);
        Ok(clips)
    }
}

impl Clip {
    /// The name of its class, or its own without classes.
    fn top(&self) -> &OsStr {
        self.class.as_deref().or_else(|| self.path.file_name()).unwrap_or_default()
    }
}

/// Sorts the images of a split by where they lie in it.
struct Sorter<'s> {
    part: &'s Path,
    storage: &'s Storage,
    unreadable: Unreadable,
}

/// Images by what their place says of them.
#[derive(Default)]
struct Places {
    /// Of clips without classes: frames in one folder, animations in none.
    plain: Vec<Image>,
    /// Of clips with classes: frames in two folders, animations in one.
    classed: Vec<Image>,
    /// Images of one frame where an animation or a folder is expected.
    stray: Vec<Image>,
}

struct Image {
    path: PathBuf,
    moves: bool,
}

impl Sorter<'_> {
    fn clips(&self, images: Vec<PathBuf>, walker: &mut Walker) -> Result<Vec<Clip>, DataError> {
        let looked = |path: PathBuf| Image { moves: is_animated(&path, self.storage), path };
        let images: Vec<Image> = images.into_par_iter().map(looked).collect();
        let Places { plain, classed, stray } = self.places(images)?;
        if let (Some(plain), Some(classed)) = (plain.first(), classed.first()) {
            let (one, other) = (self.below(&plain.path), self.below(&classed.path));
            let (one, other) = (one.display(), other.display());
            return Err(self.wrong(&format!(
                "found clips in folders of classes, such as {other}, and clips without a class, such as {one}"
            )));
        }
        if !stray.is_empty() {
            self.stray(&stray, plain.is_empty() && classed.is_empty(), walker)?;
        }
        let with_class = plain.is_empty();
        let mut clips: BTreeMap<PathBuf, Option<Vec<PathBuf>>> = BTreeMap::new();
        for Image { path, moves } in plain.into_iter().chain(classed) {
            if moves {
                clips.insert(path, None);
            } else if let Some(clip) = path.parent().map(Path::to_owned) {
                let frames = clips.entry(clip).or_insert_with(|| Some(Vec::new()));
                frames.get_or_insert_default().push(path);
            }
        }
        let class = |path: &Path| with_class.then(|| self.first(path).to_owned());
        let clip = |(path, mut frames): (PathBuf, Option<Vec<PathBuf>>)| {
            if let Some(frames) = &mut frames {
                frames.sort_by(|a, b| natural(name(a), name(b)));
            }
            Clip { class: class(&path), path, frames }
        };
        let mut clips: Vec<Clip> = clips.into_iter().map(clip).collect();
        clips.sort_by(|a, b| a.class.cmp(&b.class).then_with(|| natural(name(&a.path), name(&b.path))));
        Ok(clips)
    }

    fn places(&self, images: Vec<Image>) -> Result<Places, DataError> {
        let mut places = Places::default();
        let mut inner = Vec::new();
        for image in images {
            let depth = self.below(&image.path).components().count();
            match (depth, image.moves) {
                (1, false) => places.stray.push(image),
                (1, true) => places.plain.push(image),
                (2, false) => inner.push(image),
                (2, true) | (3, false) => places.classed.push(image),
                (_, moves) => {
                    let what = if moves { "the animation" } else { "the image" };
                    let path = self.below(&image.path);
                    return Err(self.wrong(&format!(
                        "found {what} {} in {} folders",
                        path.display(),
                        depth - 1
                    )));
                }
            }
        }
        let classes: BTreeSet<OsString> =
            places.classed.iter().map(|image| self.first(&image.path).to_owned()).collect();
        let (stray, frames): (Vec<_>, Vec<_>) =
            inner.into_iter().partition(|image| classes.contains(self.first(&image.path)));
        places.stray.extend(stray);
        places.plain.extend(frames);
        Ok(places)
    }

    /// Refuses images that are no clips, or notes that they are skipped.
    fn stray(&self, stray: &[Image], alone: bool, walker: &mut Walker) -> Result<(), DataError> {
        if alone {
            return Err(self.wrong(&format!(
                "found {} images side by side, which are no clips (data.name = \"folder\" reads such)",
                stray.len()
            )));
        }
        let names = stray.iter().map(|image| self.below(&image.path).display().to_string());
        let named = coverage::listed(names).unwrap_or_default();
        let found = match stray.len() {
            1 => "1 image of one frame lies".to_owned(),
            many => format!("{many} images of one frame lie"),
        };
        let found = format!("{found} where clips are expected: {named}");
        if self.unreadable == Unreadable::Refuse {
            let skip = "move or remove them, or set data.unreadable = \"skip\"";
            return Err(self.wrong(&format!("{found}; {skip}")));
        }
        walker.left.folders.push(format!("{}: skipped, since {found}", self.part.display()));
        Ok(())
    }

    fn wrong(&self, found: &str) -> DataError {
        DataError::Layout { folder: self.part.to_owned(), reason: format!("{found}; {EXPECTED}") }
    }

    fn below<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(self.part).unwrap_or(path)
    }

    /// The first name below the folder of the split.
    fn first<'p>(&self, path: &'p Path) -> &'p OsStr {
        self.below(path).iter().next().unwrap_or_default()
    }
}

fn name(path: &Path) -> &OsStr {
    path.file_name().unwrap_or_default()
}
