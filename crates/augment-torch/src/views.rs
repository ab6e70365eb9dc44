//! The views of one batch, ready for a method.

use kontrast_torch_ext::Texts;
use tch::Tensor;

/// The most views, turns or tiles of an image that have numbers of their own.
const COPIES: i64 = 1 << 16;

/// All views of n images, and the texts beside them where there are any. Consecutive views of one size lie in one tensor,
/// so that one forward pass can see them together.
#[derive(Debug)]
pub struct Views {
    groups: Vec<Tensor>,
    texts: Vec<Texts>,
    indices: Vec<u32>,
}

impl Views {
    /// Views of one size: `images` holds all first views, then all second views, and so on, each in the order of
    /// `indices`.
    ///
    /// # Shapes
    /// - `images`: `[count * n, c, h, w]`
    /// - `indices`: `[n]`
    pub fn new(images: Tensor, indices: Vec<u32>) -> Self {
        Self::of_sizes(vec![images], indices)
    }

    /// Views of several sizes: a tensor for each run of views that have one size, laid out as in [`Views::new`].
    ///
    /// # Shapes
    /// - `groups`: each `[count * n, c, h, w]`
    /// - `indices`: `[n]`
    pub fn of_sizes(groups: Vec<Tensor>, indices: Vec<u32>) -> Self {
        let n = indices.len() as i64;
        for images in &groups {
            let rows = images.size()[0];
            assert!(n > 0 && rows > 0 && rows % n == 0, "{rows} views of {n} images");
        }
        Self { groups, texts: Vec::new(), indices }
    }

    /// The same images with their texts; several of each where several are given.
    ///
    /// # Panics
    /// Where there are not as many as images.
    #[must_use]
    pub fn with_texts(self, texts: Vec<Texts>) -> Self {
        for texts in &texts {
            assert_eq!(texts.n(), self.n(), "a text an image");
        }
        Self { texts, ..self }
    }

    /// The texts of the images, in the order of [`Views::indices`]; as many of each as the source of texts gives.
    pub fn texts(&self) -> &[Texts] {
        &self.texts
    }

    /// A tensor for each run of views of one size, `[count * n, c, h, w]`.
    pub fn groups(&self) -> &[Tensor] {
        &self.groups
    }

    /// Every view, `[count * n, c, h, w]`, first views first.
    ///
    /// # Panics
    /// Where the views differ in size.
    pub fn all(&self) -> &Tensor {
        assert_eq!(self.groups.len(), 1, "views of several sizes do not lie in one tensor");
        &self.groups[0]
    }

    /// The views of one kind, `[n, c, h, w]`.
    pub fn view(&self, which: i64) -> Tensor {
        let mut left = which;
        for images in &self.groups {
            let count = images.size()[0] / self.n();
            if left < count {
                return images.narrow(0, left * self.n(), self.n());
            }
            left -= count;
        }
        panic!("view {which} of {}", self.count())
    }

    /// The first `count` views alone, which have one size.
    #[must_use]
    pub fn first(&self, count: i64) -> Self {
        let images = self.groups[0].narrow(0, 0, count * self.n());
        Self::new(images, self.indices.clone()).with_texts(self.texts.clone())
    }

    /// Some of the views, in this order, with all texts; several in a row that have one size lie in one tensor again.
    ///
    /// # Panics
    /// Where there is no such view, or none is asked for.
    #[must_use]
    pub fn only(&self, which: &[i64]) -> Self {
        assert!(!which.is_empty(), "some view of each image");
        if which.iter().copied().eq(0..self.count()) {
            let groups = self.groups.iter().map(Tensor::shallow_clone).collect();
            return Self { groups, texts: self.texts.clone(), indices: self.indices.clone() };
        }
        let views: Vec<_> = which.iter().map(|&view| self.view(view)).collect();
        let runs = views.chunk_by(|a, b| a.size() == b.size());
        let groups = runs.map(|run| Tensor::cat(run, 0)).collect();
        Self::of_sizes(groups, self.indices.clone()).with_texts(self.texts.clone())
    }

    /// All views and texts of some consecutive images.
    #[must_use]
    pub fn images(&self, start: i64, length: i64) -> Self {
        // Joined and not reshaped, so that channels-last strides stay.
        let part = |images: &Tensor| {
            let views = images.split(self.n(), 0);
            Tensor::cat(&views.iter().map(|view| view.narrow(0, start, length)).collect::<Vec<_>>(), 0)
        };
        let indices = self.indices[start as usize..(start + length) as usize].to_vec();
        let texts = self.texts.iter().map(|texts| texts.narrow(start, length)).collect();
        Self { groups: self.groups.iter().map(part).collect(), texts, indices }
    }

    /// How many views an image has.
    pub fn count(&self) -> i64 {
        self.groups.iter().map(|images| images.size()[0]).sum::<i64>() / self.n()
    }

    /// How many images there are.
    pub fn n(&self) -> i64 {
        self.indices.len() as i64
    }

    /// Which images of the data set they are.
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }

    /// Numbers that name the rows of all views, in their order: draws inside a network follow from them.
    ///
    /// # Shapes
    /// - returns `[count * n]`
    pub fn rows(&self) -> Vec<i64> {
        let of_view = |view: i64| self.indices.iter().map(move |&index| i64::from(index) * COPIES + view);
        (0..self.count()).flat_map(of_view).collect()
    }

    /// Splits rows computed from all views, in their order, by view: `[count, n, ...]`.
    pub fn by_view(&self, rows: &Tensor) -> Tensor {
        let mut shape = rows.size();
        shape.splice(0..1, [self.count(), self.n()]);
        rows.reshape(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    /// Three images, two large views and one small; each pixel says 10 times its view plus its image.
    fn mixed() -> Views {
        let group = |views: std::ops::Range<i64>, side: i64| {
            let rows: Vec<_> = views
                .flat_map(|view| (0..3).map(move |image| (10 * view + image) as f64))
                .map(|value| Tensor::full([1, 3, side, side], value, (Kind::Float, Device::Cpu)))
                .collect();
            Tensor::cat(&rows, 0)
        };
        Views::of_sizes(vec![group(0..2, 4), group(2..3, 2)], vec![7, 8, 9])
    }

    fn values(images: &Tensor) -> Vec<f32> {
        images.select(1, 0).select(1, 0).select(1, 0).try_into().unwrap()
    }

    #[test]
    fn views_of_several_sizes_are_found_in_their_order() {
        let views = mixed();
        assert_eq!((views.count(), views.n()), (3, 3));
        assert_eq!(values(&views.view(1)), [10.0, 11.0, 12.0]);
        assert_eq!(values(&views.view(2)), [20.0, 21.0, 22.0]);
        assert_eq!(views.view(2).size(), [3, 3, 2, 2]);
        assert_eq!(values(views.first(2).all()), [0.0, 1.0, 2.0, 10.0, 11.0, 12.0]);
    }

    #[test]
    fn some_of_the_views_lie_together_where_they_have_one_size() {
        let views = mixed();
        let some = views.only(&[1, 0, 2]);
        assert_eq!((some.count(), some.groups().len()), (3, 2));
        assert_eq!(values(&some.groups()[0]), [10.0, 11.0, 12.0, 0.0, 1.0, 2.0]);
        assert_eq!(values(views.only(&[2]).all()), [20.0, 21.0, 22.0]);
        let all = views.only(&[0, 1, 2]);
        assert_eq!(all.groups()[0].data_ptr(), views.groups()[0].data_ptr(), "all of them are not copied");
    }

    #[test]
    fn a_row_is_named_by_its_image_and_its_view() {
        let named = |image: i64, view: i64| image * 65_536 + view;
        let expected = [0, 1, 2].map(|view| [7, 8, 9].map(|image| named(image, view))).concat();
        assert_eq!(mixed().rows(), expected);
        assert_eq!(mixed().images(1, 1).rows(), [0, 1, 2].map(|view| named(8, view)));
    }

    #[test]
    fn a_part_of_the_images_keeps_all_their_views() {
        let part = mixed().images(1, 2);
        assert_eq!(part.indices(), [8, 9]);
        assert_eq!(values(&part.groups()[0]), [1.0, 2.0, 11.0, 12.0]);
        assert_eq!(values(&part.groups()[1]), [21.0, 22.0]);
    }

    #[test]
    fn texts_go_with_their_images() {
        let ids = Tensor::from_slice(&[1i64, 2, 3, 4, 5, 6]).view([3, 2]);
        let views = mixed().with_texts(vec![Texts::new(ids, Tensor::from_slice(&[2i64, 1, 2]))]);
        for some in [views.images(1, 2), views.images(0, 3).images(1, 2), views.only(&[2]).images(1, 2)] {
            assert_eq!(Vec::<i64>::try_from(some.texts()[0].ids().view(-1)).unwrap(), [3, 4, 5, 6]);
        }
        assert_eq!(views.first(1).texts()[0].n(), 3);
    }
}
