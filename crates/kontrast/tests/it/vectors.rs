//! `embed`, and what is done with its table: `search`, `duplicates`, `cluster`, `outliers`.

use crate::program::Place;
use kontrast_embeddings::Table;
use std::fs;

/// A place with a trained run, `colours`, and its table.
fn embedded() -> (Place, String) {
    let place = Place::new();
    place.tiny(&["--set", "train.precision=fp32", "--set", "train.epochs=1"]).says(0, &["report.html"]);
    place.colours(&["train", "test"]);
    let run = place.run_dir().to_str().unwrap().to_owned();
    let out = place.run(&["embed", &run, "--images", "colours", "--out", "bank.safetensors"]);
    out.says(0, &["bank.safetensors: 24 images of 32 values each"]);
    (place, run)
}

fn table(place: &Place, name: &str) -> Table {
    Table::read(&place.path().join(name)).unwrap()
}

#[test]
fn a_table_has_the_names_and_classes_of_its_images_whatever_the_number_of_threads() {
    let (place, run) = embedded();
    let bank = table(&place, "bank.safetensors");
    let names = bank.names().unwrap();
    assert_eq!((bank.len(), bank.width(), bank.classes()), (24, 32, vec!["blue", "red"]));
    assert_eq!((names[0].as_str(), names[23].as_str()), ("train/blue/1.png", "test/red/8.png"));
    let of_class = |(name, label): (&String, &String)| name.contains(&format!("/{label}/"));
    assert!(names.iter().zip(bank.labels().unwrap()).all(of_class), "{names:?}");
    let in_order = names.iter().map(|name| name.contains("train")).collect::<Vec<_>>();
    assert_eq!(in_order, [[true; 12], [false; 12]].concat(), "{names:?}");
    let one = ["embed", &run, "--images", "colours", "--threads", "1"];
    place.run(&[&one[..], &["--out", "one.csv"]].concat()).says(0, &["24 images"]);
    let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5 * (1.0 + a.abs());
    let one = table(&place, "one.csv");
    assert_eq!(one.names(), bank.names());
    assert!(one.values().iter().zip(bank.values()).all(close));
    // The checkpoint is the same encoder as the run.
    let file = place.checkpoints("safetensors").pop().unwrap();
    let file = ["embed", file.to_str().unwrap(), "--images", "colours", "--out", "bank.safetensors"];
    place.run(&file).says(2, &["--out bank.safetensors: there is such a file", "--force"]);
    place.run(&[&file[..], &["--force"]].concat()).says(0, &["24 images of 32 values"]);
    assert_eq!(table(&place, "bank.safetensors"), bank);
}

#[test]
fn a_table_is_searched_clustered_and_looked_through() {
    let (place, run) = embedded();
    let query = "colours/test/red/4.png";
    let found = place.run(&["search", &run, "--index", "bank.safetensors", "--query", query, "--k", "3"]);
    found.says(0, &[query, "  1.0000  "]);
    let all = place.run(&["search", &run, "--index", "bank.safetensors", "--query", query, "--k", "99"]);
    all.says(0, &["note: --k 99: the table has 24 rows"]);
    let first = found.stdout.lines().nth(1).unwrap();
    assert!(first.contains("red/4.png (red)"), "{}", found.stdout);
    // The splits hold the same images.
    let pairs = place.run(&["duplicates", "bank.safetensors", "--threshold", "0.99999"]);
    pairs.says(0, &["red/4.png", " rows with a cosine of 0.99999 or above"]);
    assert!(pairs.stdout.lines().count() >= 12, "{}", pairs.stdout);
    place
        .run(&["cluster", "bank.safetensors", "--clusters", "2", "--out", "groups.csv"])
        .says(0, &["groups.csv: 24 rows in 2 clusters", "agreement with the classes: accuracy"]);
    let groups = fs::read_to_string(place.path().join("groups.csv")).unwrap();
    assert!(groups.starts_with("name,label,cluster,distance\n") && groups.lines().count() == 25, "{groups}");
    place
        .run(&["outliers", "bank.safetensors", "--count", "2"])
        .says(0, &["least typical: mean cosine with the 10 nearest", "most doubtful labels"]);
}

#[test]
fn every_image_below_a_folder_is_embedded_and_a_list_has_its_own_order() {
    let (place, run) = embedded();
    place.write("all.txt", "colours/test/red/4.png\n\ncolours/train/blue/1.png\r\nnowhere.png\n");
    let listed = place.run(&["embed", &run, "--list", "all.txt", "--out", "listed.csv"]);
    listed.says(0, &["2 images", "1 of 3 images cannot be read and are skipped: ", "nowhere.png"]);
    let names = table(&place, "listed.csv").names().unwrap().to_owned();
    assert_eq!(names, ["colours/test/red/4.png", "colours/train/blue/1.png"]);
    let refused = |arguments: &[&str], words: &[&str]| {
        place.run(&[&["embed", &run, "--out", "none.csv"], arguments].concat()).says(2, words);
    };
    place.write("empty.txt", "\n \n");
    refused(&["--list", "empty.txt"], &["--list empty.txt: expected a path of an image on each line"]);
    refused(&["--list", "gone.txt"], &["--list gone.txt: No such file", "name a text file"]);
    refused(&["--list", "all.txt", "--images", "colours"], &["cannot be used with"]);
    // An image beside the classes is embedded with all others, which then have no classes.
    fs::copy(place.path().join("colours/test/red/4.png"), place.path().join("colours/loose.png")).unwrap();
    let all = place.run(&["embed", &run, "--images", "colours", "--out", "all.csv"]);
    all.says(0, &["25 images", "no classes are taken from these"]);
    let all = table(&place, "all.csv");
    assert_eq!((all.names().unwrap()[0].as_str(), all.labels()), ("loose.png", None));
    let names = all.names().unwrap();
    assert!(names.is_sorted(), "{names:?}");
}

#[test]
fn a_sheet_shows_what_was_found() {
    let (place, run) = embedded();
    let file = |name: &str| place.path().join(name);
    let search = |more: &[&str]| {
        let query = ["--query", "colours/test/red/4.png", "colours/test/blue/1.png", "--k", "3"];
        place.run(&[&["search", &run, "--index", "bank.safetensors"], &query[..], more].concat())
    };
    let asked = ["--sheet", "found.png", "--images", "colours"];
    search(&asked).says(0, &["found.png", "red/4.png (red)"]);
    // Four cells wide, and two rows of words and images.
    assert_eq!(image::image_dimensions(file("found.png")).unwrap(), (4 * 104 + 8, 2 * (15 + 115) + 8));
    search(&asked).says(2, &["--sheet found.png: there is such a file", "--force"]);
    fs::remove_file(file("colours/train/red/4.png")).unwrap();
    search(&[&asked[..], &["--force"]].concat())
        .says(0, &["of 6 images of the sheet cannot be read, and are gray"]);
    search(&["--sheet", "found.jpg", "--images", "colours"]).says(2, &["expected a name that ends in .png"]);
    search(&["--sheet", "other.png"]).says(2, &["--images"]);
    let elsewhere = ["--sheet", "other.png", "--images", "cache"];
    search(&elsewhere).says(
        2,
        &["--images cache: expected the folder or archive that was embedded", "none of the table's"],
    );
    let cluster = ["cluster", "bank.safetensors", "--clusters", "2", "--out", "groups.csv"];
    place
        .run(&[&cluster[..], &["--sheet", "groups.png", "--images", "colours"]].concat())
        .says(0, &["groups.csv: 24 rows in 2 clusters", "groups.png"]);
    let (width, height) = image::image_dimensions(file("groups.png")).unwrap();
    assert!(width > 8 * 104 && height == 2 * (15 + 115) + 8, "{width} {height}");
}

#[test]
fn an_image_that_cannot_be_read_is_named_and_the_rest_goes_on() {
    let (place, run) = embedded();
    place.write("colours/test/red/broken.png", "no picture");
    let out = place.run(&["embed", &run, "--images", "colours", "--out", "more.csv"]);
    out.says(0, &["24 images", "broken.png", "1 of 13 images"]);
    fs::create_dir(place.path().join("empty")).unwrap();
    place.write("broken/a.png", "no picture");
    let embed = |folder: &str| place.run(&["embed", &run, "--images", folder, "--out", "none.csv"]);
    embed("empty").says(2, &["empty: no images found"]);
    embed("broken").says(1, &["broken: expected images, found 1 file"]);
    embed("nowhere").says(2, &["nowhere: there is no such folder or file"]);
    assert!(!place.path().join("none.csv").exists());
}

#[test]
fn what_does_not_fit_together_is_refused_with_what_would() {
    let (place, run) = embedded();
    let run = run.as_str();
    let names = |refused: &[&str], words: &[&str]| place.run(refused).says(2, words);
    let search = |index: &str| {
        place.run(&["search", run, "--index", index, "--query", "colours/test/red/4.png", "--k", "3"])
    };
    place.write("narrow.csv", "name,x\na,1\nb,2\nc,3\nd,4\n");
    search("narrow.csv").says(2, &["--index narrow.csv: vectors of 1 values, and the encoder's have 32"]);
    place.run(&["embed", run, "--images", "colours", "--out", "bank.npy"]).says(0, &["24 images"]);
    let size = ["--query", "colours/test/red/4.png", "--size", "32"];
    let size = [&["search", run, "--index", "bank.safetensors"], &size[..]].concat();
    names(&size, &["--index bank.safetensors: made of images of 16x16 pixels, and these are of 32x32"]);
    search("bank.npy").says(2, &["the table has no names; a .npy holds none"]);
    search("gone.csv").says(2, &["gone.csv: there is no such file; `kontrast embed` writes tables"]);
    names(
        &["embed", run, "--images", "colours", "--out", "a.csv", "--threads", "0"],
        &["invalid value '0' for '--threads"],
    );
    place.write("nan.csv", "name,x\na,1\nb,nan\n");
    names(&["outliers", "nan.csv"], &["nan.csv: row 1, value 0 (both counted from 0): NaN"]);
    names(&["duplicates", "bank.npy"], &["the table has no names"]);
    names(
        &["cluster", "narrow.csv", "--clusters", "5", "--out", "groups.csv"],
        &["clusters = 5: expected from 1 to the 4 rows"],
    );
    names(
        &["embed", run, "--images", "colours", "--out", "bank.bin"],
        &["expected a name that ends in .safetensors"],
    );
    names(
        &["embed", run, "--images", "colours", "--out", "no/bank.csv"],
        &["--out no/bank.csv: its folder, no, is not there"],
    );
    names(
        &["embed", run, "--dataset", "cifar11", "--out", "a.csv"],
        &["--dataset cifar11: expected cifar10", "there is none of that name"],
    );
    names(
        &["embed", "nowhere", "--images", "colours", "--out", "a.csv"],
        &["nowhere: there is no such run directory or file"],
    );
    names(
        &["embed", "tiny.toml", "--images", "colours", "--out", "a.csv"],
        &["tiny.toml: not a safetensors file"],
    );
    names(&["embed", run, "--tower", "text", "--images", "colours", "--out", "a.csv"], &["found no text"]);
    names(
        &["search", run, "--index", "bank.safetensors", "--query", "tiny.toml"],
        &["tiny.toml: cannot be read"],
    );
}
