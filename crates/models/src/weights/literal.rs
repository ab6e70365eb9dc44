//! Numbers, texts and truth values of a pickle.

use super::pickle::PickleError;
use super::reader::Reader;
use super::value::Value;

/// The value that an opcode brings with it; none where it is the opcode of something else.
pub(crate) fn literal(opcode: u8, reader: &mut Reader<'_>) -> Result<Option<Value>, PickleError> {
    Ok(Some(match opcode {
        b'N' => Value::None,
        0x88 | 0x89 => Value::Bool,
        b'J' => Value::Int(i64::from(reader.u32()?.cast_signed())),
        b'K' => Value::Int(i64::from(reader.byte()?)),
        b'M' => Value::Int(i64::from(u16::from_le_bytes(reader.array()?))),
        b'G' => {
            reader.take(8)?;
            Value::Float
        }
        0x8a => {
            let length = usize::from(reader.byte()?);
            integer(reader.take(length)?)
        }
        0x8b => {
            let length = reader.u32()? as usize;
            integer(reader.take(length)?)
        }
        b'X' | b'T' | 0x8c | b'U' | 0x8d => {
            let length = length(opcode, reader)?;
            Value::Text(String::from_utf8_lossy(reader.take(length)?).into())
        }
        b'B' | b'C' | 0x8e | 0x96 => {
            let length = length(opcode, reader)?;
            reader.take(length)?;
            Value::Other("bytes".into())
        }
        _ => return Ok(None),
    }))
}

/// Bytes of a text or of bytes.
fn length(opcode: u8, reader: &mut Reader<'_>) -> Result<usize, PickleError> {
    Ok(match opcode {
        0x8c | b'U' | b'C' => usize::from(reader.byte()?),
        b'X' | b'T' | b'B' => reader.u32()? as usize,
        // More than there are bytes, where it does not fit.
        _ => usize::try_from(u64::from_le_bytes(reader.array()?)).unwrap_or(usize::MAX),
    })
}

/// A number of any length in two's complement; one that does not fit is of no use here.
fn integer(bytes: &[u8]) -> Value {
    if bytes.len() > 8 {
        return Value::Other("a long integer".into());
    }
    let negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
    let mut all = [if negative { 0xff } else { 0 }; 8];
    all[..bytes.len()].copy_from_slice(bytes);
    Value::Int(i64::from_le_bytes(all))
}
