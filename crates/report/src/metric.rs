//! Names of metrics as a person calls them.

/// A measure as a person calls it.
pub(crate) fn metric_in_words(metric: &str) -> String {
    match metric {
        "accuracy" => "ACC".to_owned(),
        "nmi" => "NMI".to_owned(),
        "ari" => "ARI".to_owned(),
        "map_at_r" => "mAP@R".to_owned(),
        "auroc_knn" => "AUROC by k-NN".to_owned(),
        "auroc_kde" => "AUROC by density".to_owned(),
        other => match other.strip_prefix("recall_at_") {
            Some(k) => format!("recall@{k}"),
            None => other.replace('_', " "),
        },
    }
}
