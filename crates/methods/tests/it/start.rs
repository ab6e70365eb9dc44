//! Beginning from weights of another training, with every method.

use crate::example::{Example, all, followed, is_target, progress};
use kontrast_methods::Method;
use kontrast_torch_ext::StateDict;

/// The state of the same method with another seed.
fn others(example: &Example) -> StateDict {
    Example::new(example.name, &["seed=77"]).method().state().detached_copy()
}

/// The encoder's part of a state.
fn encoder(state: &StateDict) -> StateDict {
    state.under("encoder")
}

fn trained(method: &Method) -> Vec<String> {
    method.groups().into_iter().flat_map(|group| group.variables).map(|(name, _)| name).collect()
}

#[test]
fn the_encoder_begins_from_the_weights_and_momentum_encoders_as_its_copies() {
    for example in all() {
        let mut method = example.method();
        let (before, others) = (method.state().detached_copy(), others(&example));
        let started = method.start_from(&encoder(&others), None).unwrap();
        assert!(started.taken.is_empty() && started.drawn.is_empty(), "{}", example.name);
        let state = method.state();
        for (name, tensor) in state.iter() {
            let of_encoder = name.starts_with("encoder.");
            let expected = if is_target(name) {
                state.get(&followed(name)).unwrap()
            } else if of_encoder {
                others.get(name).unwrap()
            } else {
                before.get(name).unwrap()
            };
            assert_eq!(tensor.detach(), expected.detach(), "{}: {name}", example.name);
        }
        let loss = method.step(&example.batch(0, false), progress(0)).loss;
        assert!(loss.double_value(&[]).is_finite(), "{}", example.name);
    }
}

#[test]
fn heads_begin_from_the_weights_where_they_are_asked_for_and_queues_never() {
    for example in all() {
        let mut method = example.method();
        let (before, others) = (method.state().detached_copy(), others(&example));
        let started = method.start_from(&encoder(&others), Some(&others)).unwrap();
        assert_eq!(started.drawn, Vec::<String>::new(), "{}", example.name);
        let state = method.state();
        for name in trained(&method) {
            let (own, theirs) = (state.get(&name).unwrap(), others.get(&name).unwrap());
            assert_eq!(own.detach(), theirs.detach(), "{}: {name}", example.name);
        }
        for (name, tensor) in
            state.iter().filter(|(name, _)| name.starts_with("queue") || name.starts_with("bank"))
        {
            assert_eq!(Some(tensor), before.get(name), "{}: {name}", example.name);
        }
    }
}

#[test]
fn a_head_is_taken_whole_or_stays_as_it_was_drawn() {
    let mut method = Example::new("byol", &[]).method();
    let (before, others) = (method.state().detached_copy(), others(&Example::new("byol", &[])));
    let lacking: StateDict = others
        .iter()
        .filter(|(name, _)| !(name.starts_with("projector.") && name.ends_with("0.weight")))
        .map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone()))
        .collect();
    let started = method.start_from(&encoder(&others), Some(&lacking)).unwrap();
    assert_eq!((started.taken, started.drawn), (vec!["predictor".to_owned()], vec!["projector".to_owned()]));
    for (name, tensor) in method.state().iter().filter(|(name, _)| name.starts_with("projector.")) {
        assert_eq!(Some(&tensor.detach()), before.get(name), "{name}");
    }
}

#[test]
fn weights_of_another_encoder_change_nothing() {
    let mut method = Example::new("moco", &[]).method();
    let before = method.state().detached_copy();
    let nothing = StateDict::new();
    assert!(method.start_from(&nothing, None).is_err());
    for (name, tensor) in method.state().iter() {
        assert_eq!(Some(&tensor.detach()), before.get(name), "{name}");
    }
}
