//! Noise-contrastive estimation against a memory bank (Gutmann and Hyvarinen 2010; Wu et al. 2018, arXiv 1805.01978,
//! eq. 4 to 8).

use crate::surrogate::surrogate;
use crate::unit::{positive, widened};
use tch::{Kind, Tensor};

/// Elements of gathered noise that are held at once: 64 MB in fp32.
const GATHERED: i64 = 1 << 24;

/// -ln h(data) - sum of ln(1 - h(noise)), where h = P / (P + m / images) and P = exp(v.z / t) / `normaliser`.
///
/// Rows are taken as they are, so both `z` and `bank` are unit rows. Noise is drawn evenly from all slots of the bank.
///
/// # Shapes
/// - `z`: `[n, d]`, any float kind
/// - `bank`: `[images, d]`, a slot an image; no gradient reaches it
/// - `slots`: `[n]`, i64, the slot of each image
/// - `noise`: `[n, m]`, i64, m slots drawn for each image
/// - `normaliser`: the constant Z of eq. 4, from `nce_normaliser`
/// - returns a scalar, fp32 (fp64 for fp64 input): the mean over the n images
pub fn nce(
    z: &Tensor,
    bank: &Tensor,
    slots: &Tensor,
    noise: &Tensor,
    temperature: f64,
    normaliser: f64,
) -> Tensor {
    estimated(z, (bank, slots, noise), None, temperature, normaliser)
}

/// `nce` where images come in groups: noise of an image's own group, its own slot too, says nothing.
///
/// # Shapes
/// As `nce`; `groups` is `[images]`, i64, of all slots.
pub fn nce_ignoring(
    z: &Tensor,
    (bank, slots, noise): (&Tensor, &Tensor, &Tensor),
    groups: &Tensor,
    temperature: f64,
    normaliser: f64,
) -> Tensor {
    let of_noise = groups.index_select(0, &noise.reshape(-1)).view_as(noise);
    let alike = of_noise.eq_tensor(&groups.index_select(0, slots).unsqueeze(1));
    estimated(z, (bank, slots, noise), Some(&alike), temperature, normaliser)
}

/// `alike` says of each image which of its noise is left out, `[n, m]`.
fn estimated(
    z: &Tensor,
    (bank, slots, noise): (&Tensor, &Tensor, &Tensor),
    alike: Option<&Tensor>,
    temperature: f64,
    normaliser: f64,
) -> Tensor {
    let z = widened(z);
    positive("temperature", temperature);
    positive("normaliser", normaliser);
    let (n, m) = (z.size()[0], noise.size()[1]);
    // ln P - ln(m / images) is v.z / t less this.
    let shift = normaliser.ln() + (m as f64 / bank.size()[0] as f64).ln();
    let (sum, gradient) = tch::no_grad(|| {
        let gradient = z.zeros_like();
        let mut sum = Tensor::zeros([], (Kind::Double, z.device()));
        each_tile(&z, bank, slots, noise, |start, z, data, noise| {
            let odds = |vectors: &Tensor| vectors.bmm(&z.unsqueeze(2)) / temperature - shift;
            let (of_data, mut of_noise) = (odds(data), odds(noise));
            if let Some(alike) = alike {
                let own = alike.narrow(0, start, z.size()[0]).unsqueeze(2);
                let _ = of_noise.masked_fill_(&own, f64::NEG_INFINITY);
            }
            sum += (-&of_data).softplus().sum(Kind::Double) + of_noise.softplus().sum(Kind::Double);
            let pull = (-of_data).sigmoid().transpose(1, 2).bmm(data);
            let push = of_noise.sigmoid().transpose(1, 2).bmm(noise);
            gradient.narrow(0, start, z.size()[0]).copy_(&((push - pull).squeeze_dim(1) / temperature));
        });
        (sum.to_kind(z.kind()), gradient)
    });
    surrogate(&sum, &[(&z, gradient)]) / n as f64
}

/// The constant Z as the first batches give it (eq. 8): the number of slots times the mean of exp(v.z / t) over drawn
/// slots.
///
/// # Shapes
/// - `z`: `[n, d]`, `bank`: `[images, d]`, unit rows; `noise`: `[n, m]`, i64
/// - returns a scalar, fp64, without gradient: at a low temperature it is beyond fp32
pub fn nce_normaliser(z: &Tensor, bank: &Tensor, noise: &Tensor, temperature: f64) -> Tensor {
    positive("temperature", temperature);
    tch::no_grad(|| {
        let z = widened(z);
        let slots = noise.select(1, 0);
        let mut sum = Tensor::zeros([], (Kind::Double, z.device()));
        each_tile(&z, bank, &slots, noise, |_, z, _, noise| {
            let products = noise.bmm(&z.unsqueeze(2)).to_kind(Kind::Double);
            sum += (products / temperature).exp().sum(Kind::Double);
        });
        sum * (bank.size()[0] as f64 / noise.numel() as f64)
    })
}

/// Hands over, for some images after the others, where they start, their `z`, `[l, d]`, the vectors of their own
/// slots, `[l, 1, d]`, and those of their noise, `[l, m, d]`.
fn each_tile(
    z: &Tensor,
    bank: &Tensor,
    slots: &Tensor,
    noise: &Tensor,
    mut visit: impl FnMut(i64, &Tensor, &Tensor, &Tensor),
) {
    let (n, d, m) = (z.size()[0], z.size()[1], noise.size()[1]);
    assert_eq!((slots.size(), noise.size()[0]), (vec![n], n), "slots and noise for each row");
    let gathered = |slots: &Tensor| {
        let shape = [slots.size()[0], slots.numel() as i64 / slots.size()[0], d];
        bank.index_select(0, &slots.reshape(-1)).to_kind(z.kind()).reshape(shape)
    };
    let height = (GATHERED / (m * d)).max(1);
    for start in (0..n).step_by(height as usize) {
        let length = height.min(n - start);
        let part = |of: &Tensor| of.narrow(0, start, length);
        visit(start, &part(z), &gathered(&part(slots)), &gathered(&part(noise)));
    }
}
