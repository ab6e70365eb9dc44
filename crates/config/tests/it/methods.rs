//! Every method's values out of range, over its smoke experiment.

use std::path::Path;

use kontrast_config::{AnyMethod, Experiment, HeadNorm, PermutationMethod};

pub(crate) fn refusal(method: &str, argument: &str) -> String {
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
        ("method.moco.bn_splits=0", "expected a divisor of train.batch = 64"),
        ("method.moco.bn_splits=64", "that leaves two images or more a split"),
        ("method.moco.momentum.base=1.5", "momentum.base = 1.5: expected a fraction of itself, 0 to 1"),
        ("method.mocov3.momentum.final=-0.1", "momentum.final = -0.1: expected a fraction of itself, 0 to 1"),
        ("method.mocov3.predictor.widths=[64, 16]", "that of method.mocov3.projector.widths"),
        ("method.npid.negatives=0", "expected at least 1 image"),
        ("method.npid.bank_momentum=1.0", "expected at least 0 and below 1"),
        ("method.npid.normaliser_momentum=1.1", "expected 0 to 1; 1 keeps the first batch's"),
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
             bn_splits = 1, projector = { widths = [32], batch_norm = false } }",
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
        ("method.nt_logistic.temperature=0", "expected a number above 0"),
        ("method.supervised.label_smoothing=1.0", "expected at least 0 and below 1"),
    ]);
}

#[test]
fn each_value_of_a_pretext_task_out_of_range_names_its_key_and_the_other() {
    each_is_refused(&[
        ("method.rotation.rotations=3", "expected 2, 4 or 8 angles"),
        ("method.rotation.upright=false", "expected true, for method.rotation.rotations = 4"),
        (
            "method.jigsaw.grid=3",
            "grid = 3: expected a divisor of the view's size: views.custom has 32 pixels",
        ),
        (
            "method.jigsaw.tile=17",
            "at most the 16 pixels of a cell: views.custom has 32 pixels on a side, and method.jigsaw.grid = 2",
        ),
        (
            "method.jigsaw.permutations.count=25",
            "expected at most 24: greedy has no more with method.jigsaw.grid = 2",
        ),
        (
            "method.jigsaw.permutations.method=agl19",
            "method = \"agl19\": expected one that knows 4 tiles, those of method.jigsaw.grid = 2",
        ),
        ("method.jigsaw.position_weight=-1.0", "expected 0 or above"),
        (
            "method.relative_patch.tile=11",
            "at most the 10 pixels of a cell: views.custom has 30 pixels on a side, and a grid of 3",
        ),
        ("method.relative_patch.tile=0", "expected at least 1 pixel"),
        ("method.relative_patch.drop_channels=-0.1", "expected 0 or above"),
        (
            "method.relative_patch.normalise=false",
            "drop_channels = 0.01: expected left out with method.relative_patch.normalise",
        ),
        ("method.exemplar.classes=1", "expected at least 2"),
        ("method.exemplar.classes=63", "expected at least train.batch = 64: a class is an image"),
        ("method.autoencoder.projector.widths=[0]", "expected widths of at least 1"),
    ]);
}

#[test]
fn tiles_that_do_not_fit_the_views_are_refused_with_sizes_that_would_do() {
    let message = refusal("relative_patch", "views.identity={ count = 1, size = 32 }");
    let expected = "views.identity = 32 pixels: expected a size that 3 divides, for method.relative_patch cuts it into \
                    three rows of cells; 30 or 33 would do";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn joint_tasks_are_checked_each_under_its_own_key() {
    let rotation = "{ rotation = { rotations = 4, all = true, head = { widths = [], batch_norm = false } } }";
    let of = |weight: &str, views: &str, method: &str| {
        format!("{{ weight = {weight}, views = {views}, method = {method} }}")
    };
    let good = of("1.0", "[0]", rotation);
    let tasks = |second: &str| format!("method.joint.tasks=[{good}, {second}]");
    let simclr = "{ simclr = { temperature = 0.0, projector = { widths = [8], batch_norm = false } } }";
    let moco = "{ moco = { temperature = 0.0, momentum = { base = 0.9, final = 0.9 }, queue = 64, symmetric = false, \
                bn_splits = 2, projector = { widths = [8], batch_norm = false } } }";
    for (argument, expected) in [
        (format!("method.joint.tasks=[{good}]"), "method.joint.tasks = 1: expected two tasks at least"),
        (tasks(&of("0.0", "[0]", rotation)), "method.joint.tasks[1].weight = 0.0: expected a number above 0"),
        (tasks(&of("1.0", "[2]", rotation)), "method.joint.tasks[1].views = [2]: expected some of 0 to 1"),
        (tasks(&of("1.0", "[]", rotation)), "method.joint.tasks[1].views = []: expected some of 0 to 1"),
        (
            tasks(&of("1.0", "[0, 0]", simclr)),
            "views = [0, 0]: expected some of 0 to 1, the views of views.simclr, each once",
        ),
        (
            tasks(&of("1.0", "[0, 1]", moco)),
            "tasks[1].method.moco.bn_splits = 2: expected 1: the tasks share",
        ),
        (
            tasks(&of("1.0", "[0, 1]", moco)),
            "tasks[1].method.moco.temperature = 0.0: expected a number above 0",
        ),
        (
            tasks(&of("1.0", "[0, 1]", rotation)),
            "method.joint.tasks[1].views = 2 views of 32 and 32 pixels: expected one view",
        ),
        (
            tasks(&of("1.0", "[0, 1]", simclr)),
            "method.joint.tasks[1].method.simclr.temperature = 0.0: expected a number above 0",
        ),
        (
            tasks(&of("1.0", "[0]", &format!("{{ joint = {{ tasks = [{good}, {good}] }} }}"))),
            "expected a task that is not joint itself",
        ),
    ] {
        let message = refusal("joint", &argument);
        assert!(message.contains(expected), "{argument} gives\n{message}");
    }
}

#[test]
fn a_network_in_network_has_three_to_five_blocks_and_a_width_by_six() {
    let message = refusal("joint", "encoder.nin.blocks=6");
    assert!(message.contains("encoder.nin.blocks = 6: expected 3, 4 or 5 blocks"), "{message}");
    let message = refusal("joint", "encoder.nin.width=100");
    assert!(message.contains("encoder.nin.width = 100: expected a multiple of 6"), "{message}");
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
        ("method.nt_logistic.mining=hardest", "`none`, `semi_hard`, `batch_hard`"),
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
    assert!(message.contains("bn_splits = 2: expected a divisor of train.chunk = 2"), "{message}");
}

#[test]
fn gradients_have_a_limit_above_zero_of_one_or_of_all() {
    let message = refusal("simclr", "train.clip={ norm = 0.0, per = \"all\" }");
    assert!(message.contains("train.clip.norm = 0"), "{message}");
    let message = refusal("simclr", "train.clip={ norm = 1.0, per = \"layer\" }");
    assert!(message.contains("tensor") && message.contains("all"), "{message}");
    let message = refusal("simclr", "train.clip=3.0");
    assert!(message.contains("train.clip"), "{message}");
}

#[test]
fn every_smoke_experiment_is_of_the_method_that_names_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/smoke");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let experiment = Experiment::load(&path, &[]).unwrap_or_else(|error| panic!("{error}")).experiment;
        // Behind a hyphen stands what is special of it beside the method's own.
        let (method, special) =
            name.split_once('-').map_or((name.as_str(), None), |(method, of)| (method, Some(of)));
        assert_eq!(experiment.method.name(), method);
        if special.is_some() {
            continue;
        }
        // The quickstart is SimCLR's comparison, and jigsaws are compared on two grids.
        let compared = match name.as_str() {
            "simclr" => "../quickstart".to_owned(),
            "jigsaw" => "../comparison/jigsaw-2x2".to_owned(),
            name => format!("../comparison/{name}"),
        };
        assert!(folder.join(format!("{compared}.toml")).exists(), "{name}");
        names.push(name);
    }
    assert_eq!(names.len(), 28, "{names:?}");
}

#[test]
fn each_value_of_cmc_out_of_range_names_its_key() {
    each_is_refused(&[
        ("method.cmc.temperature=0.0", "expected a number above 0"),
        (
            "method.cmc.bank={ negatives = 0, momentum = 0.5, normaliser_momentum = 0.9 }",
            "bank.negatives = 0: expected at least 1 image",
        ),
        (
            "method.cmc.bank={ negatives = 8, momentum = 1.0, normaliser_momentum = 0.9 }",
            "bank.momentum = 1.0: expected at least 0 and below 1",
        ),
        (
            "method.cmc.bank={ negatives = 8, momentum = 0.5, normaliser_momentum = 2.0 }",
            "normaliser_momentum = 2.0: expected 0 to 1",
        ),
    ]);
}

#[test]
fn a_split_leaves_channels_for_both_networks_and_cmc_needs_one() {
    for split in ["0", "3"] {
        let message = refusal("cmc", &format!("encoder.resnet18.split={split}"));
        let expected = format!("encoder.resnet18.split = {split}: expected 1 to 2, which leaves channels");
        assert!(message.contains(&expected), "{message}");
    }
    let message = refusal("cmc", "encoder.nin={ blocks = 3, width = 12 }");
    assert!(message.contains("encoder.nin.split") && message.contains("for method.cmc"), "{message}");
    let message = refusal("cmc", "views.custom.view=[{ count = 2, size = 32, steps = [\"fit\"] }]");
    assert!(message.contains("expected one view: method.cmc compares what two networks"), "{message}");
}

#[test]
fn each_value_of_mae_out_of_range_names_its_key() {
    let decoder = |values: &str| format!("method.mae.decoder={{ {values} }}");
    let [odd, heads, flat, headless] = [
        "width = 30, depth = 1, heads = 2",
        "width = 32, depth = 1, heads = 3",
        "width = 32, depth = 0, heads = 2",
        "width = 32, depth = 1, heads = 0",
    ]
    .map(decoder);
    each_is_refused(&[
        ("method.mae.mask_ratio=1.0", "method.mae.mask_ratio = 1.0: expected above 0 and below 1"),
        ("method.mae.mask_ratio=0.0", "method.mae.mask_ratio = 0.0: expected above 0 and below 1"),
        (&odd, "method.mae.decoder.width = 30: expected a multiple of 4"),
        (
            &heads,
            "method.mae.decoder.width = 32: expected a multiple of 4 and of method.mae.decoder.heads = 3",
        ),
        (&flat, "method.mae.decoder.depth = 0: expected at least 1 block"),
        (&headless, "method.mae.decoder.heads = 0: expected at least 1 head"),
    ]);
}

#[test]
fn mae_needs_a_transformer_and_patches_to_see() {
    let message = refusal("mae", "encoder.nin={ blocks = 3, width = 12 }");
    assert!(message.contains("encoder") && message.contains("whose patches method.mae hides"), "{message}");
    // Sixteen patches.
    let message = refusal("mae", "method.mae.mask_ratio=0.95");
    let expected = "method.mae.mask_ratio = 0.95: expected a smaller one, which leaves one or more of the 16 patches of \
                    views.supervised to be seen";
    assert!(message.contains(expected), "{message}");
    let message = refusal("mae", "views.supervised.count=2");
    assert!(message.contains("expected one view: method.mae gives it back"), "{message}");
}

#[test]
fn each_value_of_amdim_out_of_range_names_its_key() {
    each_is_refused(&[
        ("method.amdim.clip=0.0", "method.amdim.clip = 0.0: expected a number above 0"),
        ("method.amdim.regulariser=-0.1", "method.amdim.regulariser = -0.1: expected 0 or above"),
        ("method.amdim.weights.from_5_to_5=-1.0", "from_5_to_5 = -1.0: expected 0 or above"),
        (
            "method.amdim.weights={ from_1_to_5 = 0.0, from_1_to_7 = 0.0, from_5_to_5 = 0.0 }",
            "one of them above 0",
        ),
    ]);
}

#[test]
fn amdim_needs_its_encoder_and_views_of_the_encoders_size() {
    let message = refusal("amdim", "encoder.nin={ blocks = 3, width = 12 }");
    assert!(message.contains("[encoder.amdim], whose cells method.amdim compares"), "{message}");
    let message = refusal("amdim", "views.amdim.size=40");
    let expected = "32, which is encoder.amdim.size: method.amdim compares its maps";
    assert!(message.contains("views.amdim") && message.contains(expected), "{message}");
    for (change, expected) in [
        ("encoder.amdim.size=48", "encoder.amdim.size = 48: expected 32, 64 or 128 pixels"),
        ("encoder.amdim.rkhs=31", "encoder.amdim.rkhs = 31: expected at least 32, the channels of the maps"),
        ("encoder.amdim.width=0", "encoder.amdim.width = 0: expected at least 1 channel"),
        ("encoder.amdim.depth=0", "encoder.amdim.depth = 0: expected at least 1 unit"),
        ("views.amdim.crop.translated.most=32", "most = 32: expected below the view's size = 32"),
        ("views.amdim.crop.translated.probability=2.0", "expected a probability"),
        ("views.amdim.flip=1.5", "views.amdim.flip = 1.5"),
    ] {
        let message = refusal("amdim", change);
        assert!(message.contains(expected), "{change}: {message}");
    }
    // The encoder serves other methods, and smaller views than it is made for are refused.
    let other =
        "method={ simclr = { temperature = 0.2, projector = { widths = [16], batch_norm = false } } }";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/smoke/amdim.toml");
    let of = |changes: &[&str]| {
        let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
        Experiment::load(&file, &changes).map_err(|error| error.to_string())
    };
    assert!(of(&[other, "views.amdim.size=40"]).is_ok());
    let small = of(&[other, "views.amdim.size=24"]).unwrap_err();
    assert!(small.contains("at least 32 pixels on a side, for encoder.amdim"), "{small}");
}

#[test]
fn batch_norm_of_a_head_is_a_switch_or_a_word() {
    let of = |argument: &str| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/smoke/simclr.toml");
        let loaded =
            Experiment::load(&file, &[argument.to_owned()]).unwrap_or_else(|error| panic!("{error}"));
        let AnyMethod::Simclr(simclr) = loaded.experiment.method else { panic!("the file names simclr") };
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

#[test]
fn a_way_to_choose_permutations_has_one_name() {
    for method in PermutationMethod::ALL {
        assert_eq!(serde_json::to_value(method).unwrap(), method.as_str());
    }
}
