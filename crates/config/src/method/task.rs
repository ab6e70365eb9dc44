//! A task of an experiment, as others see it.

use super::MethodInfo;
use crate::ViewSize;

/// What one encoder is trained for: the method itself, or one of the tasks that a joint method has.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// The key of its table.
    pub key: String,
    /// The method's name.
    pub name: &'static str,
    /// The places of its views in the plan, where not all are its own.
    pub views: Option<Vec<usize>>,
    /// What there is to know of its method.
    pub info: MethodInfo,
}

impl Task {
    /// The place of its first view in the plan.
    pub fn first_view(&self) -> usize {
        self.views.as_ref().and_then(|views| views.first().copied()).unwrap_or(0)
    }

    /// The sizes of its views, of those of the plan; views that the plan does not have are left out.
    pub(crate) fn sizes(&self, plan: &[ViewSize]) -> Vec<ViewSize> {
        match &self.views {
            Some(own) => own.iter().filter_map(|&view| plan.get(view).copied()).collect(),
            None => plan.to_vec(),
        }
    }
}
