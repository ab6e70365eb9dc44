//! What every loss is held to: golden cases, an fp64 reference, finite numbers, and the order of the pairs.

use crate::inputs::{leaf, random, views};
use kontrast_testkit::{Case, assert_close};
use tch::{Kind, Tensor};

/// What a golden case gives to a loss: leaves by their names, which collect gradients, and everything else.
pub struct Given<'a> {
    case: &'a Case,
    name: &'a str,
    leaves: Vec<(String, Tensor)>,
}

impl Given<'_> {
    /// A tensor of the case; the same leaf each time, where the case has its gradient.
    pub fn tensor(&self, name: &str) -> Tensor {
        let leaf = self.leaves.iter().find(|(leaf, _)| leaf == name);
        leaf.map_or_else(|| self.case[&self.key(name)].shallow_clone(), |(_, leaf)| leaf.shallow_clone())
    }

    pub fn number(&self, name: &str) -> f64 {
        self.case.number(&self.key(name))
    }

    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.name)
    }
}

/// Asserts that value and gradients of a golden case come out.
#[track_caller]
pub fn assert_golden(file: &[u8], name: &str, loss: impl Fn(&Given<'_>) -> Tensor) {
    let case = Case::from_bytes(file);
    let gradients = case.under(&format!("{name}.grad"));
    assert!(!gradients.is_empty(), "{name}: no such case");
    let leaves =
        gradients.iter().map(|(of, _)| (of.to_owned(), leaf(&case[&format!("{name}.{of}")]))).collect();
    let given = Given { case: &case, name, leaves };
    let value = loss(&given);
    value.backward();
    println!("{name}");
    assert_eq!(value.kind(), Kind::Float);
    assert_close(&value, &given.case[&given.key("loss")], 1e-5);
    for (of, expected) in gradients.iter() {
        println!("{name}: gradient of {of}");
        assert_close(&given.tensor(of).grad(), expected, 1e-5);
    }
}

/// Asserts that value and gradients are those of a reference in fp64. Of losses that pick or leave out terms the inputs
/// are fp64 too: within a rounding of a tie the other one may be picked, and the gradient jumps. Where a gradient nearly
/// vanishes it is a difference of far larger numbers, and has their rounding: hence 1e-6 beside the relative 1e-5.
#[track_caller]
pub fn assert_agree(
    inputs: &[Tensor],
    loss: impl Fn(&[Tensor]) -> Tensor,
    reference: impl Fn(&[Tensor]) -> Tensor,
) {
    let narrow: Vec<_> = inputs.iter().map(leaf).collect();
    let wide: Vec<_> = inputs.iter().map(|input| leaf(&input.to_kind(Kind::Double))).collect();
    let (value, expected) = (loss(&narrow), reference(&wide));
    value.backward();
    expected.backward();
    assert_close(&value, &expected, 1e-5);
    for (narrow, wide) in narrow.iter().zip(&wide) {
        let largest = wide.grad().abs().max().double_value(&[]).max(f64::MIN_POSITIVE);
        assert_close(&narrow.grad(), &wide.grad(), 1e-5 + 1e-6 / largest);
    }
}

/// Asserts that a loss of two views and its gradients are finite: in bf16 too, for equal, opposite and zero rows.
#[track_caller]
pub fn assert_finite(loss: impl Fn(&Tensor, &Tensor) -> Tensor) {
    let (a, b) = views(64, 16, 0.0);
    let zero = a.copy();
    let _ = zero.narrow(0, 3, 1).zero_();
    for kind in [Kind::Float, Kind::BFloat16] {
        for (first, second) in [(&a, &b), (&a, &a), (&a, &-&a), (&zero, &b), (&zero, &zero)] {
            let (z1, z2) = (leaf(&first.to_kind(kind)), leaf(&second.to_kind(kind)));
            let value = loss(&z1, &z2);
            value.backward();
            assert_eq!(value.kind(), Kind::Float);
            assert!(value.double_value(&[]).is_finite());
            for z in [z1, z2].iter().filter(|z| z.grad().defined()) {
                assert_eq!(z.grad().isfinite().all().int64_value(&[]), 1, "{kind:?}");
            }
        }
    }
}

/// Asserts that a loss of two views takes the pairs in any order, and fp64 as fp64.
#[track_caller]
pub fn assert_orderless(loss: impl Fn(&Tensor, &Tensor) -> Tensor) {
    let (a, b) = (random(23, 8, 5.0), random(23, 8, 5.4));
    let expected = loss(&a, &b);
    let wide = loss(&a.to_kind(Kind::Double), &b.to_kind(Kind::Double));
    assert_eq!(wide.kind(), Kind::Double);
    assert_close(&expected, &wide, 1e-5);
    for shift in [1i64, 7, 22] {
        assert_close(&loss(&a.roll([shift], [0i64]), &b.roll([shift], [0i64])), &expected, 1e-5);
    }
}

/// The squared distances of all rows and columns, in fp64.
pub fn squares(a: &Tensor, b: &Tensor) -> Tensor {
    let square = |z: &Tensor| z.square().sum_dim_intlist([1i64].as_slice(), true, None);
    (square(a) + square(b).tr() - a.matmul(&b.tr()) * 2.0).clamp_min(1e-300)
}

/// Which pairs of rows are a row and itself, `[n, n]`.
pub fn itself(n: i64) -> Tensor {
    Tensor::eye(n, (Kind::Bool, tch::Device::Cpu))
}

/// For both views' rows, one after the other, which are each other's positive, `[2n, 2n]`.
pub fn partners(n: i64) -> Tensor {
    itself(2 * n).roll([n], [1i64])
}
