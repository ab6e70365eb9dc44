//! The order in which a person would put file names: `frame2` before `frame10`.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Compares numbers within names by their value, and all else byte by byte.
pub(crate) fn natural(a: &OsStr, b: &OsStr) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    loop {
        let order = match (number(left), number(right)) {
            (Some((one, after)), Some((other, behind))) => {
                (left, right) = (after, behind);
                // Without leading zeros, the longer number is the larger one.
                one.len().cmp(&other.len()).then_with(|| one.cmp(other))
            }
            _ => match (left.split_first(), right.split_first()) {
                (Some((one, after)), Some((other, behind))) => {
                    (left, right) = (after, behind);
                    one.cmp(other)
                }
                (one, other) => {
                    return one.is_some().cmp(&other.is_some()).then_with(|| a.cmp(b));
                }
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The digits that a name begins with, less leading zeros, and what comes after them.
fn number(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let digits = name.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let zeros = name[..digits].iter().take_while(|&&byte| byte == b'0').count();
    Some((&name[zeros..digits], &name[digits..]))
}

#[cfg(test)]
mod tests {
    use super::natural;
    use proptest::prelude::{prop_assert_eq, proptest};
    use std::cmp::Ordering;
    use std::ffi::{OsStr, OsString};

    #[test]
    fn numbers_count_by_their_value() {
        let sorted = [
            "",
            "1.png",
            "2a.png",
            "10.png",
            "a.png",
            "a1b2",
            "a1b10",
            "a02b1",
            "a3b",
            "a10b",
            "b",
            "frame.png",
            "frame2.png",
            "frame010.png",
            "frame10.png",
            "frame99999999999999999999.png",
            "frame100000000000000000000.png",
        ];
        for pair in sorted.windows(2) {
            assert_eq!(natural(OsStr::new(pair[0]), OsStr::new(pair[1])), Ordering::Less, "{pair:?}");
        }
    }

    proptest! {
        #[test]
        fn the_order_is_total(mut names in proptest::collection::vec("[a0-2.]{0,5}", 0..8)) {
            names.sort_by(|a, b| natural(OsStr::new(a), OsStr::new(b)));
            for (place, one) in names.iter().enumerate() {
                for (other_place, other) in names.iter().enumerate() {
                    let order = natural(&OsString::from(one), &OsString::from(other));
                    let expected = if one == other { Ordering::Equal } else { place.cmp(&other_place) };
                    prop_assert_eq!(order, expected, "{:?} and {:?}", one, other);
                }
            }
        }
    }
}
