//! Weights to begin from: known by what the file holds, refused where it cannot be read.

use crate::folder::{Folder, load};

/// SHA-256 of `abc`.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn set(folder: &Folder, name: &str) -> String {
    format!("encoder.resnet18.weights={}", folder.path(name).display())
}

#[test]
fn the_digest_has_the_sha256_of_the_file_and_not_its_place() {
    let folder = Folder::new();
    for (name, text) in [("a.pth", "abc"), ("b/other.pth", "abc"), ("c.pth", "abd")] {
        folder.write(name, text);
    }
    let digest = |name: &str| folder.load("", &[&set(&folder, name)]).digest;
    assert_eq!(digest("a.pth"), digest("b/other.pth"));
    assert_ne!(digest("a.pth"), digest("c.pth"));
    let drawn = folder.load("", &[]);
    assert_ne!(digest("a.pth"), drawn.digest);
    // What undoes the weights of a base is what a file without any is.
    let text = format!("[encoder.resnet18]\nweights = \"{}\"", folder.path("a.pth").display());
    assert_eq!(folder.load(&text, &["encoder.resnet18.weights=random"]).digest, drawn.digest);
    let heads =
        format!("encoder.resnet18.weights={{ file = \"{}\", heads = true }}", folder.path("a.pth").display());
    assert_ne!(folder.load("", &[&heads]).digest, digest("a.pth"));
}

#[test]
fn the_resolved_experiment_loads_without_the_file() {
    let folder = Folder::new();
    let file = folder.write("a.pth", "abc");
    let loaded = folder.load("", &[&set(&folder, "a.pth")]);
    let weights = loaded.experiment.encoder.weights().unwrap();
    assert_eq!((weights.sha256.as_deref(), &weights.file), (Some(ABC), &file));
    let resolved = folder.write("resolved.toml", &loaded.resolved);
    std::fs::remove_file(file).unwrap();
    let again = load(&resolved, &[]).unwrap();
    assert_eq!((again.digest, again.experiment), (loaded.digest, loaded.experiment));
}

#[test]
fn a_file_that_cannot_be_read_is_refused_with_its_key_and_place() {
    let folder = Folder::new();
    let missing = folder.refusal("[encoder.resnet18]\nweights = \"gone.pth\"", &[]);
    let expected = "mine.toml:3:1: encoder.resnet18.weights = \"gone.pth\": expected a file of weights that can be read, and the \
                    system says: No such file or directory";
    assert!(missing.starts_with(expected), "{missing}");
    let argument = folder.refusal("", &["encoder.resnet18.weights=gone.pth"]);
    assert!(
        argument.starts_with("--set encoder.resnet18.weights=gone.pth: encoder.resnet18.weights"),
        "{argument}"
    );
    let directory = folder.refusal("", &["encoder.resnet18.weights=."]);
    assert!(directory.contains("Is a directory"), "{directory}");
    // Beside other problems, all at once.
    let both = folder.refusal("", &["encoder.resnet18.weights=gone.pth", "train.batch=0"]);
    assert!(both.contains("train.batch") && both.contains("gone.pth"), "{both}");
}

#[test]
fn what_is_no_file_is_said_so() {
    let folder = Folder::new();
    let number = folder.refusal("", &["encoder.resnet18.weights=3"]);
    assert!(number.contains("a file, \"random\", or a table such as"), "{number}");
    let unknown = folder.refusal("", &["encoder.resnet18.weights={ file = \"a\", head = true }"]);
    assert!(unknown.contains("`heads`"), "{unknown}");
    let nothing = folder.refusal("", &["encoder.resnet18.weights={ heads = true }"]);
    assert!(nothing.contains("encoder.resnet18.weights.file"), "{nothing}");
    let short = folder.refusal("", &["encoder.resnet18.weights={ file = \"a\", sha256 = \"12\" }"]);
    assert!(
        short.contains("encoder.resnet18.weights.sha256 = \"12\": expected 64 hexadecimal digits"),
        "{short}"
    );
    let other = folder.refusal("", &["encoder.nin={ blocks = 3, width = 12, weights = \"gone\" }"]);
    assert!(other.contains("encoder.nin.weights"), "{other}");
}
