//! In which order the images of an epoch come.

use kontrast_rng::KeyedRng;

/// The order of every epoch: all images once, shuffled by seed and epoch, in whole batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epochs {
    /// Number of images.
    pub len: usize,
    /// Images in a batch; the last, smaller batch of an epoch is left out.
    pub batch: usize,
    /// Seed of the shuffles.
    pub seed: u64,
}

impl Epochs {
    /// The images of an epoch, in order; also those that the last, smaller batch would hold.
    pub fn order(&self, epoch: u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.len as u32).collect();
        KeyedRng::named(*b"order   ", self.seed, epoch, 0).shuffle(&mut order);
        order
    }

    /// Whole batches in an epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        (self.len / self.batch.max(1)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::Epochs;

    #[test]
    fn an_epoch_holds_every_image_once() {
        let epochs = Epochs { len: 1000, batch: 64, seed: 3 };
        let mut order = epochs.order(7);
        assert_ne!(order[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        order.sort_unstable();
        assert!(order.iter().enumerate().all(|(index, &image)| index as u32 == image));
    }

    #[test]
    fn the_order_depends_on_seed_and_epoch_only() {
        let order = |seed, epoch| Epochs { len: 100, batch: 10, seed }.order(epoch);
        assert_eq!(order(1, 2), Epochs { len: 100, batch: 7, seed: 1 }.order(2));
        assert_ne!(order(1, 2), order(1, 3));
        assert_ne!(order(1, 2), order(2, 2));
    }

    #[test]
    fn the_last_smaller_batch_is_left_out() {
        assert_eq!(Epochs { len: 1000, batch: 64, seed: 0 }.steps_per_epoch(), 15);
        assert_eq!(Epochs { len: 10, batch: 64, seed: 0 }.steps_per_epoch(), 0);
    }
}
