//! Ablation files: their cells, and what is wrong with them.

use kontrast_config::Ablation;

use crate::folder::Folder;

const GRID: &str = r#"
name = "grid"
paper = "A paper, table 1"
base = "../base.toml"
seeds = [0, 1]
score = "knn"
[set]
"train.epochs" = 4
[[axis]]
name = "head"
[[axis.value]]
label = "none"
set = { "method.simclr.projector" = { widths = [] } }
[[axis.value]]
label = "MLP, 2"
set = { "method.simclr.projector" = { widths = [64, 64], batch_norm = true } }
[[axis]]
name = "t"
[[axis.value]]
label = "0.1"
set = { "method.simclr.temperature" = 0.1 }
[[axis.value]]
label = "0.5"
set = { "method.simclr.temperature" = 0.5 }
[[paper_value]]
cell = ["none", "0.5"]
value = 50.2
"#;

fn refusal(text: &str) -> String {
    let folder = Folder::new();
    let path = folder.write("ablations/grid.toml", text);
    folder.strip(&Ablation::load(&path).expect_err("the ablation is refused").to_string())
}

#[test]
fn cells_are_the_product_of_the_axes() {
    let folder = Folder::new();
    let ablation = Ablation::load(&folder.write("ablations/grid.toml", GRID)).unwrap();
    let cells = ablation.cells();
    let names: Vec<_> = cells.iter().map(|cell| cell.name.as_str()).collect();
    assert_eq!(names, ["grid-none-0.1", "grid-none-0.5", "grid-MLP--2-0.1", "grid-MLP--2-0.5"]);
    let papers: Vec<_> = cells.iter().map(|cell| cell.paper).collect();
    assert_eq!(papers, [None, Some(50.2), None, None]);
    assert_eq!(cells[3].labels, ["MLP, 2", "0.5"]);
}

#[test]
fn the_overrides_of_a_cell_apply_to_the_base() {
    let folder = Folder::new();
    let ablation = Ablation::load(&folder.write("ablations/grid.toml", GRID)).unwrap();
    let cell = &ablation.cells()[3];
    let loaded = kontrast_config::Experiment::load(&ablation.base, &cell.overrides).unwrap();
    let kontrast_config::AnyMethod::Simclr(method) = &loaded.experiment.method else {
        panic!("the file names simclr")
    };
    assert_eq!(method.temperature, 0.5);
    assert_eq!(method.projector.widths, [64, 64]);
    assert_eq!(method.projector.batch_norm, kontrast_config::HeadNorm::All);
    assert_eq!(loaded.experiment.train.epochs, 4);
    assert_eq!(loaded.experiment.name, cell.name);
}

#[test]
fn a_cell_whose_experiment_is_wrong_is_named() {
    let message = refusal(&GRID.replace("temperature\" = 0.5", "temprature\" = 0.5"));
    assert!(
        message.starts_with(
            "ablations/grid.toml: the experiment of cell grid-none-0.5 is wrong:\n\
             --set method.simclr.temprature=0.5: method.simclr.temprature: unknown key"
        ),
        "{message}"
    );
}

#[test]
fn an_unknown_key_of_an_ablation_is_placed() {
    let message = refusal(&GRID.replace("seeds", "sedes"));
    assert!(
        message.starts_with("ablations/grid.toml:5:1: sedes: unknown key; did you mean `seeds`?"),
        "{message}"
    );
    let message = refusal(&GRID.replace("value = 50.2", "valeu = 50.2"));
    assert!(
        message.contains("grid.toml:27:1: paper_value[0].valeu: unknown key; did you mean `value`?"),
        "{message}"
    );
}

#[test]
fn an_ablation_reports_its_problems_at_once() {
    let text = GRID.replace("[0, 1]", "[0, 0]").replace("\"none\", \"0.5\"", "\"nothing\", \"0.5\"");
    assert_eq!(
        refusal(&text),
        "ablations/grid.toml:5:1: seeds = [0, 0]: expected at least one seed, none of them twice\n\
         ablations/grid.toml:26:1: paper_value[0].cell = [\"nothing\", \"0.5\"]: expected a label of each axis, \
         in the order of the axes"
    );
}

#[test]
fn a_label_stands_once_on_its_axis() {
    let message = refusal(&GRID.replace("label = \"0.5\"", "label = \"0.1\""));
    assert!(message.contains(
        "grid.toml:19:8: axis[1].value = [\"0.1\", \"0.1\"]: expected at least one value of axis \"t\""
    ));
}

#[test]
fn a_score_is_a_protocol() {
    let message = refusal(&GRID.replace("score = \"knn\"", "score = \"lineal\""));
    let expected =
        "ablations/grid.toml:6:1: score = \"lineal\": expected one of `knn`, `knn_10`, `knn_200`, ";
    assert!(message.starts_with(expected) && message.contains("`linear`"), "{message}");
    let message = refusal(&GRID.replace("score = \"knn\"", "score = \"clustering\""));
    assert!(message.contains("score = \"clustering\": expected one of"), "no accuracy of classes: {message}");
}

#[test]
fn a_score_is_one_that_every_cell_runs() {
    assert_eq!(
        refusal(&GRID.replace("score = \"knn\"", "score = \"linear\"")),
        "ablations/grid.toml:6:1: score = \"linear\": expected a protocol that every cell runs, but these do not: \
         grid-none-0.1, grid-none-0.5, grid-MLP--2-0.1, grid-MLP--2-0.5; write [eval.linear] in the base or among the \
         keys of [set], or choose another score"
    );
    let off = "set = { \"method.simclr.temperature\" = 0.5, \"eval.knn\" = false }";
    let text = GRID.replace("set = { \"method.simclr.temperature\" = 0.5 }", off);
    let message = refusal(&text.replace("score = \"knn\"", "score = \"knn_200\""));
    assert!(
        message.contains("but these do not: grid-none-0.5, grid-MLP--2-0.5; write eval.knn = true in"),
        "{message}"
    );
}
