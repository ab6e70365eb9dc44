//! Mistakes of writing: each is named with its place, its key and what to do.

use kontrast_config::{Ablation, Experiment};

use crate::folder::Folder;

#[test]
fn an_unknown_key_is_named_with_file_line_and_column() {
    let message = Folder::new().refusal("[train]\n  bach = 3", &[]);
    assert_eq!(
        message,
        "mine.toml:3:3: train.bach: unknown key; did you mean `batch`? Valid keys here: `batch`, `chunk`, \
         `epochs`, `precision`, `channels_last`, `clip`, `feed`, `checkpoint_every`, `keep`"
    );
}

#[test]
fn unknown_keys_are_reported_all_at_once() {
    let message =
        Folder::new().refusal("sed = 1\n[method.simclr]\ntemprature = 3\n[optimizer.sgd]\nx = 1", &[]);
    let mut lines: Vec<_> = message.lines().map(|line| line.split(" Valid").next().unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "mine.toml:2:1: sed: unknown key; did you mean `seed`?",
            "mine.toml:4:1: method.simclr.temprature: unknown key; did you mean `temperature`?",
            "mine.toml:6:1: optimizer.sgd.x: unknown key.",
        ]
    );
}

#[test]
fn a_mistake_in_the_base_is_placed_in_the_base() {
    let folder = Folder::new();
    let text = crate::folder::BASE.replace("stem =", "stemm =");
    folder.write("base.toml", &text);
    let message = folder.refusal("[train]\nbatch = 128", &[]);
    assert!(message.starts_with("base.toml:19:1: encoder.resnet18.stemm: unknown key; did you mean `stem`?"));
}

#[test]
fn a_wrong_type_says_what_was_expected_and_found() {
    let folder = Folder::new();
    let message = folder.refusal("[train]\nbatch = \"ten\"", &[]);
    assert_eq!(
        message,
        "mine.toml:3:9: train.batch: expected a whole number, 0 or above, found string \"ten\""
    );
    let message = folder.refusal("[data]\nmean = [0.1, 0.2]", &[]);
    let both = "expected as many numbers as data.mean has, 2: one a channel";
    assert_eq!(message, format!("base.toml:7:1: data.std = [0.25, 0.25, 0.25]: {both}"));
    let message = folder.refusal("[optimizer.sgd]\nlr = { base = true }", &[]);
    assert_eq!(message, "mine.toml:3:15: optimizer.sgd.lr.base: expected a number, found boolean `true`");
    let message = folder.refusal("[run]\ndevice = \"gpu\"", &[]);
    assert_eq!(message, "mine.toml:3:10: run.device: expected auto, cpu, cuda or cuda:N, found \"gpu\"");
}

#[test]
fn an_unknown_choice_lists_the_choices() {
    let folder = Folder::new();
    let message = folder.refusal("[encoder.resnet81]\nwidth = 3", &[]);
    assert_eq!(
        message,
        "mine.toml:2:10: encoder.resnet81: `resnet81` is no choice; did you mean `resnet18`? \
         Choices: `resnet18`, `resnet34`, `resnet50`, `resnet101`, `resnet152`, `nin`, `vit_tiny`, `vit_small`, \
         `amdim`"
    );
    let message = folder.refusal("[train]\nprecision = \"fp16\"", &[]);
    assert_eq!(
        message,
        "mine.toml:3:13: train.precision: `fp16` is no choice; did you mean `bf16`? Choices: `bf16`, `fp32`"
    );
}

#[test]
fn a_key_that_stands_elsewhere_is_named_in_full() {
    let folder = Folder::new();
    let message = folder.refusal("", &["epochs=3"]);
    assert_eq!(message, "--set epochs=3: epochs: unknown key here; did you mean `train.epochs`?");
    let message = folder.refusal("", &["optimizer.lr=0.1"]);
    assert_eq!(
        message,
        "--set optimizer.lr=0.1: optimizer.lr: `lr` is a key of the chosen optimizer, not one of its kinds; did you \
         mean `optimizer.sgd.lr`?"
    );
    let message = folder.refusal("", &["optimizer.eta=0.1"]);
    assert!(message.contains("`eta` is no choice. Choices: `sgd`, `lars`, `adamw`"), "{message}");
}

#[test]
fn a_key_that_is_misspelt_is_not_taken_for_one_elsewhere() {
    let folder = Folder::new();
    let rotation =
        "[method.rotation]\nrotations = 4\nall = true\nhead = { widths = [], batch_norm = false }\n";
    let own = "method.rotation.rotation: unknown key; did you mean `rotations`? Valid keys here: `rotations`, `upright`, `all`, `head`";
    let message = folder.refusal(&format!("{rotation}[method.rotation.rotation]\nall = true"), &[]);
    assert_eq!(message, format!("mine.toml:6:18: {own}"));
    let message = folder.refusal(rotation, &["method.rotation.rotation=4"]);
    assert_eq!(message, format!("--set method.rotation.rotation=4: {own}"));
    // `width` is a key of the encoder.
    let message = folder.refusal(rotation, &["method.rotation.head.width=[8]"]);
    assert!(message.contains("method.rotation.head.width: unknown key; did you mean `widths`?"), "{message}");
    // A table is not meant by a key inside it.
    let message = folder.refusal("", &["train.train=4"]);
    assert!(
        message.starts_with("--set train.train=4: train.train: unknown key. Valid keys here"),
        "{message}"
    );
}

#[test]
fn a_file_of_another_kind_is_named_with_its_command_in_one_line() {
    let configs = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs"));
    let refusal = |file: &str| Experiment::load(&configs.join(file), &[]).unwrap_err().to_string();
    let ablation = refusal("ablations/simclr-projection-head.toml");
    assert!(
        ablation.contains("this is an ablation, no experiment; run it with: cargo xtask ablation "),
        "{ablation}"
    );
    let base = refusal("base/cifar10.toml");
    assert!(base.contains("this is a part that experiments name with `extends`"), "{base}");
    let experiment = Ablation::load(&configs.join("quickstart.toml"), None).unwrap_err().to_string();
    assert!(
        experiment.contains("this is an experiment, no ablation; run it with: cargo xtask experiment "),
        "{experiment}"
    );
    for said in [ablation, base, experiment] {
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn two_methods_in_one_source_are_refused() {
    let message = Folder::new().refusal("[method.simclr]\ntemperature = 1\n[method.moco]\nqueue = 3", &[]);
    assert_eq!(
        message,
        "mine.toml:4:9: method: [method.simclr] and [method.moco] in one source; keep one of them"
    );
}

#[test]
fn a_missing_key_is_named_with_its_table() {
    let folder = Folder::new();
    let message = folder.refusal("[schedule.constant]", &[]);
    assert_eq!(
        message,
        "mine.toml:2:1: schedule.constant.warmup_epochs: this key is missing and has no default; \
         write it, or extend a file that does"
    );
    let path = folder.write("empty.toml", "seed = 3\n");
    let message = folder.message(&path, &[]);
    assert!(message.starts_with("empty.toml:1:1: name: this key is missing"), "{message}");
}

#[test]
fn text_that_is_no_toml_is_placed() {
    let message = Folder::new().refusal("[train]\nbatch = = 3", &[]);
    assert!(message.starts_with("mine.toml:3:9: this is not TOML: "), "{message}");
}

#[test]
fn a_missing_file_says_who_asked_for_it() {
    let folder = Folder::new();
    let message = folder.message(&folder.path("absent.toml"), &[]);
    assert!(message.starts_with("absent.toml: cannot be read: No such file"), "{message}");
    assert!(message.ends_with("; check the path"), "{message}");
    folder.write("quickstart.toml", "");
    for slip in ["quikstart.toml", "quickstart", "Quickstrat.toml"] {
        let message = folder.message(&folder.path(slip), &[]);
        assert!(message.ends_with("; did you mean quickstart.toml?"), "{message}");
    }
    let path = folder.write("deep/mine.toml", "name = \"x\"\nextends = \"../absent.toml\"");
    let message = folder.message(&path, &[]);
    assert!(message.starts_with("absent.toml: cannot be read: No such file"), "{message}");
    assert!(
        message.ends_with("; it is named by `extends` at deep/mine.toml:2:11, relative to that file"),
        "{message}"
    );
}

#[test]
fn a_circle_of_bases_is_shown() {
    let folder = Folder::new();
    let path = folder.write("a.toml", "extends = \"b.toml\"");
    folder.write("b.toml", "extends = \"a.toml\"");
    assert_eq!(
        folder.message(&path, &[]),
        "b.toml:1:11: `extends` goes in a circle: a.toml -> b.toml -> a.toml; remove one of them"
    );
    let path = folder.write("self.toml", "extends = \"self.toml\"");
    assert!(folder.message(&path, &[]).contains("self.toml -> self.toml"));
}

#[test]
fn extends_names_one_file() {
    let folder = Folder::new();
    let path = folder.write("many.toml", "extends = [\"base.toml\"]");
    let expected = "many.toml:1:11: extends: expected the path of one file, relative to this one";
    assert_eq!(folder.message(&path, &[]), expected);
    let message = folder.refusal("", &["extends=base.toml"]);
    assert!(message.starts_with("--set extends=base.toml: extends: unknown key"), "{message}");
}

#[test]
fn a_bad_argument_is_named_itself() {
    let folder = Folder::new();
    let refusals = [
        ("train.batch", "--set train.batch: expected key.path=value, such as train.epochs=5"),
        ("=3", "--set =3: expected names joined by dots before the `=`, such as train.epochs=5"),
        ("a b=3", "--set a b=3: expected names joined by dots before the `=`, such as train.epochs=5"),
        ("seed=", "--set seed=: expected a value after the `=`; an empty string is written ''"),
        ("seed=-1", "--set seed=-1: seed: expected a whole number, 0 or above, found integer `-1`"),
        (
            "name=7",
            "--set name=7: name: expected a string, found integer `7`; put it in quotes: --set 'name=\"7\"'",
        ),
    ];
    for (argument, expected) in refusals {
        assert_eq!(folder.refusal("", &[argument]), expected);
    }
    let message = folder.refusal("", &["seed=1", "train.bach=3"]);
    assert!(message.starts_with("--set train.bach=3: train.bach: unknown key; did you mean `batch`?"));
}

#[test]
fn a_papers_plan_alone_names_the_command_that_draws_it() {
    let folder = Folder::new();
    let path = folder.write("byol.toml", "[views.byol]\nsize = 32\n");
    let message = folder.message(&path, &[]);
    let expected = "byol.toml: this is a plan of the views, no experiment; draw it with: cargo xtask run -- preview --plan byol";
    assert!(message.ends_with(expected), "{message}");
}

#[test]
fn views_that_the_method_cannot_compare_can_be_looked_at() {
    let folder = Folder::new();
    let one = "[[views.custom.view]]\ncount = 1\nsize = 32\nsteps = ['fit']";
    assert!(folder.refusal(one, &[]).contains("expected two views of one size"));
    let look = |set: &str| Experiment::load_to_look(&folder.path("mine.toml"), &[set.to_owned()]);
    let (experiment, notes) = look("schedule.constant={ warmup_epochs = 0.0 }").expect("one view");
    assert_eq!((experiment.views.sizes(), notes.len()), (vec![32.into()], 1));
    assert!(look("train.epochs=0").is_err(), "the rest of the file is checked");
}
