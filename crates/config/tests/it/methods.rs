//! Every method's values out of range, over its smoke experiment.

use std::path::Path;

use kontrast_config::{Experiment, HeadNorm, Method};

fn refusal(method: &str, argument: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../configs/smoke/{method}.toml"));
    match Experiment::load(&file, &[argument.to_owned()]) {
        Ok(_) => panic!("{method}: {argument} is not refused"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn each_value_out_of_range_names_its_key_and_what_it_depends_on() {
    each_is_refused(&[
        ("method.simclr.temperature=0.0", "expected a number above 0"),
        ("method.dcl.temperature=-1.0", "expected a number above 0"),
        ("method.dclw.sigma=0.0", "expected a number above 0"),
        ("method.moco.queue=100", "expected a multiple of train.batch = 64"),
        ("method.moco.queue=0", "expected a multiple of train.batch = 64"),
        ("method.moco.virtual_devices=0", "expected a divisor of train.batch = 64"),
        ("method.moco.virtual_devices=64", "that leaves two images or more a device"),
        ("method.moco.momentum.base=1.5", "momentum.base = 1.5: expected a share of itself, 0 to 1"),
        ("method.mocov3.momentum.final=-0.1", "momentum.final = -0.1: expected a share of itself, 0 to 1"),
        ("method.mocov3.predictor.widths=[64, 16]", "that of method.mocov3.projector.widths"),
        ("method.npid.noise=0", "expected at least 1 image"),
        ("method.npid.bank_momentum=1.0", "expected at least 0 and below 1"),
        ("method.byol.predictor.widths=[64, 31]", "expected as its last width 32"),
        ("method.byol.projector.widths=[64, 0]", "expected widths of at least 1"),
        ("method.simsiam.predictor.widths=[32, 32]", "expected as its last width 64"),
        ("method.barlow_twins.lambda=0.0", "expected a number above 0"),
        ("method.barlow_twins.scale=0.0", "expected a number above 0"),
        ("method.vicreg.variance=-1.0", "expected 0 or above"),
        ("method.swav.epsilon=0.0", "expected a number above 0"),
        ("method.swav.iterations=0", "expected at least 1 round"),
        ("method.swav.prototypes=1", "expected at least 2 prototypes"),
        (
            "method.swav.queue={ length = 65, from_epoch = 1 }",
            "queue.length = 65: expected a multiple of train.batch",
        ),
        ("method.swav.projector.widths=[]", "expected at least one width"),
        ("method.byol.projector.widths=[]", "predictor.widths = [64, 32]: expected no layers"),
        ("method.swav.queue={ length = 64, from_epoch = 0 }", "from_epoch = 0: expected 1 or above"),
        (
            "method.moco={ temperature = 0.2, momentum = { base = 0.9, final = 0.9 }, queue = 192, symmetric = true, \
             virtual_devices = 1, projector = { widths = [32], batch_norm = false } }",
            "queue = 192: expected a multiple of twice train.batch = 64",
        ),
        ("method.dino.teacher_temperature.base=0.0", "expected a number above 0"),
        (
            "method.swav.queue={ length = 64, from_epoch = 3 }",
            "from_epoch = 3: expected below train.epochs = 3",
        ),
        (
            "method.dino.frozen_epochs=3",
            "expected below train.epochs = 3: the last layer is trained after them",
        ),
        ("method.dino.teacher_temperature.warmup_epochs=4", "expected 0 to train.epochs = 3"),
        ("method.dino.centre_momentum=1.0", "expected at least 0 and below 1"),
        ("method.dino.projector.widths=[]", "expected at least one width"),
        ("method.nnclr.queue=65", "expected a multiple of train.batch = 64"),
        ("method.supcon.temperature=nan", "expected a number above 0"),
        ("method.triplet.margin=-0.1", "expected a number, 0 or above"),
        ("method.supervised.label_smoothing=1.0", "expected at least 0 and below 1"),
    ]);
}

#[test]
fn each_value_of_a_puzzle_out_of_range_names_its_key_and_the_other() {
    each_is_refused(&[
        ("method.rotation.rotations=3", "expected 2, 4 or 8 angles"),
        (
            "method.jigsaw.grid=3",
            "grid = 3: expected a divisor of the view's size: views.custom has 32 pixels",
        ),
        (
            "method.jigsaw.tile=17",
            "at most the 16 pixels of a cell: views.custom has 32 pixels on a side, and method.jigsaw.grid = 2",
        ),
        ("method.jigsaw.permutations.count=25", "expected at most 24: with method.jigsaw.grid = 2"),
        (
            "method.jigsaw.permutations.method=agl19",
            "one that knows 4 tiles, those of method.jigsaw.grid = 2",
        ),
        ("method.jigsaw.position_weight=-1.0", "expected 0 or above"),
    ]);
}

/// Each argument alone, over its method's smoke experiment, with its one problem.
fn each_is_refused(cases: &[(&str, &str)]) {
    for (argument, expected) in cases {
        let (key, _) = argument.split_once('=').unwrap();
        let method = key.split('.').nth(1).unwrap();
        let message = refusal(method, argument);
        assert!(message.contains(key) && message.contains(expected), "{argument} gives\n{message}");
        assert_eq!(message.lines().count(), 1, "{argument} gives more than its own problem:\n{message}");
    }
}

#[test]
fn words_that_a_method_does_not_know_are_refused_with_those_it_does() {
    for (argument, expected) in [
        ("method.triplet.mining=hardest", "`none`, `semi_hard`, `batch_hard`"),
        ("method.triplet.similarity=cosine", "`dot`, `euclidean`"),
        ("method.byol.projector.batch_norm=some", "true, false, \"hidden\" or \"last_plain\""),
        ("method.moco.keue=64", "did you mean `queue`"),
        ("method.byol.momentum=0.99", "expected a table such as { base = 0.99, final = 1.0 }"),
        ("method.byol.projector.widths=64", "such as [512, 128], found 64"),
    ] {
        let method = argument.split('.').nth(1).unwrap();
        let message = refusal(method, argument);
        assert!(message.contains(expected), "{argument} gives\n{message}");
    }
}

#[test]
fn views_that_a_method_cannot_compare_are_refused() {
    let (one, three) = ("views.identity={ count = 1, size = 32 }", "views.identity={ count = 3, size = 32 }");
    for (method, argument, expected) in [
        ("byol", one, "expected two views of one size: method.byol compares two"),
        ("moco", three, "expected two views of one size: method.moco compares two"),
        ("npid", three, "expected one view: method.npid compares it with the image's slot in the bank"),
        ("swav", one, "expected two views of one size, then any others"),
        ("supcon", one, "expected two or more views of one size"),
    ] {
        let message = refusal(method, argument);
        assert!(message.contains(expected), "{method}, {argument} gives\n{message}");
    }
}

#[test]
fn chunks_divide_the_batch_and_devices_share_a_chunk() {
    let message = refusal("simclr", "train.chunk=48");
    assert!(message.contains("train.chunk = 48: expected a divisor of train.batch = 64"), "{message}");
    let message = refusal("moco", "train.chunk=2");
    assert!(message.contains("virtual_devices = 2: expected a divisor of train.chunk = 2"), "{message}");
}

#[test]
fn every_smoke_experiment_is_of_the_method_that_names_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/smoke");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let experiment = Experiment::load(&path, &[]).unwrap_or_else(|error| panic!("{error}")).experiment;
        assert_eq!(experiment.method.name(), name);
        // The quickstart is SimCLR's comparison, and jigsaws are compared on two grids.
        let compared = match name.as_str() {
            "simclr" => "../quickstart".to_owned(),
            "jigsaw" => "../comparison/jigsaw-2x2".to_owned(),
            name => format!("../comparison/{name}"),
        };
        assert!(folder.join(format!("{compared}.toml")).exists(), "{name}");
        names.push(name);
    }
    assert_eq!(names.len(), 18, "{names:?}");
}

#[test]
fn batch_norm_of_a_head_is_a_switch_or_a_word() {
    let of = |argument: &str| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/smoke/simclr.toml");
        let loaded =
            Experiment::load(&file, &[argument.to_owned()]).unwrap_or_else(|error| panic!("{error}"));
        let Method::Simclr(simclr) = loaded.experiment.method else { panic!("the file names simclr") };
        simclr.projector.batch_norm
    };
    for (word, expected) in [
        ("true", HeadNorm::All),
        ("false", HeadNorm::None),
        ("hidden", HeadNorm::Hidden),
        ("last_plain", HeadNorm::LastPlain),
    ] {
        assert_eq!(of(&format!("method.simclr.projector.batch_norm={word}")), expected, "{word}");
    }
}
