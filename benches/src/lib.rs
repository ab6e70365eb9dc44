//! What the benches and the side-by-side programs share: a SimCLR of CIFAR's size, and images in memory.

use kontrast_augment::{ImageRef, KeyedRng, Op, Recipe, Scratch, ViewPlan, render_into};
use kontrast_augment_torch::ToTensor;
use kontrast_config as config;
use kontrast_data::{DataError, Dataset, InMemory, Shapes};
use kontrast_methods::{Method, Progress, Setting, ViewSpec, Views, build, view_spec};
use kontrast_models::{Depth, EncoderSpec, Norm, ResNetSpec, Stem};
use kontrast_optim::{Optimizer, Rates, Sgd};
use kontrast_torch_ext::Precision;
use tch::{Device, Tensor};

/// Pixels on a side of an image and of a view.
pub const SIDE: usize = 32;
/// Width of an embedding.
pub const EMBEDDING: i64 = 128;

/// What a step is measured of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Measured {
    /// SimCLR: both views forward and backward.
    Simclr,
    /// MoCo v2: one view forward and backward, the other forward, and a queue of 4,096 keys.
    Moco,
    /// MoCo v2+: both views as queries and as keys.
    MocoSymmetric,
}

/// Keys of MoCo's queue, or the nearest whole number of batches below.
const QUEUE: usize = 4096;

/// A method with its optimizer: a CIFAR ResNet-18, an MLP on top, SGD with momentum.
pub struct Bench {
    method: Method,
    optimizer: Sgd,
}

impl Bench {
    /// `width` is that of the first stage, 64 in the paper; the head goes from 8 `width` through 8 `width` to 128.
    pub fn new(measured: Measured, batch: usize, width: i64, precision: Precision, device: Device) -> Self {
        let projector = config::Head {
            widths: vec![8 * width as u32, EMBEDDING as u32],
            batch_norm: config::HeadNorm::None,
        };
        let own = match measured {
            Measured::Simclr => {
                config::Simclr { temperature: 0.5, unit_length: None, projector, predictor: None }.into()
            }
            Measured::Moco | Measured::MocoSymmetric => config::Moco {
                temperature: 0.2,
                momentum: config::Momentum { base: 0.99, last: 0.99 },
                queue: (QUEUE / batch).max(1) * batch,
                symmetric: measured == Measured::MocoSymmetric,
                bn_splits: 1,
                projector,
            }
            .into(),
        };
        let setting = Setting {
            encoder: EncoderSpec::ResNet(ResNetSpec {
                depth: Depth::ResNet18,
                stem: Stem::Cifar,
                width,
                channels: 3,
                channels_last: true,
                bn_splits: 1,
                norm: Norm::Batch,
            }),
            shared: None,
            views: ViewSpec { plans: vec![plan(), plan()] },
            precision,
            seed: 0,
            chunk: None,
            groups: None,
            texts: None,
            images: 0,
            steps_per_epoch: 1,
            lr: 0.06,
            device,
        };
        let method = build(&own, &setting, None).expect("neither needs labels");
        let optimizer = Sgd::new(method.groups(), 0.9, false);
        Self { method, optimizer }
    }

    /// One step as the trainer makes it; gives the loss, which may still be under way on the device.
    pub fn step(&mut self, views: &Views) -> Tensor {
        let progress = Progress { step: 0, steps: 1, epoch: 0, epochs: 1 };
        self.optimizer.zero_grad();
        let output = self.method.step(views, progress);
        self.optimizer.step(Rates { lr: 0.06, weight_decay: 5e-4 });
        self.method.after_step(progress);
        output.loss
    }
}

/// The views of configs/quickstart.toml.
pub fn plan() -> ViewPlan {
    let jitter =
        config::Jitter { probability: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 };
    let views = config::SimclrViews { crop_scale: [0.2, 1.0], jitter, ..paper(SIDE, 1.0, None) };
    drawn(views)
}

/// SimCLR's own distortions, at this strength; the blur, where there is one, has the paper's probability and sigma.
pub fn simclr_plan(side: usize, strength: f64, blur_kernel: Option<usize>) -> ViewPlan {
    drawn(paper(side, strength, blur_kernel))
}

fn paper(size: usize, strength: f64, blur_kernel: Option<usize>) -> config::SimclrViews {
    config::SimclrViews {
        size: size.into(),
        crop_scale: [0.08, 1.0],
        crop_ratio: [0.75, 4.0 / 3.0],
        flip: 0.5,
        strength,
        jitter: config::Jitter {
            probability: 0.8,
            brightness: 0.8,
            contrast: 0.8,
            saturation: 0.8,
            hue: 0.2,
        },
        grayscale: 0.2,
        blur: blur_kernel.map(|kernel| config::Blur { probability: 0.5, sigma: [0.1, 2.0], kernel }),
        solarize: None,
    }
}

fn drawn(views: config::SimclrViews) -> ViewPlan {
    view_spec(&config::Views::Simclr(views), 3).expect("the paper's numbers").plans.swap_remove(0)
}

/// Drawn shapes held in memory, as CIFAR-10 is.
///
/// # Errors
/// Where there is no image.
pub fn images(count: usize) -> Result<InMemory, DataError> {
    let shapes = Shapes::train(count, 10, SIDE, 0)?;
    let mut pixels = Vec::with_capacity(count * SIDE * SIDE * 3);
    let mut buffer = Vec::new();
    for index in 0..count {
        pixels.extend_from_slice(shapes.image(index, &mut buffer)?.pixels);
    }
    Ok(InMemory::rgb((SIDE, SIDE), pixels, vec![0; count], vec!["shape".to_owned()]))
}

/// CIFAR-10's normalisation.
pub fn to_tensor(device: Device) -> ToTensor {
    ToTensor::new([0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616], device)
}

/// The middle of some measurements, the upper one of an even number.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Coarse noise, enlarged: neighbours are alike, as in photographs.
pub fn smooth_image(which: u32, (width, height): (usize, usize)) -> Vec<u8> {
    let mut stream = KeyedRng::named(*b"bench   ", 0, which, 0);
    let coarse: Vec<u8> = (0..8 * 8 * 3).map(|_| stream.below(256) as u8).collect();
    let mut pixels = vec![0; width * height * 3];
    let recipe = Recipe { size: (width, height), ops: vec![Op::crop(0, 0, 8, 8)] };
    render_into(&recipe, ImageRef::new(8, 8, &coarse), &mut pixels, &mut Scratch::default());
    pixels
}

/// A figure as a line of JSON, which `cargo xtask bench` reads.
pub fn figure(name: &str, value: f64, unit: &str) {
    println!(r#"{{"name": "{name}", "value": {value}, "unit": "{unit}"}}"#);
}
