//! Groups of permutations of nine tiles whose members agree in very few places.
//!
//! AGL(1,9) is sharply 2-transitive: its members other than the identity fix one point at most. PGL(2,8) is sharply
//! 3-transitive: two at most. PGammaL(2,8) adds the automorphisms of GF(8), which fix three (Dixon and Mortimer 1996,
//! Permutation Groups, sections 7.6 and 7.7). The distance of two members is 9 less what their quotient fixes.

use super::permutation::Permutation;
use std::collections::BTreeSet;

/// Points of the groups that are not cyclic.
const NINE: usize = 9;
/// The point at infinity of the projective line over GF(8), beside its elements 0 to 7.
const INFINITY: u8 = 8;

/// A group of permutations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermutationGroup {
    /// Shifts, as many as there are tiles: all places differ.
    Cyclic,
    /// The affine maps ax + b of GF(9): 72, which differ in 8 places at least, 8.113 on average.
    Agl19,
    /// The Moebius maps (ax + b) / (cx + d) of the projective line over GF(8): 504; 7, 8.016.
    Pgl28,
    /// These with the automorphisms x, x^2, x^4 of GF(8): 1,512; 6, 8.005.
    Pgammal28,
}

impl PermutationGroup {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Cyclic, Self::Agl19, Self::Pgl28, Self::Pgammal28];

    /// Its name on command lines and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cyclic => "cyclic",
            Self::Agl19 => "agl19",
            Self::Pgl28 => "pgl28",
            Self::Pgammal28 => "pgammal28",
        }
    }

    /// How many members it has on so many tiles; none where it does not permute as many.
    pub(super) fn size(self, tiles: usize) -> Option<usize> {
        match self {
            Self::Cyclic => Some(tiles),
            _ if tiles != NINE => None,
            Self::Agl19 => Some(72),
            Self::Pgl28 => Some(504),
            Self::Pgammal28 => Some(1512),
        }
    }

    /// Its members, the identity first.
    pub(super) fn members(self, tiles: usize) -> Vec<Permutation> {
        let maps: BTreeSet<Permutation> = match self {
            Self::Cyclic => {
                (0..tiles).map(|by| (0..tiles).map(|i| ((i + by) % tiles) as u8).collect()).collect()
            }
            Self::Agl19 => affine(),
            Self::Pgl28 => moebius(),
            Self::Pgammal28 => with_automorphisms(&moebius()),
        };
        // The identity is the smallest.
        maps.into_iter().collect()
    }
}

fn affine() -> BTreeSet<Permutation> {
    let scales = 1..NINE as u8;
    let maps = scales.flat_map(|a| (0..NINE as u8).map(move |b| (a, b)));
    maps.map(|(a, b)| (0..NINE as u8).map(|x| gf9::sum(gf9::product(a, x), b)).collect()).collect()
}

fn moebius() -> BTreeSet<Permutation> {
    let all = || 0..8_u8;
    let matrices = all()
        .flat_map(|a| all().flat_map(move |b| all().flat_map(move |c| all().map(move |d| [a, b, c, d]))));
    let invertible = matrices.filter(|&[a, b, c, d]| gf8::product(a, d) != gf8::product(b, c));
    invertible.map(|matrix| (0..=INFINITY).map(|x| image(matrix, x)).collect()).collect()
}

/// Where a point goes: (ax + b) / (cx + d), and a / c for infinity.
fn image([a, b, c, d]: [u8; 4], x: u8) -> u8 {
    let (over, under) = if x == INFINITY { (a, c) } else { (gf8::product(a, x) ^ b, gf8::product(c, x) ^ d) };
    if under == 0 { INFINITY } else { gf8::product(over, gf8::inverse(under)) }
}

fn with_automorphisms(maps: &BTreeSet<Permutation>) -> BTreeSet<Permutation> {
    let square = |&x: &u8| if x == INFINITY { x } else { gf8::product(x, x) };
    let all = maps.iter().flat_map(|map| {
        let once: Permutation = map.iter().map(square).collect();
        let twice = once.iter().map(square).collect();
        [map.clone(), once, twice]
    });
    all.collect()
}

/// The field of nine elements: a + bi with i^2 = -1, a and b modulo 3, as a + 3b.
mod gf9 {
    pub(super) fn sum(x: u8, y: u8) -> u8 {
        (x % 3 + y % 3) % 3 + 3 * ((x / 3 + y / 3) % 3)
    }

    pub(super) fn product(x: u8, y: u8) -> u8 {
        let (a, b, c, d) = (x % 3, x / 3, y % 3, y / 3);
        // -1 is 2.
        (a * c + 2 * b * d) % 3 + 3 * ((a * d + b * c) % 3)
    }
}

/// The field of eight elements: polynomials over GF(2) modulo x^3 + x + 1, as bits; the sum is `^`.
mod gf8 {
    pub(super) fn product(x: u8, y: u8) -> u8 {
        let long = (0..3).filter(|bit| y >> bit & 1 == 1).fold(0, |sum, bit| sum ^ (x << bit));
        // x^4 is x^2 + x, x^3 is x + 1.
        let shorter = if long & 0b1_0000 == 0 { long } else { long ^ 0b1_0110 };
        if shorter & 0b1000 == 0 { shorter } else { shorter ^ 0b1011 }
    }

    /// x^6, for x^7 is 1.
    pub(super) fn inverse(x: u8) -> u8 {
        let square = product(x, x);
        product(square, product(square, square))
    }
}
