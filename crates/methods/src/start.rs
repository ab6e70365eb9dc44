//! Beginning from weights that another training left, instead of drawn ones.

use crate::Method;
use kontrast_torch_ext::{StateDict, StateError};
use std::collections::BTreeMap;
use tch::Tensor;

/// Which heads began from weights of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartedHeads {
    /// Those that did.
    pub taken: Vec<String>,
    /// Those that keep their drawn weights, since the file has none of their names and shapes.
    pub drawn: Vec<String>,
}

impl Method {
    /// Begins from these weights of an encoder, and from those of `heads`, a state that [`Method::state`] gave, that have
    /// the names and shapes of whole heads here. Momentum encoders then begin as copies again; queues, banks and centres
    /// stay as they were drawn.
    ///
    /// # Errors
    /// Where the weights are not the encoder's; then nothing was changed.
    pub fn start_from(
        &mut self,
        encoder: &StateDict,
        heads: Option<&StateDict>,
    ) -> Result<StartedHeads, StateError> {
        self.encoder().variables().copy_from(encoder)?;
        let state = self.state();
        let started = heads.map(|heads| take_heads(&state, heads)).transpose()?;
        let copied = state.iter().filter_map(|(name, target)| Some((target, followed(&state, name)?)));
        for (target, source) in copied {
            copy(target, source)?;
        }
        Ok(started.unwrap_or_default())
    }
}

/// Takes over every head of which all is there.
fn take_heads(state: &StateDict, theirs: &StateDict) -> Result<StartedHeads, StateError> {
    let mut heads: BTreeMap<String, Vec<(&str, &Tensor)>> = BTreeMap::new();
    for (name, tensor) in state.iter() {
        if let Some(head) = head_of(name) {
            heads.entry(head).or_default().push((name, tensor));
        }
    }
    // Queues, banks and centres have no trained variables.
    heads.retain(|_, tensors| tensors.iter().any(|(_, tensor)| tensor.requires_grad()));
    let mut started = StartedHeads::default();
    for (head, tensors) in heads {
        let fitting = |&(name, own): &(&str, &Tensor)| {
            theirs.get(name).is_some_and(|tensor| tensor.size() == own.size() && tensor.kind() == own.kind())
        };
        if !tensors.iter().all(fitting) {
            started.drawn.push(head);
            continue;
        }
        for (name, own) in tensors {
            theirs.get(name).map_or(Ok(()), |tensor| copy(own, tensor))?;
        }
        started.taken.push(head);
    }
    Ok(started)
}

/// The head that a name of a state belongs to: its first word, behind the task where there are several. None for encoders
/// and for what follows another by a momentum.
fn head_of(name: &str) -> Option<String> {
    let words: Vec<&str> = name.split('.').collect();
    if words.iter().any(|&word| word == TARGET || word == ENCODER) {
        return None;
    }
    let of_task = if words[0] == TASKS { 4 } else { 1 };
    Some(words.get(..of_task)?.join("."))
}

/// What a variable or statistic of a momentum encoder follows; none for any other.
fn followed<'s>(state: &'s StateDict, name: &str) -> Option<&'s Tensor> {
    let words: Vec<&str> = name.split('.').collect();
    let place = words.iter().position(|&word| word == TARGET)?;
    let own = [&words[..place], &words[place + 1..]].concat().join(".");
    // The encoder of several tasks is none of theirs.
    state.get(&own).or_else(|| state.get(&words[place + 1..].join(".")))
}

fn copy(to: &Tensor, from: &Tensor) -> Result<(), StateError> {
    tch::no_grad(|| to.shallow_clone().f_copy_(from))?;
    Ok(())
}

/// Words in the names of a state: CONTRIBUTING.md, "How to add a method".
const TARGET: &str = "target";
const ENCODER: &str = "encoder";
const TASKS: &str = "tasks";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_known_by_the_beginning_of_a_name() {
        for (name, head) in [
            ("projector.0.weight", Some("projector")),
            ("tasks.1.byol.predictor.0.weight", Some("tasks.1.byol.predictor")),
            ("encoder.conv1.weight", None),
            ("target.projector.0.weight", None),
            ("tasks.1.byol.target.projector.0.weight", None),
            ("centre", Some("centre")),
        ] {
            assert_eq!(head_of(name).as_deref(), head, "{name}");
        }
    }

    #[test]
    fn a_momentum_encoder_follows_the_encoder_of_its_task_or_of_all() {
        let names = ["encoder.w", "projector.w", "tasks.0.byol.projector.w"];
        let state: StateDict =
            (0_i64..).zip(names).map(|(n, name)| (name.to_owned(), Tensor::from(n))).collect();
        let number = |name: &str| followed(&state, name).map(|tensor| tensor.int64_value(&[]));
        assert_eq!(number("target.encoder.w"), Some(0));
        assert_eq!(number("target.projector.w"), Some(1));
        assert_eq!(number("tasks.0.byol.target.projector.w"), Some(2));
        assert_eq!(number("tasks.0.byol.target.encoder.w"), Some(0));
        assert_eq!(number("encoder.w"), None);
    }
}
