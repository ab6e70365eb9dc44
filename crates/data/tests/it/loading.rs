//! The loader: exact order, exact bytes, resume, errors, and threads that end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kontrast_augment::{ImageRef, KeyedRng, Step, ViewPlan};
use kontrast_data::{Batch, DataError, Dataset, Epochs, Loader, LoaderSpec, Shapes, fill};

fn plan() -> ViewPlan {
    let steps = vec![
        Step::RandomResizedCrop { scale: (0.2, 1.0), ratio: (0.75, 4.0 / 3.0), antialias: true },
        Step::HorizontalFlip.sometimes(0.5),
        Step::ColorJitter { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }.sometimes(0.8),
        Step::Grayscale.sometimes(0.2),
        Step::GaussianBlur { sigma: (0.1, 2.0), kernel: 3 }.sometimes(0.5),
    ];
    ViewPlan::new((16, 16), steps).unwrap()
}

fn spec(dataset: Arc<dyn Dataset>, workers: usize) -> LoaderSpec {
    LoaderSpec {
        epochs: Epochs { len: dataset.len(), batch: 8, seed: 5 },
        dataset,
        plans: vec![plan(), plan()],
        total_epochs: 3,
        first_step: 0,
        seed: 5,
        workers,
    }
}

fn shapes() -> Arc<dyn Dataset> {
    Arc::new(Shapes::train(30, 10, 20, 1).unwrap())
}

fn start(spec: LoaderSpec, buffers: usize) -> Loader<Vec<u8>> {
    let bytes = spec.bytes();
    Loader::start(spec, vec![vec![0; bytes]; buffers]).unwrap()
}

/// All batches, each copied before its buffer goes back.
fn all(mut loader: Loader<Vec<u8>>) -> Vec<Batch<Vec<u8>>> {
    let mut batches = Vec::new();
    while let Some(batch) = loader.next().unwrap() {
        batches.push(batch.clone());
        loader.recycle(batch.buffer);
    }
    batches
}

#[test]
fn batches_come_in_the_order_of_the_steps_with_the_views_of_their_images() {
    let batches = all(start(spec(shapes(), 2), 3));
    assert_eq!(batches.len(), 9);
    let epochs = Epochs { len: 30, batch: 8, seed: 5 };
    for (step, batch) in batches.iter().enumerate() {
        assert_eq!((batch.step, batch.epoch), (step as u64, step as u32 / 3));
        let start = step % 3 * 8;
        assert_eq!(batch.indices, epochs.order(batch.epoch)[start..start + 8]);
        let mut first = vec![0; batch.buffer.len() / 2];
        fill(&*shapes(), &plan(), 5, batch.epoch, &batch.indices, &mut first).unwrap();
        assert!(batch.buffer[..first.len()] == first, "the first half holds view 0 of each image");
        assert!(batch.buffer[first.len()..] != first, "the second half holds other views");
    }
}

#[test]
fn one_and_eight_workers_give_the_same_bytes() {
    assert!(all(start(spec(shapes(), 1), 1)) == all(start(spec(shapes(), 8), 5)));
}

#[test]
fn any_first_step_goes_on_with_identical_bytes() {
    let whole = all(start(spec(shapes(), 2), 2));
    for first_step in [1, 3, 5, 8, 9, 100] {
        let rest = all(start(LoaderSpec { first_step, ..spec(shapes(), 3) }, 4));
        assert!(rest == whole[whole.len().min(first_step as usize)..], "from step {first_step} on");
    }
}

#[test]
fn a_batch_larger_than_the_data_set_is_an_error() {
    let spec = LoaderSpec { epochs: Epochs { len: 30, batch: 31, seed: 0 }, ..spec(shapes(), 1) };
    let buffers = vec![vec![0; spec.bytes()]];
    let said = Loader::start(spec, buffers).map(|_| ()).unwrap_err().to_string();
    let expected = "train.batch = 31, but there are 30 training images, so that an epoch would have no step; ask for at \
                    most 30";
    assert_eq!(said, expected);
}

#[test]
#[should_panic(expected = "every buffer is lent out")]
fn waiting_without_a_buffer_is_a_bug_that_is_told() {
    let mut loader = start(spec(shapes(), 1), 1);
    let _lent = loader.next();
    let _never = loader.next();
}

/// Images of one pixel, one of which does something else.
struct Faulty {
    at: usize,
    fault: fn() -> DataError,
    reads: Arc<AtomicUsize>,
}

impl Dataset for Faulty {
    fn len(&self) -> usize {
        80
    }

    fn size(&self, _index: usize) -> Result<(usize, usize), DataError> {
        Ok((1, 1))
    }

    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if index == self.at {
            return Err((self.fault)());
        }
        *buffer = vec![index as u8; 3];
        Ok(ImageRef::new(1, 1, buffer))
    }

    fn partner(&self, index: usize, stream: &mut KeyedRng) -> usize {
        (index + 1 + stream.below(2)) % self.len()
    }
}

fn faulty(at: usize, fault: fn() -> DataError) -> LoaderSpec {
    let dataset: Arc<dyn Dataset> = Arc::new(Faulty { at, fault, reads: Arc::default() });
    LoaderSpec { plans: vec![ViewPlan::evaluation((1, 1)); 2], ..spec(dataset, 2) }
}

/// Takes batches until one fails; says how many there were and what the error said.
fn until_failure(mut loader: Loader<Vec<u8>>) -> (usize, String, String) {
    let mut batches = 0;
    loop {
        match loader.next() {
            Ok(batch) => loader.recycle(batch.expect("a failure before the end").buffer),
            Err(error) => return (batches, error.to_string(), loader.next().unwrap_err().to_string()),
        }
        batches += 1;
    }
}

#[test]
fn an_image_that_cannot_be_read_fails_its_step_and_no_earlier_one() {
    let spec = faulty(17, || DataError::Stopped("the disk is gone".into()));
    let with_partner = spec.epochs.order(0).iter().position(|&image| image == 17).unwrap() / 8;
    let (batches, said, again) = until_failure(start(spec, 3));
    assert!(batches <= with_partner, "{batches} batches, although image 17 is in step {with_partner}");
    assert_eq!(said, "the loader stopped: the disk is gone");
    let expected = "the loader stopped: an earlier batch failed; mend what its error named, and start again";
    assert_eq!(again, expected);
}

#[test]
fn a_panic_in_a_data_set_arrives_as_an_error() {
    let (_, said, _) = until_failure(start(faulty(3, || panic!("a bug in a data set")), 2));
    let expected = "the loader stopped: a thread panicked: a bug in a data set; this is a defect of Kontrast or of the \
                    data set, please report it";
    assert_eq!(said, expected);
}

#[test]
fn later_views_come_from_the_partner() {
    let spec = faulty(usize::MAX, || DataError::Stopped(String::new()));
    for batch in all(start(spec, 2)) {
        let (own, other) = batch.buffer.split_at(batch.buffer.len() / 2);
        for ((&index, own), other) in batch.indices.iter().zip(own.chunks(3)).zip(other.chunks(3)) {
            assert_eq!(u32::from(own[0]), index);
            let distance = (u32::from(other[0]) + 80 - index) % 80;
            assert!(distance == 1 || distance == 2, "image {index} has the partner {}", other[0]);
        }
    }
}

#[test]
fn no_thread_outlives_a_dropped_loader() {
    let reads = Arc::new(AtomicUsize::new(0));
    let fault = || DataError::Stopped(String::new());
    let dataset: Arc<dyn Dataset> = Arc::new(Faulty { at: usize::MAX, fault, reads: Arc::clone(&reads) });
    let spec = LoaderSpec {
        plans: vec![ViewPlan::evaluation((1, 1))],
        total_epochs: u32::MAX,
        ..spec(Arc::clone(&dataset), 4)
    };
    let mut loader = start(spec, 6);
    let _lent = loader.next().unwrap();
    drop(loader);
    assert_eq!(Arc::strong_count(&dataset), 1, "the threads have given their data set back");
    assert!(reads.load(Ordering::Relaxed) >= 8);
}
