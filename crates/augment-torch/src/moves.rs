//! What moves whole pixels after other operations: late cuts, and channels moved against each other.

use crate::numbers::Numbers;
use tch::{Device, Kind, Tensor};

/// Whole numbers from 0, as fp32, along dimension `dim` of four.
pub(crate) fn positions(len: i64, dim: usize, device: Device) -> Tensor {
    let mut shape = [1; 4];
    shape[dim] = len;
    Tensor::arange(len, (Kind::Float, device)).view(shape)
}

/// Takes a box of `size` (width, height) out of each picture; outside it is black. The numbers are its left and its
/// upper edge.
///
/// # Shapes
/// - `x`: `[n, c, h, w]`
/// - returns `[n, c, height, width]`
pub(crate) fn cut(x: &Tensor, size: (i64, i64), numbers: &Numbers) -> Tensor {
    let (_, _, h, w) = x.size4().expect("pictures of four dimensions");
    let rows = positions(size.1, 2, x.device()) + numbers.column(1);
    let columns = positions(size.0, 3, x.device()) + numbers.column(0);
    let inside = |at: &Tensor, len: i64| at.ge(0.0).logical_and(&at.lt(len)).to_kind(Kind::Float);
    let mut out = read(x, &rows, &columns);
    out.g_mul_(&inside(&rows, h)).g_mul_(&inside(&columns, w))
}

/// Moves each channel to the right and downwards; border pixels are repeated. The numbers are two a channel.
pub(crate) fn shift_channels(x: &mut Tensor, numbers: &Numbers) {
    let (_, _, h, w) = x.size4().expect("pictures of four dimensions");
    let by = numbers.floats.view([-1, 3, 1, 2]);
    let columns = positions(w, 3, x.device()) - by.narrow(3, 0, 1);
    let rows = positions(h, 2, x.device()) - by.narrow(3, 1, 1);
    x.copy_(&read(x, &rows, &columns));
}

/// Moves all channels to the right and downwards; what comes in from outside is the mirror image. The numbers are the two
/// distances.
pub(crate) fn reflect_translate(x: &mut Tensor, numbers: &Numbers) {
    let (_, _, h, w) = x.size4().expect("pictures of four dimensions");
    let reflected = |len: i64, dim: usize, number: i64| {
        let turn = (2 * (len - 1)).max(1) as f64;
        let place = (positions(len, dim, x.device()) - numbers.column(number)).remainder(turn);
        place.minimum(&(-&place + turn))
    };
    let (columns, rows) = (reflected(w, 3, 0), reflected(h, 2, 1));
    x.copy_(&read(x, &rows, &columns));
}

/// The pixels at these rows and columns, the nearest where they lie outside.
///
/// # Shapes
/// - `x`: `[n, c, h, w]`
/// - `rows`: whole numbers, `[n, 1 or c, height, 1]`
/// - `columns`: whole numbers, `[n, 1 or c, 1, width]`
/// - returns `[n, c, height, width]`
fn read(x: &Tensor, rows: &Tensor, columns: &Tensor) -> Tensor {
    let (n, c, h, w) = x.size4().expect("pictures of four dimensions");
    let index = |at: &Tensor, len: i64| at.clamp(0.0, (len - 1) as f64).to_kind(Kind::Int64);
    let (height, width) = (rows.size()[2], columns.size()[3]);
    let x = x.gather(2, &index(rows, h).expand([n, c, height, w], true), false);
    x.gather(3, &index(columns, w).expand([n, c, height, width], true), false)
}
