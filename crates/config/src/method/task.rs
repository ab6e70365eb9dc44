//! A task of an experiment, as others see it.

use super::MethodInfo;

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
}
