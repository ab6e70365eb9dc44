//! `permutations`: a set as TOML and as a picture, and what is refused.

use crate::program::Place;

#[test]
fn a_set_is_printed_as_toml_that_is_read_back() {
    let place = Place::new();
    let printed = place.run(&["permutations", "--method", "agl19"]);
    printed.says(0, &["method = \"agl19\"", "minimum_distance = 8", "mean_distance = 8.112676"]);
    let set: toml::Table = printed.stdout.parse().unwrap();
    let permutations = set["permutations"].as_array().unwrap();
    assert_eq!((permutations.len(), set["count"].as_integer()), (72, Some(72)));
    for permutation in permutations {
        let mut tiles: Vec<_> =
            permutation.as_array().unwrap().iter().map(|tile| tile.as_integer().unwrap()).collect();
        tiles.sort_unstable();
        assert_eq!(tiles, (0..9).collect::<Vec<_>>());
    }
}

#[test]
fn a_set_is_written_and_drawn() {
    let place = Place::new();
    let arguments =
        ["permutations", "--count", "40", "--grid", "3x2", "--out", "set.toml", "--picture", "set.png"];
    let ended = place.run(&arguments);
    ended.says(0, &["set.toml: 40 permutations of 6 tiles, "]);
    assert!(ended.stderr.contains("set.png: a picture of the set"), "{}", ended.stderr);
    let text = std::fs::read_to_string(place.path().join("set.toml")).unwrap();
    assert!(text.contains("grid = [3, 2]\nseed = 0\ncount = 40\n"), "{text}");
    let picture = image::open(place.path().join("set.png")).unwrap().to_rgb8();
    let colours: std::collections::HashSet<_> = picture.pixels().collect();
    assert!(colours.len() > 6, "a colour a tile, and the words: {}", colours.len());
}

#[test]
fn what_cannot_be_chosen_is_refused_with_what_can() {
    let place = Place::new();
    for (arguments, said) in [
        (
            &["--count", "25", "--grid", "2"][..],
            "25 permutations: greedy on a 2x2 grid has 24; ask for fewer",
        ),
        (&["--count", "73", "--method", "agl19"], "agl19 on a 3x3 grid has 72"),
        (&["--method", "pgl28", "--grid", "2"], "pgl28 permutes nine tiles, and a 2x2 grid has 4"),
        (&["--count", "1"], "1 permutations: expected 2 or more"),
        (&["--count", "-5"], "expected a whole number, 2 or above; found -5"),
        (
            &["--method", "agl18"],
            "[possible values: greedy, max_min, middle, min_avg, random, cyclic, agl19,",
        ),
        (&["--count", "5", "--out", "no/where.toml"], "--out no/where.toml: its folder, no, is not there"),
        (&["--count", "5", "--picture", "no/set.png"], "--picture no/set.png: its folder, no, is not there"),
        (&["--count", "5", "--picture", "set.jpg"], "expected a name that ends in .png, found .jpg"),
        (&["--method", "random"], "--method random: expected --count with it"),
        (
            &["--count", "9", "--method", "max_min", "--grid", "4"],
            "take greedy or random, or 9 tiles at most",
        ),
        (&["--grid", "0"], "expected 1 to 8 rows and columns and two tiles at least, found 0x0"),
    ] {
        place.run(&[&["permutations"], arguments].concat()).says(2, &[said]);
    }
    assert!(!place.path().join("no").exists(), "no folder is made");
    // The paper's name of the first, which files do not know.
    place.run(&["permutations", "--count", "5", "--method", "max_avg"]).says(0, &["method = \"greedy\""]);
}
