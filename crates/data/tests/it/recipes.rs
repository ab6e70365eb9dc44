//! A loader of recipes: what it draws, rendered, is what a loader of views gives.

use std::sync::Arc;

use kontrast_augment::{ImageRef, KeyedRng, Op, Scratch, Step, ViewPlan, render_into};
use kontrast_data::{DataError, Dataset, Epochs, Loader, LoaderSpec, Recipes, Shapes, copy_images, one_size};

/// Shapes whose other views are of the next image, or of the one after it.
struct Frames(Shapes);

impl Dataset for Frames {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn size(&self, index: usize) -> Result<(usize, usize), DataError> {
        self.0.size(index)
    }

    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        self.0.image(index, buffer)
    }

    fn partner(&self, index: usize, stream: &mut KeyedRng) -> usize {
        (index + stream.below(3)) % self.len()
    }
}

fn plan(side: usize) -> ViewPlan {
    let steps = vec![
        Step::RandomResizedCrop { scale: (0.2, 1.0), ratio: (0.75, 4.0 / 3.0), antialias: true },
        Step::Shared(vec![Step::HorizontalFlip.sometimes(0.5)]),
        Step::ColorJitter { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }.sometimes(0.8),
    ];
    ViewPlan::new((side, side), steps).unwrap()
}

fn spec(dataset: Arc<dyn Dataset>, first_step: u64) -> LoaderSpec {
    LoaderSpec {
        epochs: Epochs { len: dataset.len(), batch: 8, seed: 5 },
        dataset,
        plans: vec![plan(16), plan(16), plan(10)],
        total_epochs: 2,
        first_step,
        seed: 5,
        workers: 1,
    }
}

#[test]
fn recipes_rendered_are_the_loaders_views_with_partners_and_several_sizes_at_any_step() {
    let frames: Arc<dyn Dataset> = Arc::new(Frames(Shapes::train(30, 10, 20, 1).unwrap()));
    let bytes = spec(Arc::clone(&frames), 0).bytes();
    let mut rendered = Loader::start(spec(Arc::clone(&frames), 2), vec![vec![0; bytes]; 2]).unwrap();
    let mut drawn = Loader::start(spec(Arc::clone(&frames), 2), vec![Recipes::default(); 2]).unwrap();
    let (mut steps, mut partners, mut flipped) = (0, 0, 0);
    while let (Some(expected), Some(found)) = (rendered.next().unwrap(), drawn.next().unwrap()) {
        assert_eq!(
            (found.step, found.epoch, &found.indices),
            (expected.step, expected.epoch, &expected.indices)
        );
        // What is shared is drawn alike for the three views of an image.
        let flips: Vec<_> =
            found.buffer.recipes.iter().map(|recipe| recipe.ops.contains(&Op::Flip)).collect();
        let n = found.indices.len();
        assert!(flips[..n] == flips[n..2 * n] && flips[..n] == flips[2 * n..], "{flips:?}");
        flipped += flips.iter().filter(|&&flip| flip).count();
        let mut views = Vec::new();
        for (recipe, &source) in found.buffer.recipes.iter().zip(&found.buffer.sources) {
            let mut view = vec![0; recipe.size.0 * recipe.size.1 * 3];
            let mut buffer = Vec::new();
            let image = frames.image(source as usize, &mut buffer).unwrap();
            render_into(recipe, image, &mut view, &mut Scratch::default());
            views.extend(view);
        }
        assert!(views == expected.buffer, "step {}", found.step);
        let (first, others) = found.buffer.sources.split_at(8);
        assert!(first.iter().zip(&found.indices).all(|(&source, &index)| source == i64::from(index)));
        partners += others[..8].iter().zip(first).filter(|(other, own)| other != own).count();
        steps += 1;
        rendered.recycle(expected.buffer);
        drawn.recycle(found.buffer);
    }
    assert_eq!(steps, 4);
    assert!(partners > 8, "{partners} views of other images");
    assert!((24..72).contains(&flipped), "{flipped} of 96 views flipped");
}

#[test]
fn images_of_several_sizes_are_named_with_the_two_ways_out() {
    struct Growing(Shapes);
    impl Dataset for Growing {
        fn len(&self) -> usize {
            3
        }

        fn size(&self, index: usize) -> Result<(usize, usize), DataError> {
            Ok((20 + index / 2, 20))
        }

        fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
            self.0.image(index, buffer)
        }
    }
    let shapes = Shapes::train(3, 3, 20, 1).unwrap();
    assert_eq!(one_size(&shapes).unwrap(), (20, 20));
    let mut out = vec![0; 2 * 20 * 20 * 3];
    copy_images(&shapes, 1, (20, 20), 3, &mut out).unwrap();
    assert_eq!(out[1200..], *shapes.image(2, &mut Vec::new()).unwrap().pixels);
    let said = one_size(&Growing(shapes)).unwrap_err().to_string();
    assert!(said.contains("found image 0 of 20x20 pixels and image 2 of 21x20 pixels"), "{said}");
    assert!(said.starts_with("train.feed = \"device\"") && said.contains("kontrast pack"), "{said}");
}
