//! Which views the audit compares: those that a method makes agree.

use super::Source;
use crate::Refusal;
use kontrast_config::{Method, Task};

/// Two views of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// The places of both in the plan; one and the same is drawn in two epochs.
    pub(super) views: [usize; 2],
    /// Which they are.
    pub(super) words: String,
}

/// The first two views of the plan or, with several tasks, of each task that has two; empty where nothing is compared.
pub(super) fn pairs(source: &Source) -> Result<Vec<Pair>, Refusal> {
    let all: Vec<usize> = (0..source.plans.len()).collect();
    match &source.method {
        Some(Method::Joint(joint)) => of_tasks(&joint.tasks, all.len()),
        method => Ok(pair(method.as_ref(), &all, "").into_iter().collect()),
    }
}

/// Why nothing is compared.
pub(super) fn nothing(method: Option<&Method>) -> String {
    let why = match method {
        Some(Method::Joint(_)) => "no task of method.joint has two".to_owned(),
        Some(method) => format!("method.{} compares no two views of an image", method.name()),
        None => "the plan has one".to_owned(),
    };
    format!("nothing to audit: a shortcut finds one view of an image by another, and {why}")
}

fn of_tasks(tasks: &[Task], views: usize) -> Result<Vec<Pair>, Refusal> {
    let mut pairs = Vec::new();
    for (place, task) in tasks.iter().enumerate() {
        let key = format!("method.joint.tasks[{place}]");
        if let Some(view) = task.views.iter().find(|&&view| view >= views) {
            let text = format!("--audit: {key}.views has {view}; the plan has {views}, counted from 0");
            return Err(Refusal(text));
        }
        pairs.extend(pair(Some(&task.method), &task.views, &format!(", of {key}, {}", task.method.name())));
    }
    Ok(pairs)
}

/// The first two of these views, where a method makes views of an image agree. A method that compares an image with what earlier epochs drew of it needs one.
fn pair(method: Option<&Method>, views: &[usize], whose: &str) -> Option<Pair> {
    let alone = matches!(
        method,
        Some(
            Method::Rotation(_)
                | Method::Jigsaw(_)
                | Method::RelativePatch(_)
                | Method::Autoencoder(_)
                | Method::Supervised(_)
        )
    );
    if alone {
        return None;
    }
    let over_epochs = matches!(method, Some(Method::Npid(_) | Method::Exemplar(_)));
    match views[..] {
        [first, second, ..] => {
            Some(Pair { views: [first, second], words: format!("views {first} and {second}{whose}") })
        }
        [only] if over_epochs => {
            Some(Pair { views: [only, only], words: format!("view {only}, drawn in epochs 0 and 1{whose}") })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::pair;
    use kontrast_config::Method;

    #[test]
    fn one_view_is_compared_with_itself_of_another_epoch_where_a_method_does_so() {
        let head = "{ widths = [], batch_norm = false }";
        let method = |text: &str| toml::from_str::<Method>(&text.replace("HEAD", head)).unwrap();
        let exemplar = method("exemplar = { classes = 8, projector = HEAD }");
        let rotation = method("rotation = { rotations = 4, all = true, head = HEAD }");
        let views = |method, views: &[usize]| pair(method, views, "").map(|pair| pair.views);
        assert_eq!(views(Some(&exemplar), &[1]), Some([1, 1]));
        assert_eq!((views(Some(&rotation), &[1]), views(None, &[0])), (None, None));
        assert_eq!(views(Some(&rotation), &[0, 1]), None, "a pretext task reads one view");
        assert_eq!((views(Some(&exemplar), &[2, 1, 0]), views(None, &[0, 1])), (Some([2, 1]), Some([0, 1])));
    }
}
