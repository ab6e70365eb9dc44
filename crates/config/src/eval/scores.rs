//! The scores of a run by name: what tables and pages say of each.

/// What tables and pages say of a score.
#[derive(Clone, Copy, Debug)]
pub struct ScoreInfo {
    /// Its name in `summary.json`; N stands for any number.
    pub name: &'static str,
    /// What a file says to have it made.
    pub switch: &'static str,
    /// What it is, in a few words.
    pub meaning: &'static str,
    /// Whether it is the accuracy of a classification, which an ablation can be of.
    pub is_accuracy: bool,
}

/// The scores of a run by name.
pub(crate) const SCORES: [ScoreInfo; 22] = [
    accuracy("knn", "eval.knn = true", "weighted k-NN, k and temperature chosen on a split of train"),
    accuracy("knn_10", "eval.knn = true", "k-NN with equal votes, as published"),
    accuracy("knn_200", "eval.knn = true", "weighted k-NN, as published"),
    accuracy("knn_dinov2_N", "eval.knn_dinov2", "weighted k-NN at temperature 0.07, as DINOv2 has it"),
    accuracy("linear", "[eval.linear]", "linear probe on frozen features"),
    accuracy("logistic", "[eval.logistic]", "logistic regression on frozen features, by L-BFGS"),
    accuracy("linear_adam", "[eval.linear_adam]", "linear probe by Adam, as published with W-MSE"),
    accuracy("linear_views", "[eval.linear_views]", "linear probe on crops and flips of the training images"),
    accuracy("mlp", "[eval.mlp]", "hidden layers and a classifier on frozen features"),
    accuracy(
        "few_shot_N",
        "[eval.few_shot]",
        "weighted k-NN on a few images of each class, mean over draws of them",
    ),
    accuracy(
        "fine_tuning_N",
        "[eval.fine_tuning]",
        "the encoder trained on with so many per cent of the labels; with random weights, from scratch",
    ),
    accuracy("frozen_N", "[eval.fine_tuning]", "logistic regression on frozen features with the same labels"),
    other("head_color", "[eval.head]", "gray told from colour, by an MLP on h and on z"),
    other("head_rotation", "[eval.head]", "which of four turns, by an MLP on h and on z"),
    other("head_noise", "[eval.head]", "noise told from none, by an MLP on h and on z"),
    other("head_sobel", "[eval.head]", "Sobel's filter told from none, by an MLP on h and on z"),
    other("head_class", "[eval.head]", "the class, by an MLP on h and on z"),
    other("clustering", "[eval.clustering]", "k-means on train, test images by the nearest centre"),
    other("retrieval", "[eval.retrieval]", "each test image looked for among the others"),
    accuracy("zero_shot", "[eval.zero_shot]", "classes told by prompts, without a label"),
    other(
        "captions",
        "[eval.captions]",
        "each test image's caption looked for among all, and each caption's image",
    ),
    other("anomaly", "[eval.anomaly]", "each class against the rest, mean AUROC"),
];

const fn accuracy(name: &'static str, switch: &'static str, meaning: &'static str) -> ScoreInfo {
    ScoreInfo { name, switch, meaning, is_accuracy: true }
}

const fn other(name: &'static str, switch: &'static str, meaning: &'static str) -> ScoreInfo {
    ScoreInfo { name, switch, meaning, is_accuracy: false }
}

/// What is known of the score of this name; none where no protocol makes one.
pub fn score_info(name: &str) -> Option<&'static ScoreInfo> {
    SCORES.iter().find(|info| match info.name.strip_suffix('N') {
        Some(prefix) => number_after(prefix, name).is_some(),
        None => info.name == name,
    })
}

/// The number at the end of a name that begins so.
fn number_after(prefix: &str, name: &str) -> Option<usize> {
    name.strip_prefix(prefix)?.parse().ok()
}
