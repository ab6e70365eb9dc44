//! `[data.pairs]`: which methods and data sets take it.

use std::path::Path;

use kontrast_config::{Experiment, Loaded, Others, PairsFrom};

const SMOKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/smoke");
const SHAPES: &str =
    "name = \"synthetic\"\nsynthetic = { train = 512, test = 256, classes = 4, size = 32 }\n";
const VIDEO: &str = "name = \"synthetic-video\"\npairs = { from = \"anywhere\" }\n\
                     synthetic_video = { clips = 64, frames = 8, test = 8, classes = 4, size = 32 }\n";

/// The smoke experiment of a method, on clips.
fn load(method: &str, changes: &[&str]) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().unwrap();
    for name in ["simclr", method] {
        let text = std::fs::read_to_string(Path::new(SMOKE).join(format!("{name}.toml"))).unwrap();
        assert_eq!(text.contains(SHAPES), name == "simclr", "{name}");
        std::fs::write(folder.path().join(format!("{name}.toml")), text.replace(SHAPES, VIDEO)).unwrap();
    }
    let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
    Experiment::load(&folder.path().join(format!("{method}.toml")), &changes)
        .map_err(|error| error.to_string())
}

#[track_caller]
fn refused(method: &str, changes: &[&str], expected: &str) {
    let message = load(method, changes).expect_err("it is refused");
    assert!(message.contains(expected), "{method} {changes:?}: {message}");
}

#[test]
fn where_other_views_come_from_is_a_word_or_a_number_of_places() {
    let from = |text: &str| {
        let change = format!("data.pairs.from={text}");
        load("simclr", &[&change]).map(|loaded| loaded.experiment.data.pairs.unwrap().from)
    };
    assert_eq!(from("itself"), Ok(PairsFrom::Itself));
    assert_eq!(from("anywhere"), Ok(PairsFrom::Anywhere));
    assert_eq!(from("{ within = 3 }"), Ok(PairsFrom::Within(3)));
    assert!(from("{ within = 0 }").unwrap_err().contains("data.pairs.from.within = 0: expected at least 1"));
    assert!(from("somewhere").unwrap_err().contains("somewhere"));
}

#[test]
fn every_contrastive_method_can_ignore_the_group_and_some_attract_it() {
    for method in ["simclr", "moco", "mocov3", "dcl", "dclw", "triplet", "nt_logistic", "nnclr"] {
        for others in Others::ALL {
            let change = format!("data.pairs.others={}", others.as_str());
            let loaded = load(method, &[&change]);
            let attracts = ["simclr", "moco", "mocov3"].contains(&method);
            assert_eq!(
                loaded.is_ok(),
                attracts || others != Others::Positive,
                "{method} {others:?}: {loaded:?}"
            );
        }
    }
    let one = "expected \"ignore\" or \"negative\" for method.dcl";
    refused("dcl", &["data.pairs.others=positive"], one);
    for method in ["byol", "simsiam", "barlow_twins", "vicreg", "swav"] {
        assert!(load(method, &[]).is_ok(), "{method}");
        let none = format!("expected no such key, for method.{method} compares an image with no others");
        refused(method, &["data.pairs.others=ignore"], &none);
    }
}

#[test]
fn images_without_groups_and_methods_of_one_view_are_refused() {
    let shapes = Path::new(SMOKE).join("simclr.toml");
    let message =
        Experiment::load(&shapes, &["data.pairs.from=anywhere".to_owned()]).unwrap_err().to_string();
    assert!(message.contains("data.pairs = \"synthetic\": expected no such table"), "{message}");
    refused(
        "rotation",
        &[],
        "data.pairs.from = \"anywhere\": expected \"itself\", for method.rotation looks at",
    );
    refused("npid", &[], "expected \"itself\", for method.npid looks at one view");
    let itself = "data.pairs.from=itself";
    assert!(load("npid", &[itself, "data.pairs.others=ignore"]).is_ok());
}

#[test]
fn the_sizes_of_a_synthetic_video_are_checked() {
    for (change, expected) in [
        ("frames=1", "data.synthetic_video.frames = 1: expected 2 to 1,000"),
        ("clips=0", "data.synthetic_video.clips = 0: expected 1 to"),
        ("classes=16", "data.synthetic_video.classes = 16: expected 2 to 15"),
        ("size=7", "data.synthetic_video.size = 7: expected 8 to 1024"),
        ("test=0", "data.synthetic_video.test = 0: expected 1 to"),
    ] {
        refused("simclr", &[&format!("data.synthetic_video.{change}")], expected);
    }
    let few = ["data.synthetic_video.clips=4", "data.synthetic_video.frames=2"];
    refused("simclr", &[few[0], few[1]], "expected at least train.batch");
}
