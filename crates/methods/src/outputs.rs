//! What a pass over the views of some images gives: representations, and by name what the loss reads.

use std::ops::Index;
use tch::Tensor;

/// Representations of the images that the encoder saw, and the tensors that the loss reads.
#[derive(Debug)]
pub struct Outputs {
    h: Tensor,
    named: Vec<(String, Tensor)>,
}

impl Outputs {
    /// Without outputs yet.
    ///
    /// # Shapes
    /// - `h`: `[rows, width]`, a row an image that the encoder saw; its gradient is left behind
    pub fn new(h: &Tensor) -> Self {
        Self { h: h.detach(), named: Vec::new() }
    }

    /// Nothing at all: what a momentum encoder gives that is not there.
    pub(crate) fn none() -> Self {
        Self::new(&Tensor::zeros([0, 0], (tch::Kind::Float, tch::Device::Cpu)))
    }

    /// With one more tensor. Replaying a chunk has to give the same names in the same order.
    ///
    /// # Shapes
    /// - `output`: `[views, n, ...]`, any number of views: chunks of images are joined along the second dimension
    ///
    /// # Panics
    /// Where the name is taken.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, output: Tensor) -> Self {
        let name = name.into();
        assert!(self.get(&name).is_none(), "two outputs are called {name}");
        self.named.push((name, output));
        self
    }

    /// The output of this name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.named.iter().find(|(own, _)| own == name).map(|(_, output)| output)
    }

    /// Representations, `[rows, width]`, without gradient; of all tasks, where several are trained together.
    pub fn h(&self) -> &Tensor {
        &self.h
    }

    /// Names and outputs, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.named.iter().map(|(name, output)| (&**name, output))
    }

    /// The same with every output made into another.
    pub(crate) fn map(&self, f: impl Fn(&Tensor) -> Tensor) -> Self {
        let named = self.named.iter().map(|(name, output)| (name.clone(), f(output))).collect();
        Self { h: self.h.shallow_clone(), named }
    }

    /// Those whose names begin with `prefix`, without it.
    pub(crate) fn under(&self, prefix: &str) -> Self {
        let own = self.named.iter().filter_map(|(name, output)| {
            Some((name.strip_prefix(prefix)?.to_owned(), output.shallow_clone()))
        });
        Self { h: self.h.shallow_clone(), named: own.collect() }
    }

    /// Those of several tasks, each with its prefix before its names.
    pub(crate) fn of_tasks(passes: impl IntoIterator<Item = (String, Self)>) -> Option<Self> {
        let (mut h, mut named) = (Vec::new(), Vec::new());
        for (prefix, pass) in passes {
            h.push(pass.h);
            named.extend(pass.named.into_iter().map(|(name, output)| (format!("{prefix}{name}"), output)));
        }
        (!h.is_empty()).then(|| Self { h: Tensor::cat(&h, 0), named })
    }

    /// Those of the chunks of a batch, joined along the images.
    pub(crate) fn of_chunks(chunks: &[Self]) -> Self {
        let joined = |name: &str| {
            let parts: Vec<_> = chunks.iter().map(|chunk| &chunk[name]).collect();
            (name.to_owned(), Tensor::cat(&parts, 1))
        };
        let h: Vec<_> = chunks.iter().map(|chunk| &chunk.h).collect();
        Self { h: Tensor::cat(&h, 0), named: chunks[0].iter().map(|(name, _)| joined(name)).collect() }
    }

    /// How many images the encoder saw.
    pub(crate) fn rows(&self) -> u64 {
        self.h.size()[0] as u64
    }
}

impl Index<&str> for Outputs {
    type Output = Tensor;

    /// The output of this name.
    ///
    /// # Panics
    /// Where there is none.
    fn index(&self, name: &str) -> &Tensor {
        let known = || self.named.iter().map(|(name, _)| &**name).collect::<Vec<_>>().join(", ");
        self.get(name).unwrap_or_else(|| panic!("no output is called {name}: there are {}", known()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    fn pass(value: f64, n: i64) -> Outputs {
        let options = (Kind::Float, Device::Cpu);
        Outputs::new(&Tensor::full([2 * n, 3], value, options))
            .with("z", Tensor::full([2, n, 4], value, options))
            .with("logits", Tensor::full([1, n, 5, 6], value, options))
    }

    #[test]
    fn chunks_lie_side_by_side_along_the_images() {
        let joined = Outputs::of_chunks(&[pass(0.0, 2), pass(1.0, 3)]);
        assert_eq!(joined.h().size(), [10, 3]);
        assert_eq!(joined["z"].size(), [2, 5, 4]);
        assert_eq!(joined["logits"].size(), [1, 5, 5, 6]);
        let of_an_image: Vec<f64> = joined["z"].select(0, 1).select(1, 0).try_into().unwrap();
        assert_eq!(of_an_image, [0.0, 0.0, 1.0, 1.0, 1.0]);
        assert_eq!(joined.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["z", "logits"]);
    }

    #[test]
    fn each_task_finds_its_own_under_its_prefix() {
        let both =
            Outputs::of_tasks([("a/".to_owned(), pass(0.0, 2)), ("b/".to_owned(), pass(1.0, 2))]).unwrap();
        assert_eq!(both.h().size(), [8, 3]);
        let own = both.under("b/");
        assert_eq!(own.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["z", "logits"]);
        assert_eq!(own["z"].mean(None).double_value(&[]), 1.0);
        assert!(Outputs::of_tasks([]).is_none());
    }

    #[test]
    #[should_panic(expected = "no output is called p: there are z, logits")]
    fn a_name_that_is_not_there_is_said_beside_those_that_are() {
        let _ = &pass(0.0, 1)["p"];
    }

    #[test]
    #[should_panic(expected = "two outputs are called z")]
    fn a_name_stands_once() {
        let _ = pass(0.0, 1).with("z", Tensor::from(0.0));
    }
}
