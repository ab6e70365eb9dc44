//! Softmax regression to its optimum: L-BFGS (Liu and Nocedal 1989) in double precision. What scikit-learn's
//! `LogisticRegression(solver="lbfgs")` minimises, in fewer rounds: the features are turned so that their covariance is
//! diagonal, and the first guess of the curvature is what softmax has of it at equal probabilities.

use crate::{EvalError, Stop};
use std::collections::VecDeque;
use tch::{Kind, Tensor};

/// Steps that the curvature is estimated from, as in scikit-learn.
const MEMORY: usize = 10;
/// A step is taken where the loss falls by this fraction of what its slope says (Nocedal and Wright 2006, algorithm 3.1).
const ARMIJO: f64 = 1e-4;
/// Halvings of a step before the fit is as good as double precision makes it.
const HALVINGS: usize = 30;

/// Images to fit, turned.
pub(crate) struct SoftmaxRegression {
    /// Features less their mean, by the eigenvectors of their covariance: `[n, d]`, f64.
    rotated: Tensor,
    /// `[n, classes]`, 0 or 1.
    targets: Tensor,
    mean: Tensor,
    /// The eigenvectors, `[d, d]`, in columns.
    axes: Tensor,
    /// The eigenvalues, `[d, 1]`.
    variances: Tensor,
}

/// Weights and biases of the turned features, in one tensor `[d + 1, classes]`, the biases last.
#[derive(Debug)]
pub(crate) struct Weights(Tensor);

/// When a fit ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    /// The most rounds.
    pub(crate) iterations: usize,
    /// The largest absolute value of the gradient of the mean loss.
    pub(crate) tolerance: f64,
}

/// The loss at some weights.
struct Point {
    weights: Tensor,
    loss: f64,
    gradient: Tensor,
}

impl SoftmaxRegression {
    /// # Shapes
    /// - `features`: `[n, d]`, `labels`: `[n]`
    pub(crate) fn new(features: &Tensor, labels: &Tensor, classes: i64) -> Self {
        let x = features.to_kind(Kind::Double);
        let mean = x.mean_dim([0i64].as_slice(), true, Kind::Double);
        let centred = x - &mean;
        let covariance = centred.tr().matmul(&centred) / centred.size()[0] as f64;
        let (variances, axes) = covariance.linalg_eigh("L");
        Self {
            rotated: centred.matmul(&axes),
            targets: labels.one_hot(classes).to_kind(Kind::Double),
            mean,
            axes,
            variances: variances.clamp_min(0.0).unsqueeze(1),
        }
    }

    /// All zero: equal probabilities.
    pub(crate) fn zero(&self) -> Weights {
        let (width, classes) = (self.rotated.size()[1], self.targets.size()[1]);
        Weights(Tensor::zeros([width + 1, classes], (Kind::Double, self.rotated.device())))
    }

    /// Minimises the mean cross-entropy plus half the squared length of the weights over `c * n`, from these weights on.
    /// Biases are not penalised.
    ///
    /// # Errors
    /// Where it was asked to stop.
    pub(crate) fn fit(&self, from: &Weights, c: f64, ends: Ends, stop: &Stop) -> Result<Weights, EvalError> {
        tch::no_grad(|| {
            let penalty = 1.0 / (c * self.rotated.size()[0] as f64);
            let curvature = self.first_curvature(penalty);
            let mut at = self.point(from.0.copy(), penalty);
            let mut steps: VecDeque<(Tensor, Tensor, f64)> = VecDeque::new();
            for _ in 0..ends.iterations {
                stop.check()?;
                if self.steepest(&at.gradient) <= ends.tolerance {
                    break;
                }
                let direction = direction(&at.gradient, &steps, &curvature);
                let Some(next) = self.step(&at, &direction, penalty) else { break };
                let (moved, change) = (&next.weights - &at.weights, &next.gradient - &at.gradient);
                let product = dot(&moved, &change);
                if product > 0.0 {
                    if steps.len() == MEMORY {
                        steps.pop_front();
                    }
                    steps.push_back((moved, change, product));
                }
                at = next;
            }
            Ok(Weights(at.weights))
        })
    }

    /// Logits of other features.
    ///
    /// # Shapes
    /// - `features`: `[n, d]`
    /// - returns `[n, classes]`, f64
    pub(crate) fn logits(&self, weights: &Weights, features: &Tensor) -> Tensor {
        let rotated = (features.to_kind(Kind::Double) - &self.mean).matmul(&self.axes);
        logits(&rotated, &weights.0)
    }

    /// Probabilities p of the mean loss have the curvature p (1 - p) times the features' covariance; p is one over the
    /// classes at first.
    fn first_curvature(&self, penalty: f64) -> Tensor {
        let classes = self.targets.size()[1] as f64;
        let of_bias = Tensor::ones([1, 1], (Kind::Double, self.variances.device())) / classes;
        Tensor::cat(&[&self.variances / classes + penalty, of_bias], 0)
    }

    fn point(&self, weights: Tensor, penalty: f64) -> Point {
        let width = self.rotated.size()[1];
        let n = self.rotated.size()[0] as f64;
        let log_probabilities = logits(&self.rotated, &weights).log_softmax(-1, None);
        let penalised = weights.narrow(0, 0, width);
        let loss = -dot(&log_probabilities, &self.targets) / n + 0.5 * penalty * dot(&penalised, &penalised);
        let errors = (log_probabilities.exp() - &self.targets) / n;
        let of_weights = self.rotated.tr().matmul(&errors) + penalised * penalty;
        let of_bias = errors.sum_dim_intlist([0i64].as_slice(), true, None);
        Point { weights, loss, gradient: Tensor::cat(&[of_weights, of_bias], 0) }
    }

    /// The largest absolute value of the gradient of the features as they were.
    fn steepest(&self, gradient: &Tensor) -> f64 {
        let width = self.rotated.size()[1];
        let of_weights = self.axes.matmul(&gradient.narrow(0, 0, width));
        let largest = |part: &Tensor| part.abs().max().double_value(&[]);
        largest(&of_weights).max(largest(&gradient.narrow(0, width, 1)))
    }

    /// The first of 1, 1/2, 1/4, ... along a direction at which the loss falls enough.
    fn step(&self, at: &Point, direction: &Tensor, penalty: f64) -> Option<Point> {
        let slope = dot(&at.gradient, direction);
        (0..HALVINGS).map(|halvings| 0.5_f64.powi(halvings as i32)).find_map(|length| {
            let next = self.point(&at.weights + direction * length, penalty);
            (next.loss <= at.loss + ARMIJO * length * slope && next.loss < at.loss).then_some(next)
        })
    }
}

/// Minus the gradient, times the inverse curvature that the last steps show (Nocedal and Wright 2006, algorithm 7.4).
fn direction(gradient: &Tensor, steps: &VecDeque<(Tensor, Tensor, f64)>, first: &Tensor) -> Tensor {
    let mut q = gradient.copy();
    let mut weights = Vec::new();
    for (moved, change, product) in steps.iter().rev() {
        let weight = dot(moved, &q) / product;
        q -= change * weight;
        weights.push(weight);
    }
    let mut r = q / first;
    for ((moved, change, product), weight) in steps.iter().zip(weights.into_iter().rev()) {
        let back = dot(change, &r) / product;
        r += moved * (weight - back);
    }
    -r
}

fn logits(rotated: &Tensor, weights: &Tensor) -> Tensor {
    let width = rotated.size()[1];
    rotated.matmul(&weights.narrow(0, 0, width)) + weights.narrow(0, width, 1)
}

fn dot(a: &Tensor, b: &Tensor) -> f64 {
    (a * b).sum(Kind::Double).double_value(&[])
}
