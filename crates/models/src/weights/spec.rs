//! The architecture that tensors are of, from their names and shapes.

use super::Found;
use crate::torchvision::resnet_of;
use crate::{AmdimSpec, EncoderSpec, NinSpec, PositionEmbedding, VitSpec};
use kontrast_torch_ext::StateDict;

/// Values of a head of attention in the transformers of the papers; files do not say it.
const HEAD: i64 = 64;
/// Heads of every transformer of MoCo v3's code, whose ViT-Small has twice those of DeiT's.
const HEADS_OF_MOCO_V3: i64 = 12;
/// Pixels on a side of images that positions of a formula are made for.
const SIDE: i64 = 224;
/// Numbers that an encoder may be made of without a look at how many there are.
const SPARE: u64 = 1 << 20;
/// No transformer has as many blocks.
const BLOCKS: i64 = 1000;

/// The architecture of an encoder whose tensors have our names; none where it is not one of ours. Shapes are looked at when
/// they are loaded.
pub(crate) fn spec_of(found: &Found, own: &StateDict) -> Option<EncoderSpec> {
    if let Some(spec) = resnet_of(own) {
        return Some(EncoderSpec::ResNet(spec));
    }
    let others =
        || amdim_of(own).map(EncoderSpec::Amdim).or_else(|| vit_of(found, own).map(EncoderSpec::Vit));
    let spec = nin_of(own).map(EncoderSpec::Nin).or_else(others)?;
    spec.check().ok().map(|()| spec)
}

/// Refuses an architecture of far more numbers than there are, before any of them is made: shapes may have sides of 0.
pub(crate) fn require_numbers(spec: EncoderSpec, own: &StateDict) -> Result<(), String> {
    let found: usize = own.iter().map(|(_, tensor)| tensor.numel()).sum();
    let expected = spec.estimate((32, 32)).parameters;
    if expected <= 2 * found as u64 + SPARE {
        return Ok(());
    }
    Err(format!("its shapes are those of a network of {expected} numbers, and its tensors hold {found}"))
}

fn nin_of(own: &StateDict) -> Option<NinSpec> {
    let (width, channels, ..) = own.get("block1.conv1.weight")?.size4().ok()?;
    let has = |block: &i64| own.get(&format!("block{block}.conv1.weight")).is_some();
    let blocks = (1..=BLOCKS).take_while(has).count() as i64;
    Some(NinSpec { blocks, width, channels, channels_last: true, bn_splits: 1 })
}

fn amdim_of(own: &StateDict) -> Option<AmdimSpec> {
    let size4 = |name: &str| own.get(name)?.size4().ok();
    let (width, channels, ..) = size4("conv1.weight")?;
    let (_, _, side, _) = size4("block1.0.conv1.weight")?;
    let size = match side {
        1 => 32,
        _ if own.get("conv2.weight").is_some() => 128,
        _ => 64,
    };
    let has = |unit: &i64| own.get(&format!("block3.{unit}.conv1.weight")).is_some();
    let depth = (0..BLOCKS).take_while(has).count() as i64;
    let (rkhs, ..) = size4("block6.0.conv1.weight")?;
    Some(AmdimSpec { size, width, rkhs, depth, channels, channels_last: true, bn_splits: 1 })
}

fn vit_of(found: &Found, own: &StateDict) -> Option<VitSpec> {
    let (width, channels, patch, _) = own.get("patch_embed.proj.weight")?.size4().ok()?;
    let has = |block: &i64| own.get(&format!("blocks.{block}.norm1.weight")).is_some();
    let depth = (0..BLOCKS).take_while(has).count() as i64;
    let grid = own.get("pos_embed").map(|positions| grid_of(&positions.size()));
    let (position, side) = match grid {
        Some(grid) => (PositionEmbedding::Learned, grid?.checked_mul(patch)?),
        None => (PositionEmbedding::Sines, SIDE / patch.max(1) * patch),
    };
    let heads = if found.is_transformer_of_moco_v3() { HEADS_OF_MOCO_V3 } else { (width / HEAD).max(1) };
    Some(VitSpec {
        width,
        depth,
        heads,
        position,
        channels,
        stochastic_depth: 0.0,
        frozen_projection: false,
        ..VitSpec::tiny(patch, side)
    })
}

/// Patches on a side, of positions `[1, 1 + patches, width]` in a square; none for other positions.
pub(crate) fn grid_of(positions: &[i64]) -> Option<i64> {
    let [1, places, _] = positions else { return None };
    let side = (1..=BLOCKS).find(|side| side * side >= places - 1)?;
    (side * side == places - 1).then_some(side)
}
