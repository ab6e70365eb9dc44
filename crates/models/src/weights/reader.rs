//! Bytes of a pickle, taken one after the other: never more than there are.

use super::pickle::PickleError;

/// The longest name of a module or class.
const LINE: usize = 1024;

/// The bytes, and how far they are read.
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes were read.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The next bytes. A length is only believed once there are as many.
    pub(crate) fn take(&mut self, length: usize) -> Result<&'b [u8], PickleError> {
        let rest = &self.bytes[self.at..];
        let own = rest.get(..length).ok_or(PickleError::CutShort(self.bytes.len()))?;
        self.at += length;
        Ok(own)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, PickleError> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, PickleError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// A text up to the end of its line.
    pub(crate) fn line(&mut self) -> Result<String, PickleError> {
        let rest = &self.bytes[self.at..];
        let Some(length) = rest.iter().take(LINE).position(|&byte| byte == b'\n') else {
            return Err(if rest.len() < LINE {
                PickleError::CutShort(self.bytes.len())
            } else {
                PickleError::Malformed { at: self.at, what: "expected a shorter name" }
            });
        };
        let line = String::from_utf8_lossy(&rest[..length]).into_owned();
        self.at += length + 1;
        Ok(line)
    }
}
