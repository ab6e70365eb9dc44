//! Jigsaw tiles: golden values, where they come from, and the shortcut that a gap closes.

use kontrast_pretext::Grid;
use kontrast_pretext::tiles::{Tiling, normalised, shuffled};
use kontrast_testkit::{Case, assert_close};
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

const INTEGERS: (Kind, Device) = (Kind::Int64, Device::Cpu);

fn tiling(side: u8, tile: i64) -> Tiling {
    Tiling { grid: Grid::square(side).unwrap(), tile }
}

/// Every pixel says which it is.
fn numbered(n: i64, side: i64) -> Tensor {
    Tensor::arange(n * 3 * side * side, (Kind::Float, Device::Cpu)).reshape([n, 3, side, side])
}

/// Offsets that follow from a key, up to `slack`.
fn offsets(n: i64, tiles: i64, slack: i64, key: i64) -> Tensor {
    (Tensor::arange(n * tiles * 2, INTEGERS) * (7 + key)).remainder(slack + 1).view([n, tiles, 2])
}

#[test]
fn tiles_are_those_of_a_reference_pixel_by_pixel() {
    let case = Case::from_bytes(include_bytes!("../golden/tasks/case.safetensors"));
    let tiling = tiling(3, 3);
    assert_eq!(tiling.slack(12), 1);
    let cut = tiling.cut(&case["images"], &case["offsets"]);
    assert_eq!(&cut, &case["cut"]);
    assert_close(&normalised(&cut), &case["normalised"], 1e-5);
    assert_eq!(&shuffled(&cut, &case["orders"]), &case["shuffled"]);
}

#[test]
fn without_a_gap_tiles_continue_each_other_and_with_one_they_do_not() {
    // A smooth image: neighbouring pixels differ little, pixels two steps apart twice as much.
    let side = 30;
    let ramp = Tensor::arange(side, (Kind::Float, Device::Cpu));
    let images = ((ramp.unsqueeze(1) * 0.3).sin() + (&ramp * 0.2).cos())
        .expand([4, 3, side, side], false)
        .contiguous();
    // How much the last column of a tile differs from the first of its right neighbour, beside one pixel's step.
    let jump = |tile: i64| {
        let tiling = tiling(3, tile);
        let cut = tiling.cut(&images, &offsets(4, 9, tiling.slack(side), 3));
        let (left, right) = (cut.select(1, 3), cut.select(1, 4));
        (left.select(3, tile - 1) - right.select(3, 0)).abs().mean(None).double_value(&[])
    };
    let step =
        (images.narrow(3, 1, side - 1) - images.narrow(3, 0, side - 1)).abs().mean(None).double_value(&[]);
    let (closed, open) = (jump(10), jump(7));
    assert!(
        closed < 2.0 * step,
        "without a gap the boundary gives the neighbour away: {closed} beside {step}"
    );
    assert!(open > 2.0 * closed, "with a gap it does not: {open} beside {closed}");
    // Normalisation by tile takes the brightness away that continues as well.
    let cut = tiling(3, 10).cut(&images, &Tensor::zeros([4, 9, 2], INTEGERS));
    let means = normalised(&cut).mean_dim([-2i64, -1].as_slice(), false, None);
    assert!(means.abs().max().double_value(&[]) < 1e-4);
}

#[test]
fn a_tile_of_one_colour_stays_finite() {
    let flat = Tensor::full([1, 4, 3, 5, 5], 0.7, (Kind::Float, Device::Cpu));
    assert!(normalised(&flat).abs().max().double_value(&[]) < 1e-2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_tile_comes_from_its_own_cell(
        n in 1i64..4, grid in 2u8..5, cell in 2i64..9, part in 0f64..1.0, key in 0i64..100,
    ) {
        let (side, tile) = (cell * i64::from(grid), 1 + (part * cell as f64) as i64);
        let tiling = tiling(grid, tile);
        let offsets = offsets(n, i64::from(grid).pow(2), tiling.slack(side), key);
        let cut = tiling.cut(&numbered(n, side), &offsets);
        for image in 0..n {
            for number in 0..i64::from(grid).pow(2) {
                let pixels: Vec<f32> = Vec::try_from(cut.get(image).get(number).reshape(-1)).unwrap();
                for pixel in pixels {
                    let at = pixel as i64;
                    prop_assert_eq!(at / (3 * side * side), image, "another image's pixel");
                    let (row, column) = (at / side % side, at % side);
                    prop_assert_eq!(row / cell * i64::from(grid) + column / cell, number, "another cell's pixel");
                }
            }
        }
    }

    #[test]
    fn a_permutation_and_its_inverse_are_the_identity_and_whole_cells_join_to_the_image(
        n in 1i64..4, grid in 2u8..5, cell in 1i64..5, key in 0u64..1000,
    ) {
        let (tiles, side) = (i64::from(grid).pow(2), cell * i64::from(grid));
        let (tiling, images) = (tiling(grid, cell), numbered(n, side));
        let cut = tiling.cut(&images, &Tensor::zeros([n, tiles, 2], INTEGERS));
        prop_assert_eq!(&tiling.joined(&cut), &images);
        let sines = (Tensor::arange(n * tiles, (Kind::Float, Device::Cpu)) * (key as f64 + 1.7)).sin();
        let orders = sines.view([n, tiles]).argsort(1, false);
        let back = orders.argsort(1, false);
        prop_assert_eq!(shuffled(&shuffled(&cut, &orders), &back), cut);
    }
}
