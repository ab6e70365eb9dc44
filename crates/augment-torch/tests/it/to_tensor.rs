//! Tensors of bytes and the views against plain arithmetic.

use kontrast_augment_torch::{ToTensor, Views};
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

#[test]
fn views_lie_one_kind_after_the_other() {
    let images = Tensor::arange(4 * 3, (Kind::Float, Device::Cpu)).reshape([4, 3, 1, 1]);
    let views = Views::new(images, vec![7, 9]);
    assert_eq!((views.count(), views.n(), views.indices()), (2, 2, &[7, 9][..]));
    assert_eq!(views.view(1), views.all().narrow(0, 2, 2));
    let split = views.by_view(&views.all().flatten(1, -1));
    assert_eq!(split.size(), [2, 2, 3]);
    assert_eq!(split.get(1), views.view(1).flatten(1, -1));
}

proptest! {
    #[test]
    fn every_byte_is_scaled_and_normalised_by_its_channel(
        bytes in proptest::collection::vec(any::<u8>(), 2 * 3 * 4 * 3),
        mean in prop::array::uniform3(0f64..1.0), std in prop::array::uniform3(0.05f64..1.0),
    ) {
        let images = ToTensor::new(mean, std, Device::Cpu).images(&bytes, (4, 3));
        prop_assert_eq!(images.size(), [2, 3, 3, 4]);
        prop_assert_eq!(images.stride(), [36, 1, 12, 3]);
        for (place, &byte) in bytes.iter().enumerate() {
            let (image, row, column, channel) = (place / 36, place / 12 % 3, place / 3 % 4, place % 3);
            let expected = (f64::from(byte) / 255.0 - mean[channel]) / std[channel];
            let found = images.double_value(&[image as i64, channel as i64, row as i64, column as i64]);
            prop_assert!((found - expected).abs() < 1e-5, "{found} beside {expected}");
        }
    }
}
