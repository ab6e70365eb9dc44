//! Texts of one batch as token ids.

use std::collections::HashMap;
use tch::{Device, Kind, Tensor};

/// A text an image: the ids of its tokens, padded to one length.
#[derive(Debug)]
pub struct Texts {
    ids: Tensor,
    lengths: Tensor,
}

impl Texts {
    /// Texts of these tokens; what lies behind a text's length is padding.
    ///
    /// # Shapes
    /// - `ids`: `[n, length]`, i64
    /// - `lengths`: `[n]`, i64, each 1 to `length`
    ///
    /// # Panics
    /// Where a shape or a kind is another.
    pub fn new(ids: Tensor, lengths: Tensor) -> Self {
        assert!(ids.dim() == 2 && ids.kind() == Kind::Int64, "ids: expected [n, length], i64, found {ids:?}");
        let (n, kind) = (ids.size()[0], lengths.kind());
        assert!(
            lengths.size() == [n] && kind == Kind::Int64,
            "lengths: expected [{n}], i64, found {lengths:?}"
        );
        Self { ids, lengths }
    }

    /// Texts of these tokens, the shorter ones filled up with `padding`.
    ///
    /// # Panics
    /// Where a text has no token.
    pub fn padded(texts: &[Vec<i64>], padding: i64) -> Self {
        let length = texts.iter().map(Vec::len).max().unwrap_or(1);
        let row = |text: &Vec<i64>| {
            assert!(!text.is_empty(), "a text without a token");
            text.iter().copied().chain(std::iter::repeat(padding)).take(length).collect::<Vec<_>>()
        };
        let ids: Vec<i64> = texts.iter().flat_map(row).collect();
        let lengths: Vec<i64> = texts.iter().map(|text| text.len() as i64).collect();
        Self::new(Tensor::from_slice(&ids).view([-1, length as i64]), Tensor::from_slice(&lengths))
    }

    /// Ids of tokens, `[n, length]`, i64.
    pub fn ids(&self) -> &Tensor {
        &self.ids
    }

    /// How many of a text's ids are tokens, `[n]`, i64.
    pub fn lengths(&self) -> &Tensor {
        &self.lengths
    }

    /// Which ids are tokens and not padding, `[n, length]`, bool.
    pub fn is_token(&self) -> Tensor {
        let places = Tensor::arange(self.ids.size()[1], (Kind::Int64, self.ids.device()));
        places.unsqueeze(0).lt_tensor(&self.lengths.unsqueeze(1))
    }

    /// Some consecutive texts.
    #[must_use]
    pub fn narrow(&self, start: i64, length: i64) -> Self {
        Self { ids: self.ids.narrow(0, start, length), lengths: self.lengths.narrow(0, start, length) }
    }

    /// The same on a device.
    #[must_use]
    pub fn to_device(&self, device: Device) -> Self {
        Self { ids: self.ids.to_device(device), lengths: self.lengths.to_device(device) }
    }

    /// Each of the texts once, in the order in which they first come, and for each text the place of its own among these.
    ///
    /// # Shapes
    /// - returns `[distinct, length]` and places `[n]`, i64
    pub fn distinct(&self) -> (Self, Tensor) {
        let (n, length) = self.ids.size2().expect("ids of two dimensions");
        let values = |tensor: &Tensor| -> Vec<i64> {
            tensor.to_device(Device::Cpu).contiguous().view(-1).try_into().expect("whole numbers")
        };
        let (ids, lengths) = (values(&self.ids), values(&self.lengths));
        let (mut first, mut places, mut known) = (Vec::new(), Vec::new(), HashMap::new());
        for row in 0..n as usize {
            let text = (&ids[row * length as usize..(row + 1) * length as usize], lengths[row]);
            let place = *known.entry(text).or_insert_with(|| {
                first.push(row as i64);
                first.len() as i64 - 1
            });
            places.push(place);
        }
        let of = |tensor: &Tensor, rows: &[i64]| {
            tensor.index_select(0, &Tensor::from_slice(rows).to_device(tensor.device()))
        };
        let distinct = Self { ids: of(&self.ids, &first), lengths: of(&self.lengths, &first) };
        (distinct, Tensor::from_slice(&places).to_device(self.ids.device()))
    }

    /// How many texts there are.
    pub fn n(&self) -> i64 {
        self.ids.size()[0]
    }
}

impl Clone for Texts {
    /// The same numbers, shared.
    fn clone(&self) -> Self {
        Self { ids: self.ids.shallow_clone(), lengths: self.lengths.shallow_clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Texts {
        Texts::padded(&[vec![5, 6, 7], vec![8], vec![9, 9]], 0)
    }

    #[test]
    fn tokens_are_told_from_padding_by_the_length() {
        let ids: Vec<i64> = texts().ids().view(-1).try_into().unwrap();
        assert_eq!(ids, [5, 6, 7, 8, 0, 0, 9, 9, 0]);
        let is_token: Vec<bool> = texts().is_token().view(-1).try_into().unwrap();
        assert_eq!(is_token, [true, true, true, true, false, false, true, true, false]);
        let part = texts().narrow(1, 2);
        assert_eq!(part.n(), 2);
        assert_eq!(Vec::<i64>::try_from(part.lengths()).unwrap(), [1, 2]);
    }

    #[test]
    fn equal_texts_are_one_and_each_knows_its_place() {
        let all = Texts::padded(&[vec![1, 2], vec![3], vec![1, 2], vec![3, 0], vec![3]], 0);
        let (distinct, places) = all.distinct();
        assert_eq!(distinct.n(), 3, "a text that ends in the padding's id is another");
        assert_eq!(Vec::<i64>::try_from(&places).unwrap(), [0, 1, 0, 2, 1]);
        assert_eq!(distinct.ids().index_select(0, &places), *all.ids());
        assert_eq!(distinct.lengths().index_select(0, &places), *all.lengths());
    }

    #[test]
    #[should_panic(expected = "lengths: expected [3], i64")]
    fn other_lengths_than_texts_are_refused() {
        let _ = Texts::new(texts().ids().shallow_clone(), Tensor::from_slice(&[1i64, 2]));
    }
}
