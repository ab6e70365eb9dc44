//! `[method]`: what the encoder is trained with. A file a method, and one list of them.

mod amdim;
mod autoencoder;
mod barlow_twins;
mod byol;
mod checks;
mod clip;
mod cmc;
mod cpc;
mod dcl;
mod dclw;
mod dino;
mod exemplar;
mod heads;
mod jigsaw;
mod joint;
mod mae;
mod moco;
mod mocov3;
mod momentum;
mod nnclr;
mod npid;
mod nt_logistic;
mod permutations;
mod relative_patch;
mod rotation;
mod simclr;
mod simsiam;
mod spec;
mod supcon;
mod supervised;
mod swav;
mod task;
mod triplet;
mod vicreg;

pub use amdim::{Amdim, AmdimWeights};
pub use autoencoder::Autoencoder;
pub use barlow_twins::BarlowTwins;
pub use byol::Byol;
pub use clip::ImageText;
pub use cmc::{Cmc, CmcBank};
pub use cpc::{Cpc, CpcContext, CpcJitter};
pub use dcl::Dcl;
pub use dclw::Dclw;
pub use dino::{Dino, TeacherTemperature};
pub use exemplar::Exemplar;
pub use heads::{Head, HeadNorm};
pub use jigsaw::Jigsaw;
pub use joint::{Joint, JointTask};
pub use mae::{Mae, MaeDecoder};
pub use moco::Moco;
pub use mocov3::Mocov3;
pub use momentum::Momentum;
pub use nnclr::Nnclr;
pub use npid::Npid;
pub use nt_logistic::NtLogistic;
pub use permutations::{PermutationMethod, Permutations};
pub use relative_patch::RelativePatch;
pub use rotation::Rotation;
pub use simclr::Simclr;
pub use simsiam::Simsiam;
pub use spec::{
    ComparedViews, MethodInfo, MethodSpec, PixelLoss, PredictedPatches, Pretext, Shuffled, Surroundings,
};
pub use supcon::Supcon;
pub use supervised::Supervised;
pub use swav::{Swav, SwavQueue};
pub use task::Task;
pub use triplet::{Mining, Similarity, Triplet};
pub use vicreg::Vicreg;

use serde::{Deserialize, Serialize};

use crate::problems::Problems;
use crate::{Train, ViewSize, Views};

/// Makes the enum of a list of names and types.
macro_rules! methods {
    ($($name:literal => $settings:ident,)*) => {
        /// The settings of the method. One variant is named, as in `[method.simclr]`; each has a file of its own.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[expect(missing_docs, reason = "the types that they hold are documented")]
        pub enum AnyMethod {
            $(#[serde(rename = $name)] $settings($settings),)*
        }

        impl AnyMethod {
            /// The variant's name as a file writes it.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$settings(_) => $name,)*
                }
            }

            /// The variant's settings.
            pub(crate) fn spec(&self) -> &dyn MethodSpec {
                match self {
                    $(Self::$settings(settings) => settings,)*
                }
            }
        }

        $(impl From<$settings> for AnyMethod {
            fn from(settings: $settings) -> Self {
                Self::$settings(settings)
            }
        })*
    };
}

methods! {
    "simclr" => Simclr,
    "moco" => Moco,
    "mocov3" => Mocov3,
    "npid" => Npid,
    "cmc" => Cmc,
    "amdim" => Amdim,
    "clip" => ImageText,
    "cpc" => Cpc,
    "byol" => Byol,
    "simsiam" => Simsiam,
    "barlow_twins" => BarlowTwins,
    "vicreg" => Vicreg,
    "swav" => Swav,
    "dino" => Dino,
    "nnclr" => Nnclr,
    "dcl" => Dcl,
    "dclw" => Dclw,
    "supcon" => Supcon,
    "triplet" => Triplet,
    "nt_logistic" => NtLogistic,
    "supervised" => Supervised,
    "rotation" => Rotation,
    "jigsaw" => Jigsaw,
    "relative_patch" => RelativePatch,
    "exemplar" => Exemplar,
    "autoencoder" => Autoencoder,
    "mae" => Mae,
    "joint" => Joint,
}

impl AnyMethod {
    /// The method itself, or each of the tasks that it joins.
    pub fn tasks(&self) -> Vec<Task> {
        let Self::Joint(joint) = self else {
            let key = format!("method.{}", self.name());
            return vec![Task { key, name: self.name(), views: None, info: self.spec().info() }];
        };
        let task = |(place, task): (usize, &JointTask)| Task {
            key: format!("method.joint.tasks[{place}].method.{}", task.method.name()),
            name: task.method.name(),
            views: Some(task.views.clone()),
            info: task.method.spec().info(),
        };
        joint.tasks.iter().enumerate().map(task).collect()
    }

    /// Settings that are allowed and seldom meant, in words, where so many images are trained on.
    pub fn notes(&self, images: usize, train: &Train) -> Vec<String> {
        if let Self::Joint(joint) = self {
            return joint.notes("method.joint", images, train);
        }
        self.spec().notes(&format!("method.{}", self.name()), images, train)
    }

    /// Which views it compares; tasks that it joins may compare others.
    pub fn compared_views(&self) -> ComparedViews {
        self.spec().info().compared_views
    }

    /// Whether it needs the labels of the images that it trains on.
    pub fn needs_labels(&self) -> bool {
        self.tasks().iter().any(|task| task.info.needs_labels)
    }

    /// The most images that it trains on, where it has such a number: each is a class.
    pub fn most_images(&self) -> Option<usize> {
        self.tasks().iter().filter_map(|task| task.info.most_images).min()
    }

    /// The sizes of all that the encoder sees, views or tiles, each with the key that says so.
    pub(crate) fn seen(&self, views: &Views) -> Vec<(String, ViewSize)> {
        let sizes = views.sizes();
        let of_task = |task: Task| {
            if let Some(side) = task.info.tile {
                return vec![(format!("{}.tile", task.key), ViewSize { height: side, width: side })];
            }
            let own = task.sizes(&sizes);
            own.into_iter().map(|size| (format!("views.{}", views.name()), size)).collect()
        };
        self.tasks().into_iter().flat_map(of_task).collect()
    }

    /// Reports what is out of range, whatever the views are.
    pub(crate) fn check(&self, train: &Train, channels: usize, problems: &mut Problems) {
        let around = Surroundings { train, channels, is_shared: false };
        self.spec().check(&format!("method.{}", self.name()), around, problems);
    }

    /// Reports a plan that does not yield the views that the method compares.
    pub(crate) fn check_views(&self, views: &Views, problems: &mut Problems) {
        let sizes = views.sizes();
        // Views without a size are a problem of their own.
        if sizes.is_empty() {
            return;
        }
        let of = format!("views.{}", views.name());
        self.check_sizes(&format!("method.{}", self.name()), (&of, &sizes), problems);
        if let Self::Joint(joint) = self {
            joint.check_views("method.joint", views, problems);
        }
    }

    /// Reports a fraction of hidden patches, of so many pixels on a side, that leaves none to be seen.
    pub(crate) fn check_hidden(&self, views: &Views, patch: usize, problems: &mut Problems) {
        let sizes = views.sizes();
        for task in self.tasks() {
            let (Some(ratio), Some(size)) = (task.info.hidden, sizes.get(task.first_view())) else {
                continue;
            };
            let patches = (size.height / patch) * (size.width / patch);
            let view = views.name();
            let expected = format!(
                "a smaller one, which leaves one or more of the {patches} patches of views.{view} to be seen"
            );
            // A fraction out of its range, and views of no patch, are problems of their own.
            let told = ratio <= 0.0 || ratio >= 1.0 || patches == 0;
            let fits = told || mae::kept(ratio, patches) >= 1;
            problems.require(fits, &format!("{}.mask_ratio", task.key), &ratio, &expected);
        }
    }

    /// Reports views of these sizes, which stand under a key of their own, that the method under `key` cannot compare.
    fn check_sizes(&self, key: &str, (views, sizes): (&str, &[ViewSize]), problems: &mut Problems) {
        let listed: Vec<_> = sizes.iter().map(ToString::to_string).collect();
        let noun = if sizes.len() == 1 { "view" } else { "views" };
        let found = format!("{} {noun} of {} pixels", sizes.len(), listed.join(" and "));
        let compared = self.compared_views();
        let expected = format!("{}: {key} {}", compared.in_words(), compared.why());
        problems.require(compared.accepts(sizes), views, &format_args!("{found}"), &expected);
        self.spec().check_size(key, (sizes[0], views), problems);
    }
}
