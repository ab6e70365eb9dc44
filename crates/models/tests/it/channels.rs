//! Encoders of images with one to four channels, and of images that are not square.

use kontrast_models::{Depth, EncoderSpec, Init, Mode, NinSpec, Norm, ResNetSpec, Stem};
use kontrast_testkit::assert_close;
use tch::{Device, Kind, Tensor, nn};

fn specs(channels: i64) -> [(EncoderSpec, &'static str); 2] {
    let resnet = ResNetSpec {
        depth: Depth::ResNet18,
        stem: Stem::Cifar,
        width: 8,
        channels,
        channels_last: true,
        bn_splits: 1,
        norm: Norm::Batch,
    };
    let nin = NinSpec { blocks: 3, width: 12, channels, channels_last: true, bn_splits: 1 };
    [(EncoderSpec::ResNet(resnet), "conv1.weight"), (EncoderSpec::Nin(nin), "block1.conv1.weight")]
}

#[test]
fn a_gray_encoder_is_the_one_of_colours_whose_first_weights_are_summed() {
    let images = Tensor::arange(4 * 20 * 14, (Kind::Float, Device::Cpu)).sin().view([4, 1, 20, 14]);
    for ((of_gray, first), (of_colours, _)) in specs(1).into_iter().zip(specs(3)) {
        let (one, three) = (nn::VarStore::new(Device::Cpu), nn::VarStore::new(Device::Cpu));
        let (gray, colours) = (of_gray.build(&one, Init::new(0)), of_colours.build(&three, Init::new(0)));
        let value = |(name, value): (&str, &Tensor)| {
            let summed = || value.sum_dim_intlist(&[1_i64][..], true, Kind::Float);
            (name.to_owned(), if name == first { summed() } else { value.shallow_clone() })
        };
        let state = colours.variables().iter().map(value).collect();
        gray.variables().copy_from(&state).unwrap();
        let expected = colours.forward(&images.repeat([1, 3, 1, 1]), Mode::Train.into());
        assert_close(&gray.forward(&images, Mode::Train.into()), &expected, 1e-4);
    }
}

#[test]
fn the_first_layer_alone_has_the_channels_of_the_images() {
    for channels in 1..=4 {
        for ((spec, first), (of_three, _)) in specs(channels).into_iter().zip(specs(3)) {
            let (own, three) = (nn::VarStore::new(Device::Cpu), nn::VarStore::new(Device::Cpu));
            let (encoder, colours) = (spec.build(&own, Init::new(0)), of_three.build(&three, Init::new(0)));
            assert_eq!(spec.channels(), channels);
            for (name, value) in encoder.variables().iter() {
                let expected = colours.variables().get(name).unwrap().size();
                let found = value.size();
                if name == first {
                    assert_eq!((found[0], found[1], &found[2..]), (expected[0], channels, &expected[2..]));
                } else {
                    assert_eq!(found, expected, "{name}");
                }
            }
        }
    }
}
