//! Where the texts of images come from.

use kontrast_methods::Progress;
use kontrast_torch_ext::Texts;

/// The texts of a data set's images. A text may depend on its image's index and on where training stands, and on nothing
/// else: a resumed run asks again and has to get the same.
pub trait TextSource: Send {
    /// Each element has one text for each of `indices`, in their order, on the device of the encoder; several elements
    /// give several texts of each image.
    fn texts(&self, indices: &[u32], progress: Progress) -> Vec<Texts>;

    /// The tokenizer as a `tokenizer.json`, and the most tokens of a text, which checkpoints hold; none where ids come otherwise.
    fn tokenizer(&self) -> Option<(&str, usize)> {
        None
    }
}
