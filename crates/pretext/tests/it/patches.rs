//! Relative patches: golden values, and where a pair comes from.

use kontrast_pretext::Grid;
use kontrast_pretext::patches::{AROUND, DIRECTIONS, MIDDLE, one_channel, pairs};
use kontrast_pretext::tiles::Tiling;
use kontrast_testkit::{Case, assert_close};
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

#[test]
fn pairs_and_dropped_colours_are_those_of_a_reference() {
    let case = Case::from_bytes(include_bytes!("../golden/patches/case.safetensors"));
    assert_eq!(
        &pairs(&case["tiles"], &Tensor::arange(6, (Kind::Int64, Device::Cpu)), &case["classes"]),
        &case["pairs"]
    );
    let found = one_channel(&case["tiles"], &case["kept"], &case["noise"], 0.01);
    assert_close(&found, &case["dropped"], 1e-6);
}

#[test]
fn a_direction_says_where_the_tile_lies() {
    for (class, words) in DIRECTIONS.iter().enumerate() {
        let (row, column) = (AROUND[class] / 3, AROUND[class] % 3);
        assert_eq!(words.contains("above"), row == 0, "{words}");
        assert_eq!(words.contains("below"), row == 2, "{words}");
        assert_eq!(words.contains("left"), column == 0, "{words}");
        assert_eq!(words.contains("right"), column == 2, "{words}");
    }
}

proptest! {
    #[test]
    fn both_tiles_come_from_their_own_cells(class in 0i64..8, tile in 1i64..6, down in 0i64..5, right in 0i64..5) {
        let side = 18;
        // Every pixel says in which cell it lies.
        let cell = Tensor::arange(side, (Kind::Int64, Device::Cpu)).divide_scalar_mode(6, "floor");
        let images = (cell.unsqueeze(1) * 3 + &cell).to_kind(Kind::Float).expand([2, 3, side, side], false).contiguous();
        let tiling = Tiling { grid: Grid::square(3).unwrap(), tile };
        let slack = tiling.slack(side);
        let offset = Tensor::from_slice(&[down.min(slack), right.min(slack)]).expand([2, 9, 2], false).contiguous();
        let of = Tensor::from_slice(&[1i64, 0, 1]);
        let drawn = pairs(&tiling.cut(&images, &offset), &of, &Tensor::from_slice(&[class; 3]));
        for (place, expected) in [(0, MIDDLE), (1, AROUND[class as usize])] {
            let found = drawn.select(1, place);
            prop_assert_eq!(&found, &found.full_like(expected));
        }
    }

    #[test]
    fn one_channel_stays_bit_for_bit(kept in 0i64..3, fraction in 0.0f64..2.0) {
        let tiles = (Tensor::arange(2 * 3 * 16, (Kind::Float, Device::Cpu)) * 0.7).sin().view([1, 2, 3, 4, 4]);
        let noise = (Tensor::arange(2 * 3 * 16, (Kind::Float, Device::Cpu)) * 1.9).cos().view([1, 2, 3, 4, 4]);
        let found = one_channel(&tiles, &Tensor::from_slice(&[kept, kept]).view([1, 2]), &noise, fraction);
        prop_assert_eq!(found.select(2, kept), tiles.select(2, kept));
        // The others say nothing of what they were.
        let other = (&tiles * 0.5 + 1.0).slice_scatter(&tiles.narrow(2, kept, 1), 2, kept, kept + 1, 1);
        prop_assert_eq!(one_channel(&other, &Tensor::from_slice(&[kept, kept]).view([1, 2]), &noise, fraction), found);
    }
}
