//! Moving shapes: synthetic clips whose frames differ in what cropping and flipping does not give, without a network.

use std::f64::consts::TAU;

use kontrast_augment::ImageRef;
use kontrast_rng::KeyedRng;

use crate::dataset::{Dataset, Labelled};
use crate::error::DataError;
use crate::scene::{CLASSES, Scene, class_names};

/// Clips of one shape each, drawn when they are asked for. The shape keeps its class, moves along a path, turns and changes
/// its size, while colours and light drift; noise is new in each frame. Clips are groups, and have the classes of
/// [`Shapes`](crate::Shapes) in turn.
///
/// A frame depends on the seed, the split, its clip and its number there, and not on how many there are.
#[derive(Clone, Debug)]
pub struct MovingShapes {
    clips: usize,
    frames: usize,
    side: usize,
    seed: u64,
    purpose: [u8; 8],
    class_names: Vec<String>,
}

impl MovingShapes {
    /// The training split: `clips` times `frames` square images, clip after clip.
    ///
    /// # Errors
    /// When there is no clip, the frames are not 2 to 1000, the side is below 8 or above 1024, the classes are not 2 to 15,
    /// or there are more than 2^32 - 1 images in all.
    pub fn train(
        clips: usize,
        frames: usize,
        classes: usize,
        side: usize,
        seed: u64,
    ) -> Result<Self, DataError> {
        Self::new("clips", *b"cliptrn ", [clips, frames, classes, side], seed)
    }

    /// The test split: other clips of the same classes.
    ///
    /// # Errors
    /// As for the training split.
    pub fn test(
        clips: usize,
        frames: usize,
        classes: usize,
        side: usize,
        seed: u64,
    ) -> Result<Self, DataError> {
        Self::new("test", *b"cliptst ", [clips, frames, classes, side], seed)
    }

    fn new(
        part: &'static str,
        purpose: [u8; 8],
        [clips, frames, classes, side]: [usize; 4],
        seed: u64,
    ) -> Result<Self, DataError> {
        check("frames", frames, 2, 1000)?;
        check(part, clips, 1, u32::MAX as usize / frames)?;
        check("classes", classes, 2, CLASSES)?;
        check("size", side, 8, 1024)?;
        Ok(Self { clips, frames, side, seed, purpose, class_names: class_names(classes) })
    }

    /// The scene of a frame.
    fn scene(&self, clip: usize, frame: usize) -> Scene {
        let mut stream = KeyedRng::named(self.purpose, self.seed, 0, clip as u64);
        Motion::drawn(clip % self.class_names.len(), &mut stream).at(frame as f64)
    }
}

fn check(key: &'static str, found: usize, least: usize, most: usize) -> Result<(), DataError> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    let expected = format!("a number from {least} to {most}");
    Err(DataError::Synthetic { table: "synthetic_video", key, found, expected })
}

impl Dataset for MovingShapes {
    fn len(&self) -> usize {
        self.clips * self.frames
    }

    fn size(&self, _index: usize) -> Result<(usize, usize), DataError> {
        Ok((self.side, self.side))
    }

    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        assert!(index < self.len(), "image {index} of {}", self.len());
        let (clip, frame) = (index / self.frames, index % self.frames);
        // 0 is the key of the clip itself.
        let mut noise = KeyedRng::named(self.purpose, self.seed, frame as u32 + 1, clip as u64);
        self.scene(clip, frame).render(self.side, &mut noise, buffer);
        Ok(ImageRef::new(self.side, self.side, buffer))
    }

    /// The clip.
    fn group(&self, index: usize) -> u64 {
        (index / self.frames) as u64
    }
}

impl Labelled for MovingShapes {
    fn class_names(&self) -> &[String] {
        &self.class_names
    }

    fn label(&self, index: usize) -> u32 {
        (index / self.frames % self.class_names.len()) as u32
    }
}

/// A scene and how it changes from frame to frame.
struct Motion {
    scene: Scene,
    /// Across, and down.
    path: [Swing; 2],
    size: Swing,
    /// Radians a frame.
    spin: f64,
    /// Of red, green and blue; of the shape, then of the ground.
    tint: [[Swing; 3]; 2],
    light: Swing,
}

impl Motion {
    /// Drawn so that eight frames show much of a movement, and two neighbours are alike.
    fn drawn(class: usize, stream: &mut KeyedRng) -> Self {
        let scene = Scene::drawn(class, stream);
        let path = [Swing::drawn(stream, 14.0, 36.0), Swing::drawn(stream, 14.0, 36.0)];
        let size = Swing::drawn(stream, 16.0, 40.0);
        let speed = stream.uniform(0.12, 0.35);
        let spin = if stream.chance(0.5) { speed } else { -speed };
        let tint = std::array::from_fn(|_| std::array::from_fn(|_| Swing::drawn(stream, 20.0, 60.0)));
        Self { scene, path, size, spin, tint, light: Swing::drawn(stream, 16.0, 48.0) }
    }

    fn at(&self, frame: f64) -> Scene {
        let mut scene = self.scene.clone();
        // From 0.17 to 0.35, as far as the radii of still shapes go.
        let radius = 0.26 + 0.09 * self.size.at(frame);
        let along = |swing: &Swing| 0.5 + (0.5 - radius) * swing.at(frame);
        scene.figure.radius = radius;
        scene.figure.centre = (along(&self.path[0]), along(&self.path[1]));
        scene.figure.turn += self.spin * frame;
        let light = self.light.at(frame);
        let lit = |color: [f64; 3], tint: &[Swing; 3]| {
            let value = |channel: usize| color[channel] + 0.12 * tint[channel].at(frame);
            std::array::from_fn(|channel| (value(channel) * (0.85 + 0.2 * light)).clamp(0.02, 0.98))
        };
        scene.paint = lit(scene.paint, &self.tint[0]);
        scene.ground = lit(scene.ground, &self.tint[1]);
        scene.slope = (scene.slope.0 * light, scene.slope.1 * light);
        scene
    }
}

/// A value that goes from -1 to 1 and back.
#[derive(Clone, Copy)]
struct Swing {
    /// Frames until it is back.
    period: f64,
    phase: f64,
}

impl Swing {
    fn drawn(stream: &mut KeyedRng, shortest: f64, longest: f64) -> Self {
        Self { period: stream.uniform(shortest, longest), phase: stream.uniform(0.0, TAU) }
    }

    fn at(self, frame: f64) -> f64 {
        (TAU * frame / self.period + self.phase).sin()
    }
}

#[cfg(test)]
mod tests {
    use super::{DataError, MovingShapes};
    use crate::dataset::{Dataset, Labelled};

    fn pixels(shapes: &MovingShapes, index: usize) -> Vec<u8> {
        shapes.image(index, &mut Vec::new()).unwrap().pixels.to_vec()
    }

    #[test]
    fn a_frame_depends_on_seed_split_clip_and_number_only() {
        let few = |seed| MovingShapes::train(4, 5, 3, 24, seed).unwrap();
        let many = MovingShapes::train(40, 9, 3, 24, 1).unwrap();
        assert_eq!(pixels(&few(1), 2 * 5 + 3), pixels(&many, 2 * 9 + 3));
        assert_ne!(pixels(&few(1), 13), pixels(&few(2), 13));
        assert_ne!(pixels(&few(1), 13), pixels(&few(1), 14));
        assert_ne!(pixels(&few(1), 13), pixels(&MovingShapes::test(4, 5, 3, 24, 1).unwrap(), 13));
    }

    #[test]
    fn images_stay_the_same_over_versions() {
        let shapes = MovingShapes::train(4, 5, 3, 24, 1).unwrap();
        let sums = [0, 7, 19].map(|index| crc32fast::hash(&pixels(&shapes, index)));
        assert_eq!(sums, [3_134_956_384, 1_255_344_452, 341_041_988]);
    }

    #[test]
    fn clips_are_groups_and_have_classes_in_turn() {
        let shapes = MovingShapes::train(6, 4, 5, 16, 0).unwrap();
        assert_eq!(shapes.len(), 24);
        let of = |index| (shapes.group(index), shapes.label(index));
        assert_eq!((of(0), of(3), of(4), of(19), of(20)), ((0, 0), (0, 0), (1, 1), (4, 4), (5, 0)));
        assert_eq!(shapes.class_names()[4], "solid crescent");
    }

    #[test]
    fn a_shape_moves_turns_and_changes_size_and_colour_while_neighbours_are_alike() {
        let shapes = MovingShapes::train(200, 8, 15, 16, 3).unwrap();
        let mut moved = 0;
        for clip in 0..200 {
            let scenes: Vec<_> = (0..8).map(|frame| shapes.scene(clip, frame)).collect();
            let range = |value: &dyn Fn(&super::Scene) -> f64| {
                let values = scenes.iter().map(value);
                values.clone().fold(f64::MIN, f64::max) - values.fold(f64::MAX, f64::min)
            };
            assert!(range(&|scene| scene.figure.turn) > 0.8);
            moved += usize::from(
                range(&|scene| scene.figure.centre.0) + range(&|scene| scene.figure.centre.1) > 0.15
                    && range(&|scene| scene.figure.radius) > 0.02
                    && range(&|scene| scene.paint.iter().sum()) > 0.05,
            );
            for pair in scenes.windows(2) {
                let figure = |place: usize| &pair[place].figure;
                assert!((figure(0).radius - figure(1).radius).abs() < 0.04);
                let (a, b) = (figure(0).centre, figure(1).centre);
                assert!((a.0 - b.0).abs().max((a.1 - b.1).abs()) < 0.2, "{a:?} {b:?}");
            }
            for scene in &scenes {
                let apart = (0..3).map(|channel| (scene.paint[channel] - scene.ground[channel]).abs());
                assert!(apart.fold(0.0, f64::max) > 0.08, "clip {clip}: the shape is lost in its ground");
                let (radius, (x, y)) = (scene.figure.radius, scene.figure.centre);
                assert!(x.min(y) >= radius - 1e-9 && x.max(y) <= 1.0 - radius + 1e-9);
            }
        }
        assert!(moved > 180, "{moved} of 200 clips move in every way");
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let said = |found: Result<MovingShapes, DataError>| found.unwrap_err().to_string();
        let classes = said(MovingShapes::train(10, 4, 16, 32, 0));
        assert_eq!(classes, "data.synthetic_video.classes = 16; expected a number from 2 to 15");
        let frames = said(MovingShapes::train(10, 1, 4, 32, 0));
        assert_eq!(frames, "data.synthetic_video.frames = 1; expected a number from 2 to 1000");
        let clips = said(MovingShapes::train(4_294_968, 1000, 4, 32, 0));
        assert_eq!(clips, "data.synthetic_video.clips = 4294968; expected a number from 1 to 4294967");
        let clips = said(MovingShapes::test(0, 10, 4, 32, 0));
        assert!(clips.starts_with("data.synthetic_video.test = 0; expected a number from 1 to "));
        assert!(said(MovingShapes::test(1, 10, 4, 7, 0)).starts_with("data.synthetic_video.size = 7; "));
    }
}
