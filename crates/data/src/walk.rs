//! Walks folders of images: each folder once, links to folders behind everything that needs none.

use std::collections::{HashSet, VecDeque};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::archives::is_read;
use crate::error::DataError;
use crate::exclude::Exclude;
use crate::formats::Kind;
use crate::left_out::LeftOut;
use crate::storage::{Entry, Storage};

/// Image files, in the order of their names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Files {
    /// Side by side, without classes.
    Flat(Vec<PathBuf>),
    /// One folder a class. Two names may look alike where they are no UTF-8, and are two classes all the same.
    Classes(Vec<(OsString, Vec<PathBuf>)>),
}

/// Remembers which folders were walked, and what is left out.
#[derive(Default)]
pub(crate) struct Walker {
    /// Device and inode of each folder.
    seen: HashSet<(u64, u64)>,
    pub(crate) left: LeftOut,
    /// Archives, which are no images.
    pub(crate) archives: Vec<PathBuf>,
    exclude: Exclude,
    storage: Storage,
}

/// What lies in the folder of a split.
#[derive(Debug)]
pub(crate) struct Found {
    folder: PathBuf,
    flat: Vec<PathBuf>,
    classes: Vec<Class>,
    /// Links to folders, each with the place of its class.
    links: VecDeque<(PathBuf, usize)>,
}

#[derive(Debug, Default)]
struct Class {
    name: OsString,
    images: Vec<PathBuf>,
    /// Whether something in it was written by Kontrast.
    own: bool,
}

impl Walker {
    /// A walker that leaves out what these patterns name.
    pub(crate) fn without(exclude: Exclude, storage: Storage) -> Self {
        Self { exclude, storage, ..Self::default() }
    }

    /// A walker that leaves out nothing.
    pub(crate) fn of(storage: Storage) -> Self {
        Self { storage, ..Self::default() }
    }

    /// What a person should know of what was left out.
    pub(crate) fn notes(self, root: &Path) -> Vec<String> {
        let excluded: Vec<_> = self.exclude.notes().collect();
        self.left.notes(root).into_iter().chain(excluded).collect()
    }

    fn empty(&self, folder: PathBuf) -> DataError {
        let mut others = self.left.instead();
        let excluded = self.exclude.images();
        if excluded > 0 {
            let joined = if others.is_empty() { ", but" } else { " and" };
            others = format!("{others}{joined} {excluded} that data.exclude leaves out");
        }
        DataError::EmptyFolder { folder, others }
    }

    /// Walks a folder and the folders in it, each of these as a class; links to folders are left to [`Self::follow`]. None
    /// where it was walked already.
    pub(crate) fn gather(&mut self, folder: &Path) -> Result<Option<Found>, DataError> {
        if !self.enter(folder)? {
            return Ok(None);
        }
        let mut found = Found {
            folder: folder.to_owned(),
            flat: Vec::new(),
            classes: Vec::new(),
            links: VecDeque::new(),
        };
        for entry in self.entries(folder)? {
            let (Entry::Folder(path) | Entry::Link(path)) = &entry else {
                if let Entry::File(path) = entry {
                    self.file(path, &mut found.flat);
                }
                continue;
            };
            let name = path.file_name().unwrap_or_default().to_owned();
            found.classes.push(Class { name, ..Class::default() });
            let class = found.classes.len() - 1;
            if matches!(entry, Entry::Link(_)) {
                found.links.push_back((path.clone(), class));
            } else {
                self.collect(path, class, &mut found)?;
            }
        }
        Ok(Some(found))
    }

    /// Walks the links to folders, each folder once, so that a circle of links ends and no image counts twice.
    pub(crate) fn follow(&mut self, found: &mut Found) -> Result<(), DataError> {
        while let Some((link, class)) = found.links.pop_front() {
            self.collect(&link, class, found)?;
        }
        Ok(())
    }

    /// The folders as classes where one of them holds an image, else the images beside them.
    pub(crate) fn files(&mut self, found: Found) -> Result<Files, DataError> {
        let Found { folder, flat, classes, .. } = found;
        let (classes, empty): (Vec<_>, Vec<_>) =
            classes.into_iter().partition(|class| !class.images.is_empty());
        if classes.is_empty() {
            if !flat.is_empty() {
                return Ok(self.numbered(&folder, flat));
            }
            return Err(self.empty(folder));
        }
        let empty: Vec<_> =
            empty.iter().filter(|class| !class.own).map(|class| class.name.to_string_lossy()).collect();
        if !empty.is_empty() {
            let (place, empty) = (folder.display(), empty.join(", "));
            self.left.folders.push(format!("{place}: no images in {empty}, which is no class therefore"));
        }
        self.left.beside += flat.len();
        let sorted = |mut class: Class| {
            class.images.sort();
            (class.name, class.images)
        };
        Ok(Files::Classes(classes.into_iter().map(sorted).collect()))
    }

    /// Images side by side, by the numbers of their classes where archives have these.
    fn numbered(&mut self, folder: &Path, flat: Vec<PathBuf>) -> Files {
        let Storage::Archives(archives) = &self.storage else { return Files::Flat(flat) };
        let (files, note) = archives.numbers().classes(flat);
        self.left.folders.extend(note.map(|note| format!("{}: {note}", folder.display())));
        files
    }

    /// All images below a folder, by path.
    pub(crate) fn every(&mut self, folder: &Path) -> Result<Vec<PathBuf>, DataError> {
        let Some(mut found) = self.gather(folder)? else { return Ok(Vec::new()) };
        self.follow(&mut found)?;
        let Found { flat, classes, .. } = found;
        let mut images = flat;
        images.extend(classes.into_iter().flat_map(|class| class.images));
        images.sort();
        if images.is_empty() {
            return Err(self.empty(folder.to_owned()));
        }
        Ok(images)
    }

    /// How many images lie below a folder that is not read, as far as they were not read through links.
    pub(crate) fn count(&mut self, folder: &Path) -> Result<usize, DataError> {
        if self.storage.is_run(folder) {
            self.left.runs += 1;
            return Ok(0);
        }
        let Some(mut found) = self.gather(folder)? else { return Ok(0) };
        self.follow(&mut found)?;
        Ok(found.flat.len() + found.classes.iter().map(|class| class.images.len()).sum::<usize>())
    }

    /// All images below a folder, for a class; links to folders are put behind those that are known.
    fn collect(&mut self, folder: &Path, class: usize, found: &mut Found) -> Result<(), DataError> {
        let before = (self.left.own, self.left.runs);
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            if self.storage.is_run(&folder) {
                self.left.runs += 1;
            } else if self.enter(&folder)? {
                for entry in self.entries(&folder)? {
                    match entry {
                        Entry::Folder(path) => folders.push(path),
                        Entry::Link(path) => found.links.push_back((path, class)),
                        Entry::File(path) => self.file(path, &mut found.classes[class].images),
                        Entry::Special(_) => {}
                    }
                }
            } else {
                self.left.links += 1;
            }
        }
        found.classes[class].own |= before != (self.left.own, self.left.runs);
        Ok(())
    }

    /// Takes an image, or counts what is none to train on.
    pub(crate) fn file(&mut self, path: PathBuf, images: &mut Vec<PathBuf>) {
        match Kind::of(&path, &self.storage) {
            Kind::Image if self.exclude.leaves_out(&path) => {}
            Kind::Image => images.push(path),
            Kind::Other(ending) => *self.left.others.entry(ending).or_default() += 1,
            Kind::Own => self.left.own += 1,
            Kind::Nothing if is_read(&path) => self.archives.push(path),
            Kind::Nothing => {}
        }
    }

    /// Whether a folder is walked for the first time.
    fn enter(&mut self, folder: &Path) -> Result<bool, DataError> {
        let identity = self.storage.identity(folder)?;
        Ok(identity.is_none_or(|identity| self.seen.insert(identity)))
    }

    /// What lies in a folder, by name, without hidden files. Pipes, sockets and devices are counted.
    fn entries(&mut self, folder: &Path) -> Result<Vec<Entry>, DataError> {
        let (hidden, seen): (Vec<_>, Vec<_>) =
            self.storage.entries(folder)?.into_iter().partition(Entry::is_hidden);
        let is_image = |entry: &&Entry| matches!(entry, Entry::File(path) if Kind::of(path, &self.storage) == Kind::Image);
        self.left.hidden += hidden.iter().filter(is_image).count();
        let (special, entries): (Vec<_>, Vec<_>) =
            seen.into_iter().partition(|entry| matches!(entry, Entry::Special(_)));
        self.left.special += special.len();
        Ok(entries)
    }

    /// The folders in a folder, and the files.
    pub(crate) fn listed(&self, folder: &Path) -> Result<Listed, DataError> {
        let mut walker = Self::of(self.storage.clone());
        let (mut folders, mut files) = (Vec::new(), Vec::new());
        for entry in walker.entries(folder)? {
            match entry {
                Entry::Folder(path) | Entry::Link(path) => folders.push(path),
                Entry::File(path) => files.push(path),
                Entry::Special(_) => {}
            }
        }
        Ok(Listed { folders, files, hidden: walker.left.hidden })
    }
}

/// What lies in a folder, links followed.
pub(crate) struct Listed {
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) files: Vec<PathBuf>,
    /// Hidden images, which are no files of it.
    pub(crate) hidden: usize,
}
