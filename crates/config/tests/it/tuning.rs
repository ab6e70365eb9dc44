//! Cells of which the best of several candidates is taken.

use kontrast_config::{Ablation, ConfigError};

use crate::folder::Folder;

/// Two cells over a base with k-NN; `top` stands before them, `second` is the second.
fn load(top: &str, second: &str) -> (Folder, Result<Ablation, ConfigError>) {
    let folder = Folder::new();
    let text = format!(
        "name = \"losses\"\npaper = \"A paper, table 4\"\nbase = \"../base.toml\"\nseeds = [0, 1]\nscore = \"knn\"\n{top}\n\
         [[axis]]\nname = \"t\"\n[[axis.value]]\nlabel = \"0.1\"\nset = {{ \"method.simclr.temperature\" = 0.1 }}\n\
         [[axis.value]]\nlabel = \"tuned\"\n{second}\n"
    );
    let loaded = Ablation::load(&folder.write("ablations/losses.toml", &text), None);
    (folder, loaded)
}

fn refusal(top: &str, second: &str) -> String {
    let (folder, loaded) = load(top, second);
    folder.strip(&loaded.expect_err("the ablation is refused").to_string())
}

const GRID: &str = "tune = { \"method.simclr.temperature\" = [0.2, 0.5], \"train.epochs\" = [3, 4, 5] }";

#[test]
fn a_tuned_cell_has_the_product_of_its_grid_and_the_others_one_experiment() {
    let (_folder, loaded) = load("", GRID);
    let ablation = loaded.unwrap();
    let cells: Vec<_> = ablation.loaded_cells().collect();
    assert_eq!((cells[0].1.len(), cells[0].0.is_tuned()), (1, false));
    let (cell, loaded) = &cells[1];
    assert!(cell.is_tuned());
    let expected = ["0.2, 3", "0.2, 4", "0.2, 5", "0.5, 3", "0.5, 4", "0.5, 5"];
    let expected = expected.map(|pair| {
        let (temperature, epochs) = pair.split_once(", ").unwrap();
        vec![format!("method.simclr.temperature={temperature}"), format!("train.epochs={epochs}")]
    });
    assert_eq!(cell.candidates, expected);
    let epochs: Vec<_> = loaded.iter().map(|loaded| loaded.experiment.train.epochs).collect();
    assert_eq!(epochs, [3, 4, 5, 3, 4, 5]);
    assert!(loaded.iter().all(|loaded| loaded.experiment.name == "losses-tuned"));
}

#[test]
fn the_grid_of_the_file_is_every_cells_and_one_of_a_value_goes_before_it() {
    let (_folder, loaded) =
        load("tune = { \"train.epochs\" = [3, 4] }", "tune = { \"train.epochs\" = [5, 6, 7] }");
    let cells = loaded.unwrap().cells();
    assert_eq!(cells[0].candidates, [["train.epochs=3"], ["train.epochs=4"]]);
    assert_eq!(cells[1].candidates, [["train.epochs=5"], ["train.epochs=6"], ["train.epochs=7"]]);
}

#[test]
fn a_grid_that_leaves_no_choice_is_refused_with_its_place() {
    for (grid, expected) in [
        (
            "tune = { \"train.epochs\" = [3] }",
            "axis[0].value[1].tune.\"train.epochs\" = [3]: expected at least two values",
        ),
        ("tune = { \"train.epochs\" = [3, 3] }", "expected at least two values, none of them twice"),
        (
            "set = { \"train.epochs\" = 5 }\ntune = { \"train.epochs\" = [3, 4] }",
            "expected a key that the same value does not set",
        ),
        (
            "tune = { \"eval.validation\" = [0.2, 0.3] }",
            "axis = \"losses-tuned\": expected values to tune of which different weights",
        ),
        ("tune = { \"train.epoch\" = [3, 4] }", "train.epoch: unknown key"),
        ("tune = { \"train.epochs\" = 3 }", "expected an array, found integer"),
    ] {
        let message = refusal("", grid);
        assert!(message.contains(expected) && message.contains("losses.toml"), "{grid}: {message}");
    }
    let message = refusal("tune = { \"train.epochs\" = [3] }", GRID);
    assert!(
        message.contains("losses.toml:6:1: tune.\"train.epochs\" = [3]: expected at least two"),
        "{message}"
    );
}

#[test]
fn the_best_is_chosen_by_a_score_that_has_validation_images() {
    let wanted = "expected a score whose settings are chosen on eval.validation of the training images";
    for score in ["knn_10", "knn_200"] {
        let folder = Folder::new();
        let text = format!(
            "name = \"losses\"\npaper = \"A paper\"\nbase = \"../base.toml\"\nseeds = [0]\nscore = \"{score}\"\n[[axis]]\n\
             name = \"t\"\n[[axis.value]]\nlabel = \"tuned\"\n{GRID}\n"
        );
        let path = folder.write("ablations/losses.toml", &text);
        let message = folder.strip(&Ablation::load(&path, None).unwrap_err().to_string());
        assert!(message.contains(wanted) && message.contains("in losses-tuned it is none"), "{message}");
    }
}

#[test]
fn cells_that_differ_in_their_score_alone_are_of_one_run() {
    let folder = Folder::new();
    let text = |scores: [&str; 2], set: &str| {
        format!(
            "name = \"heads\"\npaper = \"A paper, table 3\"\nbase = \"../base.toml\"\nseeds = [0]\nscore = \"knn\"\n[set]\n{set}\n\
             [[axis]]\nname = \"t\"\n[[axis.value]]\nlabel = \"0.1\"\nset = {{ \"method.simclr.temperature\" = 0.1 }}\n\
             [[axis]]\nname = \"from\"\n[[axis.value]]\nlabel = \"h\"\nscore = \"{}\"\n[[axis.value]]\nlabel = \"z\"\nscore = \"{}\"\n",
            scores[0], scores[1]
        )
    };
    let head = "\"eval.head\" = { train = 40, test = 20, noise = 0.1, widths = [8], epochs = 1, batch = 8, lr = 1e-3, weight_decay = 0.0 }";
    let load = |scores, set| Ablation::load(&folder.write("ablations/heads.toml", &text(scores, set)), None);
    let ablation = load(["head_color.h", "head_color.z"], head).unwrap();
    let cells: Vec<_> = ablation.loaded_cells().collect();
    assert_eq!(
        cells.iter().map(|(cell, _)| &*cell.score).collect::<Vec<_>>(),
        ["head_color.h", "head_color.z"]
    );
    let names =
        cells.iter().map(|(cell, loaded)| (&*cell.name, &*loaded[0].experiment.name)).collect::<Vec<_>>();
    assert_eq!(names, [("heads-0.1-h", "heads-0.1"), ("heads-0.1-z", "heads-0.1")]);
    assert_eq!(cells[0].1[0].digest, cells[1].1[0].digest);
    // The same changes are one run, whether an axis of its own names the score or not.
    let own = text(["head_color.h", "head_color.z"], head)
        .replace("score = \"head", "set = { \"eval.head.noise\" = 0.2 }\nscore = \"head");
    let own = Ablation::load(&folder.write("ablations/own.toml", &own), None).unwrap();
    let runs: Vec<_> = own.loaded_cells().map(|(_, loaded)| loaded[0].experiment.name.clone()).collect();
    assert_eq!(runs, ["heads-0.1-h", "heads-0.1-h"]);
    let refused = |scores, set, expected: &str| {
        let message = folder.strip(&load(scores, set).unwrap_err().to_string());
        assert!(message.contains(expected), "{message}");
    };
    refused(["head_color.h", "head_color.h"], head, "expected cells of which different weights follow");
    refused(
        ["head_color.h", "head_color.y"],
        head,
        "score = \"head_color.y\": expected of heads-0.1-z: one of",
    );
    refused(["head_color.h", "head_color"], head, "expected of heads-0.1-z: one of `knn`");
    let behind = text([".h", ".z"], head).replace("score = \"knn\"", "score = \"head_class\"");
    let behind = Ablation::load(&folder.write("ablations/heads.toml", &behind), None).unwrap();
    let scores: Vec<_> = behind.cells().into_iter().map(|cell| cell.score).collect();
    assert_eq!(scores, ["head_class.h", "head_class.z"]);
    refused(
        ["head_color.h", "head_color.z"],
        "\"train.epochs\" = 3",
        "but these do not: heads-0.1-h, heads-0.1-z; write [eval.head] in",
    );
    let layers = "\"eval.layers\" = { probes = [\"linear\"], stages = [2, 3], features = 90, epochs = 1, batch = 8, weight_decay = 0.0, lr = { linear = 0.1 } }";
    assert!(load(["layers.2.linear", "layers.3.linear"], layers).is_ok());
    for other in ["layers.4.linear", "layers.2.mlp"] {
        refused(
            ["layers.2.linear", other],
            layers,
            "but these do not: heads-0.1-z; write [eval.layers] with this stage",
        );
    }
}
