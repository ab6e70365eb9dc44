//! Self-distillation without labels (DINO, Caron et al. 2021, arXiv 2104.14294, eq. 3 and algorithm 1).

use crate::soft_targets::soft_cross_entropy;
use crate::unit::{positive, widened};
use tch::{Kind, Tensor};

/// Cross entropy of the student's views against the teacher's, centred and sharpened; pairs of the same view are left
/// out.
///
/// The teacher's distribution is softmax((teacher - centre) / `teacher_temperature`); no gradient reaches it. How the
/// centre follows the teacher is the method's affair.
///
/// # Shapes
/// - `student`: `[vs, n, k]`, any float kind; its first `vt` views are the teacher's
/// - `teacher`: `[vt, n, k]`, at least one pair of different views
/// - `centre`: `[k]`
/// - returns a scalar, fp32 (fp64 for fp64 student): the mean over pairs of views and images
pub fn dino(
    student: &Tensor,
    teacher: &Tensor,
    centre: &Tensor,
    student_temperature: f64,
    teacher_temperature: f64,
) -> Tensor {
    positive("teacher's temperature", teacher_temperature);
    assert_eq!((student.dim(), teacher.dim()), (3, 3), "scores are [views, n, k]");
    let (views, targets, n) = (student.size()[0], teacher.size()[0], student.size()[1]);
    let pairs = views * targets - targets;
    assert!(targets <= views && pairs > 0, "a pair of different views, of {views} and {targets}");
    let student = widened(student);
    let teacher = tch::no_grad(|| {
        let centred = widened(teacher) - widened(centre);
        (centred / teacher_temperature).softmax(-1, None).to_kind(student.kind())
    });
    let terms = (0..views).filter_map(|view| {
        // What is linear in the target is computed once for the sum of a view's targets.
        let others = (0..targets).filter(|&target| target != view).map(|target| teacher.get(target));
        let target = others.reduce(|a, b| a + b)?;
        Some(soft_cross_entropy(&student.get(view), &target, student_temperature))
    });
    let zero = Tensor::zeros([], (Kind::Float, student.device()));
    terms.fold(zero, |a, b| a + b) / (pairs * n) as f64
}

/// The uniform value of `dino` for `k` outputs: ln k.
pub fn dino_uniform(k: usize) -> f64 {
    (k as f64).ln()
}
