//! Bases, overrides and how they merge.

use std::path::Path;

use kontrast_config::{AnyMethod, Device, LayerProbes, LrRule, Optimizer};

use crate::folder::{BASE, Folder, load};

#[test]
fn all_images_undo_a_number_of_the_base() {
    let folder = Folder::new();
    let of_base = folder.load("[data]\nsubset = 1000", &[]);
    assert_eq!(of_base.experiment.data.subset, Some(1000));
    let all = folder.load("[data]\nsubset = 1000", &["data.subset=all"]);
    assert_eq!((all.experiment.data.subset, all.digest), (None, folder.load("", &[]).digest));
    let message = folder.refusal("", &["data.subset=most"]);
    assert!(
        message
            .ends_with("data.subset: expected a whole number, 0 or above, or \"all\", found string \"most\""),
        "{message}"
    );
    assert!(folder.refusal("", &["data.subset=-1"]).contains("found integer `-1`"));
}

#[test]
fn a_later_file_wins_key_by_key() {
    let loaded = Folder::new().load("name = \"mine\"\n[train]\nbatch = 512", &[]);
    assert_eq!(loaded.experiment.name, "mine");
    assert_eq!(loaded.experiment.train.batch, 512);
    assert_eq!(loaded.experiment.train.epochs, 20);
}

#[test]
fn bases_extend_bases_relative_to_the_file_that_names_them() {
    let folder = Folder::new();
    folder.write("deep/middle.toml", "extends = \"../base.toml\"\n[train]\nbatch = 64\nepochs = 7");
    let path = folder.write("top/mine.toml", "extends = \"../deep/middle.toml\"\n[train]\nepochs = 9");
    let experiment = load(&path, &[]).unwrap().experiment;
    assert_eq!((experiment.train.batch, experiment.train.epochs), (64, 9));
}

#[test]
fn a_choice_of_the_same_variant_merges() {
    let loaded = Folder::new().load("[optimizer.sgd]\nmomentum = 0.8", &[]);
    let Optimizer::Sgd(sgd) = loaded.experiment.optimizer else { panic!("the optimizer is SGD") };
    assert_eq!((sgd.momentum, sgd.weight_decay), (0.8, 5e-4));
}

#[test]
fn a_choice_of_another_variant_replaces_the_table() {
    let adamw = "[optimizer.adamw]\nlr = 1e-3\nbetas = [0.9, 0.999]\neps = 1e-8\nweight_decay = 0.01";
    let loaded = Folder::new().load(adamw, &[]);
    let Optimizer::Adamw(adamw) = loaded.experiment.optimizer else { panic!("the optimizer is AdamW") };
    assert_eq!(adamw.weight_decay, 0.01);
    assert_eq!(adamw.lr.scaled(4096), 1e-3);
}

#[test]
fn arguments_win_over_files_and_later_arguments_over_earlier() {
    let set = ["train.epochs=3", "train.epochs=4", "optimizer.sgd.lr.rule=square-root", "run.device=cuda:1"];
    let experiment = Folder::new().load("[train]\nepochs = 9", &set).experiment;
    assert_eq!(experiment.train.epochs, 4);
    assert_eq!(experiment.optimizer.lr().rule, LrRule::SquareRoot);
    assert_eq!(experiment.run.device, Device::Cuda(1));
}

#[test]
fn arguments_that_name_one_new_variant_add_up() {
    let set = ["schedule.constant.warmup_epochs=1"];
    let experiment = Folder::new().load("", &set).experiment;
    assert_eq!(experiment.schedule.name(), "constant");
    let lars = ["lr=0.3", "momentum=0.9", "weight_decay=1e-4", "eta=0.001", "clip_lr=false"];
    let mut set: Vec<String> = lars.iter().map(|pair| format!("optimizer.lars.{pair}")).collect();
    set.push("optimizer.lars.exclude_bias_and_norm=true".to_owned());
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    assert_eq!(Folder::new().load("", &set).experiment.optimizer.name(), "lars");
}

#[test]
fn an_argument_that_replaces_a_choice_is_noted() {
    let folder = Folder::new();
    let set = "schedule.constant.warmup_epochs=1";
    let notes = folder.load("", &[set, set]).notes;
    let [note] = &notes[..] else { panic!("one note: {notes:?}") };
    let expected = format!(
        "--set {set}: [schedule.constant] replaces the whole of [schedule.cosine] at base.toml:31:11"
    );
    assert_eq!(folder.strip(note), expected);
    assert!(
        folder
            .load("[schedule.constant]\nwarmup_epochs = 1", &["optimizer.sgd.momentum=0.8"])
            .notes
            .is_empty()
    );
}

#[test]
fn a_whole_number_serves_where_a_fraction_may_stand() {
    assert_eq!(Folder::new().load("[optimizer.sgd]\nlr = 1", &[]).experiment.optimizer.lr().base, 1.0);
}

#[test]
fn only_infrastructure_has_defaults() {
    let run = Folder::new().load("", &[]).experiment.run;
    assert_eq!((run.device, run.threads, run.workers), (Device::Auto, None, None));
    assert_eq!(run.out, Path::new("runs"));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_borne() {
    let folder = Folder::new();
    let path = folder.write("windows.toml", &format!("\u{feff}{}", BASE.replace('\n', "\r\n")));
    assert_eq!(load(&path, &[]).unwrap().experiment.train.batch, 256);
}

#[test]
fn the_resolved_file_loads_to_the_same_experiment() {
    let folder = Folder::new();
    let first = folder.load("[data]\nsubset = 1000", &["train.epochs=3", "run.threads=2"]);
    let path = folder.write("resolved.toml", &first.resolved);
    let second = load(&path, &[]).unwrap();
    assert_eq!(first.experiment, second.experiment);
    assert_eq!(first.resolved, second.resolved);
    assert_eq!(first.digest, second.digest);
}

/// Two tasks on one view each.
const JOINT: &str = "[[method.joint.tasks]]\nweight = 1.0\nviews = [0]\nmethod.rotation = { rotations = 4, all = true, head = \
                     { widths = [8, 8], batch_norm = false } }\n[[method.joint.tasks]]\nweight = 0.5\nviews = [0, 1]\n\
                     method.simclr = { temperature = 0.5, projector = { widths = [8], batch_norm = false } }\n";

#[test]
fn an_argument_changes_one_element_of_a_list() {
    let folder = Folder::new();
    let set = [
        "method.joint.tasks[0].weight=2",
        "method.joint.tasks.1.method.simclr.temperature=0.25",
        "method.joint.tasks[0].method.rotation.head.widths[1]=16",
    ];
    let AnyMethod::Joint(joint) = folder.load(JOINT, &set).experiment.method else {
        panic!("the method is joint")
    };
    assert_eq!(joint.tasks.iter().map(|task| task.weight).collect::<Vec<_>>(), [2.0, 0.5]);
    let (AnyMethod::Rotation(rotation), AnyMethod::Simclr(simclr)) =
        (&joint.tasks[0].method, &joint.tasks[1].method)
    else {
        panic!("the tasks are rotation and SimCLR")
    };
    assert_eq!((&rotation.head.widths[..], simclr.temperature), (&[8, 16][..], 0.25));
    // Another method replaces the task's own, as it would the file's.
    let other = "method.joint.tasks[0].method.npid.queue=1";
    assert!(folder.refusal(JOINT, &[other]).contains("method.joint.tasks[0].method.npid"));
}

#[test]
fn an_element_that_is_not_there_is_refused() {
    let folder = Folder::new();
    let beyond = "method.joint.tasks[2].weight=2";
    let message = folder.refusal(JOINT, &[beyond]);
    let expected = "method.joint.tasks[2]: expected an element from 0 to 1, which the list has, found 2";
    assert_eq!(message, format!("--set {beyond}: {expected}"));
    let inside = "method.joint.tasks.0.method.rotation.head.widths.2=8";
    assert!(folder.refusal(JOINT, &[inside]).contains("widths[2]: expected an element from 0 to 1"));
    let message = folder.refusal("", &["method.simclr.projector[0]=2"]);
    assert!(
        message.contains("expected a list method.simclr.projector to change an element of, found none"),
        "{message}"
    );
    let wrong = folder.refusal(JOINT, &["method.joint.tasks[1].weight=-2"]);
    assert_eq!(
        wrong,
        "--set method.joint.tasks[1].weight=-2: method.joint.tasks[1].weight = -2.0: expected a number above 0"
    );
}

#[test]
fn the_example_of_layer_wise_probes_is_a_whole_table_and_no_more() {
    let folder = Folder::new();
    let table: toml::Table = format!("layers = {}", LayerProbes::EXAMPLE).parse().unwrap();
    let Some(toml::Value::Table(layers)) = table.get("layers") else { panic!("the example is a table") };
    folder.load("", &[&format!("eval.layers={}", LayerProbes::EXAMPLE)]);
    for key in layers.keys() {
        let mut less = layers.clone();
        less.remove(key);
        let message = folder.refusal("", &[&format!("eval.layers={}", toml::Value::Table(less))]);
        assert!(message.contains(&format!("eval.layers.{key}: this key is missing")), "{message}");
    }
}
