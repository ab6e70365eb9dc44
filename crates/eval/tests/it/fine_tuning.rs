//! Fine-tuning on images whose classes are easy to tell: a copy learns, the encoder stays, labels are drawn by class.

use crate::protocols::{CLASSES, Colours, extractor};
use kontrast_eval::protocols::FineTuning;
use kontrast_eval::{EvalError, Network, Pixels, Protocol, Stop, Subject, evaluate};
use kontrast_models::{Depth, Encoder, EncoderSpec, Init, Norm, ResNetSpec, Stem};
use tch::{Device, nn};

fn encoder() -> Box<dyn Encoder> {
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

fn protocol(percents: &[u32]) -> FineTuning {
    FineTuning {
        percents: percents.to_vec(),
        draws: 2,
        steps: vec![1, 80],
        batch: 8,
        lrs: vec![0.05],
        weight_decay: 1e-4,
        least_area: 0.5,
        validation: 0.25,
        seed: 5,
    }
}

#[test]
fn a_copy_learns_from_some_labels_and_the_encoder_stays() {
    let (train, test, extractor, encoder) =
        (Colours::new(160, 40), Colours::new(40, 40), extractor(), encoder());
    let network = Network {
        dataset: "colours",
        encoder: &*encoder,
        projector: None,
        texts: None,
        train: &train,
        test: &test,
        extractor: &extractor,
    };
    let subject = Subject::new(network, &Stop::default()).unwrap();
    let protocols: Vec<Box<dyn Protocol>> = vec![Box::new(protocol(&[10, 100]))];
    // It holds that no weight of the encoder moved.
    let reports = evaluate(&protocols, &subject, &Stop::default()).unwrap();
    let names: Vec<_> = reports.iter().map(|report| report.name.as_str()).collect();
    assert_eq!(names, ["frozen_10", "fine_tuning_10", "frozen_100", "fine_tuning_100"]);
    let score = |place: usize| reports[place].score();
    assert_eq!((score(1).count("labels"), score(1).count("draws")), (Some(16), Some(2)));
    assert_eq!((score(3).count("labels"), score(3).count("draws")), (Some(160), Some(1)));
    assert_eq!(score(3).count("steps"), Some(80), "one step is too little to be chosen");
    assert!(reports.iter().all(|report| report.top1() > 80.0), "chance is 25 %: {reports:?}");
    assert!(score(1).top1_std.is_some() && score(3).top1_std.is_none());
    let labelled = |place: usize| reports[place].labelled.as_ref().unwrap();
    assert_eq!((labelled(1).size(), labelled(3).size()), (vec![2, 16], vec![1, 160]));
    assert_eq!(labelled(1), labelled(0), "frozen features learn from the same images");
    assert!(labelled(1).max().int64_value(&[]) < 160 && labelled(1).get(0) != labelled(1).get(1));
}

#[test]
fn what_cannot_be_copied_or_has_no_images_is_refused() {
    let (train, test, extractor) = (Colours::new(40, 40), Colours::new(40, 40), extractor());
    let pixels = Pixels { values: 8 * 8 * 3 };
    let network = Network {
        dataset: "colours",
        encoder: &pixels,
        projector: None,
        texts: None,
        train: &train,
        test: &test,
        extractor: &extractor,
    };
    let subject = Subject::new(network, &Stop::default()).unwrap();
    let error = protocol(&[50]).evaluate(&subject, &Stop::default()).unwrap_err().to_string();
    assert!(
        error.starts_with("eval.fine_tuning = of this encoder: expected an encoder that says"),
        "{error}"
    );
    let bank = |images: &Colours| extractor.bank(&pixels, images, &Stop::default()).unwrap();
    let features = Subject::of_features("colours", bank(&train), bank(&test)).unwrap();
    let error = protocol(&[50]).evaluate(&features, &Stop::default());
    assert!(matches!(error, Err(EvalError::Needs { .. })), "{error:?}");
    // One image each, and a quarter of them held back: a class has none left to learn from.
    let few = Colours::new(CLASSES - 1, 0);
    let network = Network {
        dataset: "few",
        encoder: &pixels,
        projector: None,
        texts: None,
        train: &few,
        test: &test,
        extractor: &extractor,
    };
    let error = protocol(&[50]).check(&network).unwrap_err().to_string();
    assert!(
        error.contains("eval.fine_tuning.percents = [50]") || error.contains("eval.validation"),
        "{error}"
    );
}
