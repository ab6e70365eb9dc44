//! Which views the audit compares: those that a method makes agree.

use super::Source;
use crate::Refusal;
use kontrast_config::{Method, Task};

/// Two views of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// The places of both in the plan; the same one is drawn in two epochs.
    pub(super) views: [usize; 2],
    /// Which they are.
    pub(super) words: String,
}

/// The first two views of the plan or, with several tasks, of each task that has two; else why there are none.
pub(super) fn pairs(source: &Source) -> Result<Result<Vec<Pair>, String>, Refusal> {
    match &source.method {
        Some(Method::Joint(joint)) => of_tasks(&joint.tasks, source.plans.len()),
        method => Ok(of_plan(method.as_ref(), source.plans.len()).map(|pair| vec![pair])),
    }
}

/// Without two views the audit has nothing to compare, but for methods that compare an image with itself of earlier epochs.
fn of_plan(method: Option<&Method>, views: usize) -> Result<Pair, String> {
    if views > 1 {
        return Ok(Pair { views: [0, 1], words: "views 0 and 1".to_owned() });
    }
    match method {
        Some(method) if over_epochs(method) => {
            Ok(Pair { views: [0, 0], words: "view 0, drawn in epochs 0 and 1".to_owned() })
        }
        Some(method) => Err(format!(
            "nothing to audit: a shortcut finds one view of an image by another, and method.{} sees each image once",
            method.name()
        )),
        None => Err("nothing to audit: a shortcut finds one view of an image by another, and the plan has one view; a \
                     method that compares views is named by a file, with --config"
            .to_owned()),
    }
}

/// Whether one view is compared with others of the same image that earlier epochs drew.
fn over_epochs(method: &Method) -> bool {
    matches!(method, Method::Npid(_) | Method::Exemplar(_))
}

fn of_tasks(tasks: &[Task], views: usize) -> Result<Result<Vec<Pair>, String>, Refusal> {
    let mut pairs = Vec::new();
    for (place, task) in tasks.iter().enumerate() {
        let key = format!("method.joint.tasks[{place}]");
        if let Some(view) = task.views.iter().find(|&&view| view >= views) {
            let text = format!("--audit: {key}.views has {view}; the plan has {views}, counted from 0");
            return Err(Refusal(text));
        }
        let name = task.method.name();
        match task.views[..] {
            [first, second, ..] => {
                let words = format!("views {first} and {second}, of {key}, {name}");
                pairs.push(Pair { views: [first, second], words });
            }
            [only] if over_epochs(&task.method) => {
                let words = format!("view {only}, drawn in epochs 0 and 1, of {key}, {name}");
                pairs.push(Pair { views: [only, only], words });
            }
            _ => {}
        }
    }
    let none = "nothing to audit: a shortcut finds one view of an image by another, and no task of method.joint has two";
    Ok(if pairs.is_empty() { Err(none.to_owned()) } else { Ok(pairs) })
}
