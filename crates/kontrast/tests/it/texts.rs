//! A run that reads texts: captions of a CSV file, or what prompts say of classes; what it can be asked afterwards.

use crate::program::{Ended, Place, TINY};
use kontrast_embeddings::Table;
use std::fmt::Write;

/// CLIP, whatever the images.
const CLIP: &str = r#"
extends = "base.toml"
name = "clip"

[views.supervised]
count = 1
size = 16
crop = { random_resized = { scale = [0.6, 1.0], ratio = [0.75, 1.3333333333333333] } }
flip = 0.5

[texts]
tokenizer = { vocabulary = 300 }
length = 12

[text_encoder.transformer]
width = 16
depth = 1
heads = 2
activation = "gelu"

[method.clip]
dimension = 16
temperature = 0.07

[optimizer.adamw]
lr = 0.01
betas = [0.9, 0.98]
eps = 1e-6
weight_decay = 0.0
exclude_bias_and_norm = true

[train]
batch = 12
precision = "fp32"
epochs = 12

[eval.captions]
ks = [1, 5]
"#;

/// What is said of an image: one of two sentences about its colour.
fn said(class: &str, index: usize) -> String {
    let sentences = [format!("a {class} picture"), format!("one {class} image")];
    sentences[index / 2 % 2].clone()
}

/// A place with `clip.toml`, and `captions.csv` of images in two colours, whose columns are these.
fn captioned(header: &str, line: impl Fn(&str, &str, usize) -> String) -> Place {
    let place = Place::new();
    let drawn = "name = \"synthetic\"\nsynthetic = { train = 64, test = 40, classes = 4, size = 16 }\n";
    assert!(TINY.contains(drawn));
    place.write("base.toml", &TINY.replace(drawn, "name = \"csv\"\nroot = \"captions.csv\"\n"));
    place.write("clip.toml", CLIP);
    place.colours(&["train", "test"]);
    let mut text = format!("{header}\n");
    for split in ["train", "test"] {
        for index in 0..12_usize {
            let class = if index.is_multiple_of(2) { "red" } else { "blue" };
            writeln!(text, "colours/{split}/{class}/{index}.png,{}", line(split, class, index)).unwrap();
        }
    }
    place.write("captions.csv", &text);
    place
}

fn trained(place: &Place, more: &[&str]) -> Ended {
    place.run(&[&["pretrain", "clip.toml"], more].concat())
}

fn by_caption() -> Place {
    captioned("image,split,caption", |split, class, index| format!("{split},{}", said(class, index)))
}

#[test]
fn images_without_classes_find_their_captions_and_texts_find_images() {
    let place = by_caption();
    let said_of = ["trained, captions: text_recall_at_1", "random init, captions: "];
    trained(&place, &["--set", "train.epochs=60"]).says(0, &said_of);
    let score = &place.summary()["eval"]["captions"];
    let recall = |name: &str| score["metrics"][name]["value"].as_f64().unwrap();
    assert_eq!(score["images"], 12);
    assert_eq!(score["captions"], 4);
    assert!(recall("text_recall_at_5") >= recall("text_recall_at_1"), "{score}");
    // Of six images of its colour three have a caption, so that two of these are among the first five.
    assert!(recall("image_recall_at_5") > 99.0, "{score}");
    let page = std::fs::read_to_string(place.run_dir().join("report.html")).unwrap();
    assert!(page.contains("captions, text recall at 1"));

    let run = place.run_dir().to_str().unwrap().to_owned();
    let inspected = place.run(&["inspect", &run]);
    inspected.says(0, &["text encoder: transformer of 1 block, 2 heads and width 16"]);
    let embed = ["embed", &run, "--images", "colours", "--out"];
    place.run(&[&embed[..], &["shared.safetensors", "--text-space"]].concat()).says(0, &["16 values each"]);
    place.run(&[&embed[..], &["own.safetensors"]].concat()).says(0, &["32 values each"]);
    let table = Table::read(&place.path().join("shared.safetensors")).unwrap();
    let length = |row: usize| table.values().row(row).iter().map(|value| value * value).sum::<f32>();
    assert!((0..table.len()).all(|row| (length(row) - 1.0).abs() < 1e-4));
    let search = |more: &[&str]| place.run(&[&["search", &run, "--k", "6", "--index"], more].concat());
    for class in ["red", "blue"] {
        let text = said(class, 0);
        let found = search(&["shared.safetensors", "--text", &text]);
        found.says(0, &[&format!("\"{text}\"")]);
        let right = found.stdout.lines().skip(1).filter(|line| line.contains(&format!("({class})"))).count();
        assert!(right >= 5, "{}", found.stdout);
    }
    search(&["own.safetensors", "--text", "red"])
        .says(2, &["vectors of 32 values, and the encoder's have 16"]);
    let image = "colours/test/red/4.png";
    search(&["shared.safetensors", "--text-space", "--query", image]).says(0, &[image, "1.0000"]);
}

#[test]
fn a_run_that_goes_on_gives_the_same_weights() {
    let (straight, stopped) = (by_caption(), by_caption());
    trained(&straight, &["--set", "train.checkpoint_every=4"]).says(0, &[]);
    trained(&stopped, &["--set", "train.checkpoint_every=4"]).says(0, &[]);
    let last = stopped.checkpoints("json").pop().unwrap();
    // As if it had been killed before the last checkpoint.
    std::fs::remove_file(last.with_extension("safetensors")).unwrap();
    std::fs::remove_file(last).unwrap();
    let summary = stopped.run_dir().join("summary.json");
    let text = std::fs::read_to_string(&summary).unwrap().replace("\"finished\"", "\"running\"");
    std::fs::write(&summary, text).unwrap();
    trained(&stopped, &["--set", "train.checkpoint_every=4", "--resume"])
        .says(0, &["resumed at step 8 of 12"]);
    assert!(
        stopped.weights() == straight.weights(),
        "weights differ from those of a run that nobody stopped"
    );
    // Captions belong to the images that a run is of.
    let file = stopped.path().join("captions.csv");
    let text = std::fs::read_to_string(&file).unwrap().replacen("a red", "the red", 1);
    std::fs::write(&file, text).unwrap();
    let run = stopped.run_dir().to_str().unwrap().to_owned();
    stopped.run(&["evaluate", &run]).says(2, &["caption \"a red picture\"", "caption \"the red picture\""]);
}

#[test]
fn classes_that_were_not_trained_on_are_told_by_what_is_said_of_them() {
    let place = Place::new();
    place.write("base.toml", TINY);
    place.write("clip.toml", CLIP);
    let prompts = [
        "--set",
        "texts.prompts=[\"a drawing of a {}.\"]",
        "--set",
        "eval.zero_shot.prompts=[\"a drawing of a {}.\"]",
        "--set",
        "train.epochs=1",
    ];
    let of = |more: &[&str]| place.run(&[&["pretrain", "clip.toml"], &prompts[..], more].concat());
    of(&["--set", "texts.unseen=[\"solid cross\"]"]).says(
        0,
        &[
            "synthetic, 48 images",
            "trained, zero_shot: ",
            "zero_shot, unseen top1",
            "eval.captions is left out",
        ],
    );
    let score = &place.summary()["eval"]["zero_shot"];
    assert_eq!(score["metrics"]["unseen_only_top1"]["value"], 100.0, "one class alone cannot be mistaken");
    assert!(place.summary()["eval"]["pixels"]["zero_shot"].is_null());
    of(&["--set", "texts.unseen=[\"cat\"]"])
        .says(2, &["texts.unseen = \"cat\": expected a class of the images"]);
    let simclr = place.tiny(&["--set", "eval.zero_shot={ prompts = [\"a {}.\"] }"]);
    simclr.says(2, &["zero_shot needs an encoder with a text encoder beside it", "leave zero_shot out"]);
}

#[test]
fn what_is_wrong_with_texts_is_said_with_the_key() {
    let none = captioned("image,split", |split, _, _| split.to_owned());
    trained(&none, &[]).says(2, &["0.png has no caption", "a column caption", "texts.prompts"]);
    let empty = captioned("image,split,caption", |split, class, index| {
        let caption = if index == 3 { String::new() } else { said(class, index) };
        format!("{split},{caption}")
    });
    trained(&empty, &[]).says(2, &["captions.csv:5: caption is empty"]);
    let long = by_caption();
    trained(&long, &["--set", "texts.length=4", "--set", "train.epochs=1"])
        .says(0, &["note: texts.length = 4: 4 texts of 4 cut at that length"]);
    let run = long.run_dir().to_str().unwrap().to_owned();
    long.run(&["search", &run, "--text", "red", "--index", "none.csv"]).says(2, &["none.csv"]);
    let place = by_caption();
    let with = |more: &[&str]| trained(&place, more);
    place.write("words.txt", "red\nblue\n");
    with(&["--set", "texts.tokenizer=words.txt"])
        .says(2, &["texts.tokenizer: words.txt, line 2: expected two tokens"]);
    with(&["--set", "texts.tokenizer=nowhere.json"])
        .says(2, &["texts.tokenizer", "nowhere.json", "can be read"]);
    let bert = "text_encoder.bert={ weights = \"words.txt\", heads = 2, pooling = \"mean\" }";
    with(&["--set", bert]).says(2, &["words.txt"]);
    let tiny = Place::new();
    tiny.tiny(&["--set", "train.epochs=1"]).says(0, &[]);
    let run = tiny.run_dir().to_str().unwrap().to_owned();
    tiny.colours(&["test"]);
    let embed = ["embed", &run, "--images", "colours", "--out", "bank.csv", "--text-space"];
    tiny.run(&embed).says(2, &["holds no text encoder; take a run of a method that reads texts"]);
}
