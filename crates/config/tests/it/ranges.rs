//! Values out of range: all at once, each with its place and its key.

use crate::folder::Folder;

#[test]
fn all_values_out_of_range_are_reported_at_once() {
    let text =
        "[train]\nbatch = 1\nepochs = 0\n[method.simclr]\ntemperature = 0.0\n[optimizer.sgd]\nlr = -0.1";
    let message = Folder::new().refusal(text, &["encoder.resnet18.width=0"]);
    let lines: Vec<_> = message.lines().collect();
    assert_eq!(
        lines,
        [
            "--set encoder.resnet18.width=0: encoder.resnet18.width = 0: expected at least 1 channel",
            "mine.toml:6:1: method.simclr.temperature = 0.0: expected a number above 0",
            "mine.toml:8:1: optimizer.sgd.lr.base = -0.1: expected a number above 0",
            "base.toml:32:1: schedule.cosine.warmup_epochs = 2.0: expected 0 to train.epochs = 0, \
             as with --set schedule.cosine.warmup_epochs=0",
            "mine.toml:3:1: train.batch = 1: expected at least 2: a loss and batch norm compare the images \
             of a batch",
            "mine.toml:4:1: train.epochs = 0: expected at least 1",
        ]
    );
}

#[test]
fn a_value_of_a_file_that_an_argument_makes_wrong_is_placed_at_the_argument() {
    let folder = Folder::new();
    let message = folder.refusal("[data]\nsubset = 1000", &["train.batch=2048"]);
    assert_eq!(
        message,
        "--set train.batch=2048: data.subset = 1000: expected at least train.batch = 2048, else there is no whole batch \
         (data.subset stands at mine.toml:3:1)"
    );
    let message = folder.refusal("", &["train.epochs=1"]);
    assert!(message.starts_with("--set train.epochs=1: schedule.cosine.warmup_epochs = 2.0: "), "{message}");
    assert!(message.ends_with(" (schedule.cosine.warmup_epochs stands at base.toml:32:1)"), "{message}");
    let message = folder.refusal("", &["data.name=folder"]);
    assert!(
        message.starts_with("--set data.name=folder: data.root is missing: expected the folder"),
        "{message}"
    );
    // Of a table that an argument changed, the argument.
    let two = "[[views.custom.view]]\ncount = 2\nsize = 32\nsteps = ['fit']";
    let one = "views.custom.view=[{ count = 1, size = 32, steps = ['fit'] }]";
    let message = folder.refusal(two, &[one]);
    assert!(message.starts_with("--set views.custom.view=["), "{message}");
    // Nothing that an argument brought is named here.
    let message = folder.refusal("[train]\nepochs = 1", &["train.batch=128"]);
    assert!(message.starts_with("base.toml:32:1: schedule.cosine.warmup_epochs = 2.0: "), "{message}");
}

#[test]
fn each_value_out_of_range_names_its_key() {
    let cases = [
        ("train.batch=0", "train.batch = 0: expected at least 2"),
        ("name='a/b'", "name = \"a/b\": expected letters, digits"),
        ("name='..'", "name = \"..\": expected letters, digits"),
        ("data.subset=255", "data.subset = 255: expected at least train.batch = 256"),
        ("data.mean=[0.5, 0.5, 127.0]", "data.mean = [0.5, 0.5, 127.0]: expected numbers from 0 to 1"),
        ("data.std=[0.2, 0.0, 0.2]", "data.std = [0.2, 0.0, 0.2]: expected numbers above 0, at most 1"),
        ("data.root=/images", "data.root = \"/images\": expected no such key"),
        (
            "data.unreadable=skip",
            "--set data.unreadable=skip: data.unreadable = \"skip\": expected no such key, since only data.name = \"folder\", \
             \"frames\", \"scans\" and \"csv\" read it",
        ),
        ("data.holdout=0.2", "data.holdout = 0.2: expected no such key"),
        ("data.background=black", "data.background = \"black\": expected no such key"),
        (
            "data.unlabelled=true",
            "data.unlabelled = true: expected false, since only data.name = \"stl10\" has images without labels apart",
        ),
        ("data.name=folder", "data.root is missing: expected the folder of images"),
        ("data.name=synthetic", "data.synthetic is missing: expected a table with train, test"),
        ("method.simclr.temperature=nan", "method.simclr.temperature = NaN: expected a number above 0"),
        (
            "method.simclr.projector.widths=[64, 0]",
            "projector.widths = [64, 0]: expected widths of at least 1",
        ),
        ("optimizer.sgd.momentum=1.0", "optimizer.sgd.momentum = 1.0: expected at least 0 and below 1"),
        ("schedule.cosine.warmup_epochs=21", "warmup_epochs = 21.0: expected 0 to train.epochs = 20"),
        ("schedule.cosine.final=2", "schedule.cosine.final = 2.0: expected a fraction of the peak, 0 to 1"),
        ("train.keep=0", "train.keep = 0: expected at least 1 checkpoint"),
        ("eval.validation=1.0", "eval.validation = 1.0: expected a fraction above 0 and below 1"),
        (
            "eval.linear={epochs=1, batch=1, lrs=[], weight_decays=[0]}",
            "eval.linear.lrs = []: expected at least",
        ),
        ("run.threads=0", "run.threads = 0: expected at least 1, or no such key"),
    ];
    each_is_refused(&cases);
}

#[test]
fn milestones_outside_the_run_or_in_another_order_are_refused() {
    let steps = |rest: &str| format!("schedule.multistep={{warmup_epochs=5.0, {rest}}}");
    let cases = ["[15, 10]", "[10, 10]", "[4, 10]", "[10, 20]", "[]"].map(|milestones| {
        let said = format!(
            "schedule.multistep.milestones = {milestones}: expected rising epochs from the end of the warm-up (5) on, \
             below train.epochs = 20, as with --set schedule.multistep.milestones=[10,15]"
        );
        (steps(&format!("milestones={milestones}, gamma=0.1")), said)
    });
    let gamma = steps("milestones=[10, 15], gamma=1.0");
    let said = "schedule.multistep.gamma = 1.0: expected a factor between 0 and 1".to_owned();
    let all: Vec<_> = cases.into_iter().chain([(gamma, said)]).collect();
    each_is_refused(&all.iter().map(|(change, said)| (change.as_str(), said.as_str())).collect::<Vec<_>>());
    let file = "[schedule.multistep]\nwarmup_epochs=0.0\nmilestones=[10, 15]\ngamma=0.1";
    for (epochs, said) in [
        ("8", "as with --set schedule.multistep.milestones=[4,6]"),
        ("6", "as with --set schedule.multistep.milestones=[3,4]"),
        ("2", "as with --set schedule.multistep.milestones=[1]"),
        ("1", "the run is too short for any: take [schedule.constant]"),
    ] {
        let message = Folder::new().refusal(file, &[&format!("train.epochs={epochs}")]);
        assert!(message.contains(said), "{epochs} epochs: {message}");
        if let Some((_, advice)) = message.split_once("as with --set ") {
            let advice = advice.split(' ').next().unwrap().to_owned();
            let shorter = [format!("train.epochs={epochs}"), advice];
            Folder::new().load(file, &shorter.each_ref().map(String::as_str));
        }
    }
}

#[test]
fn each_value_of_the_views_out_of_range_names_its_key() {
    each_is_refused(&[
        ("views.simclr.size=4", "views.simclr.size = 4: expected at least 8 pixels"),
        ("views.simclr.crop_scale=[1.0, 0.2]", "views.simclr.crop_scale = [1.0, 0.2]: expected the smaller"),
        ("views.simclr.crop_ratio=[0.0, 1.0]", "views.simclr.crop_ratio = [0.0, 1.0]: expected the smaller"),
        ("views.simclr.flip=1.5", "views.simclr.flip = 1.5: expected a probability, 0 to 1"),
        ("views.simclr.strength=6.0", "views.simclr.jitter.hue = 0.1: expected 0 to 0.5 once multiplied"),
        (
            "views.simclr.blur={probability=0.5, sigma=[0.1, 2.0], kernel=4}",
            "kernel = 4: expected an odd number",
        ),
        (
            "views.supervised={count=2, size=32, crop={random={padding=4}}, flip=0.5, rand_augment={count=2, magnitude=31, \
             sampling='nearest'}}",
            "views.supervised.rand_augment.magnitude = 31: expected 0 to 30",
        ),
        (
            "views.identity={count=1, size=32}",
            "views.identity = 1 view of 32 pixels: expected two views of one size, then any \
             others: method.simclr compares the others with these two",
        ),
        (
            "views.custom.view=[{count=1, size=32, steps=['fit']}, {count=1, size=16, steps=['fit']}]",
            "views.custom = 2 views of 32 and 16 pixels: expected two views of one size",
        ),
        ("views.custom.view=[]", "views.custom.view = []: expected at least one view"),
        (
            "views.custom.view=[{count=0, size=32, steps=['fit']}]",
            "views.custom.view[0].count = 0: expected 1 to 64",
        ),
        ("views.simclr.solarize={probability=0.5, threshold=128.0}", "threshold = 128.0: expected 0 to 1"),
    ]);
}

/// Each argument alone, over a base that is well, with its one problem.
pub fn each_is_refused(cases: &[(&str, &str)]) {
    let folder = Folder::new();
    for (argument, expected) in cases {
        let message = folder.refusal("", &[argument]);
        assert!(message.contains(expected), "{argument} gives\n{message}");
        assert_eq!(message.lines().count(), 1, "{argument} gives more than its own problem:\n{message}");
    }
}

#[test]
fn a_holdout_must_leave_something() {
    let folder = Folder::new();
    let set = ["data.name=folder", "data.root=images", "data.holdout=1.0"];
    let expected = "--set data.holdout=1.0: data.holdout = 1.0: expected a fraction above 0 and below 1";
    assert_eq!(folder.refusal("", &set), expected);
}

#[test]
fn images_without_labels_are_not_for_a_method_that_needs_them() {
    let folder = Folder::new();
    let set =
        ["data.name=stl10", "data.unlabelled=true", "method={ supervised = { label_smoothing = 0.0 } }"];
    let expected =
        "data.unlabelled = true: expected false, since method.supervised needs the labels of its images";
    let said = folder.refusal("", &set);
    assert!(said.contains(expected), "{said}");
}

#[test]
fn a_synthetic_data_set_must_hold_a_batch_and_the_subset() {
    let folder = Folder::new();
    let drawn = "data.synthetic={train=100, test=10, classes=4, size=32}";
    let message = folder.refusal("", &["data.name=synthetic", drawn]);
    assert!(message.contains("data.synthetic.train = 100: expected at least train.batch = 256"), "{message}");
    let set = ["data.name=synthetic", drawn, "data.subset=101", "train.batch=64"];
    assert!(
        folder.refusal("", &set).contains("data.subset = 101: expected at most data.synthetic.train = 100")
    );
}

#[test]
fn only_shapes_that_can_be_drawn_are_asked_for() {
    let folder = Folder::new();
    let refused = |classes: usize, size: usize| {
        let drawn = format!("data.synthetic={{train=512, test=10, classes={classes}, size={size}}}");
        folder.refusal("", &["data.name=synthetic", &drawn])
    };
    for classes in [1, 16] {
        let message = refused(classes, 32);
        assert!(
            message.contains(&format!("data.synthetic.classes = {classes}: expected 2 to 15")),
            "{message}"
        );
    }
    for size in [7, 1025] {
        let message = refused(4, size);
        assert!(
            message.contains(&format!("data.synthetic.size = {size}: expected 8 to 1024 pixels")),
            "{message}"
        );
    }
    for drawn in ["classes=2, size=8", "classes=15, size=1024"] {
        let drawn = format!("data.synthetic={{train=512, test=10, {drawn}}}");
        folder.load("", &["data.name=synthetic", &drawn]);
    }
}

#[test]
fn the_square_root_rule_asks_for_its_batch() {
    let text = "[optimizer.adamw]\nlr = { base = 1, rule = \"square-root\" }\nbetas = [0, 0]\neps = 1\nweight_decay = 0";
    let expected = "mine.toml:3:1: optimizer.adamw.lr.per is missing: expected the batch that lr.base is meant \
                    for, since lr.rule is square-root";
    assert_eq!(Folder::new().refusal(text, &[]), expected);
}
