//! Noise from the counter of the CPU renderer: the same bits, in whole numbers; and what is filled with it.

use crate::moves::positions;
use crate::numbers::Numbers;
use kontrast_torch_ext::counter_bits;
use tch::{Kind, Tensor};

/// Standard deviation of an erased box's noise, as in the CPU renderer.
const STD: f64 = 0.25;

/// Adds noise. The number is its standard deviation.
pub(crate) fn add(x: &mut Tensor, numbers: &Numbers) {
    let (_, c, h, w) = x.size4().expect("pictures of four dimensions");
    let index = Tensor::arange(c * h * w, (Kind::Int64, x.device())).view([1, c, h, w]);
    let mut noise = normal(&numbers.keys, &index);
    let _ = x.g_add_(&noise.g_mul_(&numbers.column(0))).clamp_(0.0, 1.0);
}

/// Fills a box. The numbers are its left and its upper edge, its width, its height, and the value.
pub(crate) fn erase(x: &mut Tensor, noisy: bool, numbers: &Numbers) {
    let (_, c, h, w) = x.size4().expect("pictures of four dimensions");
    let (rows, columns) = (positions(h, 2, x.device()), positions(w, 3, x.device()));
    let (row, column) = (rows - numbers.column(1), columns - numbers.column(0));
    let (width, height) = (numbers.column(2), numbers.column(3));
    let inside = |at: &Tensor, len: &Tensor| at.ge(0.0).logical_and(&at.lt_tensor(len)).to_kind(Kind::Float);
    let mask = inside(&row, &height) * inside(&column, &width);
    let fill = if noisy {
        let whole = |x: &Tensor| x.to_kind(Kind::Int64);
        let channel = whole(&positions(c, 1, x.device()));
        let (width, height) = (whole(&width), whole(&height));
        // Numbers are counted inside the box, channel after channel; those outside go nowhere.
        let index = (channel * height + whole(&row)) * width + whole(&column);
        let mut noise = normal(&numbers.keys, &index);
        noise.g_mul_scalar_(STD).g_add_scalar_(0.5).clamp_(0.0, 1.0)
    } else {
        numbers.column(4)
    };
    let kept: Tensor = 1.0 - &mask;
    let _ = x.g_mul_(&kept).g_add_(&(fill * mask));
}

/// Replaces all channels but one by noise about the middle gray. The number is its std, as a fraction of the kept
/// channel's.
pub(crate) fn drop_channels(x: &mut Tensor, kept: i64, numbers: &Numbers) {
    let (_, _, h, w) = x.size4().expect("pictures of four dimensions");
    let std = x.narrow(1, kept, 1).std_dim(&[2_i64, 3][..], false, true) * numbers.column(0);
    let index = Tensor::arange(2 * h * w, (Kind::Int64, x.device())).view([1, 2, h, w]);
    let mut noise = normal(&numbers.keys, &index);
    let noise = noise.g_mul_(&std).g_add_scalar_(0.5).clamp_(0.0, 1.0);
    for (place, channel) in (0..3).filter(|&channel| channel != kept).enumerate() {
        x.narrow(1, channel, 1).copy_(&noise.narrow(1, place as i64, 1));
    }
}

/// Standard normal numbers of each view's key: the same for a key and an index on every device but for rounding.
///
/// # Shapes
/// - `keys`: `[n, 2]`, i64, 32 bits each
/// - `index`: whole numbers, `[n or 1, a, b, c]`
/// - returns `[n, a, b, c]`
pub fn normal(keys: &Tensor, index: &Tensor) -> Tensor {
    let unit = 1.0 / f64::from(1_u32 << 24);
    let part = |index: &Tensor| bits(keys, index).bitwise_right_shift_tensor_scalar(8);
    let twice = index * 2;
    let mut radius = (part(&twice) + 1).to_kind(Kind::Float).g_mul_scalar_(unit).log_();
    let radius = radius.g_mul_scalar_(-2.0).sqrt_();
    let angle = part(&(twice + 1)).to_kind(Kind::Float).g_mul_scalar_(unit);
    radius * (angle * std::f64::consts::TAU).cos_()
}

/// The counter's 32 bits.
fn bits(keys: &Tensor, index: &Tensor) -> Tensor {
    let half = |which| keys.select(1, which).view([-1, 1, 1, 1]);
    counter_bits(&half(0), &half(1), index)
}
