//! The device renderer: carries a batch of recipes out as tensor operations.

use crate::color_space::ColorSpace;
use crate::frame::Frame;
use crate::numbers::Numbers;
use crate::resample::{self, Frames};
use crate::schedule::{Cohort, Grouping, Launch, Rows, Schedule, Slot};
use crate::views::Views;
use kontrast_augment::Recipe;
use tch::{Device, Kind, Tensor, no_grad};

/// Renders views of images that lie on a device, a batch at a time.
///
/// It does what [`kontrast_augment::render_into`] does, within two steps of a byte, and no operation waits for the
/// device: only recipes travel to it. Views do not depend on what else is in their batch.
///
/// The two steps hold where a recipe is well conditioned. What makes a large difference of the smallest one (solarize,
/// posterize, equalize, autocontrast of a flat picture) may, after other operations, tip a pixel the other way.
#[derive(Debug)]
pub struct DeviceRenderer {
    device: Device,
    kind: Kind,
    space: ColorSpace,
    /// 1 / std, `[1, c, 1, 1]`.
    factor: Tensor,
    /// mean / std, `[1, c, 1, 1]`.
    shift: Tensor,
    grouping: Grouping,
    /// Values that are worked on together: what the CPU's second cache holds, or what a GPU has room for a few times.
    values: usize,
}

impl DeviceRenderer {
    /// A renderer on `device` with the mean and the standard deviation of each channel, of values between 0 and 1. Its
    /// views are of `kind`.
    ///
    /// # Panics
    /// As [`ToTensor::new`](crate::ToTensor::new).
    pub fn new(device: Device, mean: impl AsRef<[f64]>, std: impl AsRef<[f64]>, kind: Kind) -> Self {
        let (space, mean, std) = (ColorSpace::Rgb, mean.as_ref(), std.as_ref());
        space.check(mean, std);
        let of = |f: fn(f64, f64) -> f64| {
            let values: Vec<f32> = mean.iter().zip(std).map(|(&m, &d)| f(m, d) as f32).collect();
            Tensor::from_slice(&values).view([1, -1, 1, 1]).to_device(device)
        };
        let (grouping, values) = match device {
            Device::Cpu => (Grouping::Runs, 192 * 1024),
            _ => (Grouping::Kinds, 64 * 1024 * 1024),
        };
        Self { device, kind, space, factor: of(|_, d| 1.0 / d), shift: of(|m, d| m / d), grouping, values }
    }

    /// The same renderer, whose means and standard deviations are those of another colour space.
    ///
    /// # Panics
    /// When there are not 3 of them outside of RGB.
    #[must_use]
    pub fn with_space(self, space: ColorSpace) -> Self {
        let channels = self.factor.size()[1];
        assert!(
            space == ColorSpace::Rgb || channels == 3,
            "{space:?} has 3 channels, found {channels} means"
        );
        Self { space, ..self }
    }

    /// The same renderer with another grouping than its device's.
    #[must_use]
    pub fn with_grouping(self, grouping: Grouping) -> Self {
        Self { grouping, ..self }
    }

    /// Normalised views: view i is recipe i carried out on image `sources[i]`.
    ///
    /// # Shapes
    /// - `images`: bytes on the device, `[images, h, w, c]`
    /// - `recipes`, `sources`: one a view; the recipes' views have one size
    /// - returns `[views, c, height, width]` with channels-last strides
    ///
    /// # Panics
    /// When a recipe is none for images of that size, as [`kontrast_augment::render_into`] does.
    pub fn render(&self, images: &Tensor, recipes: &[Recipe], sources: &[i64]) -> Tensor {
        let normalised = |x: &mut Tensor| {
            if let Some(converted) = self.space.of_rgb(x) {
                *x = converted;
            }
            let _ = x.g_mul_(&self.factor).g_sub_(&self.shift);
        };
        no_grad(|| self.render_with(images, recipes, sources, self.kind, normalised))
    }

    /// All views of a batch, as [`ToTensor::views`](crate::ToTensor::views) makes them of bytes.
    ///
    /// # Shapes
    /// - `images`: bytes on the device, `[images, h, w, c]`
    /// - `drawn`: recipes and the images that they are carried out on, `[views][n]` each
    /// - `sizes`: width and height of each view; consecutive views of one size come to lie in one tensor
    /// - `indices`: `[n]`
    ///
    /// # Panics
    /// As [`DeviceRenderer::render`], and when there is not a recipe for each view of each image.
    pub fn views(
        &self,
        images: &Tensor,
        (recipes, sources): (&[Recipe], &[i64]),
        sizes: &[(usize, usize)],
        indices: Vec<u32>,
    ) -> Views {
        assert_eq!(recipes.len(), sizes.len() * indices.len(), "a recipe for each view of each image");
        let mut end = 0;
        let groups = sizes.chunk_by(|a, b| a == b).map(|run| {
            let start = end;
            end += run.len() * indices.len();
            self.render(images, &recipes[start..end], &sources[start..end])
        });
        let groups = groups.collect();
        Views::of_sizes(groups, indices)
    }

    /// Where images and views lie.
    pub fn device(&self) -> Device {
        self.device
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
        let (count, h, w, channels) = images.size4().expect("images of four dimensions");
        assert_eq!(images.kind(), Kind::Uint8, "images are bytes");
        assert_eq!(recipes.len(), sources.len(), "one image for each recipe");
        assert!(sources.iter().all(|source| (0..count).contains(source)), "a source beyond {count} images");
        let size = recipes.first().map_or((0, 0), |recipe| recipe.size);
        assert!(recipes.iter().all(|recipe| recipe.size == size), "views of one size");
        let image = (w as usize, h as usize);
        // What is live at once is a chunk's images and its views, whichever are larger.
        let pixels = (size.0 * size.1).max(image.0 * image.1);
        let largest = (self.values / (pixels * channels as usize).max(1)).max(1);
        let schedule = Schedule::new(recipes, sources, image, self.grouping, largest);
        let packed = Packed::of(&schedule, self.device);
        let shape = [recipes.len() as i64, size.1 as i64, size.0 as i64, channels];
        let views = Tensor::empty(shape, (kind, self.device));
        let mut first = 0;
        for cohort in &schedule.cohorts {
            packed.carry_out(cohort, images, |start, mut x| {
                finish(&mut x);
                let mut target = views.narrow(0, (first + start) as i64, x.size()[0]);
                target.copy_(&x.to_kind(kind).permute([0, 2, 3, 1]));
            });
            first += cohort.views;
        }
        // From the schedule's order to that of the recipes.
        let views = views.index_select(0, &packed.whole(schedule.order, recipes.len()));
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
            // A copy from pinned memory is the only one that the host need not wait for.
            let x = if device.is_cuda() { x.pin_memory(device) } else { x };
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

    /// Hands over the pictures of a cohort chunk by chunk, `[n, c, height, width]` from 0 to 1, with the place of their first.
    fn carry_out(&self, cohort: &Cohort, images: &Tensor, hand_over: impl Fn(usize, Tensor)) {
        let (_, h, w, _) = images.size4().expect("images of four dimensions");
        let frames = (!cohort.whole).then(|| {
            let numbers = self.floats(cohort.frames, cohort.views, Frame::NUMBERS);
            let (size, taps) = (signed(cohort.size), signed(cohort.taps));
            Frames::new(&numbers, (w, h), size, taps, cohort.chunk as i64)
        });
        for chunk in &cohort.chunks {
            let chosen = images.index_select(0, &self.whole(cohort.sources + chunk.start, chunk.views));
            let x = match &frames {
                Some(frames) => frames.apply(&chosen, chunk.start as i64),
                None => resample::planes(&chosen),
            };
            let x = self.operate(&chunk.slots, x, cohort.size);
            hand_over(chunk.start, x);
        }
    }

    /// All operations after the frame, on pictures of this width and height.
    fn operate(&self, slots: &[Slot], mut x: Tensor, mut size: (usize, usize)) -> Tensor {
        for slot in slots {
            if slot.size == size {
                slot.launches.iter().for_each(|launch| self.change(launch, &mut x));
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

    fn numbers(&self, launch: &Launch) -> Numbers {
        let keys = if launch.task.keyed() { launch.views * 2 } else { 0 };
        Numbers {
            floats: self.floats(launch.floats, launch.views, launch.task.numbers()),
            keys: self.whole(launch.keys, keys).view([-1, 2]),
        }
    }

    /// Carries a launch's task out on its views.
    fn change(&self, launch: &Launch, x: &mut Tensor) {
        let (task, numbers, views) = (launch.task, self.numbers(launch), launch.views as i64);
        match launch.rows {
            Rows::Run(start) => task.apply(&mut x.narrow(0, start as i64, views), &numbers),
            Rows::Listed(start) => {
                let rows = self.whole(start, launch.views);
                let mut picked = x.index_select(0, &rows);
                task.apply(&mut picked, &numbers);
                let _ = x.index_copy_(0, &rows, &picked);
            }
        }
    }

    /// The pictures after a slot in which all of them get another size.
    fn redraw(&self, slot: &Slot, x: &Tensor) -> Tensor {
        let shape = [x.size()[0], x.size()[1], slot.size.1 as i64, slot.size.0 as i64];
        let mut out = Tensor::empty(shape, (Kind::Float, x.device()));
        for launch in &slot.launches {
            let (numbers, views) = (self.numbers(launch), launch.views as i64);
            match launch.rows {
                Rows::Run(start) => {
                    let moved = launch.task.moved(&x.narrow(0, start as i64, views), &numbers);
                    out.narrow(0, start as i64, views).copy_(&moved);
                }
                Rows::Listed(start) => {
                    let rows = self.whole(start, launch.views);
                    let moved = launch.task.moved(&x.index_select(0, &rows), &numbers);
                    let _ = out.index_copy_(0, &rows, &moved);
                }
            }
        }
        out
    }
}

fn signed((width, height): (usize, usize)) -> (i64, i64) {
    (width as i64, height as i64)
}
