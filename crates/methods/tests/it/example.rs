//! Every method of the smoke experiments, made small, and batches for it from a formula.

use kontrast_augment_torch::Views;
use kontrast_config::Experiment;
use kontrast_config::Others;
use kontrast_methods::{ImageGroups, Labels, Method, Progress, Setting, TextSetting, build, setting};
use kontrast_models::{TextActivation, TextSpec, TextTransformerSpec};
use kontrast_torch_ext::{StateDict, Texts};
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// Images of a batch.
pub const N: i64 = 16;
/// Images of the data set, and classes.
pub const IMAGES: u32 = 200;
pub const CLASSES: u32 = 4;
/// Tokens of texts.
const WORDS: i64 = 40;

/// A method's smoke experiment.
pub struct Example {
    pub name: &'static str,
    experiment: Experiment,
}

/// Every method there is, a file each in configs/smoke, and two of them with a transformer too.
pub const NAMES: [&str; 30] = [
    "simclr",
    "dcl",
    "dclw",
    "moco",
    "mocov3",
    "mocov3-vit",
    "npid",
    "cmc",
    "amdim",
    "clip",
    "cpc",
    "byol",
    "simsiam",
    "barlow_twins",
    "vicreg",
    "swav",
    "dino",
    "dino-vit",
    "nnclr",
    "supcon",
    "triplet",
    "nt_logistic",
    "supervised",
    "rotation",
    "jigsaw",
    "relative_patch",
    "exemplar",
    "autoencoder",
    "mae",
    "joint",
];

/// All of them, in fp32, with batches of sixteen; what counts batches counts few.
pub fn all() -> impl Iterator<Item = Example> {
    NAMES.into_iter().map(|name| Example::new(name, &[]))
}

impl Example {
    /// `changes` come after those that make it small.
    pub fn new(name: &'static str, changes: &[&str]) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../configs/smoke/{name}.toml"));
        let small: &[&str] = match name {
            "moco" => &["method.moco.queue=64"],
            "nnclr" => &["method.nnclr.queue=64"],
            "cpc" => &["method.cpc.jitter={ strength = 0.1, one_channel = 0.1 }"],
            "jigsaw" => &["method.jigsaw.permutations.count=4", "method.jigsaw.tile=6"],
            // What an untrained text encoder makes of different texts points into few directions.
            "clip" => &["method.clip.temperature=0.5"],
            _ => &[],
        };
        let common = ["train.batch=16", "train.precision=fp32"];
        let overrides: Vec<String> =
            common.iter().chain(small).chain(changes).map(ToString::to_string).collect();
        let loaded = Experiment::load(&file, &overrides).unwrap_or_else(|error| panic!("{error}"));
        Self { name, experiment: loaded.experiment }
    }

    pub fn method(&self) -> Method {
        self.labelled(|image| image % CLASSES)
    }

    /// Where the data set's images bear these labels, whether the method needs them or not.
    pub fn labelled(&self, label: fn(u32) -> u32) -> Method {
        self.built(&self.setting(), label)
    }

    /// Where the data set's images are of these groups.
    pub fn grouped(&self, group: fn(u32) -> u64, others: Others) -> Method {
        let groups: Vec<_> = (0..IMAGES).map(group).collect();
        let groups = ImageGroups::of_config(&groups, others);
        self.built(&Setting { groups, ..self.setting() }, |image| image % CLASSES)
    }

    /// What the others of its group may be to an image.
    pub fn others(&self) -> Vec<Others> {
        let tasks = self.experiment.method.tasks();
        tasks.into_iter().flat_map(|task| task.info.others.to_vec()).collect()
    }

    fn setting(&self) -> Setting {
        let texts = self.reads_texts().then(|| {
            let activation = TextActivation::Gelu;
            let (vocabulary, length, width, depth, heads, output) = (WORDS, 6, 16, 2, 2, 1);
            let spec = TextTransformerSpec { vocabulary, length, width, depth, heads, output, activation };
            TextSetting { spec: TextSpec::Transformer(spec), weights: None, frozen: false }
        });
        let setting = setting(&self.experiment, IMAGES as usize, Device::Cpu).expect("views to draw");
        Setting { texts, ..setting }
    }

    fn built(&self, setting: &Setting, label: fn(u32) -> u32) -> Method {
        let labels: Vec<_> = (0..IMAGES).map(label).collect();
        let labels = Labels::new(&labels, CLASSES as usize);
        build(&self.experiment.method, setting, Some(&labels)).expect("labels")
    }

    /// Noisy views of smooth images, half as large as the experiment's but for nine tiles, which need some pixels each, and
    /// for a decoder and AMDIM's encoder, which are made for one size, for a grid of patches, and MAE, which sees few of them; with `swapped` the first two change places.
    pub fn batch(&self, which: u32, swapped: bool) -> Views {
        let sizes = self.experiment.views.sizes();
        let part =
            if ["autoencoder", "relative_patch", "amdim", "cpc", "mae"].contains(&self.name) { 1 } else { 2 };
        let indices: Vec<u32> = (0..N as u32).map(|n| (which * N as u32 + n) % IMAGES).collect();
        let mut views: Vec<_> = sizes
            .iter()
            .enumerate()
            .map(|(view, &size)| images(&indices, view, size.shorter() as i64 / part))
            .collect();
        if swapped {
            views.swap(0, 1);
        }
        let groups = views.chunk_by(|a, b| a.size() == b.size());
        let texts = self.reads_texts().then(|| texts(&indices)).into_iter().collect();
        Views::of_sizes(groups.map(|run| Tensor::cat(run, 0)).collect(), indices).with_texts(texts)
    }

    fn reads_texts(&self) -> bool {
        self.experiment.method.tasks().iter().any(|task| task.info.reads_texts())
    }

    /// Whether loss and gradient are the same when the first two views change places. Stochastic depth draws by view, as do
    /// AMDIM's cells.
    pub fn is_symmetric(&self) -> bool {
        let one_view = [
            "npid",
            "cmc",
            "cpc",
            "clip",
            "supervised",
            "rotation",
            "jigsaw",
            "relative_patch",
            "autoencoder",
            "mae",
        ];
        !one_view.contains(&self.name) && !["moco", "amdim", "joint", "dino-vit"].contains(&self.name)
    }
}

/// A text of each image, of two to five tokens.
fn texts(indices: &[u32]) -> Texts {
    let text = |&index: &u32| {
        let length = 2 + i64::from(index) % 4;
        (0..length).map(|place| 1 + (i64::from(index) * 7 + place * 3) % (WORDS - 1)).collect()
    };
    Texts::padded(&indices.iter().map(text).collect::<Vec<_>>(), 0)
}

/// Waves whose direction and pace follow from the image, and noise that follows from the view.
fn images(indices: &[u32], view: usize, side: i64) -> Tensor {
    let options = (Kind::Float, Device::Cpu);
    let ramp = Tensor::arange(3 * side * side, options).reshape([3, side, side]);
    let y = (Tensor::arange(side, options) / side as f64).unsqueeze(1);
    let x = Tensor::arange(side, options) / side as f64;
    let image = |&index: &u32| {
        let index = f64::from(index);
        let wave: Tensor =
            (&x * (3.0 + index * 0.7).sin() * 9.0 + &y * (1.0 + index * 1.3).cos() * 9.0 + index).sin();
        let noise = (&ramp * (1.7 + 0.37 * view as f64) + index * 2.1).sin() * 0.3;
        wave + noise + (index * 0.61).sin()
    };
    Tensor::stack(&indices.iter().map(image).collect::<Vec<_>>(), 0)
}

pub fn progress(step: u64) -> Progress {
    Progress { step, steps: 100, epoch: (step / 12) as u32, epochs: 9 }
}

/// Every trained variable's gradient, by name; undefined ones are left out.
pub fn gradients(method: &Method) -> StateDict {
    let variables = method.groups().into_iter().flat_map(|group| group.variables);
    let gradients = variables.map(|(name, variable)| (name, variable.grad()));
    gradients.filter(|(_, gradient)| gradient.defined()).map(|(name, g)| (name, g.copy())).collect()
}

/// Names of a momentum encoder's tensors in a method's state.
pub fn is_target(name: &str) -> bool {
    name.starts_with("target.") || name.contains(".target.")
}

/// The name of what a momentum encoder's tensor follows: among several tasks the encoder is shared.
pub fn followed(name: &str) -> String {
    let (task, own) = name.split_once("target.").expect("a momentum encoder's name");
    if own.starts_with("encoder.") { own.to_owned() } else { format!("{task}{own}") }
}

/// Running statistics, which forward passes move.
pub fn is_statistic(name: &str) -> bool {
    name.contains("running_")
}
