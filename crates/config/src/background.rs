//! `data.background`: the colour behind transparent images.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A colour: `"white"`, `"black"`, `"#rrggbb"`, or a list of red, green and blue from 0 to 255.
///
/// It is written back as `"white"`, `"black"` or `"#rrggbb"`, so that one colour has one spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Background(pub [u8; 3]);

impl Default for Background {
    fn default() -> Self {
        Self([255; 3])
    }
}

impl fmt::Display for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [255, 255, 255] => f.write_str("white"),
            [0, 0, 0] => f.write_str("black"),
            [red, green, blue] => write!(f, "#{red:02x}{green:02x}{blue:02x}"),
        }
    }
}

impl Serialize for Background {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Background {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Colour)
    }
}

struct Colour;

impl<'de> Visitor<'de> for Colour {
    type Value = Background;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"white\", \"black\", \"#rrggbb\", or [red, green, blue] from 0 to 255")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Background, E> {
        let wrong = || E::invalid_value(serde::de::Unexpected::Str(text), &self);
        match text {
            "white" => return Ok(Background([255; 3])),
            "black" => return Ok(Background([0; 3])),
            _ => {}
        }
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or_else(wrong)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let [_, bytes @ ..] = u32::from_str_radix(digits, 16).map_err(|_| wrong())?.to_be_bytes();
        Ok(Background(bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Background, A::Error> {
        let mut bytes = [0; 3];
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = list.next_element()?.ok_or_else(|| A::Error::invalid_length(place, &self))?;
        }
        match list.next_element::<u8>()? {
            None => Ok(Background(bytes)),
            Some(_) => Err(A::Error::invalid_length(4, &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Background;
    use serde::{Deserialize, Serialize};

    #[derive(Deserialize, Serialize)]
    struct Table {
        background: Background,
    }

    fn read(value: &str) -> Result<[u8; 3], String> {
        let table: Table =
            toml::from_str(&format!("background = {value}")).map_err(|error| error.to_string())?;
        Ok(table.background.0)
    }

    #[test]
    fn field_a_background_is_a_word_a_code_or_three_bytes() {
        let cases = [
            ("'white'", [255; 3]),
            ("'black'", [0; 3]),
            ("'#0aC8ff'", [10, 200, 255]),
            ("[10, 200, 255]", [10, 200, 255]),
        ];
        for (value, bytes) in cases {
            assert_eq!(read(value), Ok(bytes), "{value}");
        }
        for value in ["'grey'", "'#12345'", "'#+12345'", "[1, 2]", "[1, 2, 3, 4]", "[1, 2, 256]", "7"] {
            assert!(read(value).is_err(), "{value}");
        }
        assert!(
            read("'grey'").unwrap_err().contains("expected \"white\", \"black\", \"#rrggbb\", or [red, ")
        );
    }

    #[test]
    fn field_one_colour_has_one_spelling() {
        for (value, written) in
            [("[255, 255, 255]", "white"), ("'#000000'", "black"), ("[10, 200, 255]", "#0ac8ff")]
        {
            let table = Table { background: Background(read(value).unwrap()) };
            assert_eq!(toml::to_string(&table).unwrap(), format!("background = \"{written}\"\n"));
        }
    }
}
