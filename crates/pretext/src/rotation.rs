//! Turned images (RotNet, Gidaris, Singh and Komodakis 2018, arXiv 1803.07728, section 2).

use tch::{Kind, Tensor};

/// The angles to tell apart, evenly around the circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotations {
    /// Upright and upside down.
    Two,
    /// A quarter turn counter-clockwise, and one clockwise (table 2 of the paper).
    Sideways,
    /// Quarter turns, from upright.
    Four,
    /// Eighths, quarter turns among them.
    Eight,
}

impl Rotations {
    /// How many classes there are.
    pub fn classes(self) -> i64 {
        match self {
            Self::Two | Self::Sideways => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// Degrees counter-clockwise of a class.
    pub fn degrees(self, class: i64) -> i64 {
        let first = if self == Self::Sideways { 90 } else { 0 };
        first + class * 360 / self.classes()
    }

    /// The class that takes a turn back.
    pub fn inverse(self, class: i64) -> i64 {
        match self {
            Self::Sideways => 1 - class,
            _ => (self.classes() - class).rem_euclid(self.classes()),
        }
    }

    /// Images turned counter-clockwise by a class. With quarter and half turns pixels are moved and none is computed. With
    /// eight, all classes show the middle of the image, a square 1/sqrt 2 as wide, enlarged to the old size: no corner
    /// is empty, and no class is known by its sharpness, since each is interpolated once.
    ///
    /// # Shapes
    /// - `images`: `[n, c, s, s]`; half turns take `[n, c, h, w]`
    /// - returns as many
    ///
    /// # Panics
    /// Where images are not square, but for half turns, or the class is not below `classes`.
    pub fn turned(self, images: &Tensor, class: i64) -> Tensor {
        let (_, _, h, w) = images.size4().expect("images are [n, c, h, w]");
        assert!(h == w || self == Self::Two, "images of {h}x{w} are turned as squares");
        assert!((0..self.classes()).contains(&class), "class {class} of {}", self.classes());
        match self {
            Self::Two => images.rot90(2 * class, [2, 3]),
            Self::Sideways => images.rot90(1 + 2 * class, [2, 3]),
            Self::Four => images.rot90(class, [2, 3]),
            Self::Eight => enlarged(images, class % 2 == 1).rot90(class / 2, [2, 3]),
        }
    }

    /// Each image turned by a class of its own.
    ///
    /// # Shapes
    /// - `images`: as for `turned`
    /// - `classes`: `[n]`, i64
    pub fn turned_each(self, images: &Tensor, classes: &Tensor) -> Tensor {
        let out = images.empty_like();
        for class in 0..self.classes() {
            let which = classes.eq(class).nonzero().squeeze_dim(1);
            if which.size()[0] > 0 {
                let turned = self.turned(&images.index_select(0, &which), class);
                let _ = out.shallow_clone().index_copy_(0, &which, &turned);
            }
        }
        out
    }
}

/// The middle of images at their whole size, turned by an eighth or not.
fn enlarged(images: &Tensor, eighth: bool) -> Tensor {
    let (n, c, h, w) = images.size4().expect("images are [n, c, s, s]");
    let half = std::f32::consts::FRAC_1_SQRT_2;
    // Where a pixel is read from, with y downwards: counter-clockwise to the eye.
    let (cosine, sine) = if eighth { (half * half, half * half) } else { (half, 0.0) };
    let matrix = Tensor::from_slice(&[cosine, -sine, 0.0, sine, cosine, 0.0])
        .view([1, 2, 3])
        .to_device(images.device());
    let grid = Tensor::affine_grid_generator(&matrix.expand([n, 2, 3], true), [n, c, h, w], false);
    let read = images.to_kind(Kind::Float).grid_sampler(&grid, 0, 0, false);
    read.to_kind(images.kind())
}
