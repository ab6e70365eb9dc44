//! AMDIM's encoder against PyTorch: names, outputs, feature maps, statistics, gradients, initial values; and what a cell sees.

use kontrast_models::{
    Amdim, AmdimSpec, Artifact, Encoder, EncoderSpec, Init, Like, Mode, RkhsBlock, trained,
};
use kontrast_testkit::{Case, assert_close};
use tch::{Device, Kind, Tensor, nn};

const SIZES: [i64; 3] = [32, 64, 128];

fn case() -> Case {
    Case::from_bytes(include_bytes!("../golden/amdim/case.safetensors"))
}

fn spec(size: i64) -> AmdimSpec {
    AmdimSpec { size, width: 4, rkhs: 36, depth: 2, channels: 3, channels_last: true, bn_splits: 1 }
}

fn like() -> Like {
    Like { init: Init::new(0), channels_last: false, bn_splits: 1 }
}

/// Weights are those of convolutions.
fn fill(place: usize, shape: &[i64]) -> Tensor {
    crate::fill::fill(place, shape, 4)
}

fn images(size: i64) -> Tensor {
    fill(1000, &[3, 3, size, size]).to_kind(Kind::Float)
}

/// Fills the variables of a store by their places in the alphabet.
fn fill_all(state: &kontrast_torch_ext::StateDict) {
    let value = |(place, (name, tensor)): (usize, (&str, &Tensor))| {
        (name.to_owned(), fill(place, &tensor.size()).to_kind(Kind::Float))
    };
    state.copy_from(&state.iter().enumerate().map(value).collect()).unwrap();
}

fn filled(spec: AmdimSpec) -> (nn::VarStore, Amdim) {
    let store = nn::VarStore::new(Device::Cpu);
    let encoder = Amdim::new(&store, spec, Init::new(0));
    fill_all(&encoder.variables());
    (store, encoder)
}

fn text(case: &Case, key: &str) -> String {
    let bytes: Vec<u8> = Vec::try_from(&case[key]).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn outputs_maps_statistics_and_gradients_are_pytorchs_in_both_modes() {
    let case = case();
    for size in SIZES {
        let key = |part: &str| format!("{size}.{part}");
        for channels_last in [false, true] {
            let (_, encoder) = filled(AmdimSpec { channels_last, ..spec(size) });
            let maps = tch::no_grad(|| encoder.stages(&images(size), Mode::Eval.into()));
            for (stage, (map, side)) in maps.iter().zip([30, 14, 7, 5, 3, 1]).enumerate() {
                assert_eq!(map.size()[2..], [side, side], "stage {stage} of {size} pixels");
                let (c, h) = (map.size()[1].min(8), side.min(4));
                let part = map.narrow(0, 0, 1).narrow(1, 0, c).narrow(2, 0, h).narrow(3, 0, h);
                assert_close(&part, &case[&key(&format!("stage{stage}"))], 1e-4);
            }
            let h = tch::no_grad(|| encoder.forward(&images(size), Mode::Eval.into()));
            assert_close(&h, &case[&key("eval")], 1e-4);
        }
        let (mut store, encoder) = filled(spec(size));
        store.double();
        let maps = encoder.stages(&images(size).to_kind(Kind::Double), Mode::Train.into());
        assert_close(&maps[AmdimSpec::MAP_1].flatten(1, -1), &case[&key("train")], 1e-6);
        let variables = store.variables();
        assert_close(&variables["bn.running_var"], &case[&key("running_var")], 1e-6);
        let read = [AmdimSpec::MAP_1, AmdimSpec::MAP_5, AmdimSpec::MAP_7];
        let terms =
            read.map(|which| (&maps[which] * fill(2000 + which, &maps[which].size())).sum(Kind::Double));
        terms.into_iter().reduce(|a, b| a + b).unwrap().backward();
        let gradient = |name: &str| variables[name].grad();
        assert_close(&gradient("conv1.weight"), &case[&key("gradient_stem")], 1e-5);
        assert_close(&gradient("conv1.bias"), &case[&key("gradient_bias")], 1e-5);
        assert_close(&gradient("block3.1.conv2.weight"), &case[&key("gradient_unit")], 1e-5);
    }
}

#[test]
fn a_head_is_pytorchs_with_its_gradients() {
    let case = case();
    let mut store = nn::VarStore::new(Device::Cpu);
    let head = RkhsBlock::new(&store, [16, 36], like());
    fill_all(&head.state());
    let found: Vec<String> = head.state().iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(found.join("\n"), text(&case, "head.names"));
    store.double();
    let cells = fill(3000, &[3, 16, 5, 5]).set_requires_grad(true);
    let out = head.forward(&cells, Mode::Train);
    assert_close(&out, &case["head"], 1e-6);
    assert_close(&store.variables()["bn.running_mean"], &case["head.running_mean"], 1e-6);
    (&out * fill(3001, &out.size())).sum(Kind::Double).backward();
    assert_close(&cells.grad(), &case["head.gradient_cells"], 1e-5);
    assert_close(&store.variables()["shortcut.weight"].grad(), &case["head.gradient_shortcut"], 1e-5);
}

#[test]
fn names_and_parameters_are_those_of_the_same_network_in_pytorch() {
    let case = case();
    for size in SIZES {
        let store = nn::VarStore::new(Device::Cpu);
        let encoder = EncoderSpec::Amdim(spec(size)).build(&store, Init::new(0));
        let found: Vec<String> = encoder.variables().iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(found.join("\n"), text(&case, &format!("{size}.names")));
        let parameters: usize = trained(&store).iter().map(|(_, v)| v.numel()).sum();
        assert_eq!(parameters as f64, case.number(&format!("{size}.parameters")));
        assert_eq!(encoder.width(), 36);
    }
}

#[test]
fn a_cell_has_seen_its_own_part_of_the_image_alone() {
    // Pixels of a cell's window, and between those of neighbours: of images of 32 pixels 8 and 16 of them, 4 apart.
    for (size, step, windows) in [(32, 4, [8, 16]), (64, 8, [16, 32])] {
        let (_, encoder) = filled(spec(size));
        for (which, window) in [AmdimSpec::MAP_7, AmdimSpec::MAP_5].into_iter().zip(windows) {
            let cells = if window == windows[0] { 7 } else { 5 };
            for (row, column) in [(0, 0), (2, 3), (cells - 1, cells - 1)] {
                let images = images(size).set_requires_grad(true);
                let map = &encoder.stages(&images, Mode::Train.into())[which];
                map.select(2, row).select(2, column).sum(Kind::Float).backward();
                let seen = images.grad().abs().amax([0i64, 1].as_slice(), false);
                let inside =
                    |row: i64, column: i64| seen.narrow(0, row, window).narrow(1, column, window).copy();
                let own = inside(step * row, step * column);
                assert!(own.min().double_value(&[]) > 0.0, "{which}, {row} {column}: a pixel unseen");
                let _ = seen.narrow(0, step * row, window).narrow(1, step * column, window).zero_();
                assert_eq!(
                    seen.max().double_value(&[]),
                    0.0,
                    "{which}, {row} {column}: more than its window"
                );
            }
        }
    }
}

#[test]
fn units_begin_as_means_and_heads_near_the_identity() {
    let store = nn::VarStore::new(Device::Cpu);
    let encoder = Amdim::new(&store, AmdimSpec { width: 16, rkhs: 96, ..spec(32) }, Init::new(0));
    let state = encoder.variables();
    let get = |name: &str| state.get(name).unwrap();
    for block in 1..=6 {
        assert_eq!(get(&format!("block{block}.0.conv2.weight")).abs().max().double_value(&[]), 0.0);
    }
    // PyTorch's: even within 1 / sqrt(fan in).
    for (name, fan_in) in [("conv1.weight", 27.0), ("block2.0.conv1.weight", 16.0 * 16.0)] {
        let (bound, found) = (1.0 / f64::sqrt(fan_in), get(name).abs().max().double_value(&[]));
        assert!(found <= bound * (1.0 + 1e-6) && found > 0.9 * bound, "{name}: {found} of {bound}");
    }
    let maps = encoder.stages(&images(32), Mode::Eval.into());
    let mean = maps[2].avg_pool2d([3, 3], [1, 1], 0, false, true, None);
    assert_close(&maps[3], &mean, 1e-6);
    let store = nn::VarStore::new(Device::Cpu);
    let head = RkhsBlock::new(&store, [16, 24], like());
    let shortcut = head.state().get("shortcut.weight").unwrap().view([24, 16]);
    let rest = &shortcut - Tensor::eye_m(24, 16, (Kind::Float, Device::Cpu));
    assert_eq!(shortcut.diagonal(0, 0, 1).min().double_value(&[]), 1.0);
    let largest = rest.abs().max().double_value(&[]);
    assert!(largest <= 0.01 && largest > 0.009, "{largest}");
    assert_eq!(head.state().get("conv2.weight").unwrap().abs().max().double_value(&[]), 0.0);
}

#[test]
fn a_handle_follows_and_larger_images_are_averaged() {
    let (store, encoder) = filled(spec(32));
    let handle = encoder.handle();
    let before = encoder.forward(&images(32), Mode::Eval.into());
    let _ = tch::no_grad(|| store.variables()["conv1.bias"].shallow_clone().g_mul_scalar_(0.5));
    let after = encoder.forward(&images(32), Mode::Eval.into());
    assert_eq!(handle.forward(&images(32), Mode::Eval.into()), after);
    assert_ne!(after, before);
    let maps = encoder.stages(&images(40), Mode::Eval.into());
    assert_eq!(maps[AmdimSpec::MAP_1].size()[2..], [3, 3]);
    let mean = maps[AmdimSpec::MAP_1].mean_dim([2i64, 3].as_slice(), false, None);
    assert_close(&encoder.forward(&images(40), Mode::Eval.into()), &mean, 1e-6);
}

#[test]
fn a_file_without_a_header_is_known_by_its_names_and_shapes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file.safetensors");
    for size in SIZES {
        let encoder = EncoderSpec::Amdim(spec(size)).build(&nn::VarStore::new(Device::Cpu), Init::new(3));
        std::fs::write(&file, encoder.variables().to_bytes(None).unwrap()).unwrap();
        let artifact = Artifact::open(&file).unwrap();
        assert_eq!(artifact.header().towers[0].encoder, EncoderSpec::Amdim(spec(size)));
        let read = artifact.encoder("encoder", Device::Cpu).unwrap();
        let of = |encoder: &dyn Encoder| tch::no_grad(|| encoder.forward(&images(size), Mode::Eval.into()));
        assert_eq!(of(&*read), of(&*encoder));
    }
}

#[test]
fn shapes_that_cannot_be_are_refused_in_words() {
    let said = |spec: AmdimSpec| EncoderSpec::Amdim(spec).check().unwrap_err();
    assert_eq!(said(AmdimSpec { size: 48, ..spec(32) }), "size = 48, none of 32, 64 and 128");
    assert_eq!(said(AmdimSpec { rkhs: 15, ..spec(32) }), "rkhs = 15, below 16");
    assert_eq!(said(AmdimSpec { rkhs: 31, ..spec(64) }), "rkhs = 31, below 32");
    assert_eq!(said(AmdimSpec { depth: 0, ..spec(64) }), "depth = 0");
    assert!(EncoderSpec::Amdim(spec(128)).check().is_ok());
}
