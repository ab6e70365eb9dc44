//! How embeddings lie on the sphere: the figures that tell a learning encoder from a collapsed one, without labels.

use crate::unit::{unit, widened};
use tch::{Device, Kind, Tensor};

/// Rows compared at once where all pairs are visited.
const ROWS: i64 = 1024;

/// Fraction of images, per cent, whose second view is the nearest to their first among the second views of all n.
/// SimCLR's published code measures the same; candidates of the other view alone, since a momentum encoder's embeddings
/// lie elsewhere.
///
/// # Shapes
/// - `z1`, `z2`: `[n, d]`
pub fn contrastive_accuracy(z1: &Tensor, z2: &Tensor) -> f64 {
    tch::no_grad(|| {
        let (z1, z2) = (unit(z1), unit(z2));
        let n = z1.size()[0];
        let hits = tiles(n).map(|(start, length)| {
            let nearest = z1.narrow(0, start, length).matmul(&z2.tr()).argmax(1, false);
            let own = Tensor::arange_start(start, start + length, (Kind::Int64, z1.device()));
            nearest.eq_tensor(&own).sum(Kind::Int64).int64_value(&[])
        });
        100.0 * hits.sum::<i64>() as f64 / n as f64
    })
}

/// Mean over the dimensions of the standard deviation of unit embeddings, times sqrt(d): about 1 where they fill
/// the sphere, 0 where they are one point (the collapse figure of SimSiam, arXiv 2011.10566, section 4.1).
///
/// # Shapes
/// - `z`: `[n, d]`
pub fn std(z: &Tensor) -> f64 {
    let d = z.size()[1] as f64;
    tch::no_grad(|| unit(z).std_dim(0, true, false).mean(Kind::Double).double_value(&[]) * d.sqrt())
}

/// Mean squared distance between the unit embeddings of the two views (Wang and Isola 2020, arXiv 2005.10242,
/// eq. 2 with alpha = 2): 0 where both views of every image agree.
///
/// # Shapes
/// - `z1`, `z2`: `[n, d]`
pub fn alignment(z1: &Tensor, z2: &Tensor) -> f64 {
    tch::no_grad(|| crate::alignment(z1, z2, 2.0).double_value(&[]))
}

/// Logarithm of the mean over all pairs of exp(-2 |x - y|^2) of unit embeddings (Wang and Isola 2020, eq. 3 with
/// t = 2): 0 where all are one point, about -4 where they fill the sphere.
///
/// # Shapes
/// - `z`: `[n, d]`, n at least 2
pub fn uniformity(z: &Tensor) -> f64 {
    tch::no_grad(|| crate::uniformity(z, 2.0).double_value(&[]))
}

/// Exponential of the entropy of the normalised singular values, 1e-7 added to each (RankMe, Garrido et al. 2023, arXiv
/// 2210.02885, eq. 1): how many dimensions the embeddings really use.
///
/// NaN where an embedding is not finite.
///
/// # Shapes
/// - `z`: `[n, d]`
pub fn effective_rank(z: &Tensor) -> f64 {
    tch::no_grad(|| {
        let z = widened(z).to_kind(Kind::Double);
        if z.isfinite().all().int64_value(&[]) == 0 {
            return f64::NAN;
        }
        // The eigenvalues of the d x d (or n x n) product are the squared singular values, and cheaper.
        let product = if z.size()[0] < z.size()[1] { z.matmul(&z.tr()) } else { z.tr().matmul(&z) };
        let values = product.linalg_eigvalsh("L").clamp_min(0.0).sqrt();
        let fractions = &values / (values.sum(Kind::Double) + 1e-300) + 1e-7;
        let entropy = -(&fractions * fractions.log()).sum(Kind::Double);
        entropy.double_value(&[]).exp()
    })
}

/// How many dimensions tell images apart beyond what their views differ in (LiDAR, Thilak et al. 2023, arXiv 2312.04000,
/// section 3.2): the exponential of the entropy of the eigenvalues of linear discriminant analysis, each image a class.
/// 1e-4 is added to the variance within images, 1e-7 to each fraction.
///
/// NaN where an embedding is not finite.
///
/// # Shapes
/// - `z`: `[views, n, d]`, two views of each image or more
pub fn lidar(z: &Tensor) -> f64 {
    tch::no_grad(|| {
        let z = widened(z).to_kind(Kind::Double);
        if z.isfinite().all().int64_value(&[]) == 0 {
            return f64::NAN;
        }
        let (views, n, d) = z.size3().expect("views of images");
        let means = z.mean_dim([0i64].as_slice(), false, Kind::Double);
        let centred = &means - means.mean_dim([0i64].as_slice(), true, Kind::Double);
        let between = centred.tr().matmul(&centred) / n as f64;
        let rest = (&z - &means).view([views * n, d]);
        let within = rest.tr().matmul(&rest) / (views * n) as f64;
        let (variances, axes) = within.linalg_eigh("L");
        // The eigenvalues are the same in the axes of the variance within images.
        let turned = axes.tr().matmul(&between).matmul(&axes);
        let scale = (variances.clamp_min(0.0) + 1e-4).rsqrt();
        let ratios = (turned * scale.unsqueeze(0) * scale.unsqueeze(1)).linalg_eigvalsh("L").clamp_min(0.0);
        let fractions = &ratios / (ratios.sum(Kind::Double) + 1e-300) + 1e-7;
        let entropy = -(&fractions * fractions.log()).sum(Kind::Double);
        entropy.double_value(&[]).exp()
    })
}

/// The variance of each principal component as a fraction of all, the largest first; empty where an embedding is not
/// finite or all are one point.
///
/// # Shapes
/// - `z`: `[n, d]`, n at least 2
pub fn spectrum(z: &Tensor) -> Vec<f64> {
    tch::no_grad(|| {
        let z = widened(z).to_kind(Kind::Double);
        let centred = &z - z.mean_dim([0i64].as_slice(), true, Kind::Double);
        let variances = centred.tr().matmul(&centred);
        let sum = variances.trace().double_value(&[]);
        if !sum.is_finite() || sum <= 0.0 {
            return Vec::new();
        }
        let values = variances.linalg_eigvalsh("L").clamp_min(0.0).flip([0]) / sum;
        Vec::try_from(values.to_device(Device::Cpu)).expect("one row of doubles")
    })
}

fn tiles(total: i64) -> impl Iterator<Item = (i64, i64)> {
    (0..total).step_by(ROWS as usize).map(move |start| (start, ROWS.min(total - start)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    fn spread(n: i64, d: i64) -> Tensor {
        // Irrational steps: rows spread over the sphere without a generator.
        (Tensor::arange(n * d, (Kind::Float, Device::Cpu)).square() * 0.618_034).sin().reshape([n, d])
    }

    #[test]
    fn a_point_has_no_std_and_rank_one() {
        let z = Tensor::ones([64, 16], (Kind::Float, Device::Cpu));
        assert!(std(&z) < 1e-6);
        assert!((effective_rank(&z) - 1.0).abs() < 1e-3);
        assert!(uniformity(&z).abs() < 1e-5);
        assert!(alignment(&z, &z) < 1e-12);
    }

    #[test]
    fn a_filled_sphere_has_std_near_one_and_almost_full_rank() {
        let z = spread(512, 16);
        assert!((std(&z) - 1.0).abs() < 0.05, "{}", std(&z));
        assert!(effective_rank(&z) > 15.0, "{}", effective_rank(&z));
        assert!(uniformity(&z) < -3.0, "{}", uniformity(&z));
    }

    #[test]
    fn identical_views_are_always_found_and_shifted_ones_never() {
        let z = spread(1500, 16);
        assert_eq!(contrastive_accuracy(&z, &z), 100.0);
        assert_eq!(contrastive_accuracy(&z, &z.roll([1i64], [0i64])), 0.0);
    }

    #[test]
    fn field_embeddings_that_are_no_numbers_have_no_rank() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let z = spread(8, 4);
            let _ = z.get(3).fill_(bad);
            assert!(effective_rank(&z).is_nan(), "{bad}");
        }
    }

    #[test]
    fn two_directions_have_rank_two() {
        let z = Tensor::from_slice2(&[[3f32, 0.0, 0.0], [0.0, 3.0, 0.0], [3.0, 0.0, 0.0], [0.0, 3.0, 0.0]]);
        // The paper's 1e-7 is a little of a third dimension, and a little more of the other two.
        let term = |p: f64| -(p + 1e-7) * (p + 1e-7).ln();
        let expected = (2.0 * term(0.5) + term(0.0)).exp();
        assert!((effective_rank(&z) - expected).abs() < 1e-9, "{}", effective_rank(&z));
    }
}
