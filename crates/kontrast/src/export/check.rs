//! A file is opened again and compared with the encoder that it was made of, before it stands at its place.

use super::card::sample_image;
use anyhow::Context;
use kontrast_augment_torch::ToTensor;
use kontrast_models::{Encoder, Mode};
use kontrast_rng::KeyedRng;
use std::io::Write;
use std::path::Path;
use tch::{Kind, Tensor};

/// Images of the random batch: several, so that a graph with a batch of one in its shapes is found out.
const RANDOM: usize = 3;

/// Images with what the encoder makes of them.
pub(crate) struct Samples {
    /// The sample image, `[height][width][c]`.
    pub(crate) image: Vec<u8>,
    batches: [Tensor; 2],
    expected: [Tensor; 2],
}

impl Samples {
    /// The sample image, and images of random bytes.
    pub(crate) fn new(encoder: &dyn Encoder, to_tensor: &ToTensor, size: (usize, usize)) -> Self {
        let image = sample_image(size, to_tensor.channels());
        let mut draws = KeyedRng::named(*b"export  ", 0, 0, 0);
        let random: Vec<u8> = (0..RANDOM * image.len()).map(|_| draws.below(256) as u8).collect();
        let batches = [&image, &random].map(|bytes| to_tensor.images(bytes, size).contiguous());
        let expected = batches
            .each_ref()
            .map(|images| tch::no_grad(|| encoder.forward(images, Mode::Eval.into()).to_kind(Kind::Float)));
        Self { image, batches, expected }
    }

    /// The representation of the sample image.
    pub(crate) fn h(&self) -> anyhow::Result<Vec<f32>> {
        Ok(Vec::try_from(self.expected[0].flatten(0, -1))?)
    }

    /// The largest difference between what another program makes of the images and the encoder's, as a fraction of the
    /// largest value of the batch; NaN where something is no number.
    pub(crate) fn difference(
        &self,
        other: &dyn Fn(&Tensor) -> anyhow::Result<Tensor>,
    ) -> anyhow::Result<f64> {
        let mut largest: f64 = 0.0;
        for (images, expected) in self.batches.iter().zip(&self.expected) {
            let found = tch::no_grad(|| other(images))?;
            if found.size() != expected.size() || found.kind() != expected.kind() {
                let words = |tensor: &Tensor| format!("{:?} {:?}", tensor.kind(), tensor.size());
                anyhow::bail!("its output is {}, expected {}", words(&found), words(expected));
            }
            let difference = fraction(&found, expected);
            // `max` would drop a NaN.
            largest = if difference.is_nan() { difference } else { largest.max(difference) };
            if largest.is_nan() {
                break;
            }
        }
        Ok(largest)
    }
}

/// The largest difference as a fraction of the largest value.
fn fraction(found: &Tensor, expected: &Tensor) -> f64 {
    let difference = (found - expected).abs().max().double_value(&[]);
    let value = expected.abs().max().double_value(&[]);
    if difference == 0.0 { 0.0 } else { difference / value }
}

/// Writes a file beside its place, has it checked, and only then puts it there: what cannot be written whole, or is not what
/// it should be, leaves nothing, and an earlier file as it was. So does a check that gives nothing.
///
/// # Errors
/// Where it cannot be written, the check fails, or a file came to stand there in the meantime that is not to be replaced.
pub(crate) fn place<T>(
    out: &Path,
    replace: bool,
    bytes: &[u8],
    check: impl FnOnce(&Path) -> anyhow::Result<Option<T>>,
) -> anyhow::Result<Option<T>> {
    let shown = || format!("--out {}", out.display());
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".export-").suffix(".tmp");
    // As of any other file, less what the system takes away.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).with_context(shown)?;
    file.write_all(bytes).with_context(shown)?;
    file.as_file().sync_all().with_context(shown)?;
    let Some(checked) = check(file.path())? else { return Ok(None) };
    let placed = if replace { file.persist(out) } else { file.persist_noclobber(out) };
    placed.map_err(|error| error.error).with_context(shown)?;
    Ok(Some(checked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_no_agreement() {
        let (a, b) = (Tensor::from_slice(&[1f32, 4.0]), Tensor::from_slice(&[1f32, f32::NAN]));
        assert!(fraction(&b, &a).is_nan() && fraction(&a, &a) == 0.0);
        assert_eq!(fraction(&Tensor::from_slice(&[0f32, 4.0]), &a), 0.25);
    }

    #[test]
    fn a_file_that_fails_its_check_leaves_the_earlier_one_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("encoder.onnx");
        let failing =
            place(&out, false, b"new", |_| -> anyhow::Result<Option<()>> { anyhow::bail!("it differs") });
        assert_eq!(failing.unwrap_err().to_string(), "it differs");
        assert_eq!(place(&out, false, b"new", |_| Ok(None::<()>)).unwrap(), None);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        std::fs::write(&out, "old").unwrap();
        place(&out, false, b"new", |_| Ok(Some(()))).unwrap_err();
        assert_eq!(std::fs::read(&out).unwrap(), b"old");
        let seen = place(&out, true, b"new", |file| Ok(Some(std::fs::read(file)?))).unwrap();
        assert_eq!((seen, std::fs::read(&out).unwrap()), (Some(b"new".to_vec()), b"new".to_vec()));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
