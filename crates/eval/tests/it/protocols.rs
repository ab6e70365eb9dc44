//! k-NN and linear probe on features whose structure is known; the guard that catches a moving encoder.

use kontrast_augment::{ImageRef, Step, ViewPlan};
use kontrast_augment_torch::ToTensor;
use kontrast_data::{DataError, Dataset, Labelled};
use kontrast_eval::protocols::{Knn, Linear, knn_votes};
use kontrast_eval::{
    EvalError, Extractor, Network, Pixels, Protocol, Report, Stop, Subject, evaluate, label_free, nearest,
};
use kontrast_models::{Encoder, Pass};
use kontrast_testkit::Case;
use kontrast_torch_ext::{Precision, StateDict};
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

/// Images of one colour a class, with noise from a formula.
pub(crate) struct Colours {
    pixels: Vec<Vec<u8>>,
    names: Vec<String>,
}

pub(crate) const CLASSES: usize = 4;

impl Colours {
    pub(crate) fn new(count: usize, noise: usize) -> Self {
        let byte = |image: usize, place: usize| {
            let base = 40 + 50 * ((image % CLASSES + place % 3) % CLASSES);
            (base + (image * 7919 + place * 104_729) % (noise + 1)).min(255) as u8
        };
        let pixels = (0..count).map(|i| (0..8 * 8 * 3).map(|place| byte(i, place)).collect()).collect();
        Self { pixels, names: (0..CLASSES).map(|c| c.to_string()).collect() }
    }
}

impl Dataset for Colours {
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

impl Labelled for Colours {
    fn class_names(&self) -> &[String] {
        &self.names
    }

    fn label(&self, index: usize) -> u32 {
        (index % CLASSES) as u32
    }
}

pub(crate) fn extractor() -> Extractor {
    Extractor {
        plan: ViewPlan::evaluation((8, 8)),
        to_tensor: ToTensor::new([0.5; 3], [0.25; 3], Device::Cpu),
        precision: Precision::Fp32,
        batch: 33,
    }
}

pub(crate) fn linear() -> Linear {
    Linear {
        epochs: 20,
        batch: 32,
        lrs: vec![0.01, 0.3],
        weight_decays: vec![0.0, 1e-3],
        validation: 0.25,
        seed: 1,
    }
}

fn subject<'a>(
    encoder: &'a dyn Encoder,
    [train, test]: [&'a dyn Labelled; 2],
    extractor: &'a Extractor,
) -> Result<Subject<'a>, EvalError> {
    Subject::new(
        Network { dataset: "colours", encoder, projector: None, texts: None, train, test, extractor },
        &Stop::default(),
    )
}

#[test]
fn votes_are_those_of_lightly() {
    let case = Case::from_bytes(include_bytes!("../golden/knn/case.safetensors"));
    for (name, k, temperature) in [("20", 20, 0.1), ("200", 200, 0.1), ("5", 5, 0.05)] {
        let (similarities, positions) = nearest(&case["queries"], &case["bank"], k);
        let labels = case["labels"].index_select(0, &positions.flatten(0, -1)).reshape(positions.size());
        let votes = knn_votes(&similarities, &labels, 6, k, Some(temperature));
        assert_eq!(votes.argmax(1, false), case[&format!("first.{name}")], "k = {k}");
    }
}

#[test]
fn classes_of_one_colour_are_told_apart_and_settings_are_recorded() {
    let (train, test) = (Colours::new(200, 40), Colours::new(60, 40));
    let (pixels, extractor) = (Pixels { values: 192 }, extractor());
    let subject = subject(&pixels, [&train, &test], &extractor).unwrap();
    let protocols: Vec<Box<dyn Protocol>> = vec![
        Box::new(Knn::chosen(0.2, 1)),
        Box::new(Knn::ten()),
        Box::new(Knn::two_hundred()),
        Box::new(linear()),
    ];
    let reports = evaluate(&protocols, &subject, &Stop::default()).unwrap();
    let names: Vec<_> = reports.iter().map(|report| report.name.as_str()).collect();
    assert_eq!(names, ["knn", "knn_10", "knn_200", "linear"]);
    for report in &reports {
        assert!(report.top1() > 95.0, "{report:?}");
        assert_eq!(report.metric("top5"), None, "four classes have no top-5");
        // As many test images of each class.
        let per_class = report.metric("mean_per_class").unwrap().value;
        assert!((per_class - report.metric("top1").unwrap().value).abs() < 1e-9);
        assert_eq!((report.version, report.dataset.as_str()), (1, "colours"));
        assert_eq!(report.predictions.as_ref().unwrap().size(), [1, 60]);
        let right = report.predictions.as_ref().unwrap().get(0).eq_tensor(subject.test().labels());
        assert!((100.0 * right.mean(Kind::Double).double_value(&[]) - report.top1()).abs() < 1e-4);
    }
    let validated = reports.iter().map(|report| report.score().validation_top1);
    assert_eq!(validated.map(|top1| top1.is_some()).collect::<Vec<_>>(), [true, false, false, true]);
    let of = |report: &Report, name| report.score().number(name);
    let [knn, ten, two_hundred, linear] = &reports[..] else { panic!("{reports:?}") };
    assert!(of(knn, "k").is_some() && of(knn, "temperature").is_some());
    assert_eq!((of(ten, "k"), of(ten, "temperature")), (Some(10.0), None));
    assert_eq!((of(two_hundred, "k"), of(two_hundred, "temperature")), (Some(200.0), Some(0.1)));
    assert!(of(linear, "lr").is_some() && of(linear, "weight_decay").is_some());
}

#[test]
fn uninformative_labels_score_at_chance() {
    // The colour follows the position modulo 4, the label is shifted at random by the test's own numbering.
    struct Shuffled(Colours);
    impl Dataset for Shuffled {
        fn len(&self) -> usize {
            self.0.len()
        }
        fn size(&self, index: usize) -> Result<(usize, usize), DataError> {
            self.0.size(index)
        }
        fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
            self.0.image(index, buffer)
        }
    }
    impl Labelled for Shuffled {
        fn class_names(&self) -> &[String] {
            self.0.class_names()
        }
        fn label(&self, index: usize) -> u32 {
            ((index.wrapping_mul(2_654_435_761) >> 7) % CLASSES) as u32
        }
    }
    let (train, test) = (Shuffled(Colours::new(800, 40)), Shuffled(Colours::new(400, 40)));
    let (pixels, extractor) = (Pixels { values: 192 }, extractor());
    let subject = subject(&pixels, [&train, &test], &extractor).unwrap();
    for protocol in [Box::new(Knn::two_hundred()) as Box<dyn Protocol>, Box::new(linear())] {
        let top1 = protocol.evaluate(&subject, &Stop::default()).unwrap()[0].top1();
        assert!((top1 - 25.0).abs() < 12.0, "{}: {top1}", protocol.name());
    }
}

/// Counts its forward passes in a buffer, as batch norm in training mode would.
struct Drifting(Tensor);

impl Encoder for Drifting {
    fn forward(&self, images: &Tensor, _pass: Pass<'_>) -> Tensor {
        let _ = self.0.shallow_clone().g_add_scalar_(1.0);
        images.flatten(1, -1)
    }
    fn stages(&self, images: &Tensor, pass: Pass<'_>) -> Vec<Tensor> {
        vec![self.forward(images, pass)]
    }
    fn width(&self) -> i64 {
        192
    }
    fn variables(&self) -> StateDict {
        [("running_mean".to_owned(), self.0.shallow_clone())].into_iter().collect()
    }
    fn handle(&self) -> Box<dyn Encoder> {
        Box::new(Self(self.0.shallow_clone()))
    }
}

#[test]
fn an_encoder_that_moves_while_it_is_judged_voids_the_score() {
    let (train, test) = (Colours::new(40, 10), Colours::new(20, 10));
    let drifting = Drifting(Tensor::zeros([1], (Kind::Float, Device::Cpu)));
    let Err(error) = subject(&drifting, [&train, &test], &extractor()) else { panic!("drift went unseen") };
    assert!(matches!(&error, EvalError::EncoderMoved { .. }), "{error}");
}

#[test]
fn features_do_not_depend_on_the_batch() {
    let images = Colours::new(50, 40);
    let indices: Vec<u32> = (0..50).collect();
    let of = |batch| {
        let extractor = Extractor { batch, ..extractor() };
        extractor.features(&Pixels { values: 192 }, &images, &indices, &Stop::default()).unwrap()
    };
    assert_eq!(of(50), of(7));
}

#[test]
fn label_free_figures_tell_identical_views_from_different_ones() {
    let images = Colours::new(64, 200);
    let plan = ViewPlan::evaluation((8, 8));
    let figures = label_free(
        &Pixels { values: 192 },
        &images,
        &[plan.clone(), plan],
        &extractor(),
        0,
        &Stop::default(),
    )
    .unwrap();
    assert!(figures.alignment.unwrap() < 1e-9, "the evaluation plan draws nothing: both views are the image");
    assert!(figures.uniformity.unwrap() < 0.0 && figures.effective_rank.unwrap() > 1.0);
}

/// Images whose corners are of one pure colour each, left and right.
struct Corners(Vec<Vec<u8>>);

impl Corners {
    /// Red, green or blue as 0, 1, 2.
    fn new(colours: &[[usize; 2]]) -> Self {
        let image = |[left, right]: [usize; 2]| {
            let byte = |place: usize| {
                let colour = if place / 3 % 8 < 4 { left } else { right };
                if place % 3 == colour { 255 } else { 0 }
            };
            (0..8 * 8 * 3).map(byte).collect()
        };
        Self(colours.iter().map(|&pair| image(pair)).collect())
    }
}

impl Dataset for Corners {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn size(&self, _index: usize) -> Result<(usize, usize), DataError> {
        Ok((8, 8))
    }

    fn image<'a>(&'a self, index: usize, _buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        Ok(ImageRef { width: 8, height: 8, pixels: &self.0[index] })
    }
}

/// An encoder whose representation is the colour of the pixel at the upper left.
struct FirstPixel;

impl Encoder for FirstPixel {
    fn forward(&self, images: &Tensor, _pass: Pass<'_>) -> Tensor {
        images.select(3, 0).select(2, 0).contiguous()
    }
    fn stages(&self, images: &Tensor, pass: Pass<'_>) -> Vec<Tensor> {
        vec![self.forward(images, pass)]
    }
    fn width(&self) -> i64 {
        3
    }
    fn variables(&self) -> StateDict {
        StateDict::new()
    }
    fn handle(&self) -> Box<dyn Encoder> {
        Box::new(Self)
    }
}

#[test]
fn label_free_figures_are_those_of_embeddings_that_are_known() {
    let plain = ViewPlan::evaluation((8, 8));
    let mirrored = ViewPlan::new((8, 8), vec![Step::Fit, Step::HorizontalFlip]).unwrap();
    // Values between 0 and 1, so that the three colours are the three unit vectors.
    let extractor = Extractor { to_tensor: ToTensor::new([0.0; 3], [1.0; 3], Device::Cpu), ..extractor() };
    let figures = |colours: &[[usize; 2]]| {
        let plans = [plain.clone(), mirrored.clone()];
        label_free(&FirstPixel, &Corners::new(colours), &plans, &extractor, 0, &Stop::default()).unwrap()
    };
    let near = |found: Option<f64>, expected: f64, what: &str| {
        let found = found.unwrap();
        assert!((found - expected).abs() < 1e-4, "{what}: {found}, expected {expected}");
    };

    // All red on the left: one point. On the right one in four is red too, the others lie at a right angle.
    let one: Vec<_> = (0..60).map(|i| [0, usize::from(i % 4 > 0)]).collect();
    let point = figures(&one);
    near(point.alignment, 0.75 * 2.0, "alignment of one point");
    near(point.uniformity, 0.0, "uniformity of one point");
    near(point.effective_rank, 1.0, "effective rank of one point");
    near(point.std, 0.0, "std of one point");

    // The three colours in turn, and the next one on the right: no view agrees with its partner.
    let turns: Vec<_> = (0..60).map(|i| [i % 3, (i + 1) % 3]).collect();
    let three = figures(&turns);
    near(three.alignment, 2.0, "alignment of right angles");
    // Of 59 others 19 are the same point, and 40 lie at a squared distance of 2.
    near(three.uniformity, ((19.0 + 40.0 * (-4f64).exp()) / 59.0).ln(), "uniformity of three points");
    near(three.effective_rank, 3.0, "effective rank of three directions");
    // Each coordinate is 1 in a third of the rows: variance 2/9, times 60/59, times a width of 3.
    near(three.std, (3.0 * 2.0 / 9.0 * 60.0 / 59.0f64).sqrt(), "std of three points");
}

proptest! {
    // In eight dimensions or more no two of so few rows point the same way.
    #[test]
    fn a_row_of_the_bank_is_its_own_nearest_and_wins_at_a_low_temperature(
        rows in 3i64..40, d in 8i64..24, key in 0f64..100.0, factor in 0.1f64..10.0,
    ) {
        let ramp = Tensor::arange(rows * d, (Kind::Double, Device::Cpu)) + key;
        let bank = ((ramp * 12.9898).sin() * 43_758.545_3).fmod(1.0).reshape([rows, d]).to_kind(Kind::Float);
        let (similarities, positions) = nearest(&(&bank * factor), &bank, rows);
        prop_assert!(similarities.diff(1, 1, None::<&Tensor>, None::<&Tensor>).max().double_value(&[]) <= 1e-6);
        let first = positions.select(1, 0);
        // Every row a class of its own: at a very low temperature only the nearest counts.
        let votes = knn_votes(&similarities, &positions, rows, rows, Some(0.01));
        prop_assert_eq!(votes.argmax(1, false), first.shallow_clone());
        let own = similarities.select(1, 0);
        prop_assert!((own - 1.0).abs().max().double_value(&[]) < 1e-5);
        let votes = knn_votes(&similarities, &positions, rows, 1, None);
        let all = votes.sum(Kind::Double).double_value(&[]);
        prop_assert!((all - rows as f64).abs() < 1e-6);
    }
}

#[test]
fn views_of_two_sizes_have_the_figures_of_the_first() {
    let images = Colours::new(64, 200);
    let (plan, other) = (ViewPlan::evaluation((8, 8)), ViewPlan::evaluation((6, 6)));
    let figures = |plans: &[ViewPlan]| {
        label_free(&Pixels { values: 192 }, &images, plans, &extractor(), 0, &Stop::default()).unwrap()
    };
    let found = figures(&[plan.clone(), other]);
    assert_eq!((found.alignment, found.contrastive_accuracy), (None, None));
    assert_eq!(found, figures(&[plan]));
}

#[test]
fn field_whatever_takes_long_hears_that_it_shall_end() {
    let (train, test, pixels) = (Colours::new(200, 40), Colours::new(60, 40), Pixels { values: 192 });
    let (extractor, stop) = (extractor(), Stop::default());
    let network = Network {
        dataset: "colours",
        encoder: &pixels,
        projector: None,
        texts: None,
        train: &train,
        test: &test,
        extractor: &extractor,
    };
    let subject = Subject::new(network, &stop).unwrap();
    stop.request();
    let plans = [ViewPlan::evaluation((8, 8))];
    let protocols: [Box<dyn Protocol>; 1] = [Box::new(Knn::ten())];
    let stopped = [
        linear().evaluate(&subject, &stop).map(drop),
        evaluate(&protocols, &subject, &stop).map(drop),
        extractor.features(&pixels, &train, &[0, 1], &stop).map(drop),
        Subject::new(network, &stop).map(drop),
        label_free(&pixels, &train, &plans, &extractor, 1, &stop).map(drop),
    ];
    for ended in stopped {
        assert!(matches!(ended, Err(EvalError::Stopped)), "{ended:?}");
    }
}
