//! Images in groups, such as frames of videos: no protocol learns from some of a group and chooses on others.

use crate::protocols::{extractor, linear};
use kontrast_augment::ImageRef;
use kontrast_augment_torch::ToTensor;
use kontrast_config::{Eval, PROTOCOLS};
use kontrast_data::{DataError, Dataset, Labelled};
use kontrast_eval::protocols::{FewShot, FineTuning, Knn, LinearViews, Logistic};
use kontrast_eval::{
    EvalError, Extractor, FeatureBank, Network, Pixels, Protocol, Report, Stop, Subject, protocols,
};
use kontrast_models::{Depth, Encoder, EncoderSpec, Init, Norm, ResNetSpec, Stem};
use std::collections::BTreeSet;
use std::sync::Mutex;
use tch::{Device, Kind, Tensor, nn};

const CLASSES: usize = 4;
const FRAMES: usize = 5;
/// A quarter of four videos a class is held: 20 of 80 images.
const VIDEOS: usize = 4;
const HELD: usize = 20;

/// Videos of five equal frames, each of a colour of its own, which tells nothing about other videos of its class.
struct Videos {
    frames: Vec<Vec<u8>>,
    names: Vec<String>,
    of_class: usize,
    /// Which frames were read, in order.
    read: Mutex<Vec<usize>>,
}

impl Videos {
    fn new(of_class: usize) -> Self {
        let videos = CLASSES * of_class;
        let value = |video: usize, place: usize| if place % videos == video { 255 } else { 0 };
        let frame = |at: usize| (0..8 * 8 * 3).map(|place| value(at % videos, place)).collect();
        let names = (0..CLASSES).map(|class| class.to_string()).collect();
        Self { frames: (0..videos * FRAMES).map(frame).collect(), names, of_class, read: Mutex::default() }
    }

    fn videos(&self, frames: &[usize]) -> BTreeSet<u64> {
        frames.iter().map(|&frame| self.group(frame)).collect()
    }
}

impl Dataset for Videos {
    fn len(&self) -> usize {
        self.frames.len()
    }

    fn size(&self, _index: usize) -> Result<(usize, usize), DataError> {
        Ok((8, 8))
    }

    fn image<'a>(&'a self, index: usize, _buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        self.read.lock().unwrap().push(index);
        Ok(ImageRef { width: 8, height: 8, pixels: &self.frames[index] })
    }

    fn group(&self, index: usize) -> u64 {
        (index % (CLASSES * self.of_class)) as u64
    }
}

impl Labelled for Videos {
    fn class_names(&self) -> &[String] {
        &self.names
    }

    fn label(&self, index: usize) -> u32 {
        (index % CLASSES) as u32
    }
}

/// Values as they are, so that two videos have nothing in common.
fn plain() -> Extractor {
    Extractor { to_tensor: ToTensor::new([0.0; 3], [1.0; 3], Device::Cpu), ..extractor() }
}

fn network<'a>(encoder: &'a dyn Encoder, videos: &'a Videos, extractor: &'a Extractor) -> Network<'a> {
    Network {
        dataset: "videos",
        encoder,
        projector: None,
        texts: None,
        train: videos,
        test: videos,
        extractor,
    }
}

fn resnet() -> Box<dyn Encoder> {
    let (depth, stem) = (Depth::ResNet18, Stem::Cifar);
    let spec = ResNetSpec {
        depth,
        stem,
        width: 8,
        channels: 3,
        channels_last: true,
        bn_splits: 1,
        norm: Norm::Batch,
    };
    EncoderSpec::ResNet(spec).build(&nn::VarStore::new(Device::Cpu), Init::new(3))
}

fn linear_views() -> LinearViews {
    let (lrs, batch) = (vec![0.01, 0.1], CLASSES * VIDEOS * FRAMES - HELD);
    LinearViews { epochs: 1, batch, lrs, weight_decay: 0.0, least_area: 0.5, validation: 0.25, seed: 5 }
}

fn fine_tuning() -> FineTuning {
    FineTuning {
        percents: vec![100],
        draws: 1,
        steps: vec![1, 2],
        batch: CLASSES * VIDEOS * FRAMES - HELD,
        lrs: vec![0.01],
        weight_decay: 0.0,
        least_area: 0.5,
        validation: 0.25,
        seed: 5,
    }
}

/// Those that choose settings on a part of the training images.
fn choosing() -> Vec<Box<dyn Protocol>> {
    let logistic =
        Logistic { cs: vec![0.1, 1.0], iterations: 50, tolerance: 1e-4, validation: 0.25, seed: 1 };
    vec![
        Box::new(Knn::chosen(0.25, 1)),
        Box::new(linear()),
        Box::new(logistic),
        Box::new(linear_views()),
        Box::new(fine_tuning()),
    ]
}

/// Those that learn from all training images, or ask nothing of classes.
const OTHERS: [&str; 11] = [
    "anomaly",
    "clustering",
    "head",
    "knn_10",
    "knn_200",
    "knn_dinov2",
    "layers",
    "linear_adam",
    "mlp",
    "retrieval",
    "zero_shot",
];

#[test]
fn no_protocol_is_left_out_here() {
    let eval = Eval::usual(&PROTOCOLS.map(|info| info.key));
    let found: BTreeSet<_> = protocols(&eval, 0).iter().map(|protocol| protocol.name()).collect();
    let choosing = choosing();
    let choosing = choosing.iter().map(|protocol| protocol.name());
    let known: BTreeSet<_> = choosing.chain(["few_shot"]).chain(OTHERS).collect();
    assert_eq!(
        found, known,
        "a protocol that chooses settings or draws images keeps groups whole: test it here"
    );
}

/// What the protocol chooses on, in per cent.
fn validated(protocol: &dyn Protocol, subject: &Subject<'_>) -> f64 {
    let report: Report = protocol.evaluate(subject, &Stop::default()).unwrap().remove(0);
    report.score().validation_top1.expect("a protocol that chooses says by what")
}

#[test]
fn what_is_chosen_on_shows_nothing_that_was_learned_from() {
    let (videos, extractor, pixels) = (Videos::new(VIDEOS), plain(), Pixels { values: 192 });
    let subject = Subject::new(network(&pixels, &videos, &extractor), &Stop::default()).unwrap();
    let (features, labels) = (subject.train().features(), subject.train().labels());
    let bank = || FeatureBank::new(features, labels, CLASSES).unwrap();
    let apart = Subject::of_features("frames", bank(), bank()).unwrap();
    for protocol in &choosing()[..3] {
        // A frame of a video that was learned from is recognised; of one that was not, all are taken for one class.
        assert!(validated(&**protocol, &subject) <= 75.0, "{} chooses on videos it knows", protocol.name());
        assert_eq!(validated(&**protocol, &apart), 100.0, "{} is told of no videos", protocol.name());
    }
}

#[test]
fn frames_that_are_read_to_learn_and_to_choose_are_of_different_videos() {
    let (videos, extractor, pixels, resnet) =
        (Videos::new(VIDEOS), plain(), Pixels { values: 192 }, resnet());
    let of: [(Box<dyn Protocol>, &dyn Encoder); 2] =
        [(Box::new(linear_views()), &pixels), (Box::new(fine_tuning()), &*resnet)];
    for (protocol, encoder) in of {
        let subject = Subject::new(network(encoder, &videos, &extractor), &Stop::default()).unwrap();
        videos.read.lock().unwrap().clear();
        protocol.evaluate(&subject, &Stop::default()).unwrap();
        // The first step reads all that is learned from while settings are chosen, for it is as large.
        let learned = videos.read.lock().unwrap()[..videos.len() - HELD].to_vec();
        let held: Vec<usize> = (0..videos.len()).filter(|frame| !learned.contains(frame)).collect();
        assert_eq!(held.len(), HELD, "{} reads each once", protocol.name());
        let (learned, held) = (videos.videos(&learned), videos.videos(&held));
        assert!(learned.is_disjoint(&held), "{}: {held:?} on both sides", protocol.name());
    }
}

#[test]
fn videos_that_leave_nothing_to_choose_on_are_refused_by_all() {
    let (videos, extractor, resnet) = (Videos::new(1), plain(), resnet());
    let network = network(&*resnet, &videos, &extractor);
    let subject = Subject::new(network, &Stop::default()).unwrap();
    // With one setting fine-tuning chooses nothing, and the regression beside it still its penalty.
    let single: Box<dyn Protocol> = Box::new(FineTuning { steps: vec![1], ..fine_tuning() });
    for protocol in choosing().into_iter().chain([single]) {
        let results = [protocol.check(&network), protocol.evaluate(&subject, &Stop::default()).map(drop)];
        for result in results {
            let error = result.expect_err(protocol.name());
            assert!(matches!(error, EvalError::Setting { key: "eval.validation", .. }), "{error}");
        }
    }
}

#[test]
fn shots_of_a_class_are_frames_of_different_videos() {
    let (videos, extractor, pixels) = (Videos::new(VIDEOS), plain(), Pixels { values: 192 });
    let subject = Subject::new(network(&pixels, &videos, &extractor), &Stop::default()).unwrap();
    let protocol = FewShot { shots: vec![VIDEOS], draws: 5, temperature: 0.07, seed: 2 };
    let report = protocol.evaluate(&subject, &Stop::default()).unwrap().remove(0);
    assert_eq!(report.top1(), 100.0, "as many shots as videos have a frame of each");
}

#[test]
fn features_have_the_groups_of_their_images_and_a_part_has_its_own() {
    let (videos, extractor, pixels) = (Videos::new(1), plain(), Pixels { values: 192 });
    let bank = extractor.bank(&pixels, &videos, &Stop::default()).unwrap();
    let of_images: Vec<u64> = (0..videos.len()).map(|frame| videos.group(frame)).collect();
    assert_eq!(bank.groups(), Some(&of_images[..]));
    assert_eq!(bank.part(&Tensor::from_slice(&[6i64, 1, 3])).groups(), Some(&[2, 1, 3][..]));
    let alone = crate::protocols::Colours::new(8, 40);
    assert_eq!(extractor.bank(&pixels, &alone, &Stop::default()).unwrap().groups(), None);
    let (features, labels) =
        (Tensor::ones([2, 3], (Kind::Float, Device::Cpu)), Tensor::from_slice(&[0i64, 0]));
    let elsewhere = FeatureBank::new(&features, &labels, 1).unwrap();
    let error = elsewhere.with_groups(vec![0, 0, 0]).unwrap_err().to_string();
    assert!(error.starts_with("expected groups of 2 rows, found groups of 3"), "{error}");
}
