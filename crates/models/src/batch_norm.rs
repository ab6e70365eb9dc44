//! Batch norm, over the whole batch or over splits of it.

use crate::Mode;
use tch::{Tensor, nn};

/// How far the running statistics move to those of a batch: PyTorch's default.
const MOMENTUM: f64 = 0.1;

/// Batch norm over the second dimension; scale 1 and shift 0 at first.
///
/// With several splits it is the `SplitBatchNorm` that lets MoCo work on one device (He et al. 2019, arXiv
/// 1911.05722, section 3.3): each split of consecutive rows is normalised by its own statistics, as if it lay on a
/// device of its own. The running statistics move once a pass, to the mean of the statistics of the splits, as
/// those of devices that are averaged.
#[derive(Debug)]
pub struct BatchNorm {
    /// Scale and shift, where there are such.
    affine: Option<(Tensor, Tensor)>,
    running_mean: Tensor,
    running_var: Tensor,
    bn_splits: i64,
}

impl BatchNorm {
    /// Added to the variance: PyTorch's default.
    pub const EPSILON: f64 = 1e-5;

    /// Of `width` channels or values, over this many splits of consecutive rows, with PyTorch's names.
    pub fn new(path: &nn::Path<'_>, width: i64, bn_splits: i64) -> Self {
        let affine = Some((path.ones("weight", &[width]), path.zeros("bias", &[width])));
        Self { affine, ..Self::plain(path, width, bn_splits) }
    }

    /// Without scale and shift.
    pub fn plain(path: &nn::Path<'_>, width: i64, bn_splits: i64) -> Self {
        assert!(bn_splits >= 1, "at least one split, found {bn_splits}");
        Self {
            affine: None,
            running_mean: path.zeros_no_train("running_mean", &[width]),
            running_var: path.ones_no_train("running_var", &[width]),
            bn_splits,
        }
    }

    /// Of `x`, `[n, width, ...]`.
    ///
    /// # Panics
    /// In training, where the splits do not divide the rows.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        if mode == Mode::Eval || self.bn_splits == 1 {
            return self.whole(x, mode);
        }
        let n = x.size()[0];
        assert_eq!(n % self.bn_splits, 0, "{n} rows for {} splits", self.bn_splits);
        let splits = x.split(n / self.bn_splits, 0);
        let (outputs, moved): (Vec<_>, Vec<_>) = splits
            .iter()
            .map(|split| {
                let running = [self.running_mean.copy(), self.running_var.copy()];
                (self.by(&running, split, mode), running)
            })
            .unzip();
        if mode == Mode::Train {
            for (which, own) in [&self.running_mean, &self.running_var].into_iter().enumerate() {
                let of_splits: Vec<_> = moved.iter().map(|running| &running[which]).collect();
                own.shallow_clone().copy_(&Tensor::stack(&of_splits, 0).mean_dim(0, false, None));
            }
        }
        Tensor::cat(&outputs, 0)
    }

    fn whole(&self, x: &Tensor, mode: Mode) -> Tensor {
        self.by(&[self.running_mean.shallow_clone(), self.running_var.shallow_clone()], x, mode)
    }

    /// With running statistics, the mean and the variance, that are read in evaluation and moved in training.
    fn by(&self, [mean, var]: &[Tensor; 2], x: &Tensor, mode: Mode) -> Tensor {
        // A momentum of 0 leaves the running statistics bit for bit as they are.
        let momentum = if mode == Mode::Train { MOMENTUM } else { 0.0 };
        x.batch_norm(
            self.affine.as_ref().map(|(weight, _)| weight),
            self.affine.as_ref().map(|(_, bias)| bias),
            Some(mean),
            Some(var),
            mode != Mode::Eval,
            momentum,
            Self::EPSILON,
            true,
        )
    }

    /// Another handle on the same variables.
    #[must_use]
    pub fn handle(&self) -> Self {
        let shared = |tensor: &Tensor| tensor.shallow_clone();
        Self {
            affine: self.affine.as_ref().map(|(weight, bias)| (shared(weight), shared(bias))),
            running_mean: shared(&self.running_mean),
            running_var: shared(&self.running_var),
            bn_splits: self.bn_splits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontrast_testkit::assert_close;
    use tch::{Device, Kind};

    fn images() -> Tensor {
        let ramp = Tensor::arange(12 * 3 * 2 * 2, (Kind::Float, Device::Cpu));
        (ramp.square() * 0.618_034).sin().reshape([12, 3, 2, 2])
    }

    fn norm(bn_splits: i64) -> (nn::VarStore, BatchNorm) {
        let store = nn::VarStore::new(Device::Cpu);
        let norm = BatchNorm::new(&store.root(), 3, bn_splits);
        (store, norm)
    }

    #[test]
    fn each_split_sees_its_rows_alone() {
        let x = images();
        let (_a, split) = norm(3);
        // A norm each.
        let norms: Vec<_> = (0..3).map(|_| norm(1).1).collect();
        let rows = x.split(4, 0);
        let each = norms.iter().zip(&rows).map(|(norm, rows)| norm.forward(rows, Mode::Train));
        let expected: Vec<_> = each.collect();
        assert_close(&split.forward(&x, Mode::Train), &Tensor::cat(&expected, 0), 1e-6);
        // The running statistics are the mean of theirs.
        let mean = |of: fn(&BatchNorm) -> &Tensor| {
            Tensor::stack(&norms.iter().map(of).collect::<Vec<_>>(), 0).mean_dim(0, false, None)
        };
        assert_close(&split.running_mean, &mean(|norm| &norm.running_mean), 1e-6);
        assert_close(&split.running_var, &mean(|norm| &norm.running_var), 1e-6);
    }

    #[test]
    fn replay_uses_the_splits_and_leaves_the_running_statistics() {
        let x = images();
        let (_store, split) = norm(3);
        let trained = split.forward(&x, Mode::Train);
        let (mean, var) = (split.running_mean.copy(), split.running_var.copy());
        assert_eq!(split.forward(&x, Mode::Replay), trained);
        assert!(split.running_mean == mean && split.running_var == var);
    }

    #[test]
    fn evaluation_knows_no_splits() {
        let x = images();
        let ((_a, split), (_b, whole)) = (norm(5), norm(1));
        assert_eq!(split.forward(&x, Mode::Eval), whole.forward(&x, Mode::Eval));
    }

    #[test]
    fn a_plain_norm_has_nothing_to_train() {
        let store = nn::VarStore::new(Device::Cpu);
        let plain = BatchNorm::plain(&store.root(), 3, 1);
        assert!(crate::trained(&store).is_empty());
        let (_store, whole) = norm(1);
        assert_eq!(plain.forward(&images(), Mode::Train), whole.forward(&images(), Mode::Train));
    }
}
