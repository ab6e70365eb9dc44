//! Keys that had another name in an earlier version.

/// Each key as it was, from the last table that tells it apart, and what it is called now.
const RENAMED: [(&str, &str); 7] = [
    ("data.deviation", "std"),
    ("drop_channels.share", "fraction"),
    ("eval.depth", "layers"),
    ("gaussian_noise.deviation", "std"),
    ("moco.virtual_devices", "bn_splits"),
    ("npid.noise", "negatives"),
    ("translate.share", "fraction"),
];

/// The key in today's words, where it was renamed; `path` are the names that lead to it.
pub(crate) fn renamed(path: &[String]) -> Option<String> {
    let (old, around) = path.split_last()?;
    let table = around.last()?;
    let new = RENAMED.iter().find(|(was, _)| was.split_once('.') == Some((table, old)))?.1;
    Some([around, &[new.to_owned()]].concat().join("."))
}

#[cfg(test)]
mod tests {
    use super::renamed;

    #[test]
    fn an_old_key_is_known_wherever_its_table_stands() {
        for (old, new) in [
            ("data.deviation", Some("data.std")),
            ("eval.depth", Some("eval.layers")),
            ("method.npid.noise", Some("method.npid.negatives")),
            (
                "method.joint.tasks[1].method.moco.virtual_devices",
                Some("method.joint.tasks[1].method.moco.bn_splits"),
            ),
            (
                "views.custom.view[0].steps[2].gaussian_noise.deviation",
                Some("views.custom.view[0].steps[2].gaussian_noise.std"),
            ),
            ("deviation", None),
            ("train.deviation", None),
            ("data.std", None),
        ] {
            let path: Vec<_> = old.split('.').map(str::to_owned).collect();
            assert_eq!(renamed(&path).as_deref(), new, "{old}");
        }
    }
}
