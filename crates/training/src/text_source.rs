//! Where the texts of images come from.

use kontrast_methods::Progress;
use kontrast_torch_ext::Texts;

/// The texts of a data set's images. They are drawn beside the images and not by them: what is given may depend on the
/// image and on where training stands, and on nothing else, or resume is not exact.
pub trait TextSource: Send {
    /// A text of each image, on the device of the encoder; several where several are wanted of each.
    fn texts(&self, indices: &[u32], progress: Progress) -> Vec<Texts>;
}
