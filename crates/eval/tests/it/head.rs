//! What heads throw away, on images and heads of which it is known.

use crate::protocols::{Colours, extractor};
use kontrast_augment::{GRAYSCALE_WEIGHTS, ImageRef, KeyedRng, ViewPlan};
use kontrast_data::{DataError, Dataset, Labelled};
use kontrast_eval::protocols::{HeadProbes, Mlp};
use kontrast_eval::{
    Benchmark, EvalError, Extractor, Model, Needs, Network, Pixels, Protocol, Report, Stop, Subject,
};
use kontrast_models::{Head, HeadNorm, HeadSpec, Init};
use tch::{Device, Kind, Tensor, nn};

/// Pixels of an image, 8 on either side.
const PIXELS: i64 = 64;

/// Images of random colours that fall off from the upper border downwards; their class is their strongest channel.
struct Slopes {
    pixels: Vec<Vec<u8>>,
    names: Vec<String>,
}

impl Slopes {
    fn new(count: u64, seed: u64) -> Self {
        let image = |index| {
            let mut stream = KeyedRng::named(*b"slopes  ", seed, 0, index);
            let strongest = stream.below(3);
            let colour: Vec<f64> = (0..3)
                .map(|channel| {
                    stream.uniform(60.0, 120.0) + f64::from(u8::from(channel == strongest)) * 100.0
                })
                .collect();
            let byte = |place: usize| {
                let row = place / 3 / 8;
                (colour[place % 3] * (1.0 - row as f64 / 10.0) + stream.uniform(0.0, 8.0)) as u8
            };
            (0..8 * 8 * 3).map(byte).collect()
        };
        Self {
            pixels: (0..count).map(image).collect(),
            names: ["red", "green", "blue"].map(String::from).to_vec(),
        }
    }
}

impl Dataset for Slopes {
    fn len(&self) -> usize {
        self.pixels.len()
    }

    fn size(&self, _index: usize) -> Result<(usize, usize), DataError> {
        Ok((8, 8))
    }

    fn image<'a>(&'a self, index: usize, _buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        Ok(ImageRef { width: 8, height: 8, pixels: &self.pixels[index] })
    }
}

impl Labelled for Slopes {
    fn class_names(&self) -> &[String] {
        &self.names
    }

    fn label(&self, index: usize) -> u32 {
        let upper = &self.pixels[index][..3];
        (0..3).max_by_key(|&channel| upper[channel]).unwrap() as u32
    }
}

/// A linear head with this weight, `[outputs, 192]`, on the pixels of an image, channel after channel.
fn head(weight: &Tensor) -> Head {
    let store = nn::VarStore::new(Device::Cpu);
    let spec = HeadSpec::new(&weight.size()[..1], HeadNorm::None);
    let head = Head::new(&store, 3 * PIXELS, &spec, Init::new(0));
    tch::no_grad(|| {
        for (name, mut variable) in store.variables() {
            let _ = variable.zero_();
            if name.ends_with("weight") {
                variable.copy_(weight);
            }
        }
    });
    head
}

/// Luminance of each pixel: where things are stays, colour goes.
fn luminance() -> Head {
    let weights = Tensor::from_slice(&GRAYSCALE_WEIGHTS).to_kind(Kind::Float).view([1, 3]);
    head(&weights.kron(&Tensor::eye(PIXELS, (Kind::Float, Device::Cpu))))
}

/// Mean of each channel: colour stays, where things are goes.
fn mean_colour() -> Head {
    let mean = Tensor::full([1, PIXELS], 1.0 / PIXELS as f64, (Kind::Float, Device::Cpu));
    head(&Tensor::eye(3, (Kind::Float, Device::Cpu)).kron(&mean))
}

fn protocol(seed: u64) -> HeadProbes {
    let mlp = Mlp { widths: vec![64], epochs: 20, batch: 50, lr: 0.005, weight_decay: 1e-2, seed };
    HeadProbes { train: 600, test: 400, noise: 0.2, mlp }
}

fn reports(projector: &Head, extractor: &Extractor, seed: u64) -> Vec<Report> {
    let (train, test, encoder) = (Slopes::new(700, 1), Slopes::new(400, 2), Pixels { values: 3 * PIXELS });
    let projector = Some(projector);
    let network = Network {
        dataset: "slopes",
        encoder: &encoder,
        projector,
        texts: None,
        train: &train,
        test: &test,
        extractor,
    };
    let subject = Subject::new(network, &Stop::default()).unwrap();
    protocol(seed).evaluate(&subject, &Stop::default()).unwrap()
}

/// Accuracies from `h` and from `z`.
fn accuracies(reports: &[Report], name: &str) -> (f64, f64) {
    let report = reports.iter().find(|report| report.name == name).unwrap();
    let of = |metric| report.metric(metric).unwrap().value;
    (of("h"), of("z"))
}

#[test]
fn a_head_that_discards_colour_leaves_chance_and_keeps_what_it_passes_on() {
    let found = reports(&luminance(), &extractor(), 3);
    let names: Vec<_> = found.iter().map(|report| report.name.as_str()).collect();
    assert_eq!(names, ["head_color", "head_rotation", "head_noise", "head_sobel", "head_class"]);
    for (name, chance, z_is_lost) in [
        ("head_color", 50.0, true),
        ("head_rotation", 25.0, false),
        ("head_noise", 50.0, false),
        ("head_sobel", 50.0, false),
        ("head_class", 100.0 / 3.0, false),
    ] {
        let (h, z) = accuracies(&found, name);
        assert!(h > 85.0, "{name}: {h} from h");
        if z_is_lost {
            // 400 images have a standard deviation of 2.5 points about chance.
            assert!((z - chance).abs() < 10.0, "{name}: {z} from z");
        } else if name != "head_class" {
            assert!(z > 90.0, "{name}: {z} from z");
        }
        let score = found.iter().find(|report| report.name == name).unwrap().score();
        assert!((score.number("chance").unwrap() - chance).abs() < 1e-3);
        assert_eq!(
            (score.count("train"), score.count("test"), score.version),
            (Some(600), Some(400), Some(1))
        );
        assert_eq!(score.number("noise").is_some(), name == "head_noise");
    }
}

#[test]
fn a_head_that_discards_places_leaves_chance_of_turns_and_keeps_colour_and_class() {
    let found = reports(&mean_colour(), &extractor(), 3);
    let (h, z) = accuracies(&found, "head_rotation");
    assert!(h > 90.0 && (z - 25.0).abs() < 10.0, "{h} from h, {z} from z");
    for name in ["head_color", "head_class"] {
        let (h, z) = accuracies(&found, name);
        assert!(h > 90.0 && z > 90.0, "{name}: {h} from h, {z} from z");
    }
}

#[test]
fn the_same_seed_gives_the_same_scores() {
    let of = |seed, batch| reports(&luminance(), &Extractor { batch, ..extractor() }, seed);
    let all = |reports: &[Report]| reports.iter().map(|report| report.metrics.clone()).collect::<Vec<_>>();
    let first = of(3, 33);
    assert_eq!(all(&first), all(&of(3, 33)));
    assert_ne!(all(&first), all(&of(4, 33)));
    // Draws are of the image, whatever its batch; products of matrices, and so `z`, are the same up to rounding only.
    let from_h =
        |reports: &[Report]| reports.iter().map(|report| report.metrics[0].clone()).collect::<Vec<_>>();
    assert_eq!(from_h(&first), from_h(&of(3, 400)));
}

#[test]
fn gray_images_are_not_asked_for_their_colour() {
    /// The first of the channels of others.
    struct Gray(Vec<Vec<u8>>, Slopes);
    impl Dataset for Gray {
        fn len(&self) -> usize {
            self.0.len()
        }
        fn size(&self, index: usize) -> Result<(usize, usize), DataError> {
            self.1.size(index)
        }
        fn image<'a>(&'a self, index: usize, _buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
            Ok(ImageRef { width: 8, height: 8, pixels: &self.0[index] })
        }
    }
    impl Labelled for Gray {
        fn class_names(&self) -> &[String] {
            self.1.class_names()
        }
        fn label(&self, index: usize) -> u32 {
            self.1.label(index)
        }
    }
    let gray = |count, seed| {
        let of = Slopes::new(count, seed);
        Gray(of.pixels.iter().map(|pixels| pixels.iter().copied().step_by(3).collect()).collect(), of)
    };
    let (train, test, encoder) = (gray(100, 1), gray(40, 2), Pixels { values: PIXELS });
    let extractor = Extractor {
        plan: ViewPlan::evaluation((8, 8)).of_channels(1).unwrap(),
        to_tensor: kontrast_augment_torch::ToTensor::new([0.5], [0.25], Device::Cpu),
        ..extractor()
    };
    let spec = HeadSpec::new(&[8], HeadNorm::None);
    let head = Head::new(&nn::VarStore::new(Device::Cpu), PIXELS, &spec, Init::new(0));
    let network = Network {
        dataset: "gray",
        encoder: &encoder,
        projector: Some(&head),
        texts: None,
        train: &train,
        test: &test,
        extractor: &extractor,
    };
    let subject = Subject::new(network, &Stop::default()).unwrap();
    let found = protocol(0).evaluate(&subject, &Stop::default()).unwrap();
    let names: Vec<_> = found.iter().map(|report| report.name.as_str()).collect();
    assert_eq!(names, ["head_rotation", "head_noise", "head_sobel", "head_class"]);
    assert_eq!(found[0].score().count("train"), Some(100), "all where there are fewer");
}

#[test]
fn an_encoder_without_a_projector_is_refused_before_training_and_after() {
    let (train, test, extractor) = (Colours::new(40, 40), Colours::new(40, 40), extractor());
    let (encoder, head) = (Pixels { values: 3 * PIXELS }, luminance());
    let bare = Model { encoder: &encoder, projector: None, texts: None };
    let protocols: Vec<Box<dyn Protocol>> = vec![Box::new(protocol(0))];
    let benchmark = Benchmark {
        dataset: "colours",
        train: &train,
        test: &test,
        extractor: &extractor,
        texts: None,
        protocols,
    };
    let expected = "head needs an encoder with its projector, and the subject on colours has an encoder: score a run \
                    whose method has a projector";
    let stop = Stop::default();
    for error in [benchmark.check(bare).unwrap_err(), benchmark.scores(bare, &stop, &|_| {}).unwrap_err()] {
        assert!(error.to_string().starts_with(expected), "{error}");
        assert!(matches!(error, EvalError::Needs { needs: Needs::Projector, found: Needs::Network, .. }));
    }
    let model = Model { projector: Some(&head), ..bare };
    benchmark.check(model).unwrap();
    let found = benchmark.beside_baselines(model, model, &stop, &|_, _| {}).unwrap();
    assert_eq!((found.trained.len(), found.random_init.len(), found.pixels.len()), (5, 5, 0));
    stop.request();
    assert!(matches!(benchmark.scores(model, &stop, &|_| {}), Err(EvalError::Stopped)));
}
