//! All images of a data set on a device, as bytes in one tensor.

use kontrast_data::{DataError, Dataset, copy_images, one_size};
use kontrast_runlog::human;
use kontrast_torch_ext::{available_memory, free_device_memory};
use tch::{Device, Kind, Tensor};
use thiserror::Error;

/// Bytes that are read before they are copied to the device.
const AT_ONCE: usize = 64 << 20;

/// Why a training cannot be fed.
#[derive(Debug, Error)]
pub enum FeedError {
    /// The images are more than the device has room for.
    #[error(
        "train.feed = \"device\": {images} images of {}x{} with {channels} channels take {}, and {} of memory are free on \
         {}; use train.feed = \"host\", train on fewer with data.subset, or make room",
        size.0,
        size.1,
        human::bytes(*needed),
        human::bytes(*free),
        words(*device)
    )]
    Memory {
        /// How many.
        images: usize,
        /// Width and height.
        size: (usize, usize),
        /// Of each image.
        channels: usize,
        /// The device that they were to lie on.
        device: Device,
        /// Bytes that they take.
        needed: u64,
        /// Bytes that are there.
        free: u64,
    },
    /// The images have several sizes or cannot be read, or threads cannot be started.
    #[error(transparent)]
    Data(#[from] DataError),
}

/// The images of a data set where views are rendered from them.
pub struct DeviceImages {
    images: Tensor,
}

impl DeviceImages {
    /// Asks whether the images can lie on the device, without reading any.
    ///
    /// # Errors
    /// [`FeedError::Memory`] when they are more than is free there, where that is known; [`DataError::Sizes`] when they
    /// differ in size.
    pub fn check(dataset: &dyn Dataset, channels: usize, device: Device) -> Result<(), FeedError> {
        // A device's own driver tells of a GPU, and Linux of the memory beside the CPU.
        let free = available_memory(device).or_else(|| free_device_memory(device));
        fits(dataset, channels, device, free).map(drop)
    }

    /// Copies the images to the device.
    ///
    /// # Errors
    /// As [`DeviceImages::check`], and when an image cannot be read.
    pub fn copied(dataset: &dyn Dataset, channels: usize, device: Device) -> Result<Self, FeedError> {
        Self::check(dataset, channels, device)?;
        let (width, height) = one_size(dataset)?;
        let (n, each) = (dataset.len(), width * height * channels);
        let shape = [n as i64, height as i64, width as i64, channels as i64];
        let images = Tensor::empty(shape, (Kind::Uint8, device));
        let at_once = (AT_ONCE / each).max(1);
        let mut bytes = vec![0; at_once.min(n) * each];
        for start in (0..n).step_by(at_once) {
            let count = at_once.min(n - start);
            let part = &mut bytes[..count * each];
            copy_images(dataset, start, (width, height), channels, part)?;
            let part = Tensor::from_slice(part).view([count as i64, shape[1], shape[2], shape[3]]);
            images.narrow(0, start as i64, count as i64).copy_(&part);
        }
        Ok(Self { images })
    }

    /// # Shapes
    /// - returns bytes, `[n, h, w, c]`
    pub fn tensor(&self) -> &Tensor {
        &self.images
    }
}

fn fits(
    dataset: &dyn Dataset,
    channels: usize,
    device: Device,
    free: Option<u64>,
) -> Result<(usize, usize), FeedError> {
    let size = one_size(dataset)?;
    let images = dataset.len();
    let needed =
        [size.1, channels, images].iter().fold(size.0 as u64, |all, &by| all.saturating_mul(by as u64));
    match free {
        Some(free) if needed > free => {
            Err(FeedError::Memory { images, size, channels, device, needed, free })
        }
        _ => Ok(size),
    }
}

fn words(device: Device) -> String {
    match device {
        Device::Cuda(index) => format!("cuda:{index}"),
        _ => "the CPU".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontrast_data::{InMemory, Shapes};

    #[test]
    fn images_that_do_not_fit_are_refused_with_the_key_and_what_would_do() {
        let shapes = Shapes::train(1000, 4, 100, 0).unwrap();
        assert!(fits(&shapes, 3, Device::Cpu, None).is_ok());
        assert!(fits(&shapes, 3, Device::Cpu, Some(30_000_000)).is_ok());
        let said = fits(&shapes, 3, Device::Cpu, Some(29_999_999)).unwrap_err().to_string();
        let expected =
            "train.feed = \"device\": 1000 images of 100x100 with 3 channels take 30.0 MB, and 30.0 MB of";
        assert!(said.starts_with(expected) && said.contains("train.feed = \"host\""), "{said}");
    }

    #[test]
    fn the_images_lie_on_the_device_as_their_bytes() {
        let bytes: Vec<u8> = (0..24).collect();
        let images = InMemory::rgb((2, 1), bytes.clone(), vec![0; 4], vec!["a".into()]);
        let images = DeviceImages::copied(&images, 3, Device::Cpu).unwrap();
        assert_eq!(images.tensor().size(), [4, 1, 2, 3]);
        assert_eq!(Vec::<u8>::try_from(images.tensor().view(-1)).unwrap(), bytes);
    }
}
