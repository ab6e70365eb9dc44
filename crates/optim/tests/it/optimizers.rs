//! Twenty steps beside PyTorch and lightly, frozen groups, saved and restored state.

use kontrast_optim::{
    Adamw, Cosine, Group, GroupRate, Lars, LarsOptions, Multistep, Optimizer, Parameter, Rates, Schedule, Sgd,
};
use kontrast_testkit::{Case, assert_close, relative_error};
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

type Maker = fn(Vec<Group>) -> Box<dyn Optimizer>;

const STEPS: usize = 20;
const LARS: LarsOptions = LarsOptions { momentum: 0.9, eta: 0.001, clip_lr: false, eps: 1e-8 };

fn case() -> Case {
    Case::from_bytes(include_bytes!("../golden/optimizers/case.safetensors"))
}

fn variables(case: &Case) -> Vec<Tensor> {
    (0..5).map(|i| case[&format!("start.{i}")].copy().set_requires_grad(true)).collect()
}

fn groups(variables: &[Tensor]) -> Vec<Group> {
    let named = variables.iter().enumerate().map(|(i, v)| (i.to_string(), v.shallow_clone()));
    Group::decay_groups(Parameter::of_state(&named.collect())).into()
}

/// Gives the variables exactly these gradients: the gradient of a sum of products is the other factor.
fn set_gradients(case: &Case, variables: &[Tensor], step: usize) {
    for (i, variable) in variables.iter().enumerate() {
        if i == 2 && step < 5 {
            continue;
        }
        (variable * &case[&format!("gradient.{step}.{i}")]).sum(Kind::Float).backward();
    }
}

fn run(name: &str, lr: f64, weight_decay: f64, make: impl Fn(Vec<Group>) -> Box<dyn Optimizer>) {
    let case = case();
    let variables = variables(&case);
    let mut optimizer = make(groups(&variables));
    for step in 0..STEPS {
        optimizer.zero_grad();
        set_gradients(&case, &variables, step);
        optimizer.step(Rates { lr: lr * (1.0 - step as f64 / STEPS as f64), weight_decay });
        for (i, variable) in variables.iter().enumerate().filter(|_| [0, 4, STEPS - 1].contains(&step)) {
            let expected = &case[&format!("{name}.{step}.{i}")];
            if i == 2 && step < 5 {
                assert_eq!(variable, expected, "a variable without a gradient moved");
            } else {
                assert_close(variable, expected, 1e-6);
            }
        }
    }
}

#[test]
fn twenty_steps_of_sgd_are_those_of_pytorch() {
    run("sgd", 0.1, 5e-4, |groups| Box::new(Sgd::new(groups, 0.9, false)));
}

#[test]
fn twenty_steps_of_nesterov_are_those_of_pytorch() {
    run("nesterov", 0.1, 5e-4, |groups| Box::new(Sgd::new(groups, 0.9, true)));
}

#[test]
fn twenty_steps_of_adamw_are_those_of_pytorch() {
    run("adamw", 3e-3, 0.05, |groups| Box::new(Adamw::new(groups, (0.9, 0.95), 1e-8)));
}

#[test]
fn twenty_steps_of_lars_are_those_of_lightly() {
    run("lars", 2.4, 1e-2, |groups| Box::new(Lars::new(groups, LARS)));
}

#[test]
fn the_cosine_is_that_of_lightly() {
    let schedule = Cosine { peak: 1.0, last: 0.1, warmup: 7, steps: 50 };
    let values: Vec<f64> = (0..50).map(|step| schedule.at(step)).collect();
    assert_close(&Tensor::from_slice(&values), &case()["cosine"], 1e-12);
}

#[test]
fn a_restored_optimizer_goes_on_bit_for_bit() {
    let makers: [Maker; 3] = [
        |groups| Box::new(Sgd::new(groups, 0.9, true)),
        |groups| Box::new(Adamw::new(groups, (0.9, 0.999), 1e-8)),
        |groups| Box::new(Lars::new(groups, LARS)),
    ];
    let case = case();
    let rates = Rates { lr: 0.05, weight_decay: 1e-3 };
    for make in makers {
        let straight = variables(&case);
        let mut optimizer = make(groups(&straight));
        let mut halfway = None;
        for step in 0..STEPS {
            if step == 8 {
                let weights: Vec<Tensor> = straight.iter().map(|v| v.detach().copy()).collect();
                halfway = Some((weights, optimizer.state().to_bytes(None).unwrap()));
            }
            optimizer.zero_grad();
            set_gradients(&case, &straight, step);
            optimizer.step(rates);
        }
        let (weights, state) = halfway.unwrap();
        let resumed: Vec<Tensor> = weights.iter().map(|w| w.copy().set_requires_grad(true)).collect();
        let mut optimizer = make(groups(&resumed));
        optimizer.load_state(&kontrast_optim::StateDict::from_bytes(&state).unwrap()).unwrap();
        for step in 8..STEPS {
            optimizer.zero_grad();
            set_gradients(&case, &resumed, step);
            optimizer.step(rates);
        }
        assert_eq!(straight, resumed);
    }
}

#[test]
fn the_state_of_another_optimizer_is_refused() {
    let variables = variables(&case());
    let sgd = Sgd::new(groups(&variables), 0.9, false).state();
    let error = Adamw::new(groups(&variables), (0.9, 0.999), 1e-8).load_state(&sgd).unwrap_err();
    assert!(error.to_string().contains("mean.0"), "{error}");
}

#[test]
fn forgotten_gradients_are_gone_and_the_next_ones_are_not_added_to() {
    let variable = Tensor::ones([2], (Kind::Float, Device::Cpu)).set_requires_grad(true);
    let group = Group::new(vec![("w".to_owned(), variable.shallow_clone())]);
    let mut optimizer = Sgd::new(vec![group], 0.9, false);
    for _ in 0..2 {
        optimizer.zero_grad();
        assert!(!variable.grad().defined());
        (&variable * 3.0).sum(Kind::Float).backward();
    }
    assert_eq!(variable.grad(), Tensor::from_slice(&[3f32, 3.0]));
}

#[test]
fn multistep_is_that_of_pytorch() {
    let schedule = Multistep { peak: 0.1, gamma: 0.2, milestones: vec![20, 30, 31], warmup: 5 };
    let values: Vec<f64> = (0..40).map(|step| schedule.at(step)).collect();
    assert_close(&Tensor::from_slice(&values), &case()["multistep"], 1e-12);
}

#[test]
fn a_frozen_group_waits_and_a_fixed_rate_ignores_the_schedule() {
    let one = || Tensor::ones([1], (Kind::Float, Device::Cpu)).set_requires_grad(true);
    let (frozen, fixed) = (one(), one());
    let group = |name: &str, v: &Tensor| Group::new(vec![(name.to_owned(), v.shallow_clone())]);
    let groups = vec![
        Group { frozen_until: 2, ..group("frozen", &frozen) },
        Group { rate: GroupRate::Fixed(0.5), ..group("fixed", &fixed) },
    ];
    let mut optimizer = Sgd::new(groups, 0.0, false);
    let mut seen = Vec::new();
    for lr in [1.0, 1.0, 0.25] {
        optimizer.zero_grad();
        (&frozen + &fixed).sum(Kind::Float).backward();
        optimizer.step(Rates { lr, weight_decay: 0.0 });
        seen.push((frozen.double_value(&[0]), fixed.double_value(&[0])));
    }
    assert_eq!(seen, [(1.0, 0.5), (1.0, 0.0), (0.75, -0.5)]);
}

#[test]
fn a_clipped_rate_never_exceeds_plain_sgd() {
    // A long variable and a faint gradient: the trust ratio is far above one.
    let start = Tensor::ones([2, 2], (Kind::Float, Device::Cpu)) * 100.0;
    let step_of = |clip_lr| {
        let variable = start.copy().set_requires_grad(true);
        let options = LarsOptions { momentum: 0.0, eta: 1.0, clip_lr, eps: 1e-8 };
        let group = Group::new(vec![("w".to_owned(), variable.shallow_clone())]);
        (&variable * 1e-3).sum(Kind::Float).backward();
        Lars::new(vec![group], options).step(Rates { lr: 0.1, weight_decay: 1e-9 });
        (&start - variable).abs().max().double_value(&[])
    };
    assert!(step_of(true) <= 0.1 * 1e-3 * 1.1, "{}", step_of(true));
    assert!(step_of(false) > 1.0, "{}", step_of(false));
}

/// How far one step from rest moves a variable that has this gradient.
fn first_move(
    make: fn(Vec<Group>) -> Box<dyn Optimizer>,
    start: &Tensor,
    gradient: &Tensor,
    rates: Rates,
) -> Tensor {
    let variable = start.copy().set_requires_grad(true);
    let mut optimizer = make(vec![Group::new(vec![("w".to_owned(), variable.shallow_clone())])]);
    (&variable * gradient).sum(Kind::Float).backward();
    optimizer.step(rates);
    variable.detach() - start
}

proptest! {
    #[test]
    fn a_step_without_decay_is_proportional_to_the_rate(
        values in prop::collection::vec(0.1f32..2.0, 6), lr in 1e-3f64..0.5, factor in 1.5f64..8.0,
    ) {
        let start = Tensor::from_slice(&values).reshape([2, 3]);
        let gradient = start.sin() + 0.1;
        let makers: [Maker; 3] = [
            |groups| Box::new(Sgd::new(groups, 0.9, true)),
            |groups| Box::new(Adamw::new(groups, (0.9, 0.999), 1e-8)),
            |groups| Box::new(Lars::new(groups, LARS)),
        ];
        for make in makers {
            let of = |lr| first_move(make, &start, &gradient, Rates { lr, weight_decay: 0.0 });
            let (one, more) = (of(lr), of(lr * factor));
            prop_assert!(one.max().double_value(&[]) < 0.0, "against the gradient: {one:?}");
            prop_assert!(relative_error(&more, &(one * factor)) < 1e-3);
        }
    }

    #[test]
    fn lars_moves_a_decayed_variable_by_a_fixed_share_of_its_length(scale in 0.01f64..100.0, steepness in 0.01f64..100.0) {
        let start = (Tensor::arange(12, (Kind::Float, Device::Cpu)).sin() + 1.5).reshape([3, 4]) * scale;
        let gradient = start.cos() * steepness + steepness * 2.0;
        let rates = Rates { lr: 1.0, weight_decay: 1e-9 };
        let moved = first_move(|groups| Box::new(Lars::new(groups, LARS)), &start, &gradient, rates);
        let fraction = (moved.norm() / start.norm()).double_value(&[]);
        // The difference of nearly equal fp32 numbers keeps four digits.
        prop_assert!((fraction / LARS.eta - 1.0).abs() < 1e-3, "{fraction}");
    }
}
