//! Several tasks on one encoder.

use serde::{Deserialize, Serialize};

use super::{AnyMethod, ComparedViews, MethodInfo, MethodSpec, Surroundings};
use crate::problems::Problems;
use crate::{Train, Views};

/// Several tasks on one encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Joint {
    /// *list* of `{ weight, views, method }`: what the loss is multiplied by, which views of the plan are the task's
    /// (from 0), and the task as its own table would be.
    ///
    /// Range: two or more; `weight` above 0; no `joint` within
    pub tasks: Vec<JointTask>,
}

/// One of several tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct JointTask {
    /// What its loss is multiplied by.
    pub weight: f64,
    /// Which views of an image are its own, counted from 0.
    pub views: Vec<usize>,
    /// The task, named as in `[method.*]`.
    pub method: AnyMethod,
}

impl MethodSpec for Joint {
    fn check(&self, key: &str, around: Surroundings<'_>, problems: &mut Problems) {
        let key = format!("{key}.tasks");
        let expected = "two tasks at least; one alone is written as [method.*]";
        problems.require(self.tasks.len() >= 2, &key, &self.tasks.len(), expected);
        let around = Surroundings { is_shared: true, ..around };
        for (place, task) in self.tasks.iter().enumerate() {
            let key = format!("{key}[{place}]");
            let above = task.weight > 0.0 && task.weight.is_finite();
            problems.require(above, &format!("{key}.weight"), &task.weight, "a number above 0");
            let method = format!("{key}.method.{}", task.method.name());
            if matches!(task.method, AnyMethod::Joint(_)) {
                let expected = "a task that is not joint itself; list its tasks here";
                problems.require(false, &method, &format_args!("joint"), expected);
            } else {
                task.method.spec().check(&method, around, problems);
            }
        }
    }

    fn notes(&self, key: &str, images: usize, train: &Train) -> Vec<String> {
        let of_task = |(place, task): (usize, &JointTask)| {
            let key = format!("{key}.tasks[{place}].method.{}", task.method.name());
            task.method.spec().notes(&key, images, train)
        };
        self.tasks.iter().enumerate().flat_map(of_task).collect()
    }

    fn info(&self) -> MethodInfo {
        MethodInfo::of(ComparedViews::Any)
    }
}

impl Joint {
    /// Whether every task finds its views in the plan.
    pub(super) fn check_views(&self, key: &str, views: &Views, problems: &mut Problems) {
        let sizes = views.sizes();
        for (place, task) in self.tasks.iter().enumerate() {
            let at = format!("{key}.tasks[{place}]");
            let views_key = format!("{at}.views");
            let found = &task.views;
            let once = (1..found.len()).all(|place| !found[..place].contains(&found[place]));
            let known = once && !found.is_empty() && found.iter().all(|&view| view < sizes.len());
            let last = sizes.len() - 1;
            let expected = format!("some of 0 to {last}, the views of views.{}, each once", views.name());
            problems.require(known, &views_key, found, &expected);
            if known {
                let own: Vec<_> = found.iter().map(|&view| sizes[view]).collect();
                task.method.check_sizes(
                    &format!("{at}.method.{}", task.method.name()),
                    (&views_key, &own),
                    problems,
                );
            }
        }
    }
}
