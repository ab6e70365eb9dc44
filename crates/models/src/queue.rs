//! Embeddings of earlier batches, the oldest replaced first (MoCo, arXiv 1911.05722, section 3.2).

use crate::Init;
use kontrast_torch_ext::StateDict;
use tch::{Device, Kind, Tensor};

/// A ring of embeddings. At first they are random unit vectors, as in MoCo's published code.
#[derive(Debug)]
pub struct Queue {
    rows: Tensor,
    /// Where the next batch goes, an integer scalar: a tensor, so that a checkpoint holds it.
    next: Tensor,
    /// `[length]`, i64 on the CPU: the group of each, where these are known; -1 at first, which is no group.
    groups: Option<Tensor>,
}

impl Queue {
    /// `length` embeddings of width `width` on `device`.
    pub fn new(length: i64, width: i64, init: Init, device: Device) -> Self {
        let rows = init.directions("queue", [length, width]).to_device(device);
        Self { rows, next: Tensor::zeros([], (Kind::Int64, Device::Cpu)), groups: None }
    }

    /// The same, with a group beside each embedding.
    #[must_use]
    pub fn with_groups(self) -> Self {
        let groups = Tensor::full([self.rows.size()[0]], -1, (Kind::Int64, Device::Cpu));
        Self { groups: Some(groups), ..self }
    }

    /// All embeddings, in no order that means anything.
    ///
    /// # Shapes
    /// - returns `[length, d]`, sharing memory with the queue
    pub fn rows(&self) -> Tensor {
        self.rows.shallow_clone()
    }

    /// The groups of the embeddings, where these are known: -1 of one that was there from the beginning.
    ///
    /// # Shapes
    /// - returns `[length]`, i64, on the CPU, sharing memory with the queue
    pub fn groups(&self) -> Option<Tensor> {
        self.groups.as_ref().map(Tensor::shallow_clone)
    }

    /// As [`Queue::push`], with the group of each embedding.
    ///
    /// # Shapes
    /// - `keys`: `[n, d]`, where the length is a multiple of n
    ///
    /// # Panics
    /// Where the queue has no groups, or there are not as many as keys.
    pub fn push_grouped(&mut self, keys: &Tensor, groups: &[i64]) {
        assert_eq!(keys.size()[0], groups.len() as i64, "a group for each key");
        let own = self.groups.as_ref().expect("a queue with groups");
        let at = self.next.int64_value(&[]);
        own.narrow(0, at, groups.len() as i64).copy_(&Tensor::from_slice(groups));
        self.place(keys);
    }

    /// Replaces the oldest embeddings by those of a batch.
    ///
    /// # Shapes
    /// - `keys`: `[n, d]`, where the length is a multiple of n
    ///
    /// # Panics
    /// Where the queue has groups.
    pub fn push(&mut self, keys: &Tensor) {
        assert!(self.groups.is_none(), "keys of a queue with groups have a group each");
        self.place(keys);
    }

    fn place(&mut self, keys: &Tensor) {
        let (length, n) = (self.rows.size()[0], keys.size()[0]);
        assert!(n > 0 && length % n == 0, "a queue of {length} takes whole batches, found one of {n}");
        let at = self.next.int64_value(&[]);
        tch::no_grad(|| self.rows.narrow(0, at, n).copy_(keys));
        let _ = self.next.fill_((at + n) % length);
    }

    /// What a checkpoint holds, sharing memory with the queue.
    pub fn state(&self) -> StateDict {
        [("rows", &self.rows), ("next", &self.next)]
            .into_iter()
            .chain(self.groups.iter().map(|groups| ("groups", groups)))
            .map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(value: f32) -> Tensor {
        Tensor::full([2, 3], f64::from(value), (Kind::Float, Device::Cpu))
    }

    #[test]
    fn after_wrapping_around_the_oldest_batch_is_gone_and_the_others_stay() {
        let mut queue = Queue::new(6, 3, Init::new(0), Device::Cpu);
        for value in 1..=4 {
            queue.push(&batch(value as f32));
        }
        let first: Vec<f32> = queue.rows().select(1, 0).try_into().unwrap();
        assert_eq!(first, [4.0, 4.0, 2.0, 2.0, 3.0, 3.0]);
    }

    #[test]
    fn the_state_holds_where_the_next_batch_goes() {
        let (mut a, mut b) =
            (Queue::new(6, 3, Init::new(0), Device::Cpu), Queue::new(6, 3, Init::new(1), Device::Cpu));
        a.push(&batch(1.0));
        assert_ne!(a.rows(), b.rows());
        b.state().copy_from(&a.state()).unwrap();
        a.push(&batch(2.0));
        b.push(&batch(2.0));
        assert_eq!(a.rows(), b.rows());
    }

    #[test]
    fn groups_stand_beside_their_keys_and_are_part_of_the_state() {
        let mut queue = Queue::new(6, 3, Init::new(0), Device::Cpu).with_groups();
        let groups = |queue: &Queue| Vec::<i64>::try_from(queue.groups().unwrap()).unwrap();
        assert_eq!(groups(&queue), [-1; 6]);
        for value in 1..=4 {
            queue.push_grouped(&batch(value as f32), &[value, 10 + value]);
        }
        assert_eq!(groups(&queue), [4, 14, 2, 12, 3, 13]);
        let other = Queue::new(6, 3, Init::new(1), Device::Cpu).with_groups();
        other.state().copy_from(&queue.state()).unwrap();
        assert_eq!(groups(&other), groups(&queue));
        assert!(Queue::new(6, 3, Init::new(0), Device::Cpu).state().get("groups").is_none());
    }

    #[test]
    fn it_begins_with_directions() {
        let rows = Queue::new(6, 3, Init::new(0), Device::Cpu).rows();
        let lengths = rows.square().sum_dim_intlist([1i64].as_slice(), false, Kind::Double);
        assert!((lengths - 1.0).abs().max().double_value(&[]) < 1e-6);
    }
}
