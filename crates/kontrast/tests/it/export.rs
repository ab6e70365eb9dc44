//! `export`: every encoder in every format that has it, and what is refused.

use crate::program::Place;
use kontrast::{EncoderFile, Export, Format, Host, export};
use kontrast_models::{
    AmdimSpec, Artifact, Depth, EncoderSpec, Header, Init, Mode, NinSpec, Norm, PatchwiseSpec,
    PositionEmbedding, Preprocessing, ResNetSpec, SplitSpec, Stem, VitSpec,
};
use kontrast_torch_ext::{StateDict, metadata};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use tch::{CModule, Device, Kind, Tensor, nn};

fn resnet(depth: Depth, stem: Stem, width: i64) -> EncoderSpec {
    EncoderSpec::ResNet(ResNetSpec {
        depth,
        stem,
        width,
        channels: 3,
        channels_last: true,
        bn_splits: 1,
        norm: Norm::Batch,
    })
}

fn nin() -> EncoderSpec {
    EncoderSpec::Nin(NinSpec { blocks: 3, width: 12, channels: 3, channels_last: false, bn_splits: 1 })
}

fn split() -> EncoderSpec {
    let EncoderSpec::ResNet(network) = resnet(Depth::ResNet18, Stem::Cifar, 8) else { unreachable!() };
    EncoderSpec::Split(SplitSpec { first: 1, network })
}

/// A ResNet-18 for small images with another norm; of patches of 8 pixels where `patches` says how far apart they lie.
fn normed(norm: Norm, width: i64, patches: Option<i64>) -> EncoderSpec {
    let EncoderSpec::ResNet(network) = resnet(Depth::ResNet18, Stem::Cifar, width) else { unreachable!() };
    let network = ResNetSpec { norm, ..network };
    patches.map_or(EncoderSpec::ResNet(network), |stride| {
        EncoderSpec::Patchwise(PatchwiseSpec { patch: 8, stride, network })
    })
}

fn vit(position: PositionEmbedding) -> EncoderSpec {
    EncoderSpec::Vit(VitSpec { width: 16, depth: 2, heads: 2, position, ..VitSpec::tiny(4, 16) })
}

fn amdim(size: i64) -> EncoderSpec {
    let (width, rkhs, depth, channels, channels_last, bn_splits) = (2, 20, 2, 3, true, 1);
    EncoderSpec::Amdim(AmdimSpec { size, width, rkhs, depth, channels, channels_last, bn_splits })
}

/// A file with one encoder for images of 16 pixels, AMDIM's of its own size, whose running statistics have seen a batch.
fn file(folder: &Path, name: &str, spec: EncoderSpec) -> PathBuf {
    let encoder = spec.build(&nn::VarStore::new(Device::Cpu), Init::new(3));
    let side = if let EncoderSpec::Amdim(own) = spec { own.size } else { 16 };
    let images = Tensor::arange(4 * 3 * side * side, (Kind::Float, Device::Cpu)).square().sin();
    let _ = tch::no_grad(|| encoder.forward(&images.view([4, 3, side, side]), Mode::Train.into()));
    let (mean, std, color_space) = (vec![0.4, 0.5, 0.6], vec![0.25; 3], "rgb".to_owned());
    let preprocessing = Preprocessing { size: (side as usize, side as usize), mean, std, color_space };
    let header = Header::of_encoder(spec, ("simclr", "5a22"), preprocessing).to_text();
    let bytes = encoder.variables().to_bytes(Some(HashMap::from([(Header::KEY.to_owned(), header)])));
    let file = folder.join(name);
    fs::write(&file, bytes.unwrap()).unwrap();
    file
}

/// A host that keeps what it is told.
#[derive(Default)]
struct Kept(RefCell<Vec<String>>);

impl Host for Kept {
    fn out(&self, line: &dyn Display) {
        self.0.borrow_mut().push(line.to_string());
    }
}

/// Exports and returns the bytes of the file with what was said.
fn exported(
    encoder: &Path,
    format: Format,
    fp16: bool,
    size: Option<u16>,
) -> Result<(Vec<u8>, String), String> {
    let out = encoder.with_extension("exported");
    let file = EncoderFile { encoder: encoder.to_owned(), tower: None, size };
    let host = Kept::default();
    export(&Export { file, format, fp16, out: out.clone(), force: true }, &host)
        .map_err(|error| format!("{error:#}"))?;
    Ok((fs::read(out).unwrap(), host.0.into_inner().join("\n")))
}

#[test]
fn every_encoder_goes_out_as_a_graph_that_gives_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for (name, spec, said) in [
        ("cifar", resnet(Depth::ResNet18, Stem::Cifar, 8), "ResNet18 of width 8 (Cifar stem)"),
        ("imagenet", resnet(Depth::ResNet50, Stem::Imagenet, 4), "ResNet50 of width 4 (Imagenet stem)"),
        ("nin", nin(), "network in network of 3 blocks"),
        ("split", split(), "two ResNet18 of width 8 (Cifar stem), of the first 1 channel and of the other 2"),
        ("group", normed(Norm::Group, 8, None), "ResNet18 of width 8 (Cifar stem, group norm), 3 channels"),
        ("none", normed(Norm::None, 8, None), "ResNet18 of width 8 (Cifar stem, no norm), 3 channels"),
        (
            "patches",
            normed(Norm::Group, 8, Some(4)),
            "group norm), 3 channels, of patches of 8 pixels every 4",
        ),
        ("far patches", normed(Norm::Batch, 8, Some(5)), "3 channels, of patches of 8 pixels every 5"),
        ("vit", vit(PositionEmbedding::Learned), "vision transformer of 2 blocks"),
        ("sines", vit(PositionEmbedding::Sines), "vision transformer of 2 blocks"),
    ] {
        let encoder = file(folder.path(), name, spec);
        for format in [Format::TorchScript, Format::Onnx] {
            for (fp16, size, pixels) in
                [(false, None, "16x16"), (true, None, "16x16"), (false, Some(24), "24x24")]
            {
                let (bytes, words) = exported(&encoder, format, fp16, size)
                    .unwrap_or_else(|error| panic!("{name} {format:?} {fp16} {size:?}: {error}"));
                assert!(words.contains(said) && words.contains(pixels), "{words}");
                assert!(words.contains("opened again, on the sample and on random images"), "{words}");
                let card = bytes.windows(11).any(|text| text == b"\"simclr\",\"d");
                assert!(card, "{name} {format:?}: the card stands in the file");
            }
        }
    }
}

#[test]
fn amdims_encoder_goes_out_for_its_images_and_larger_ones() {
    let folder = tempfile::tempdir().unwrap();
    for (size, pixels, larger) in [(32, "32x32", 40), (64, "64x64", 72), (128, "128x128", 144)] {
        let encoder = file(folder.path(), "amdim", amdim(size));
        for format in [Format::TorchScript, Format::Onnx] {
            for (fp16, asked, pixels) in [
                (false, None, pixels.to_owned()),
                (true, None, pixels.to_owned()),
                (false, Some(larger), format!("{larger}x{larger}")),
            ] {
                let (_, words) = exported(&encoder, format, fp16, asked)
                    .unwrap_or_else(|error| panic!("{size} {format:?} {fp16} {asked:?}: {error}"));
                let said =
                    format!("AMDIM's network of width 2 with 2 units a block, for {size} pixels, 20 values");
                assert!(words.contains(&said) && words.contains(&pixels), "{words}");
            }
            let small = exported(&encoder, format, false, Some(16)).unwrap_err();
            let expected =
                format!("16x16 pixels are too small for an encoder of {size}; pass a larger --size");
            assert!(small.contains(&expected), "{small}");
        }
    }
}

#[test]
fn a_script_has_parameters_under_their_own_names_and_takes_any_batch() {
    let folder = tempfile::tempdir().unwrap();
    let encoder = file(folder.path(), "cifar", resnet(Depth::ResNet18, Stem::Cifar, 8));
    let (bytes, _) = exported(&encoder, Format::TorchScript, false, None).unwrap();
    let module = CModule::load_data(&mut &bytes[..]).unwrap();
    let names: Vec<String> = module.named_parameters().unwrap().into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"layer1.0.conv1.weight".to_owned()), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("running")), "{names:?}");
    for (n, side) in [(1, 16), (5, 16), (2, 40)] {
        let images = Tensor::zeros([n, 3, side, side], (Kind::Float, Device::Cpu));
        assert_eq!(module.forward_ts(&[images]).unwrap().size(), [n, 64]);
    }
}

#[test]
fn libraries_have_no_other_norm_and_no_patches_and_patches_need_an_image_as_large() {
    let folder = tempfile::tempdir().unwrap();
    for (spec, what) in [
        (normed(Norm::Group, 64, None), "no ResNet18 of width 64 (Cifar stem, group norm)"),
        (normed(Norm::Batch, 64, Some(4)), "of patches of 8 pixels every 4"),
    ] {
        let encoder = file(folder.path(), "other", spec);
        for format in [Format::Torchvision, Format::Timm] {
            let said = exported(&encoder, format, false, None).unwrap_err();
            assert!(said.contains(what) && said.contains("with batch norm"), "{said}");
            assert!(said.contains("export it with --format torchscript or onnx"), "{said}");
        }
    }
    let encoder = file(folder.path(), "other", normed(Norm::Group, 8, Some(4)));
    let said = exported(&encoder, Format::Onnx, false, Some(7)).unwrap_err();
    assert!(said.contains("7x7 pixels are too small for an encoder of 8; pass a larger --size"), "{said}");
}

#[test]
fn weights_for_libraries_are_complete_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let small = resnet(Depth::ResNet18, Stem::Cifar, 64);
    for (name, spec, formats, network) in [
        ("resnet", small, &[Format::Torchvision, Format::Timm][..], "\"name\":\"resnet18\""),
        ("vit", vit(PositionEmbedding::Learned), &[Format::Timm], "\"img_size\":24,\"patch_size\":4"),
        ("sines", vit(PositionEmbedding::Sines), &[Format::Timm], "\"embed_dim\":16"),
    ] {
        let encoder = file(folder.path(), name, spec);
        for (&format, fp16) in formats.iter().flat_map(|format| [(format, false), (format, true)]) {
            let (bytes, _) = exported(&encoder, format, fp16, Some(24)).unwrap();
            let card = metadata(&bytes).unwrap().remove("kontrast.export").unwrap();
            assert!(card.contains(network), "{card}");
            assert!(card.contains("\"width\":24,\"height\":24,\"channels\":3"), "{card}");
            assert!(card.contains("\"source\":{\"method\":\"simclr\",\"digest\":\"5a22\""), "{card}");
            let state = StateDict::from_bytes(&bytes).unwrap();
            let kind = if fp16 { Kind::Half } else { Kind::Float };
            let kinds = |(name, tensor): (&str, &Tensor)| {
                tensor.kind() == if name.ends_with("num_batches_tracked") { Kind::Int64 } else { kind }
            };
            assert!(state.iter().all(kinds));
            let norms = state.iter().filter(|(name, _)| name.ends_with("running_var")).count();
            let counters = state.iter().filter(|(name, _)| name.ends_with("num_batches_tracked")).count();
            assert_eq!(counters, norms);
            assert_eq!(state.get("pos_embed").map(Tensor::size), (norms == 0).then(|| vec![1, 37, 16]));
            // The file is one of ours as well, and says how images are prepared.
            let file = encoder.with_extension("exported");
            let artifact = Artifact::open(&file).unwrap();
            assert_eq!(artifact.header().preprocessing.as_ref().unwrap().size, (24, 24));
            exported(&file, Format::Onnx, false, None).unwrap();
        }
    }
}

#[test]
fn what_a_library_does_not_have_is_refused_with_what_would_do() {
    let folder = tempfile::tempdir().unwrap();
    let narrow = file(folder.path(), "narrow", resnet(Depth::ResNet34, Stem::Cifar, 8));
    let said = |encoder: &Path, format| exported(encoder, format, false, None).unwrap_err();
    let refused = said(&narrow, Format::Torchvision);
    assert!(refused.contains("and no ResNet34 of width 8"), "{refused}");
    assert!(refused.contains("--format torchscript or onnx"), "{refused}");
    assert!(said(&narrow, Format::Timm).contains("and vision transformers, and no ResNet34 of width 8"));
    let nin = file(folder.path(), "nin", nin());
    assert!(said(&nin, Format::Torchvision).contains("and no network in network of 3 blocks"));
    let vit = file(folder.path(), "vit", vit(PositionEmbedding::Learned));
    assert!(said(&vit, Format::Torchvision).contains("--format timm, torchscript or onnx"));
    let refused = exported(&vit, Format::Timm, false, Some(18)).unwrap_err();
    assert!(refused.contains("square images of whole patches of 4 pixels, found 18x18"), "{refused}");
    assert!(!folder.path().join("vit.exported").exists());
}

#[test]
fn a_run_is_exported_by_the_program_and_nothing_is_left_half_written() {
    let place = Place::new();
    place.tiny(&["--set", "train.epochs=1"]).says(0, &[]);
    let run = place.run_dir().to_str().unwrap().to_owned();
    let export = |more: &[&str]| place.run(&[&["export", &run, "--format", "onnx"], more].concat());
    let said = ["encoder.onnx: ResNet18 of width 4 (Cifar stem)", "16x16 pixels, fp32", "opened again"];
    export(&["--out", "encoder.onnx"]).says(0, &said);
    export(&["--out", "encoder.onnx"]).says(2, &["there is such a file", "--force"]);
    export(&["--out", "encoder.onnx", "--force"]).says(0, &["encoder.onnx"]);
    export(&["--out", "no/encoder.onnx"]).says(2, &["its folder, no, is not there"]);
    export(&["--out", "other.onnx", "--tower", "text"]).says(2, &["found no text"]);
    let format = ["export", &run, "--format", "tensorflow", "--out", "a"];
    place.run(&format).says(2, &["torchvision, timm, torchscript, onnx"]);
    // A disk that is full in the middle of it.
    let line = "ulimit -f 16; exec \"$0\" \"$@\"";
    let mut command = std::process::Command::new("sh");
    let arguments = ["export", &run, "--format", "torchscript", "--out", "full.pt"];
    command.args(["-c", line, env!("CARGO_BIN_EXE_kontrast")]).args(arguments).current_dir(place.path());
    let output = command.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && words.contains("--out full.pt"), "{words}");
    let left = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> =
        left.filter(|name| name.to_string_lossy().contains("export-") || name == "full.pt").collect();
    assert!(left.is_empty(), "{left:?}");
}
