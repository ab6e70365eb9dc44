//! `data.windows`, `data.percentiles` and `data.scans`: what is refused, with line and key.

use std::path::Path;

use kontrast_config::{Experiment, Loaded, PairsFrom, Plane, Spacing};

const SMOKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/smoke/simclr-video.toml");
const VIDEO: &str = "name = \"synthetic-video\"\n\
                     synthetic_video = { clips = 64, frames = 8, test = 32, classes = 4, size = 32 }\n";
const SCANS: &str = "name = \"scans\"\nroot = \"scans\"\nscans = { plane = \"axial\", spacing = 1 }\n\
                     windows = [{ centre = 40, width = 400 }]\n";

fn load(changes: &[&str]) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(Path::new(SMOKE)).unwrap();
    assert!(text.contains(VIDEO));
    let path = folder.path().join("scans.toml");
    // A table is merged with what a change says: one word is replaced.
    let text = text.replace("from = { within = 4 }", "from = \"anywhere\"");
    std::fs::write(&path, text.replace(VIDEO, SCANS)).unwrap();
    let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
    Experiment::load(&path, &changes).map_err(|error| error.to_string())
}

#[track_caller]
fn refused(changes: &[&str], expected: &str) {
    let message = load(changes).expect_err("it is refused");
    assert!(message.contains(expected), "{changes:?}: {message}");
}

#[test]
fn a_file_says_plane_spacing_and_windows() {
    let data = load(&[]).unwrap().experiment.data;
    let scans = data.scans.unwrap();
    assert_eq!((scans.plane, scans.spacing), (Plane::Axial, Some(Spacing::Millimetres(1.0))));
    assert_eq!((data.windows[0].centre, data.windows[0].width), (40.0, 400.0));
    let stored = load(&["data.scans.spacing=stored"]).unwrap().experiment.data.scans.unwrap();
    assert_eq!(stored.spacing, Some(Spacing::Stored));
    let pairs = load(&["data.pairs.from={ within_mm = 5 }"]).unwrap().experiment.data.pairs.unwrap();
    assert_eq!(pairs.from, PairsFrom::WithinMm(5.0));
}

#[test]
fn windows_of_no_width_and_percentiles_out_of_order_are_refused_by_their_key() {
    refused(
        &["data.windows=[{ centre = 1, width = 0 }]"],
        "data.windows[0].width = 0.0: expected a number above 0",
    );
    refused(&["data.windows=[{ centre = 1, width = -5 }]"], "data.windows[0].width = -5.0: expected");
    refused(
        &["data.windows=[{ centre = inf, width = 5 }]"],
        "data.windows[0].centre = inf: expected a finite number",
    );
    let percentiles = |pair: &str| format!("data.percentiles=[{{ {pair} }}]");
    let said = |pair, expected| refused(&["data.windows=[]", &percentiles(pair)], expected);
    said("low = 99, high = 1", "data.percentiles[0].high = 1.0: expected above low = 99, at most 100");
    said("low = 1, high = 101", "data.percentiles[0].high = 101.0: expected above low = 1, at most 100");
    said("low = -1, high = 50", "data.percentiles[0].low = -1.0: expected 0 to 100");
    refused(
        &[&percentiles("low = 1, high = 99")],
        "data.percentiles = 1 windows: expected no such key beside",
    );
    refused(&["data.windows=[]"], "data.windows is missing");
}

#[test]
fn channels_are_those_of_the_windows() {
    let windows = |count| {
        let each: Vec<_> = (0..count).map(|centre| format!("{{ centre = {centre}, width = 9 }}")).collect();
        format!("data.windows=[{}]", each.join(", "))
    };
    assert!(load(&[&windows(3)]).is_ok() && load(&[&windows(1)]).is_ok());
    refused(&[&windows(2)], "data.windows = 2 windows: expected 1, 3 or 5 to 8 windows");
    refused(&[&windows(9)], "data.windows = 9 windows: expected");
    refused(&[&windows(5)], "data.mean = 3 channels: expected 5 channels, a channel for each window");
}

#[test]
fn keys_of_scans_have_their_range_and_their_data_set() {
    refused(&["data.scans.spacing=0"], "data.scans.spacing = 0.0: expected a number of mm above 0");
    refused(&["data.scans.spacing=other"], "a number of mm, or \"stored\"");
    refused(&["data.scans.slices=0.0"], "data.scans.slices = 0.0: expected a fraction above 0");
    refused(&["data.scans.foreground=2.0"], "data.scans.foreground = 2.0: expected a fraction, 0 to 1");
    refused(&["data.scans.plane=oblique"], "oblique");
    refused(&["data.name=folder"], "data.scans = a table: expected no such table");
    refused(
        &["data.pairs.from={ within_mm = 0 }"],
        "data.pairs.from.within_mm = 0.0: expected a number above 0",
    );
    refused(
        &["data.name=frames", "data.pairs.from={ within_mm = 2 }"],
        "expected within, since only slices of",
    );
    refused(&["data.background=black"], "data.background = ");
}
