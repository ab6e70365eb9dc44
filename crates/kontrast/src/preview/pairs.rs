//! Which views the audit compares: those that a method makes agree.

use super::Previewed;
use crate::Refusal;
use kontrast_config::{MethodInfo, Task};

/// Two views of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// The places of both in the plan; one and the same is drawn in two epochs.
    pub(super) views: [usize; 2],
    /// Which they are.
    pub(super) words: String,
}

/// The first two views of the plan or, with several tasks, of each task that has two; empty where nothing is compared.
pub(super) fn pairs(source: &Previewed) -> Result<Vec<Pair>, Refusal> {
    let all: Vec<usize> = (0..source.plans.len()).collect();
    if source.tasks.is_empty() {
        return Ok(first_two(&all, "").into_iter().collect());
    }
    let mut pairs = Vec::new();
    for task in &source.tasks {
        let Some(views) = &task.views else {
            pairs.extend(pair(&task.info, &all, ""));
            continue;
        };
        // The key of its table is that of the task with its method behind.
        let key = task.key.trim_end_matches(task.name).trim_end_matches(".method.");
        if let Some(view) = views.iter().find(|&&view| view >= all.len()) {
            let text = format!("--audit: {key}.views has {view}; the plan has {}, counted from 0", all.len());
            return Err(Refusal(text));
        }
        pairs.extend(pair(&task.info, views, &format!(", of {key}, {}", task.name)));
    }
    Ok(pairs)
}

/// Why nothing is compared.
pub(super) fn nothing(tasks: &[Task]) -> String {
    let why = match tasks {
        [] => "the plan has one".to_owned(),
        [only] if only.views.is_none() => format!("{} compares no two views of an image", only.key),
        _ => "no task of method.joint has two".to_owned(),
    };
    format!("nothing to audit: a shortcut finds one view of an image by another, and {why}")
}

/// The first two of these views, where a method makes views of an image agree. A method that compares an image with what
/// earlier epochs drew of it needs one.
fn pair(info: &MethodInfo, views: &[usize], whose: &str) -> Option<Pair> {
    match views[..] {
        [only] if info.over_epochs => {
            Some(Pair { views: [only, only], words: format!("view {only}, drawn in epochs 0 and 1{whose}") })
        }
        _ if info.makes_views_agree() => first_two(views, whose),
        _ => None,
    }
}

fn first_two(views: &[usize], whose: &str) -> Option<Pair> {
    let &[first, second, ..] = views else { return None };
    Some(Pair { views: [first, second], words: format!("views {first} and {second}{whose}") })
}

#[cfg(test)]
mod tests {
    use super::{first_two, pair};
    use kontrast_config::{Exemplar, Head, HeadNorm, MethodSpec, Rotation};

    #[test]
    fn one_view_is_compared_with_itself_of_another_epoch_where_a_method_does_so() {
        let head = Head { widths: Vec::new(), batch_norm: HeadNorm::None };
        let exemplar = Exemplar { classes: 8, projector: head.clone() }.info();
        let rotation = Rotation { rotations: 4, upright: None, all: true, head }.info();
        let views = |info, views: &[usize]| pair(info, views, "").map(|pair| pair.views);
        assert_eq!(views(&exemplar, &[1]), Some([1, 1]));
        assert_eq!(views(&exemplar, &[2, 1, 0]), Some([2, 1]));
        assert_eq!((views(&rotation, &[1]), first_two(&[0], "")), (None, None));
        assert_eq!(views(&rotation, &[0, 1]), None, "a pretext task reads one view");
        assert_eq!(first_two(&[0, 1], "").map(|pair| pair.views), Some([0, 1]));
    }
}
