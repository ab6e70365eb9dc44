//! Which encoder made a table: its fingerprint, its architecture and the size of the images that it saw, kept as notes of
//! the table.

use crate::Refusal;
use crate::inspect::architecture;
use kontrast_embeddings::Table;
use kontrast_eval::fingerprint;
use kontrast_models::Encoder;
use std::collections::BTreeMap;
use std::path::Path;

/// Keys of the notes.
const ENCODER: &str = "encoder";
const ARCHITECTURE: &str = "architecture";
const SIZE: &str = "size";
/// Digits of a fingerprint that a message shows.
const SHOWN: usize = 12;

/// An encoder, as a table names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// SHA-256 over all its weights, as 64 hexadecimal digits.
    encoder: String,
    /// In words.
    architecture: String,
    /// Width and height of the images that it is given: `224x224`.
    size: String,
}

impl Origin {
    pub(crate) fn of(encoder: &dyn Encoder, (width, height): (usize, usize)) -> Self {
        Self {
            encoder: fingerprint(encoder),
            architecture: encoder.spec().map_or_else(|| "an encoder".to_owned(), architecture),
            size: format!("{width}x{height}"),
        }
    }

    /// As notes of a table.
    pub(crate) fn notes(&self) -> BTreeMap<String, String> {
        let notes = [(ENCODER, &self.encoder), (ARCHITECTURE, &self.architecture), (SIZE, &self.size)];
        notes.map(|(key, text)| (key.to_owned(), text.clone())).into()
    }

    /// What a table says of the encoder that made it; none where it says nothing.
    fn noted(table: &Table) -> Option<Self> {
        let note = |key: &str| table.notes().get(key).cloned();
        let architecture = note(ARCHITECTURE).unwrap_or_else(|| "an encoder".to_owned());
        Some(Self { encoder: note(ENCODER)?, architecture, size: note(SIZE)? })
    }

    /// Refuses a table that another encoder made, or this one of images of another size. Tables from elsewhere say nothing
    /// of it, and are taken.
    pub(crate) fn require_made(&self, file: &Path, table: &Table) -> Result<(), Refusal> {
        let Some(made) = Self::noted(table) else { return Ok(()) };
        let file = file.display();
        if made.encoder != self.encoder {
            return Err(Refusal(format!(
                "--index {file}: made by {}, and this is {}; search with the encoder that made it, or embed the images again \
                 with this one",
                made.in_words(),
                self.in_words()
            )));
        }
        if made.size != self.size {
            return Err(Refusal(format!(
                "--index {file}: made of images of {} pixels, and these are of {}; search with the --size that it was made \
                 with, or embed the images again with this one",
                made.size, self.size
            )));
        }
        Ok(())
    }

    fn in_words(&self) -> String {
        let digits = self.encoder.get(..SHOWN).unwrap_or(&self.encoder);
        format!("{} with the weights {digits}", self.architecture)
    }
}

#[cfg(test)]
mod tests {
    use super::Origin;
    use kontrast_embeddings::Table;
    use std::path::Path;

    fn origin(encoder: &str, size: &str) -> Origin {
        let architecture = "ResNet18 of width 4".to_owned();
        Origin { encoder: encoder.repeat(32), architecture, size: size.to_owned() }
    }

    #[test]
    fn a_table_of_another_encoder_or_size_is_refused_and_both_are_named() {
        let table = || Table::new(ndarray::array![[1.0, 2.0]]).unwrap();
        let own = origin("5a", "32x32");
        let made = table().with_notes(own.notes());
        let said = |origin: &Origin, table: &Table| {
            origin.require_made(Path::new("bank.safetensors"), table).err().map(|refusal| refusal.0)
        };
        assert_eq!((said(&own, &made), said(&own, &table())), (None, None));
        let other = said(&origin("77", "32x32"), &made).unwrap();
        let expected = "--index bank.safetensors: made by ResNet18 of width 4 with the weights 5a5a5a5a5a5a, and this is \
                        ResNet18 of width 4 with the weights 777777777777; search";
        assert!(other.starts_with(expected), "{other}");
        let larger = said(&origin("5a", "64x64"), &made).unwrap();
        assert!(larger.contains("made of images of 32x32 pixels, and these are of 64x64; "), "{larger}");
    }
}
