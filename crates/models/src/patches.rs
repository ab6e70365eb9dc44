//! Patches of images: cut out, put together again, and some of them picked by their places.

use tch::{Kind, Tensor};

/// Images as rows of patches, row by row of the image; a patch has its pixels row by row, and of each pixel all channels (the
/// order of MAE's published code, github.com/facebookresearch/mae).
///
/// # Shapes
/// - `images`: `[n, c, h, w]`
/// - returns `[n, (h / patch) * (w / patch), patch * patch * c]`
///
/// # Panics
/// Where `patch` does not divide both sides.
pub fn patchify(images: &Tensor, patch: i64) -> Tensor {
    let (n, c, h, w) = images.size4().expect("images of four dimensions");
    assert!(patch > 0 && h % patch == 0 && w % patch == 0, "patches of {patch} pixels in images of {h}x{w}");
    let (rows, columns) = (h / patch, w / patch);
    let cut = images.reshape([n, c, rows, patch, columns, patch]).permute([0, 2, 4, 3, 5, 1]);
    cut.reshape([n, rows * columns, patch * patch * c])
}

/// Images of the patches that [`patchify`] makes of them.
///
/// # Shapes
/// - `patches`: `[n, rows * columns, patch * patch * c]`
/// - returns `[n, c, rows * patch, columns * patch]`
pub fn unpatchify(patches: &Tensor, patch: i64, (rows, columns): (i64, i64)) -> Tensor {
    let (n, _, values) = patches.size3().expect("rows of patches");
    let channels = values / (patch * patch);
    let cut = patches.reshape([n, rows, columns, patch, patch, channels]).permute([0, 5, 1, 3, 2, 4]);
    cut.reshape([n, channels, rows * patch, columns * patch])
}

/// Which patches are not among those at `keep`: 1, and 0 for these.
///
/// # Shapes
/// - `keep`: `[n, k]`, i64, places below `patches`
/// - returns `[n, patches]`, fp32
pub fn hidden_patches(keep: &Tensor, patches: i64) -> Tensor {
    let n = keep.size()[0];
    Tensor::ones([n, patches], (Kind::Float, keep.device())).scatter_value(1, keep, 0.0)
}

/// The tokens of each row at these places.
///
/// # Shapes
/// - `tokens`: `[n, l, width]`
/// - `keep`: `[n, k]`, i64, places below l
/// - returns `[n, k, width]`
pub(crate) fn picked(tokens: &Tensor, keep: &Tensor) -> Tensor {
    let (n, l, width) = tokens.size3().expect("rows of tokens");
    let all = tokens.reshape([n * l, width]);
    all.index_select(0, &flat(keep, l)).view([n, -1, width])
}

/// Rows of l tokens: those given at their places, `filling` at all others.
///
/// # Shapes
/// - `tokens`: `[n, k, width]`
/// - `keep`: `[n, k]`, i64, places below l, none twice in a row
/// - `filling`: `[1, 1, width]`
/// - returns `[n, l, width]`
pub(crate) fn filled(tokens: &Tensor, keep: &Tensor, filling: &Tensor, l: i64) -> Tensor {
    let (n, _, width) = tokens.size3().expect("rows of tokens");
    let all = filling.expand([n, l, width], false).reshape([n * l, width]);
    all.index_copy(0, &flat(keep, l), &tokens.reshape([-1, width])).view([n, l, width])
}

/// Places in rows of l as places in all rows, one after another.
fn flat(keep: &Tensor, l: i64) -> Tensor {
    let first = Tensor::arange(keep.size()[0], (Kind::Int64, keep.device())) * l;
    (keep + first.unsqueeze(1)).reshape([-1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    fn ramp(size: &[i64]) -> Tensor {
        Tensor::arange(size.iter().product::<i64>(), (Kind::Float, Device::Cpu)).reshape(size)
    }

    #[test]
    fn a_patch_has_its_pixels_row_by_row_with_their_channels() {
        let images = ramp(&[2, 3, 4, 6]);
        let patches = patchify(&images, 2);
        assert_eq!(patches.size(), [2, 6, 12]);
        // The patch of the second row and the third column of patches.
        for (place, (y, x)) in [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter().enumerate() {
            for channel in 0..3 {
                let found = patches.double_value(&[1, 5, 3 * place as i64 + channel]);
                assert_eq!(found, images.double_value(&[1, channel, 2 + y, 4 + x]));
            }
        }
        assert_eq!(unpatchify(&patches, 2, (2, 3)), images);
    }

    #[test]
    fn what_is_picked_comes_back_to_its_place_and_the_rest_is_filled() {
        let (tokens, filling) = (ramp(&[2, 5, 3]), -ramp(&[1, 1, 3]) - 1.0);
        let keep = Tensor::from_slice(&[4i64, 1, 0, 2]).view([2, 2]);
        let some = picked(&tokens, &keep);
        assert_eq!(some.get(0).get(0), tokens.get(0).get(4));
        let all = filled(&some, &keep, &filling, 5);
        let hidden = hidden_patches(&keep, 5);
        assert_eq!(Vec::<f32>::try_from(hidden.view(-1)).unwrap(), [1., 0., 1., 1., 0., 0., 1., 0., 1., 1.]);
        let expected = tokens.where_self(&hidden.unsqueeze(2).eq(0.0), &filling);
        assert_eq!(all, expected);
    }
}
