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
    folder.strip(&Ablation::load(&path, None).expect_err("the ablation is refused").to_string())
}

#[test]
fn cells_are_the_product_of_the_axes() {
    let folder = Folder::new();
    let ablation = Ablation::load(&folder.write("ablations/grid.toml", GRID), None).unwrap();
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
    let ablation = Ablation::load(&folder.write("ablations/grid.toml", GRID), None).unwrap();
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
fn name_and_seed_are_the_ablations_own_and_values_are_per_cent() {
    let message = refusal(&GRID.replace("\"train.epochs\" = 4", "seed = 4"));
    assert!(
        message.contains(":7:2: set = \"seed\": expected none here: `seeds` of the ablation"),
        "{message}"
    );
    let in_axis = GRID.replace("\"method.simclr.temperature\" = 0.5", "name = \"other\"");
    let message = refusal(&in_axis);
    assert!(message.contains("axis[1].value[1].set = \"name\": expected none here: `name` of"), "{message}");
    let of_scale = format!("{GRID}[scale.tiny.set]\nseed = 3\n");
    let message = refusal(&of_scale);
    assert!(message.contains("scale.tiny.set = \"seed\": expected none here"), "{message}");
    let message = refusal(&GRID.replace("value = 50.2", "value = 502"));
    assert!(message.contains("paper_value[0].value = 502.0: expected 0 to 100 per cent"), "{message}");
}

#[test]
fn a_cell_has_one_value_of_the_paper() {
    let message = refusal(&format!("{GRID}[[paper_value]]\ncell = [\"none\", \"0.5\"]\nvalue = 51.0\n"));
    let expected = "paper_value[1].cell = [\"none\", \"0.5\"]: expected a cell that has no value yet";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn a_label_stands_once_on_its_axis() {
    let message = refusal(&GRID.replace("label = \"0.5\"", "label = \"0.1\""));
    assert!(message.contains(
        "grid.toml:19:8: axis[1].value = [\"0.1\", \"0.1\"]: expected at least one value of axis \"t\""
    ));
}

#[test]
fn cells_of_which_the_same_weights_follow_are_refused() {
    let same = GRID.replace("\"method.simclr.temperature\" = 0.5", "\"method.simclr.temperature\" = 0.1");
    let message = refusal(&same);
    let expected = "axis = \"grid-none-0.5\": expected cells of which different weights follow, but these are grid-none-0.1";
    assert!(message.contains(expected), "{message}");
    let judged = GRID.replace("\"method.simclr.temperature\" = 0.5", "\"eval.validation\" = 0.5");
    assert!(
        refusal(&judged.replace("\"method.simclr.temperature\" = 0.1", "\"eval.validation\" = 0.2"))
            .contains(expected)
    );
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

fn own_claims(path: &std::path::Path) -> Vec<kontrast_config::Claim> {
    Ablation::load(path, None).unwrap().claims
}

#[test]
fn claims_and_scales_are_read() {
    let text = format!(
        "{GRID}\n[scale.tiny]\nset = {{ \"train.epochs\" = 3 }}\nseeds = [5]\n\n[[claim]]\nsays = \"a head helps\"\n\
         scales = [\"tiny\"]\ntest = {{ greater = {{ cell = [\"MLP, 2\", \"0.5\"], than = [\"none\", \"0.5\"] }} }}\n"
    );
    let folder = Folder::new();
    let path = folder.write("ablations/grid.toml", &text);
    let tiny = Ablation::load(&path, Some("tiny")).unwrap();
    assert_eq!((tiny.seeds.clone(), tiny.at.as_deref(), tiny.claims.len()), (vec![5], Some("tiny"), 1));
    let loaded = kontrast_config::Experiment::load(&tiny.base, &tiny.cells()[0].overrides).unwrap();
    assert_eq!(loaded.experiment.train.epochs, 3);
    let own = Ablation::load(&path, None).unwrap();
    assert_eq!(
        (own.clone().with_seeds(Some(4)).seeds, own.clone().with_seeds(Some(1)).seeds),
        (vec![0, 1, 2, 3], vec![0, 1])
    );
    assert_eq!(own.with_seeds(None).seeds, [0, 1]);
    let notes =
        format!("note = \"Ours is small.\"\n{}", text.replace("seeds = [5]", "note = \"It is tiny.\""));
    let path = folder.write("ablations/notes.toml", &notes);
    let note = |scale| Ablation::load(&path, scale).unwrap().note.unwrap();
    assert_eq!(
        (note(Some("tiny")), note(None)),
        ("Ours is small. It is tiny.".into(), "Ours is small.".into())
    );
    let claim = &own_claims(&path)[0];
    let meant = [None, Some("tiny"), Some("small")].map(|scale| claim.is_meant_at(scale));
    assert_eq!(meant, [true, true, false]);
    assert_eq!(Ablation::scales_of(&path).unwrap(), ["tiny"]);
    let said = Ablation::load(&path, Some("huge")).unwrap_err().to_string();
    assert!(said.contains("scale = \"huge\": expected a scale of the file: `tiny`"), "{said}");
}

#[test]
fn groups_of_cells_are_read_and_wrong_ones_are_refused_with_their_place() {
    let papers = [("none", "0.1"), ("MLP, 2", "0.1"), ("MLP, 2", "0.5")]
        .map(|(head, t)| format!("[[paper_value]]\ncell = [{head:?}, {t:?}]\nvalue = 50.0\n"));
    let grid = format!("{GRID}{}", papers.concat());
    let with = |group: &str| format!("{grid}[[group]]\n{group}\n");
    let folder = Folder::new();
    let text = with("name = \"all\"\ncells = [[\"none\", \"*\"], [\"*\", \"0.5\"], [\"MLP, 2\", \"0.1\"]]");
    let ablation = Ablation::load(&folder.write("ablations/grid.toml", &text), None).unwrap();
    assert!(ablation.cells().iter().all(|cell| ablation.groups[0].has(&cell.labels)));
    let refused = |group: &str, expected: &str| {
        let message = refusal(&with(group));
        assert!(message.contains(expected), "{message}");
    };
    refused(
        "name = \"few\"\ncells = [[\"none\", \"*\"]]",
        "group[0].cells = 2: expected a [[paper_value]] of at least four of its cells",
    );
    refused(
        "name = \"odd\"\ncells = [[\"*\", \"*\"], [\"nun\", \"*\"]]",
        "group[0].cells[1] = [\"nun\", \"*\"]: expected cells that",
    );
    refused("name = \"\"\ncells = [[\"*\", \"*\"]]", "group[0].name = \"\": expected a name of its own");
    let claim = "[[claim]]\nsays = \"order\"\ntest = { correlated = { least = 0.0, group = \"some\" } }";
    refused(
        &format!("name = \"all\"\ncells = [[\"*\", \"*\"]]\n{claim}"),
        "claim[0].test.correlated.group = \"some\": expected a group of the file: \"all\"",
    );
    let message = refusal(&format!("{grid}{claim}\n"));
    assert!(message.contains("expected no group: the file has none; add a [[group]]"), "{message}");
}

#[test]
fn cells_that_are_left_out_are_not_run() {
    let text = GRID.replacen("seeds", "left_out = [[\"none\", \"0.1\"]]\nseeds", 1);
    let folder = Folder::new();
    let ablation = Ablation::load(&folder.write("ablations/grid.toml", &text), None).unwrap();
    let names: Vec<_> = ablation.cells().into_iter().map(|cell| cell.name).collect();
    assert_eq!(names, ["grid-none-0.5", "grid-MLP--2-0.1", "grid-MLP--2-0.5"]);
    let unknown = refusal(&text.replace("[[\"none\", \"0.1\"]]", "[[\"none\"]]"));
    assert!(unknown.contains("left_out[0] = [\"none\"]: expected a label of each axis"), "{unknown}");
}

#[test]
fn a_claim_that_cannot_be_judged_is_refused_with_its_place() {
    let refused = |test: &str, expected: &str| {
        let text = GRID.replacen("seeds", "left_out = [[\"none\", \"0.1\"]]\nseeds", 1);
        let said = refusal(&format!("{text}\n[[claim]]\nsays = \"so\"\ntest = {{ {test} }}\n"));
        assert!(said.contains("grid.toml:") && said.contains(expected), "{test}: {said}");
    };
    let none = "[\"none\", \"0.5\"]";
    let head = "[\"MLP, 2\", \"0.5\"]";
    let left = "claim[0].test = [\"none\", \"0.1\"]: expected a label of each axis, in the order of the axes, of a cell that is";
    refused("best = { cell = [\"none\", \"0.1\"] }", left);
    refused(&format!("greater = {{ cell = {none}, than = {none} }}"), "expected different cells");
    refused(&format!("greater = {{ cell = {head}, than = {none}, by = -1 }}"), "expected 0 or more points");
    refused(
        &format!("same = {{ cells = [{head}, {none}] }}"),
        "claim[0].test.same.margin: this key is missing",
    );
    refused(&format!("same = {{ cells = [{head}, {none}], margin = 0 }}"), "expected more than 0 points");
    refused(&format!("rising = {{ cells = [{head}] }}"), "expected at least two cells");
    refused(&format!("best = {{ cell = {head}, but = [{head}] }}"), "expected different cells");
    let others = "[\"MLP, 2\", \"0.1\"]";
    refused(
        &format!("best = {{ cell = {head}, but = [{none}, {others}] }}"),
        "expected another cell to be held",
    );
    refused("correlated = { least = 0.5 }", "expected a [[paper_value]] of at least four cells");
    refused(&format!("fails = {{ cell = {none}, below = 101 }}"), "expected 0 to 100 per cent");
    let scales = format!("fails = {{ cell = {none}, below = 12 }} }}\nscales = [\"tiny\"]\n#");
    refused(&scales, "claim[0].scales = \"tiny\": expected no scale: the file has none");
}
