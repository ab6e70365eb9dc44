//! CPC's settings, and the encoder that it needs: a ResNet of patches.

use kontrast_config::{Experiment, Loaded};
use std::path::Path;

/// A smoke experiment with changes, or why it is refused.
fn smoke(name: &str, changes: &[&str]) -> Result<Loaded, String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../configs/smoke/{name}.toml"));
    let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
    Experiment::load(&file, &changes).map_err(|error| error.to_string())
}

fn refusal(change: &str) -> String {
    match smoke("cpc", &[change]) {
        Ok(_) => panic!("{change} is not refused"),
        Err(message) => message,
    }
}

#[test]
fn each_value_of_cpc_out_of_range_names_its_key() {
    for (change, expected) in [
        ("method.cpc.directions=3", "method.cpc.directions = 3: expected 1, 2 or 4 directions"),
        (
            "method.cpc.distances=[]",
            "distances = []: expected one distance or more, increasing, from 1 row on",
        ),
        ("method.cpc.distances=[0, 2]", "distances = [0, 2]: expected one distance or more"),
        ("method.cpc.distances=[2, 2]", "distances = [2, 2]: expected one distance or more"),
        ("method.cpc.width=0", "method.cpc.width = 0: expected at least 1 value"),
        ("method.cpc.scale=0.0", "method.cpc.scale = 0.0: expected a number above 0"),
        ("method.cpc.context.width=0", "context.width = 0: expected at least 1 channel"),
        ("method.cpc.context.blocks=65", "context.blocks = 65: expected 1 to 64 blocks"),
        ("method.cpc.jitter.strength=1.5", "jitter.strength = 1.5: expected 0 to 1"),
        ("method.cpc.jitter.one_channel=-0.1", "one_channel = -0.1: expected a probability"),
        ("encoder.resnet18.patches.side=4", "patches.side = 4: expected at least 5 pixels, for the stem"),
        (
            "encoder.resnet18.patches.stride=0",
            "patches.stride = 0: expected 1 to encoder.resnet18.patches.side = 8",
        ),
        (
            "encoder.resnet18.patches.stride=9",
            "patches.stride = 9: expected 1 to encoder.resnet18.patches.side = 8",
        ),
        ("encoder.resnet18.split=1", "no such table beside split"),
    ] {
        let message = refusal(change);
        assert!(message.contains(expected), "{change}: {message}");
    }
}

#[test]
fn cpc_needs_patches_that_cover_the_view_and_rows_beyond_its_distances() {
    let message = refusal("encoder.nin={ blocks = 3, width = 12 }");
    assert!(
        message.contains("encoder.nin.patches is missing") && message.contains("for method.cpc"),
        "{message}"
    );
    // Of 24 pixels five rows of patches of 8 every 4.
    let message = refusal("method.cpc.distances=[2, 5]");
    let expected =
        "method.cpc.distances = 5: expected below 5, the patches that encoder.resnet18.patches cuts";
    assert!(message.contains(expected), "{message}");
    let message = refusal("views.custom.view.0.size=26");
    let expected =
        "views.custom = 26 pixels: expected sides of 8 pixels and so many times 4 more: method.cpc predicts";
    assert!(message.contains(expected), "{message}");
    // Sideways, columns count too.
    let narrow = "views.custom.view.0.size=[24, 16]";
    assert!(smoke("cpc", &[narrow]).is_ok());
    let sideways = smoke("cpc", &[narrow, "method.cpc.directions=4"]).unwrap_err();
    assert!(sideways.contains("distances = 3: expected below 3"), "{sideways}");
    let message = refusal("views.custom.view.0.count=2");
    assert!(
        message.contains("expected one view: method.cpc predicts its patches from each other"),
        "{message}"
    );
}

#[test]
fn what_lets_patches_tell_each_other_is_said() {
    let notes = |changes: &[&str]| {
        let experiment = smoke("cpc", changes).unwrap().experiment;
        experiment.encoder.notes(&experiment.method)
    };
    assert!(notes(&[]).is_empty() && notes(&["encoder.resnet18.norm=none"]).is_empty());
    let batch = notes(&["encoder.resnet18.norm=batch"]);
    assert!(
        batch.len() == 1 && batch[0].contains("norm = \"batch\" lets each patch see the others"),
        "{batch:?}"
    );
    let near = notes(&["method.cpc.distances=[1, 2]"]);
    assert!(
        near.len() == 1 && near[0].contains("share pixels") && near[0].ends_with("begin at 2"),
        "{near:?}"
    );
}

#[test]
fn a_norm_or_patches_that_are_left_out_leave_the_digest_and_batch_is_what_is_left_out() {
    let digest = |changes: &[&str]| smoke("simclr", changes).unwrap().digest;
    assert_eq!(digest(&[]), digest(&["encoder.resnet18.norm=batch"]));
    assert_ne!(digest(&[]), digest(&["encoder.resnet18.norm=group"]));
    assert_ne!(digest(&[]), digest(&["encoder.resnet18.patches={ side = 8, stride = 4 }"]));
}
