//! `[method]`: what the encoder is trained with.

mod contrastive;
mod heads;
mod joint;
mod labelled;
mod momentum;
mod momentum_encoder;
mod pretext;
mod prototypes;
mod redundancy;
mod tasks;

pub use contrastive::{Dcl, Dclw, Mining, Nnclr, Simclr, Similarity, Triplet};
pub use heads::{Head, HeadNorm};
pub use joint::{Joint, Task};
pub use labelled::{Supcon, Supervised};
pub use momentum::Momentum;
pub use momentum_encoder::{Byol, Moco, Mocov3, Npid, Simsiam};
pub use pretext::{Jigsaw, PermutationMethod, Permutations, Rotation};
pub use prototypes::{Dino, Swav, SwavQueue, TeacherTemperature};
pub use redundancy::{BarlowTwins, Vicreg};
pub use tasks::{Autoencoder, Exemplar, PixelLoss, RelativePatch};

use serde::{Deserialize, Serialize};

use crate::problems::Problems;
use crate::{Train, Views};

/// The method. One variant is named, as in `[method.simclr]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// SimCLR (Chen et al. 2020, arXiv 2002.05709).
    Simclr(Simclr),
    /// MoCo v1, v2, v2+ (He et al. 2019, arXiv 1911.05722; Chen et al. 2020, arXiv 2003.04297).
    Moco(Moco),
    /// MoCo v3 (Chen, Xie and He 2021, arXiv 2104.02057).
    Mocov3(Mocov3),
    /// Instance discrimination (Wu et al. 2018, arXiv 1805.01978).
    Npid(Npid),
    /// BYOL (Grill et al. 2020, arXiv 2006.07733).
    Byol(Byol),
    /// SimSiam (Chen and He 2020, arXiv 2011.10566).
    Simsiam(Simsiam),
    /// Barlow Twins (Zbontar et al. 2021, arXiv 2103.03230).
    BarlowTwins(BarlowTwins),
    /// VICReg (Bardes, Ponce and LeCun 2021, arXiv 2105.04906).
    Vicreg(Vicreg),
    /// SwAV (Caron et al. 2020, arXiv 2006.09882).
    Swav(Swav),
    /// DINO (Caron et al. 2021, arXiv 2104.14294).
    Dino(Dino),
    /// NNCLR (Dwibedi et al. 2021, arXiv 2104.14548).
    Nnclr(Nnclr),
    /// Decoupled contrastive learning (Yeh et al. 2021, arXiv 2110.06848).
    Dcl(Dcl),
    /// DCL with weighted positives, of the same paper.
    Dclw(Dclw),
    /// Supervised contrastive learning (Khosla et al. 2020, arXiv 2004.11362).
    Supcon(Supcon),
    /// A triplet loss on views (Schroff et al. 2015, arXiv 1503.03832; SimCLR's table 2).
    Triplet(Triplet),
    /// Cross-entropy on the labels.
    Supervised(Supervised),
    /// Rotation prediction (Gidaris, Singh and Komodakis 2018, arXiv 1803.07728).
    Rotation(Rotation),
    /// Jigsaw puzzles (Noroozi and Favaro 2016, arXiv 1603.09246).
    Jigsaw(Jigsaw),
    /// Relative patches (Doersch, Gupta and Efros 2015, arXiv 1505.05192).
    RelativePatch(RelativePatch),
    /// Exemplars (Dosovitskiy et al. 2014, arXiv 1406.6909).
    Exemplar(Exemplar),
    /// An autoencoder (Hinton and Salakhutdinov 2006, Science 313).
    Autoencoder(Autoencoder),
    /// Several tasks on one encoder (Doersch and Zisserman 2017, arXiv 1708.07860).
    Joint(Joint),
}

impl Method {
    /// The variant's name as a file writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Simclr(_) => "simclr",
            Self::Moco(_) => "moco",
            Self::Mocov3(_) => "mocov3",
            Self::Npid(_) => "npid",
            Self::Byol(_) => "byol",
            Self::Simsiam(_) => "simsiam",
            Self::BarlowTwins(_) => "barlow_twins",
            Self::Vicreg(_) => "vicreg",
            Self::Swav(_) => "swav",
            Self::Dino(_) => "dino",
            Self::Nnclr(_) => "nnclr",
            Self::Dcl(_) => "dcl",
            Self::Dclw(_) => "dclw",
            Self::Supcon(_) => "supcon",
            Self::Triplet(_) => "triplet",
            Self::Supervised(_) => "supervised",
            Self::Rotation(_) => "rotation",
            Self::Jigsaw(_) => "jigsaw",
            Self::RelativePatch(_) => "relative_patch",
            Self::Exemplar(_) => "exemplar",
            Self::Autoencoder(_) => "autoencoder",
            Self::Joint(_) => "joint",
        }
    }

    /// The method itself, or each of the tasks that it joins, with the key of its table.
    pub fn each(&self) -> Vec<(String, &Self)> {
        let Self::Joint(joint) = self else { return vec![(format!("method.{}", self.name()), self)] };
        let key = |place, name| format!("method.joint.tasks[{place}].method.{name}");
        let task = |(place, task): (usize, &'_ Task)| key(place, task.method.name());
        joint.tasks.iter().enumerate().map(|at| (task(at), &at.1.method)).collect()
    }

    /// Whether it needs the labels of the images that it trains on.
    pub fn needs_labels(&self) -> bool {
        self.each().iter().any(|(_, method)| matches!(method, Self::Supcon(_) | Self::Supervised(_)))
    }

    /// The method, or the first of several tasks, that has a pretext task, which can be counted at the end, and the view of
    /// which it makes them; none where none does.
    pub fn pretext_task(&self) -> Option<(&Self, usize)> {
        self.first(|method| {
            matches!(method, Self::Rotation(_) | Self::Jigsaw(_) | Self::RelativePatch(_) | Self::Exemplar(_))
        })
    }

    /// The view that it learns to give back; none where it does not.
    pub fn reconstructed_view(&self) -> Option<usize> {
        self.first(|method| matches!(method, Self::Autoencoder(_))).map(|(_, view)| view)
    }

    /// The method, or the first of several tasks, that is one of these, with its first view.
    fn first(&self, wanted: fn(&Self) -> bool) -> Option<(&Self, usize)> {
        let Self::Joint(joint) = self else { return wanted(self).then_some((self, 0)) };
        let task = joint.tasks.iter().find(|task| wanted(&task.method))?;
        Some((&task.method, task.views[0]))
    }

    /// Pixels on a side of what the encoder sees of the smallest view or tile, and the key that says so.
    pub(crate) fn least_side(&self, views: &Views) -> Option<(String, usize)> {
        let own = |key: String, method: &Self, sizes: Vec<usize>| match method {
            Self::Jigsaw(own) => Some((format!("{key}.tile"), own.tile)),
            Self::RelativePatch(own) => Some((format!("{key}.tile"), own.tile)),
            _ => sizes.into_iter().min().map(|side| (format!("views.{}", views.name()), side)),
        };
        let sizes = views.sizes();
        let Self::Joint(joint) = self else {
            return own(format!("method.{}", self.name()), self, sizes);
        };
        let of_task = |(place, task): (usize, &Task)| {
            let key = format!("method.joint.tasks[{place}].method.{}", task.method.name());
            let sizes = task.views.iter().filter_map(|&view| sizes.get(view).copied()).collect();
            own(key, &task.method, sizes)
        };
        joint.tasks.iter().enumerate().filter_map(of_task).min_by_key(|(_, side)| *side)
    }

    /// The largest number of images that it trains on, where it has one: each is a class of an exemplar classifier.
    pub fn most_images(&self) -> Option<usize> {
        let most = |(_, method): &(String, &Self)| match method {
            Self::Exemplar(own) => Some(own.classes),
            _ => None,
        };
        self.each().iter().filter_map(most).min()
    }

    pub(crate) fn check(&self, train: &Train, problems: &mut Problems) {
        self.check_as(&format!("method.{}", self.name()), train, problems);
    }

    /// What is out of range under `key`, which names the method's table.
    fn check_as(&self, key: &str, train: &Train, problems: &mut Problems) {
        match self {
            Self::Simclr(method) => method.check(key, problems),
            Self::Moco(method) => method.check(key, train, problems),
            Self::Mocov3(method) => method.check(key, problems),
            Self::Npid(method) => method.check(key, problems),
            Self::Byol(method) => method.check(key, problems),
            Self::Simsiam(method) => method.check(key, problems),
            Self::BarlowTwins(method) => method.check(key, problems),
            Self::Vicreg(method) => method.check(key, problems),
            Self::Swav(method) => method.check(key, train, problems),
            Self::Dino(method) => method.check(key, train, problems),
            Self::Nnclr(method) => method.check(key, train, problems),
            Self::Dcl(method) => method.check(key, problems),
            Self::Dclw(method) => method.check(key, problems),
            Self::Supcon(method) => method.check(key, problems),
            Self::Triplet(method) => method.check(key, problems),
            Self::Supervised(method) => method.check(key, problems),
            Self::Rotation(method) => method.check(key, problems),
            Self::Jigsaw(method) => method.check(key, problems),
            Self::RelativePatch(method) => method.check(key, problems),
            Self::Exemplar(method) => method.check(key, train, problems),
            Self::Autoencoder(method) => method.check(key, problems),
            Self::Joint(method) => method.check(key, train, problems),
        }
    }

    /// Which views the method can compare.
    fn comparison(&self) -> Comparison {
        match self {
            Self::Npid(_) => Comparison::One,
            Self::Rotation(_) | Self::Jigsaw(_) | Self::RelativePatch(_) => Comparison::Pretext,
            Self::Autoencoder(_) => Comparison::Whole,
            Self::Supervised(_) | Self::Exemplar(_) => Comparison::AnyOfOneSize,
            Self::Joint(_) => Comparison::Any,
            Self::Simclr(_) | Self::Swav(_) | Self::Dino(_) => Comparison::PairAndMore,
            Self::Supcon(_) => Comparison::SomeOfOneSize,
            _ => Comparison::Pair,
        }
    }

    /// Whether the plan yields the views that the method compares.
    pub(crate) fn check_views(&self, views: &Views, problems: &mut Problems) {
        let sizes = views.sizes();
        // Views without a size are a problem of their own.
        if sizes.is_empty() {
            return;
        }
        self.check_sizes(
            &format!("method.{}", self.name()),
            (&format!("views.{}", views.name()), &sizes),
            problems,
        );
        if let Self::Joint(joint) = self {
            joint.check_views("method.joint", views, problems);
        }
    }

    /// Whether views of these sizes, which stand under a key of their own, are those that the method under `key` compares.
    fn check_sizes(&self, key: &str, (views, sizes): (&str, &[usize]), problems: &mut Problems) {
        let listed: Vec<_> = sizes.iter().map(ToString::to_string).collect();
        let noun = if sizes.len() == 1 { "view" } else { "views" };
        let found = format!("{} {noun} of {} pixels", sizes.len(), listed.join(" and "));
        let comparison = self.comparison();
        let expected = format!("{}: {key} {}", comparison.views(), comparison.why());
        problems.require(comparison.accepts(sizes), views, &format_args!("{found}"), &expected);
        match self {
            Self::Jigsaw(method) => method.check_side(key, (sizes[0], views), problems),
            Self::RelativePatch(method) => method.check_side(key, (sizes[0], views), problems),
            _ => {}
        }
    }
}

/// How many views a method compares, and of which sizes.
#[derive(Clone, Copy)]
enum Comparison {
    One,
    Pretext,
    Whole,
    Any,
    Pair,
    PairAndMore,
    SomeOfOneSize,
    AnyOfOneSize,
}

impl Comparison {
    fn accepts(self, sizes: &[usize]) -> bool {
        let alike = sizes.windows(2).all(|pair| pair[0] == pair[1]);
        match self {
            Self::One | Self::Pretext | Self::Whole => sizes.len() == 1,
            Self::Any => !sizes.is_empty(),
            Self::Pair => sizes.len() == 2 && alike,
            Self::PairAndMore => sizes.len() >= 2 && sizes[0] == sizes[1],
            Self::SomeOfOneSize => sizes.len() >= 2 && alike,
            Self::AnyOfOneSize => alike,
        }
    }

    fn views(self) -> &'static str {
        match self {
            Self::One | Self::Pretext | Self::Whole => "one view",
            Self::Any => "a view",
            Self::Pair => "two views of one size",
            Self::PairAndMore => "two views of one size, then any others",
            Self::SomeOfOneSize => "two or more views of one size",
            Self::AnyOfOneSize => "views of one size",
        }
    }

    fn why(self) -> &'static str {
        match self {
            Self::One => "compares it with the image's slot in the bank",
            Self::Pretext => "makes its task of it",
            Self::Whole => "gives it back",
            Self::Any => "shares them among its tasks",
            Self::Pair => "compares two",
            Self::PairAndMore => "compares the others with these two",
            Self::SomeOfOneSize => "compares all of them",
            Self::AnyOfOneSize => "classifies each",
        }
    }
}

/// A queue is filled and emptied by whole batches.
fn whole_batches(key: &str, length: usize, batch: usize, problems: &mut Problems) {
    let whole = length > 0 && length.is_multiple_of(batch.max(1));
    problems.require(whole, key, &length, &format!("a multiple of train.batch = {batch}"));
}

/// What a predictor gives is compared with what the projector gives.
fn predicts(key: &str, predictor: &Head, projector: &Head, problems: &mut Problems) {
    let Some(prediction) = predictor.widths.last() else { return };
    let (key, compared) = (format!("{key}.predictor.widths"), format!("{key}.projector.widths"));
    let Some(embedding) = projector.widths.last() else {
        let expected =
            format!("no layers, or some in {compared}: the prediction is compared with its output");
        return problems.require(false, &key, &predictor.widths, &expected);
    };
    let expected = format!("as its last width {embedding}, that of {compared}, with which it is compared");
    problems.require(prediction == embedding || *embedding == 0, &key, &predictor.widths, &expected);
}

/// Whether square tiles lie in the cells of a grid. `key` is the method's, with the key of the grid where that is one of
/// the file's.
fn fitting_tiles(
    (key, grid_key): (&str, Option<&str>),
    (grid, tile): (usize, usize),
    (side, views_key): (usize, &str),
    problems: &mut Problems,
) {
    let of = format!("{views_key} has {side} pixels on a side");
    if side < grid || !side.is_multiple_of(grid) {
        let near = match (side / grid * grid, side.next_multiple_of(grid)) {
            (0, above) => format!("{above} would do"),
            (below, above) => format!("{below} or {above} would do"),
        };
        if let Some(grid_key) = grid_key {
            let expected = format!("a divisor of the view's size: {of}; {near}");
            return problems.require(false, grid_key, &grid, &expected);
        }
        let expected = format!("a size that 3 divides, for {key} cuts it into three rows of cells; {near}");
        return problems.require(false, views_key, &format_args!("{side} pixels"), &expected);
    }
    let cell = side / grid;
    let rows = grid_key.map_or_else(|| "a grid of 3".to_owned(), |key| format!("{key} = {grid}"));
    let expected = format!("at most the {cell} pixels of a cell: {of}, and {rows}");
    problems.require(tile <= cell, &format!("{key}.tile"), &tile, &expected);
}

/// A head that prototypes stand on.
fn some_layer(key: &str, projector: &Head, problems: &mut Problems) {
    let key = format!("{key}.projector");
    projector.check(&key, problems);
    let expected = "at least one width: the prototypes stand on the last";
    problems.require(!projector.widths.is_empty(), &format!("{key}.widths"), &projector.widths, expected);
}
