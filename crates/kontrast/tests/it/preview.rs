//! `preview`: pictures of a plan, one view again, and the audit.

use crate::program::Place;
use image::{ImageReader, Rgb, RgbImage};
use std::path::Path;

fn picture(path: &Path) -> RgbImage {
    ImageReader::open(path).unwrap().decode().unwrap().into_rgb8()
}

#[test]
fn a_view_on_the_sheet_can_be_replayed_from_its_four_numbers() {
    let place = Place::new();
    let (sheet, one) = (place.path().join("sheet.png"), place.path().join("one.png"));
    let (file, sheet_name, one_name) = ("tiny.toml", sheet.to_str().unwrap(), one.to_str().unwrap());
    place
        .run(&["preview", "--config", file, "--rows", "2", "--epochs", "2", "--out", sheet_name])
        .says(0, &["--replay"]);
    // The second column is the first view of image 0 in epoch 0, with the file's seed.
    place
        .run(&["preview", "--config", file, "--replay", "3,0,0,0", "--out", one_name])
        .says(0, &["crop", one_name]);
    let (sheet, one) = (picture(&sheet), picture(&one));
    let times = 192_u32.div_ceil(one.width());
    let (left, top) = (12 + one.width() * times + 12, 12 + 16);
    for (x, y, pixel) in one.enumerate_pixels() {
        assert_eq!(sheet.get_pixel(left + x * times, top + y * times), pixel, "{x}, {y}");
    }
}

#[test]
fn a_view_of_another_image_of_the_group_says_of_which() {
    let place = Place::new();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/smoke/simclr-video.toml");
    let replayed = |view: &str| {
        let key = format!("0,0,19,{view}");
        let ran = place.run(&["preview", "--config", file, "--replay", &key, "--out", "frame.png"]);
        ran.says(0, &["crop"]);
        ran.stdout
    };
    assert!(!replayed("0").contains("of image"));
    let said = replayed("1");
    let other = said.lines().find_map(|line| line.strip_prefix("of image ")).expect("another frame");
    // Clips are of eight frames, and at most four apart.
    let other: i64 = other.trim().parse().unwrap();
    assert!((16..24).contains(&other) && other != 19 && (other - 19).abs() <= 4, "{other}");
}

#[test]
fn the_audit_tells_an_open_plan_from_a_closed_one() {
    let place = Place::new();
    let two = "views.identity={ count = 2, size = 32 }";
    let open = ["preview", "--plan", "identity", "--set", two, "--audit"];
    // Without any distortion every cue finds the other view.
    place
        .run(&open)
        .says(0, &["| colour histogram |   100.0 |", "warning: the colour histogram alone finds 100 %"]);
    // Edges of noise, in gray, are uninformative.
    let noise =
        "views.custom.view=[{count=2, size=32, steps=['fit', 'grayscale', {gaussian_noise={std=5.0}}]}]";
    let closed = ["preview", "--plan", "identity", "--set", noise, "--audit"];
    place.run(&closed).says(0, &["No cue finds more than 25 %"]);
    let few = [
        "preview",
        "--config",
        "tiny.toml",
        "--set",
        "data.synthetic.train=40",
        "--set",
        "train.batch=8",
        "--audit",
    ];
    place.run(&few).says(2, &["--audit: there are 40 images; expected at least 64"]);
}

#[test]
fn what_cannot_be_previewed_is_named() {
    let place = Place::new();
    place
        .run(&["preview", "--plan", "simlcr"])
        .says(2, &["there is no such plan; expected one of simclr, mocov1"]);
    place.run(&["preview"]).says(2, &["--plan <NAME>", "--config <FILE>"]);
    let beyond = ["preview", "--plan", "byol", "--replay", "0,0,0,2"];
    place.run(&beyond).says(2, &["view 2: the plan has 2, counted from 0"]);
    place
        .run(&["preview", "--plan", "byol", "--replay", "1,2"])
        .says(2, &["four whole numbers such as 0,3,17,1"]);
    let probability = ["preview", "--plan", "byol", "--set", "views.byol.flip=1.5"];
    place.run(&probability).says(2, &["views.byol.flip = 1.5: expected a probability, 0 to 1"]);
    place.run(&["preview", "--plan", "byol", "--replay", "-1,0,0,0"]).says(2, &["found -1,0,0,0"]);
    place
        .run(&["preview", "--plan", "byol", "--replay", "0,0,0,0", "--seed", "1"])
        .says(2, &["--seed <SEED>"]);
    place.write("byol.toml", "[views.byol]\nsize = 32\n");
    place.run(&["preview", "--config", "byol.toml"]).says(2, &["plan of the views", "preview --plan byol"]);
    let nowhere = ["preview", "--plan", "identity", "--out", "nowhere/sheet.png"];
    place
        .run(&nowhere)
        .says(2, &["--out nowhere/sheet.png: its folder, nowhere, is not there; make it first"]);
    let other = ["preview", "--plan", "identity", "--out", "sheet.jpg"];
    place.run(&other).says(2, &["--out sheet.jpg: expected a name that ends in .png, found .jpg"]);
}

#[test]
fn a_plan_of_more_views_than_the_method_compares_can_be_seen_and_audited() {
    let place = Place::new();
    let three = "views.custom.view=[{count=3, size=16, steps=['fit', 'horizontal_flip']}]";
    let file = ["preview", "--config", "tiny.toml", "--set", three];
    place.run(&[&file[..], &["--rows", "1", "--out", "three.png"]].concat()).says(0, &["three.png: 1 of 64"]);
    place.run(&[&file[..], &["--audit"]].concat()).says(0, &["64 candidates (views 0 and 1; 1 time; "]);
}

#[test]
fn views_that_nothing_compares_are_not_audited() {
    let place = Place::new();
    let one = "views.custom.view=[{count=1, size=16, steps=['fit']}]";
    let head = "head={widths=[], batch_norm=false}";
    let rotation = format!("method.rotation={{rotations=4, all=true, {head}}}");
    let audit = |sets: [&str; 2]| {
        let sets = ["--set", sets[0], "--set", sets[1], "--audit"];
        place.run(&[&["preview", "--config", "tiny.toml"], &sets[..]].concat())
    };
    let said = audit([one, &rotation]);
    said.says(0, &["nothing to audit: ", "method.rotation compares no two views of an image"]);
    assert!(!said.stdout.contains("found %"), "{}", said.stdout);
    let plan = ["preview", "--plan", "identity", "--set", "views.identity.size=32", "--audit"];
    place.run(&plan).says(0, &["nothing to audit: ", "the plan has one"]);

    let three = "views.custom.view=[{count=3, size=16, steps=['fit', 'horizontal_flip']}]";
    let task = |views: &str, method: &str| format!("{{weight=1, views={views}, method={{{method}}}}}");
    let simclr = "simclr={temperature=0.5, projector={widths=[8], batch_norm=false}}";
    let turned = format!("rotation={{rotations=4, all=true, {head}}}");
    let tasks =
        |views: &str| format!("method.joint={{tasks=[{}, {}]}}", task("[0]", &turned), task(views, simclr));
    let said = audit([three, &tasks("[1, 2]")]);
    said.says(0, &["64 candidates (views 1 and 2, of method.joint.tasks[1], simclr; 1 time; "]);
    assert!(!said.stdout.contains("tasks[0]"), "{}", said.stdout);
    audit([three, &tasks("[1, 3]")])
        .says(2, &["--audit: method.joint.tasks[1].views has 3; the plan has 3, counted from 0"]);
}

#[test]
fn images_of_the_command_line_are_spoken_of_in_flags() {
    let place = Place::new();
    let folder = place.path().join("photos");
    std::fs::create_dir(&folder).unwrap();
    for index in 0..70_u32 {
        let level = if index < 68 { (index % 30) as u8 } else { 0 };
        RgbImage::from_pixel(20, 20, Rgb([level, 0, 0]))
            .save(folder.join(format!("{index:02}.png")))
            .unwrap();
    }
    place.write("photos/broken.png", "no picture");
    place.write("photos/new.heic", "not read");
    let looked = ["preview", "--plan", "identity", "--set", "views.identity.size=32", "--images", "photos"];
    place.run(&looked).says(1, &["broken.png", "leave them out with --skip-unreadable"]);
    let skipping = [&looked[..], &["--skip-unreadable"]].concat();
    let note = "70 images are smaller than a view of 32 pixels";
    place.run(&skipping).says(0, &["note: 1 of 71 images", "1 .heic", &note[10..]]);
    let few = [&skipping[..], &["--set", "views.identity.count=2", "--audit"]].concat();
    place.run(&few).says(2, &["there are 30 different images; expected at least 64"]);
    let nowhere = ["preview", "--plan", "identity", "--images", "nowhere"];
    let said = place.run(&nowhere);
    said.says(2, &["nowhere: there is no such folder or file"]);
    assert!(!said.stderr.contains("data.root"), "{}", said.stderr);
}
