//! Weights of torchvision's networks, of which an encoder reads all but the classifier, and an encoder's as torchvision
//! reads them.

use crate::{Depth, Norm, ResNetSpec, Stem};
use kontrast_torch_ext::StateDict;
use tch::Tensor;

/// A state dictionary of torchvision's ResNets without what an encoder has no place for: the classifier (`fc.*`), and
/// batch norm's counters (`*.num_batches_tracked`), which matter to training without a momentum alone.
///
/// ```
/// use kontrast_models::from_torchvision;
/// use kontrast_torch_ext::StateDict;
/// use tch::Tensor;
///
/// let names = ["bn1.bias", "bn1.num_batches_tracked", "fc.weight", "fc.bias"];
/// let state: StateDict = names.into_iter().map(|name| (name.to_owned(), Tensor::from(0.0_f32))).collect();
/// let encoder = from_torchvision(&state);
/// assert_eq!(encoder.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["bn1.bias"]);
/// ```
#[must_use]
pub fn from_torchvision(state: &StateDict) -> StateDict {
    let is_read = |name: &str| !name.ends_with(".num_batches_tracked") && !name.starts_with("fc.");
    let own = state.iter().filter(|(name, _)| is_read(name));
    own.map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone())).collect()
}

/// A ResNet's variables as torchvision's networks without a classifier (`fc = Identity()`) load them: beside each pair of
/// running statistics stands `num_batches_tracked`, which is 0, since nothing is counted here.
#[must_use]
pub fn to_torchvision(state: &StateDict) -> StateDict {
    let mut theirs = state.clone();
    for norm in state.iter().filter_map(|(name, _)| name.strip_suffix(".running_mean")) {
        theirs.insert(format!("{norm}.num_batches_tracked"), Tensor::from(0_i64));
    }
    theirs
}

/// The ResNet whose variables these are; none where they are of another network. Their shapes are looked at when they are
/// loaded.
pub(crate) fn resnet_of(state: &StateDict) -> Option<ResNetSpec> {
    let kernel = state.get("conv1.weight")?.size4().ok()?;
    let (width, channels, side, _) = kernel;
    let blocks = |stage: usize| {
        // No ResNet has as many in a stage.
        let there = |block: &i64| state.get(&format!("layer{stage}.{block}.conv1.weight")).is_some();
        (0..100_i64).take_while(there).count()
    };
    let counts = [1, 2, 3, 4].map(blocks);
    let bottleneck = state.get("layer1.0.conv3.weight").is_some();
    let spec = |depth| ResNetSpec {
        depth,
        stem: if side == 3 { Stem::Cifar } else { Stem::Imagenet },
        width,
        channels,
        channels_last: true,
        bn_splits: 1,
        // Weights without running statistics may be half a file: group norm is never guessed.
        norm: Norm::Batch,
    };
    let depths = [Depth::ResNet18, Depth::ResNet34, Depth::ResNet50, Depth::ResNet101, Depth::ResNet152];
    depths.into_iter().map(spec).find(|spec| spec.blocks() == (counts, bottleneck))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Encoder, Init, ResNet};
    use tch::{Device, nn};

    /// The variables that torchvision's network of this shape would have.
    fn theirs(own: &StateDict) -> StateDict {
        let mut state = to_torchvision(own);
        state.insert("fc.weight", Tensor::from(0.0_f32));
        state.insert("fc.bias", Tensor::from(0.0_f32));
        state
    }

    #[test]
    fn field_weights_of_torchvision_load_once_their_own_parts_are_left_out() {
        for depth in [Depth::ResNet18, Depth::ResNet34, Depth::ResNet50, Depth::ResNet101, Depth::ResNet152] {
            let spec = ResNetSpec {
                depth,
                stem: Stem::Imagenet,
                width: 4,
                channels: 3,
                channels_last: false,
                bn_splits: 1,
                norm: Norm::Batch,
            };
            let (from, to) = (nn::VarStore::new(Device::Cpu), nn::VarStore::new(Device::Cpu));
            let theirs = theirs(&ResNet::new(&from, spec, Init::new(1)).variables());
            let encoder = ResNet::new(&to, spec, Init::new(2)).variables();
            let refused = encoder.copy_from(&theirs).unwrap_err().to_string();
            assert!(refused.contains("from_torchvision") && !refused.contains("configuration"), "{refused}");
            encoder.copy_from(&from_torchvision(&theirs)).unwrap();
            let weight = |state: &StateDict| state.get("layer4.1.conv2.weight").map(Tensor::copy);
            assert_eq!(weight(&encoder), weight(&theirs), "{depth:?}");
        }
    }
}
