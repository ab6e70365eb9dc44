//! Softmax regression to its optimum: L-BFGS (Liu and Nocedal 1989), ending in double precision. What scikit-learn's
//! `LogisticRegression(solver="lbfgs")` minimises, in fewer and cheaper rounds: the features are turned so that their
//! covariance is diagonal, and the first guess of the curvature is what softmax has of it at equal probabilities; of a row
//! of penalties each goes on where the ones before point to, with what they learned of the curvature; and products with the
//! features are taken in single precision until the gradient is small.

use crate::{EvalError, Stop};
use std::collections::VecDeque;
use tch::{Kind, Tensor};

/// Steps that the curvature is estimated from, as in scikit-learn.
const MEMORY: usize = 10;
/// A step is taken where the loss falls by this fraction of what its slope says (Nocedal and Wright 2006, algorithm 3.1).
const ARMIJO: f64 = 1e-4;
/// Halvings of a step before the fit is as good as double precision makes it.
const HALVINGS: usize = 30;
/// The gradient down to which single precision of the products is enough.
const COARSE: f64 = 1e-5;

/// Images to fit, turned.
pub(crate) struct SoftmaxRegression {
    /// Features less their mean, by the eigenvectors of their covariance: `[n, d]`, f64.
    rotated: Tensor,
    /// The same in f32.
    single: Tensor,
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

/// A step that was taken: how far, and how the gradient changed.
struct Step {
    moved: Tensor,
    change: Tensor,
    product: f64,
}

impl Step {
    /// None where the curvature along it is not above 0.
    fn new(moved: Tensor, change: Tensor) -> Option<Self> {
        let product = dot(&moved, &change);
        (product > 0.0).then_some(Self { moved, change, product })
    }
}

/// Fits over a row of penalties.
pub(crate) struct Path<'r> {
    of: &'r SoftmaxRegression,
    /// Of the last fit, and of the one before it.
    weights: Tensor,
    before: Option<Tensor>,
    /// The last steps, under this penalty.
    steps: VecDeque<Step>,
    penalty: f64,
}

impl Path<'_> {
    /// Minimises the mean cross-entropy plus half the squared length of the weights over `c * n`, from the fit before on.
    /// Biases are not penalised.
    ///
    /// # Errors
    /// Where it was asked to stop.
    pub(crate) fn fit(&mut self, c: f64, ends: Ends, stop: &Stop) -> Result<Weights, EvalError> {
        tch::no_grad(|| {
            let regression = self.of;
            let penalty = 1.0 / (c * regression.rotated.size()[0] as f64);
            self.carry_over(penalty);
            let curvature = regression.first_curvature(penalty);
            let mut weights = self.first_guess(penalty);
            let mut left = ends.iterations;
            let coarse = (&regression.single, ends.tolerance.max(COARSE));
            for (x, tolerance) in [coarse, (&regression.rotated, ends.tolerance)] {
                let mut at = regression.point(weights, penalty, x);
                while left > 0 && regression.steepest(&at.gradient) > tolerance {
                    stop.check()?;
                    left -= 1;
                    let direction = direction(&at.gradient, &self.steps, &curvature);
                    let Some(next) = regression.step(&at, &direction, penalty, x) else { break };
                    let (moved, change) = (&next.weights - &at.weights, &next.gradient - &at.gradient);
                    if let Some(step) = Step::new(moved, change) {
                        if self.steps.len() == MEMORY {
                            self.steps.pop_front();
                        }
                        self.steps.push_back(step);
                    }
                    at = next;
                }
                weights = at.weights;
            }
            self.before = Some(std::mem::replace(&mut self.weights, weights.shallow_clone()));
            Ok(Weights(weights))
        })
    }

    /// The steps as they would have been under another penalty, whose part of the gradient's change is known.
    fn carry_over(&mut self, penalty: f64) {
        let (more, width) = (penalty - self.penalty, self.of.rotated.size()[1]);
        let carried = self.steps.drain(..).filter_map(|Step { moved, change, .. }| {
            let mut of_weights = change.narrow(0, 0, width);
            of_weights += moved.narrow(0, 0, width) * more;
            Step::new(moved, change)
        });
        self.steps = carried.collect();
        self.penalty = penalty;
    }

    /// Where the last two fits point to, or the last one, whichever has the lower loss.
    fn first_guess(&self, penalty: f64) -> Tensor {
        let last = self.weights.shallow_clone();
        let Some(before) = &self.before else { return last };
        let further = &last * 2.0 - before;
        let loss = |weights: &Tensor| self.of.point(weights.shallow_clone(), penalty, &self.of.single).loss;
        if loss(&further) < loss(&last) { further } else { last }
    }
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
        let rotated = centred.matmul(&axes);
        Self {
            single: rotated.to_kind(Kind::Float),
            rotated,
            targets: labels.one_hot(classes).to_kind(Kind::Double),
            mean,
            axes,
            variances: variances.clamp_min(0.0).unsqueeze(1),
        }
    }

    /// All zero: equal probabilities.
    fn zero(&self) -> Tensor {
        let (width, classes) = (self.rotated.size()[1], self.targets.size()[1]);
        Tensor::zeros([width + 1, classes], (Kind::Double, self.rotated.device()))
    }

    /// Fits to be made one after the other, the first from equal probabilities.
    pub(crate) fn path(&self) -> Path<'_> {
        Path { of: self, weights: self.zero(), before: None, steps: VecDeque::new(), penalty: 0.0 }
    }

    /// One fit alone.
    ///
    /// # Errors
    /// Where it was asked to stop.
    pub(crate) fn fit(&self, c: f64, ends: Ends, stop: &Stop) -> Result<Weights, EvalError> {
        self.path().fit(c, ends, stop)
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

    /// `x` is the turned features in the precision in which products are taken; all else is in double.
    fn point(&self, weights: Tensor, penalty: f64, x: &Tensor) -> Point {
        let (n, width) = (x.size()[0] as f64, x.size()[1]);
        let log_probabilities = logits(x, &weights).log_softmax(-1, None);
        let penalised = weights.narrow(0, 0, width);
        let loss = -dot(&log_probabilities, &self.targets) / n + 0.5 * penalty * dot(&penalised, &penalised);
        let errors = (log_probabilities.exp() - &self.targets) / n;
        let of_weights = x.tr().matmul(&errors.to_kind(x.kind())).to_kind(Kind::Double) + penalised * penalty;
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
    fn step(&self, at: &Point, direction: &Tensor, penalty: f64, x: &Tensor) -> Option<Point> {
        let slope = dot(&at.gradient, direction);
        (0..HALVINGS).map(|halvings| 0.5_f64.powi(halvings as i32)).find_map(|length| {
            let next = self.point(&at.weights + direction * length, penalty, x);
            (next.loss <= at.loss + ARMIJO * length * slope && next.loss < at.loss).then_some(next)
        })
    }
}

/// Minus the gradient, times the inverse curvature that the last steps show (Nocedal and Wright 2006, algorithm 7.4).
fn direction(gradient: &Tensor, steps: &VecDeque<Step>, first: &Tensor) -> Tensor {
    let mut q = gradient.copy();
    let mut weights = Vec::new();
    for Step { moved, change, product } in steps.iter().rev() {
        let weight = dot(moved, &q) / product;
        q -= change * weight;
        weights.push(weight);
    }
    let mut r = q / first;
    for (Step { moved, change, product }, weight) in steps.iter().zip(weights.into_iter().rev()) {
        let back = dot(change, &r) / product;
        r += moved * (weight - back);
    }
    -r
}

/// Logits in double precision of products in the precision of `x`.
fn logits(x: &Tensor, weights: &Tensor) -> Tensor {
    let width = x.size()[1];
    let products = x.matmul(&weights.narrow(0, 0, width).to_kind(x.kind()));
    products.to_kind(Kind::Double) + weights.narrow(0, width, 1)
}

fn dot(a: &Tensor, b: &Tensor) -> f64 {
    (a * b).sum(Kind::Double).double_value(&[])
}
