//! Drawing and rendering in the steady state asks for no memory.
#![expect(unsafe_code, reason = "a global allocator that counts can only be written with unsafe")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use kontrast_augment::{
    Choice, Filling, ImageRef, KeyedRng, Policy, Recipe, Sampling, Scratch, Step, ViewPlan, render_into,
};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is passed on to the system's allocator as it is; counting touches no heap memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is the one that the system's allocator needs.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from the system's allocator, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the pointer came from the system's allocator, with this layout.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn no_view_allocates_once_the_largest_was_rendered() {
    let plan = ViewPlan::new(
        (32, 32),
        vec![
            Step::RandomResizedCrop { scale: (0.08, 1.0), ratio: (0.75, 4.0 / 3.0), antialias: true },
            Step::HorizontalFlip.sometimes(0.5),
            Step::ColorJitter { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }.sometimes(0.8),
            Step::Grayscale.sometimes(0.2),
            Step::GaussianBlur { sigma: (0.1, 2.0), kernel: 9 }.sometimes(0.5),
            Step::Solarize { threshold: 0.5 }.sometimes(0.2),
            Step::RandAugment { count: 2, magnitude: 20, sampling: Sampling::Bilinear },
            Step::AutoAugment { policy: Policy::Imagenet, sampling: Sampling::Nearest },
            Step::Erase { scale: (0.02, 0.3), ratio: (0.3, 3.3), filling: Filling::Noise }.sometimes(0.5),
            Step::OneOf(
                [
                    Step::QuarterTurns,
                    Step::Sobel,
                    Step::ShiftChannels { most: 2 },
                    Step::DropChannels { fraction: 0.1 },
                ]
                .map(|step| Choice { weight: 1.0, step })
                .to_vec(),
            ),
            Step::GaussianNoise { std: 0.1 }.sometimes(0.5),
            Step::Shared(vec![Step::ReflectTranslate { most: 4 }.sometimes(0.5)]),
        ],
    )
    .unwrap();
    let pixels: Vec<u8> = (0..60 * 50 * 3).map(|value| (value % 251) as u8).collect();
    let image = ImageRef::new(60, 50, &pixels);
    let (mut recipe, mut scratch) = (Recipe::default(), Scratch::default());
    let mut view = vec![0; plan.bytes()];
    let mut render = |index| {
        plan.draw_into(&mut recipe, image.size(), &mut KeyedRng::new(3, 0, index, 0));
        render_into(&recipe, image, &mut view, &mut scratch);
    };
    (0..2000).for_each(&mut render);
    let before = ALLOCATIONS.get();
    (2000..4000).for_each(&mut render);
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert!(before > 0, "the counter counts");
}
