//! The device renderer: carries a batch of recipes out as tensor operations.

use crate::frame::Frame;
use crate::resample;
use crate::schedule::{Chunk, Group, Rows, Schedule, Slot};
use crate::task::Numbers;
use kontrast_augment::Recipe;
use tch::{Device, Kind, Tensor, no_grad};

/// Which views share a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Neighbours with the same operation, changed where they are: nothing is copied. Best where a launch costs little
    /// and memory much, on a CPU.
    Runs,
    /// All views with the same operation, picked and put back: few launches. Best on a GPU.
    Kinds,
}

/// Renders views of images that lie on a device, a batch at a time.
///
/// It does what [`kontrast_augment::render_into`] does, within two steps of a byte, and no operation waits for the
/// device: only recipes travel to it. Call it outside of autocast, whose matrix products are too coarse.
#[derive(Debug)]
pub struct DeviceRenderer {
    device: Device,
    kind: Kind,
    /// 1 / deviation, `[1, 3, 1, 1]`.
    factor: Tensor,
    /// mean / deviation, `[1, 3, 1, 1]`.
    shift: Tensor,
    grouping: Grouping,
    /// Values that are worked on together: what the CPU's second cache holds, or as many as there are.
    values: usize,
}

impl DeviceRenderer {
    /// A renderer on `device` with the channel means and deviations of values between 0 and 1. Its views are of `kind`.
    pub fn new(device: Device, mean: [f64; 3], deviation: [f64; 3], kind: Kind) -> Self {
        let of = |f: fn(f64, f64) -> f64| {
            let values: Vec<f32> = mean.iter().zip(&deviation).map(|(&m, &d)| f(m, d) as f32).collect();
            Tensor::from_slice(&values).view([1, 3, 1, 1]).to_device(device)
        };
        let (grouping, values) = match device {
            Device::Cpu => (Grouping::Runs, 192 * 1024),
            _ => (Grouping::Kinds, usize::MAX),
        };
        Self { device, kind, factor: of(|_, d| 1.0 / d), shift: of(|m, d| m / d), grouping, values }
    }

    /// The same renderer with another grouping than its device's.
    #[must_use]
    pub fn with_grouping(self, grouping: Grouping) -> Self {
        Self { grouping, ..self }
    }

    /// Normalised views: view i is recipe i carried out on image `sources[i]`.
    ///
    /// # Shapes
    /// - `images`: bytes on the device, `[images, h, w, 3]`
    /// - `recipes`, `sources`: one a view; the recipes' views have one size
    /// - returns `[views, 3, height, width]` with channels-last strides
    ///
    /// # Panics
    /// When a recipe is none for images of that size, as [`kontrast_augment::render_into`] does.
    pub fn render(&self, images: &Tensor, recipes: &[Recipe], sources: &[i64]) -> Tensor {
        let normalised = |x: &mut Tensor| {
            let _ = x.g_mul_(&self.factor).g_sub_(&self.shift);
        };
        no_grad(|| self.render_with(images, recipes, sources, self.kind, normalised))
    }

    /// Views in fp32 as they are before normalisation: from 0 to 1.
    ///
    /// # Shapes
    /// As [`DeviceRenderer::render`].
    ///
    /// # Panics
    /// As [`DeviceRenderer::render`].
    pub fn render_unnormalised(&self, images: &Tensor, recipes: &[Recipe], sources: &[i64]) -> Tensor {
        no_grad(|| self.render_with(images, recipes, sources, Kind::Float, |_| {}))
    }

    fn render_with(
        &self,
        images: &Tensor,
        recipes: &[Recipe],
        sources: &[i64],
        kind: Kind,
        finish: impl Fn(&mut Tensor),
    ) -> Tensor {
        let (count, h, w, _) = images.size4().expect("images of four dimensions");
        assert_eq!(recipes.len(), sources.len(), "one image for each recipe");
        assert!(sources.iter().all(|source| (0..count).contains(source)), "a source beyond {count} images");
        let size = recipes.first().map_or((0, 0), |recipe| recipe.size);
        assert!(recipes.iter().all(|recipe| recipe.size == size), "views of one size");
        let largest = self.values / (size.0 * size.1 * 3).max(1);
        let image = (w as usize, h as usize);
        let schedule = Schedule::new(recipes, sources, image, self.grouping, largest);
        let packed = Packed::of(&schedule, self.device);
        let shape = [recipes.len() as i64, size.1 as i64, size.0 as i64, 3];
        let mut views = Tensor::empty(shape, (kind, self.device));
        for chunk in &schedule.chunks {
            let mut x = packed.carry_out(chunk, images);
            finish(&mut x);
            let x = x.to_kind(kind).permute([0, 2, 3, 1]).contiguous();
            let _ = views.index_copy_(0, &packed.whole(chunk.places, chunk.views), &x);
        }
        views.permute([0, 3, 1, 2])
    }
}

/// The numbers of a schedule on the device: one copy for each of the two kinds.
struct Packed {
    floats: Tensor,
    integers: Tensor,
}

impl Packed {
    fn of(schedule: &Schedule, device: Device) -> Self {
        let moved = |x: Tensor| {
            let kind = x.kind();
            x.to_device_(device, kind, true, false)
        };
        Self {
            floats: moved(Tensor::from_slice(&schedule.floats)),
            integers: moved(Tensor::from_slice(&schedule.integers)),
        }
    }

    /// Whole numbers from `start` on.
    fn whole(&self, start: usize, count: usize) -> Tensor {
        self.integers.narrow(0, start as i64, count as i64)
    }

    /// The pictures of a chunk, `[n, 3, height, width]`, from 0 to 1.
    fn carry_out(&self, chunk: &Chunk, images: &Tensor) -> Tensor {
        let chosen = images.index_select(0, &self.whole(chunk.sources, chunk.views));
        let mut x = if chunk.whole {
            resample::planes(&chosen)
        } else {
            let frames = self.floats(chunk.frames, chunk.views, Frame::NUMBERS);
            resample::framed(&chosen, &frames, (chunk.size.0 as i64, chunk.size.1 as i64))
        };
        let mut size = chunk.size;
        for slot in &chunk.slots {
            if slot.size == size {
                slot.groups.iter().for_each(|group| self.change(group, &mut x));
            } else {
                x = self.redraw(slot, &x);
                size = slot.size;
            }
        }
        x
    }

    fn floats(&self, start: usize, views: usize, numbers: usize) -> Tensor {
        let flat = self.floats.narrow(0, start as i64, (views * numbers) as i64);
        flat.view([views as i64, numbers as i64])
    }

    fn numbers(&self, group: &Group) -> Numbers {
        let keys = if group.task.keyed() { group.views * 2 } else { 0 };
        Numbers {
            floats: self.floats(group.floats, group.views, group.task.numbers()),
            keys: self.whole(group.keys, keys).view([-1, 2]),
        }
    }

    /// Carries a group's task out on its views.
    fn change(&self, group: &Group, x: &mut Tensor) {
        let (task, numbers, views) = (group.task, self.numbers(group), group.views as i64);
        match group.rows {
            Rows::Run(start) => task.apply(&mut x.narrow(0, start as i64, views), &numbers),
            Rows::Listed(start) => {
                let rows = self.whole(start, group.views);
                let mut picked = x.index_select(0, &rows);
                task.apply(&mut picked, &numbers);
                let _ = x.index_copy_(0, &rows, &picked);
            }
        }
    }

    /// The pictures after a slot in which all of them get another size.
    fn redraw(&self, slot: &Slot, x: &Tensor) -> Tensor {
        let shape = [x.size()[0], 3, slot.size.1 as i64, slot.size.0 as i64];
        let mut out = Tensor::empty(shape, (Kind::Float, x.device()));
        for group in &slot.groups {
            let (numbers, views) = (self.numbers(group), group.views as i64);
            match group.rows {
                Rows::Run(start) => {
                    let moved = group.task.moved(&x.narrow(0, start as i64, views), &numbers);
                    out.narrow(0, start as i64, views).copy_(&moved);
                }
                Rows::Listed(start) => {
                    let rows = self.whole(start, group.views);
                    let moved = group.task.moved(&x.index_select(0, &rows), &numbers);
                    let _ = out.index_copy_(0, &rows, &moved);
                }
            }
        }
        out
    }
}
