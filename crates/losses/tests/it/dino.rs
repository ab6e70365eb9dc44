//! DINO: golden values and gradients, the centre, invariants.

use crate::agreement::{assert_agree, assert_finite, assert_golden, assert_orderless};
use crate::inputs::{leaf, random};
use kontrast_losses::dino;
use kontrast_testkit::assert_close;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

fn scores(views: i64, n: i64, k: i64, key: f64) -> Tensor {
    random(views * n, k, key).reshape([views, n, k])
}

fn centre(k: i64) -> Tensor {
    Tensor::zeros([k], (Kind::Float, Device::Cpu))
}

#[test]
fn value_and_gradient_are_those_of_the_fp64_reference() {
    let case = include_bytes!("../golden/dino/case.safetensors");
    for name in ["two", "crops", "three", "one"] {
        assert_golden(case, name, |given| {
            let [student, teacher, centre] = ["student", "teacher", "centre"].map(|name| given.tensor(name));
            let temperature = |whose| given.number(&format!("{whose}_temperature"));
            dino(&student, &teacher, &centre, temperature("student"), temperature("teacher"))
        });
    }
}

#[test]
fn the_centre_is_taken_off_the_teacher() {
    // Two outputs; the teacher's scores are 0.3 and 0. A centre of 0.3 and 0 leaves it undecided, one of 0.6 and 0
    // turns it round: with a temperature of 0.1 its first output has the probability sigmoid(3), 1/2, sigmoid(-3).
    // The student's scores of 0.2 and 0 at a temperature of 0.1 are sigmoid(2) and sigmoid(-2).
    let teacher = Tensor::from_slice(&[0.3f32, 0.0]).reshape([1, 1, 2]);
    let student = Tensor::from_slice(&[0.2f32, 0.0]).reshape([1, 1, 2]).repeat([2i64, 1, 1]);
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    for (centre, first) in [(0.0f32, sigmoid(3.0)), (0.3, 0.5), (0.6, sigmoid(-3.0))] {
        let loss = dino(&student, &teacher, &Tensor::from_slice(&[centre, 0.0]), 0.1, 0.1);
        let expected = -first * sigmoid(2.0).ln() - (1.0 - first) * sigmoid(-2.0).ln();
        assert_close(&loss, &Tensor::from(expected), 1e-5);
    }
}

#[test]
fn a_pair_of_the_same_view_is_left_out() {
    // The teacher's only view is the student's first: what that one says does not matter.
    let (student, teacher) = (scores(2, 5, 8, 0.0), scores(1, 5, 8, 3.0));
    let other = Tensor::stack(&[random(5, 8, 9.0), student.get(1)], 0);
    let loss = |student: &Tensor| dino(student, &teacher, &centre(8), 0.1, 0.04);
    assert_close(&loss(&other), &loss(&student), 1e-6);
}

#[test]
fn the_teacher_gets_no_gradient() {
    let (student, teacher) = (leaf(&scores(2, 5, 8, 0.0)), leaf(&scores(2, 5, 8, 3.0)));
    dino(&student, &teacher, &centre(8), 0.1, 0.04).backward();
    assert!(student.grad().defined() && !teacher.grad().defined());
}

#[test]
fn low_temperatures_and_bf16_stay_finite() {
    assert_finite(|z1, z2| {
        dino(&Tensor::stack(&[z1, z2], 0), &Tensor::stack(&[z2, z1], 0), &centre(16), 0.01, 0.01)
    });
}

#[test]
fn the_order_of_the_images_does_not_matter() {
    assert_orderless(|z1, z2| dino(&Tensor::stack(&[z1, z2], 0), &z2.unsqueeze(0), &centre(8), 0.1, 0.04));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_inputs_agree_with_the_reference(
        vs in 2i64..6, vt in 1i64..3, n in 1i64..12, k in 2i64..24, key in 0f64..1000.0,
    ) {
        let (student, teacher) = ([scores(vs, n, k, key)], scores(vt, n, k, key + 0.37));
        let centre = random(1, k, key + 0.6).reshape(-1) * 0.1;
        let reference = |z: &[Tensor]| {
            let target = ((&teacher - &centre).to_kind(Kind::Double) / 0.07).softmax(-1, None);
            let predicted = (&z[0] / 0.2).log_softmax(-1, None);
            let pairs = (0..vt).flat_map(|t| (0..vs).filter(move |&s| s != t).map(move |s| (t, s)));
            let terms: Vec<_> = pairs
                .map(|(t, s)| -(target.get(t) * predicted.get(s)).sum(Kind::Double) / n as f64)
                .collect();
            Tensor::stack(&terms, 0).mean(None)
        };
        prop_assume!(reference(&student).double_value(&[]) > 0.1);
        assert_agree(&student, |z| dino(&z[0], &teacher, &centre, 0.2, 0.07), reference);
    }
}
