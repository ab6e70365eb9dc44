//! Runs built to collapse are stopped, and the same runs intact are not.

use crate::fixture::Fixture;
use crate::listener::Listener;
use kontrast_training::{Outcome, StepRecord};

/// A method as the file has it, and the change that makes it collapse.
struct Pair {
    name: &'static str,
    method: &'static str,
    broken: &'static str,
    /// Learning rate for 256 images: quick, and yet one with which the intact run learns.
    lr: f64,
}

const PAIRS: [Pair; 4] = [
    Pair {
        name: "BYOL without predictor",
        method: "method.byol={ momentum = { base = 0.9, final = 1.0 }, projector = { widths = [64, 32], batch_norm = 'hidden' }, \
                 predictor = { widths = [64, 32], batch_norm = 'hidden' } }",
        broken: "method.byol.predictor.widths=[]",
        lr: 0.5,
    },
    Pair {
        name: "SimSiam without stop-gradient",
        method: "method.simsiam={ stop_gradient = true, predictor_fixed_lr = true, \
                 projector = { widths = [64, 64], batch_norm = 'last_plain' }, \
                 predictor = { widths = [16, 64], batch_norm = 'hidden' } }",
        broken: "method.simsiam.stop_gradient=false",
        // At .5 it is the machine's rounding that decides whether ten records in a row are as low.
        lr: 1.0,
    },
    Pair {
        name: "VICReg without variance",
        method: "method.vicreg={ invariance = 25.0, variance = 25.0, covariance = 1.0, \
                 projector = { widths = [64, 64], batch_norm = 'hidden' } }",
        broken: "method.vicreg.variance=0.0",
        lr: 0.2,
    },
    Pair {
        name: "MoCo with momentum 0",
        method: "method.moco={ temperature = 0.2, momentum = { base = 0.9, final = 0.9 }, queue = 32, symmetric = false, \
                 bn_splits = 1, projector = { widths = [64, 32], batch_norm = false } }",
        broken: "method.moco.momentum={ base = 0.0, final = 0.0 }",
        lr: 0.1,
    },
];

/// Trains one run and gives its end with its records.
fn run(lr: f64, changes: &[&str]) -> (Outcome, Vec<StepRecord>) {
    let folder = tempfile::tempdir().unwrap();
    let common = [
        "train.epochs=160",
        "train.batch=32",
        "train.precision=fp32",
        "train.checkpoint_every=160",
        "schedule.constant.warmup_epochs=2",
    ];
    let lr = format!("optimizer.sgd.lr.base={lr}");
    let mut setting = Fixture::new(folder.path(), &[&common[..], &[&lr], changes].concat());
    setting.log_every = 2;
    let mut listener = Listener::default();
    let outcome = listener.run(&mut setting.trainer()).expect("a training that nothing disturbs");
    (outcome, listener.records)
}

/// The last record's effective rank and std.
fn state(records: &[StepRecord]) -> (f64, f64) {
    let last = &records.last().unwrap().diagnosis;
    (last.effective_rank, last.std)
}

#[test]
fn runs_built_to_collapse_are_stopped_and_the_same_runs_intact_are_not() {
    let (mut worst_intact, mut best_broken) = (f64::INFINITY, 0f64);
    for Pair { name, method, broken, lr } in PAIRS {
        let (intact, records) = run(lr, &[method]);
        let (rank, std) = state(&records);
        println!("{name}: intact, rank {rank:.1}, std {std:.2}");
        assert_eq!(intact, Outcome::Finished, "{name}: the intact run");
        worst_intact = worst_intact.min(rank.min(std / 0.25 * 3.0));

        let (outcome, records) = run(lr, &[method, broken]);
        let (rank, std) = state(&records);
        let step = records.last().unwrap().step;
        println!("{name}: broken, rank {rank:.1}, std {std:.2} at step {step}");
        let Outcome::Collapsed(text) = outcome else { panic!("{name}: {outcome:?}") };
        let own = broken.split(['=', '.']).nth(1).unwrap();
        assert!(text.contains(&format!("method.{own}")), "{name}: the hint speaks of another method: {text}");
        best_broken = best_broken.max(rank.min(std / 0.25 * 3.0));
    }
    // On one scale, that of the rank: 3 is where the monitor draws its line, by the rank or by the std.
    println!("worst intact {worst_intact:.2}, best broken {best_broken:.2}, line 3");
    assert!(
        worst_intact > 3.0 && best_broken < 3.0,
        "worst intact {worst_intact}, best broken {best_broken}"
    );
}
