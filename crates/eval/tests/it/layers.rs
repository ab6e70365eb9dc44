//! Layer-wise probes on images whose class only some of them can see.

use kontrast_augment::{ImageRef, ViewPlan};
use kontrast_augment_torch::ToTensor;
use kontrast_config::Probe;
use kontrast_data::{DataError, Dataset, Labelled};
use kontrast_eval::protocols::LayerProbes;
use kontrast_eval::{EvalError, Extractor, LayerScore, Milestone, Network, Protocol, Scores, Stop, Subject};
use kontrast_models::{Encoder, Pass};
use kontrast_torch_ext::{Precision, StateDict};
use std::cell::{Cell, RefCell};
use std::ops::Range;
use tch::{Device, Kind, Tensor};

const SIDE: usize = 8;

/// A pixel's brightness from image, row and column.
type Pattern = fn(usize, usize, usize) -> u8;

/// Gray images of a formula, with the label that another one gives.
struct Drawn {
    pixels: Vec<Vec<u8>>,
    labels: Vec<u32>,
    names: Vec<String>,
}

impl Drawn {
    /// The images of these numbers: others are other images.
    fn new(numbers: Range<usize>, pattern: Pattern, label: fn(usize) -> u32) -> Self {
        let pixels = numbers.clone().map(|image| {
            let places = (0..SIDE * SIDE * 3).map(|place| pattern(image, place / 3 / SIDE, place / 3 % SIDE));
            places.collect()
        });
        Self {
            pixels: pixels.collect(),
            labels: numbers.map(label).collect(),
            names: vec!["a".to_owned(), "b".to_owned()],
        }
    }
}

impl Dataset for Drawn {
    fn len(&self) -> usize {
        self.pixels.len()
    }

    fn size(&self, _index: usize) -> Result<(usize, usize), DataError> {
        Ok((SIDE, SIDE))
    }

    fn image<'a>(&'a self, index: usize, _buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        Ok(ImageRef { width: SIDE, height: SIDE, pixels: &self.pixels[index] })
    }
}

impl Labelled for Drawn {
    fn class_names(&self) -> &[String] {
        &self.names
    }

    fn label(&self, index: usize) -> u32 {
        self.labels[index]
    }
}

fn parity(image: usize) -> u32 {
    (image % 2) as u32
}

fn noise(image: usize, row: usize, column: usize) -> usize {
    (image * 7919 + row * 104_729 + column * 1_299_709).wrapping_mul(2_654_435_761) >> 13
}

/// The left half is brighter in one class, the right half in the other.
fn halves(image: usize, row: usize, column: usize) -> u8 {
    let bright = (column < SIDE / 2) == image.is_multiple_of(2);
    (if bright { 140 } else { 90 } + noise(image, row, column) % 60) as u8
}

/// Stripes or a chessboard, white first or black first by turns: in the mean over a class every pixel is gray.
fn textures(image: usize, row: usize, column: usize) -> u8 {
    let cell = if image.is_multiple_of(2) { column } else { row + column };
    let white = (cell + image / 2 % 2).is_multiple_of(2);
    (if white { 150 } else { 60 } + noise(image, row, column) % 40) as u8
}

/// Stage 1 are the images, stage 2 is half as wide and high, and darker.
struct Halving(f64);

impl Encoder for Halving {
    fn forward(&self, images: &Tensor, _pass: Pass<'_>) -> Tensor {
        images.flatten(1, -1)
    }
    fn stages(&self, images: &Tensor, _pass: Pass<'_>) -> Vec<Tensor> {
        vec![images.shallow_clone(), images.avg_pool2d(2, 2, 0, false, true, None) * self.0]
    }
    fn width(&self) -> i64 {
        (3 * SIDE * SIDE) as i64
    }
    fn variables(&self) -> StateDict {
        [("factor".to_owned(), Tensor::from(self.0))].into_iter().collect()
    }
    fn handle(&self) -> Box<dyn Encoder> {
        Box::new(Self(self.0))
    }
}

fn probes(stages: &[usize], features: usize) -> LayerProbes {
    LayerProbes {
        probes: vec![(Probe::Linear, 0.05), (Probe::Conv, 0.05), (Probe::Mlp, 0.05)],
        stages: Some(stages.to_vec()),
        features,
        epochs: 8,
        batch: 32,
        weight_decay: 5e-4,
        seed: 5,
    }
}

fn extractor() -> Extractor {
    Extractor {
        plan: ViewPlan::evaluation((SIDE, SIDE)),
        to_tensor: ToTensor::new([0.5; 3], [0.25; 3], Device::Cpu),
        precision: Precision::Fp32,
        batch: 33,
    }
}

fn network<'a>(
    encoder: &'a dyn Encoder,
    train: &'a Drawn,
    test: &'a Drawn,
    extractor: &'a Extractor,
) -> Network<'a> {
    Network { dataset: "drawn", encoder, projector: None, texts: None, train, test, extractor }
}

fn scores(probes: &LayerProbes, train: &Drawn, test: &Drawn, encoders: [&dyn Encoder; 2]) -> Scores {
    let (extractor, stop) = (extractor(), Stop::default());
    let [trained, random_init] = encoders.map(|encoder| {
        let subject = Subject::new(network(encoder, train, test, &extractor), &stop).unwrap();
        probes.evaluate(&subject, &stop).unwrap()
    });
    Scores { dataset: "drawn".to_owned(), trained, random_init, pixels: vec![] }
}

fn scored(probes: &LayerProbes, train: &Drawn, test: &Drawn, encoder: &dyn Encoder) -> Vec<LayerScore> {
    scores(probes, train, test, [encoder, encoder]).layers()
}

#[test]
fn every_probe_learns_what_all_can_see_at_every_stage() {
    let (train, test) = (Drawn::new(0..192, halves, parity), Drawn::new(192..257, halves, parity));
    let scores = scored(&probes(&[1, 2], 12), &train, &test, &Halving(0.5));
    let found: Vec<_> =
        scores.iter().map(|s| (s.stage, s.probe.as_str(), s.channels, s.side, s.grid)).collect();
    let expected = [
        (1, "linear", 3, 8, 2),
        (1, "mlp", 3, 8, 2),
        (1, "conv", 3, 8, 8),
        (2, "linear", 3, 4, 2),
        (2, "mlp", 3, 4, 2),
        (2, "conv", 3, 4, 4),
    ];
    assert_eq!(found, expected);
    for score in &scores {
        assert!(score.top1 > 95.0, "{score:?}");
        assert_eq!((score.epochs, score.batch, score.lr, score.version), (8, 32, 0.05, Some(1)));
        assert!(score.mean_per_class.unwrap() > 90.0, "{score:?}");
    }
}

#[test]
fn uninformative_labels_score_at_chance_at_every_stage() {
    let drawn = |image: usize| (image.wrapping_mul(2_654_435_761) >> 9) as u32 % 2;
    let (train, test) = (Drawn::new(0..400, halves, drawn), Drawn::new(400..800, halves, drawn));
    for score in scored(&probes(&[1], 12), &train, &test, &Halving(1.0)) {
        assert!((score.top1 - 50.0).abs() < 12.0, "{score:?}");
    }
}

#[test]
fn the_convolutions_see_a_texture_that_averages_hide() {
    let (train, test) = (Drawn::new(0..192, textures, parity), Drawn::new(192..256, textures, parity));
    for score in scored(&probes(&[1], 12), &train, &test, &Halving(1.0)) {
        if score.probe == "conv" {
            assert!(score.top1 > 95.0, "{score:?}");
        } else {
            assert!(score.top1 < 75.0, "{score:?}");
        }
    }
}

#[test]
fn scores_follow_from_the_seed_and_stand_beside_those_of_another_encoder() {
    let (train, test) = (Drawn::new(0..96, textures, parity), Drawn::new(96..160, textures, parity));
    let hard = LayerProbes { epochs: 2, ..probes(&[1, 2], 300) };
    let of = |factor: f64| scored(&hard, &train, &test, &Halving(factor));
    let (first, second, other) = (of(0.5), of(0.5), of(0.0));
    assert_eq!(first, second);
    let rows = scores(&hard, &train, &test, [&Halving(0.5), &Halving(0.0)]).layers();
    assert_eq!(rows.len(), 6);
    for ((row, trained), random_init) in rows.iter().zip(&first).zip(&other) {
        assert_eq!((row.top1, row.random_init), (trained.top1, Some(random_init.top1)));
    }
    // Stage 1 is the same of both encoders, and so is what a probe of it begins with and the order of its maps.
    assert_eq!(first[..3], other[..3]);
    // A map of nothing but zeros is uninformative.
    assert!((other[3].top1 - 50.0).abs() < 1e-9, "{:?}", other[3]);
}

#[test]
fn whoever_watches_hears_of_every_epoch_and_can_stop() {
    let (train, test) = (Drawn::new(0..64, halves, parity), Drawn::new(64..96, halves, parity));
    let (extractor, stop) = (extractor(), Stop::default());
    let probes = LayerProbes { epochs: 3, ..probes(&[2], 12) };
    let heard = RefCell::new(Vec::new());
    let watch = |milestone: Milestone<'_>| {
        let words = match milestone {
            Milestone::Started(name) => format!("started {name}"),
            Milestone::Maps { stage, bytes } => format!("maps {stage} {bytes}"),
            Milestone::Epoch { stage, probe, epoch, epochs, probes } => {
                assert_eq!((epochs, probes), (3, 3));
                format!("{stage} {} {epoch}", probe.as_str())
            }
            Milestone::Scored(report) => format!("scored {}", report.name),
        };
        if words == "2 conv 2" {
            stop.request();
        }
        heard.borrow_mut().push(words);
    };
    let subject = Subject::new(network(&Halving(1.0), &train, &test, &extractor), &stop).unwrap();
    let stopped = probes.evaluate(&subject.watched_by(&watch), &stop);
    assert!(matches!(stopped, Err(EvalError::Stopped)));
    let expected = "maps 2 2304, 2 linear 1, 2 linear 2, 2 linear 3, scored layers.2.linear, 2 mlp 1, 2 mlp 2, 2 mlp 3, \
                    scored layers.2.mlp, maps 2 9216, 2 conv 1, 2 conv 2";
    assert_eq!(heard.into_inner().join(", "), expected);
}

#[test]
fn stages_that_the_encoder_has_not_are_refused_before_anything_is_trained() {
    let (train, test) = (Drawn::new(0..64, halves, parity), Drawn::new(64..96, halves, parity));
    let (extractor, stop) = (extractor(), Stop::default());
    let encoder = Halving(1.0);
    let network = network(&encoder, &train, &test, &extractor);
    let subject = Subject::new(network, &stop).unwrap();
    for stages in [[1, 9], [1, 0]] {
        let probes = probes(&stages, 12);
        for error in [probes.check(&network).unwrap_err(), probes.evaluate(&subject, &stop).unwrap_err()] {
            let words = error.to_string();
            assert!(
                words.starts_with(&format!("eval.layers.stages = {stages:?}: expected stages from 1")),
                "{words}"
            );
        }
    }
    let none = LayerProbes { batch: 0, ..probes(&[1], 12) };
    let words = none.evaluate(&subject, &stop).unwrap_err().to_string();
    assert!(words.starts_with("eval.layers.batch = 0"), "{words}");
}

#[test]
fn an_encoder_that_moves_while_it_is_probed_voids_the_scores() {
    /// Counts how often its stages were asked for.
    struct Drifting(Tensor);
    impl Encoder for Drifting {
        fn forward(&self, images: &Tensor, pass: Pass<'_>) -> Tensor {
            Halving(1.0).forward(images, pass)
        }
        fn stages(&self, images: &Tensor, pass: Pass<'_>) -> Vec<Tensor> {
            let _ = self.0.shallow_clone().g_add_scalar_(1.0);
            Halving(1.0).stages(images, pass)
        }
        fn width(&self) -> i64 {
            Halving(1.0).width()
        }
        fn variables(&self) -> StateDict {
            [("running_mean".to_owned(), self.0.shallow_clone())].into_iter().collect()
        }
        fn handle(&self) -> Box<dyn Encoder> {
            Box::new(Self(self.0.shallow_clone()))
        }
    }
    let (train, test) = (Drawn::new(0..64, halves, parity), Drawn::new(64..96, halves, parity));
    let drifting = Drifting(Tensor::zeros([1], (Kind::Float, Device::Cpu)));
    let (extractor, stop) = (extractor(), Stop::default());
    let subject = Subject::new(network(&drifting, &train, &test, &extractor), &stop).unwrap();
    let probes = LayerProbes { epochs: 1, ..probes(&[2], 12) };
    let error = probes.evaluate(&subject, &stop).unwrap_err();
    assert!(matches!(&error, EvalError::EncoderMoved { .. }), "{error}");
}

#[test]
fn field_probes_hear_within_an_epoch_and_within_the_maps_that_they_shall_end() {
    let (train, test) = (Drawn::new(0..192, halves, parity), Drawn::new(192..256, halves, parity));
    // After the maps were announced, after the first epoch and after the tenth.
    for after in [0, 1, 10] {
        let (extractor, stop, epochs) = (extractor(), Stop::default(), Cell::new(0));
        let watch = |milestone: Milestone<'_>| {
            epochs.set(epochs.get() + usize::from(matches!(milestone, Milestone::Epoch { .. })));
            if epochs.get() >= after {
                stop.request();
            }
        };
        let subject = Subject::new(network(&Halving(1.0), &train, &test, &extractor), &stop).unwrap();
        let ended = probes(&[1], 12).evaluate(&subject.watched_by(&watch), &stop);
        assert!(matches!(ended, Err(EvalError::Stopped)), "{ended:?}");
        assert_eq!(epochs.get(), after, "no further epoch");
    }
}
