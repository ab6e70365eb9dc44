//! Images of many bands, as tifffile and NumPy write them.

use std::fs;
use std::path::{Path, PathBuf};

use kontrast_data::{Packing, Source, Spec, Splits, Unreadable, WHITE, open, pack};
use serde_json::Value;

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bands/read")
}

fn opened(root: &Path, channels: usize) -> Result<Splits, String> {
    let source = Source::Folder {
        exclude: Vec::new(),
        root: root.to_owned(),
        unreadable: Unreadable::Refuse,
        holdout: None,
        background: WHITE,
        levels: None,
    };
    open(&Spec { source, subset: None, seed: 0, channels }, Path::new("unused"))
        .map_err(|error| error.to_string())
}

/// A folder with files of these names and bytes.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn said(files: &[(&str, &[u8])], channels: usize) -> String {
    opened(folder(files).path(), channels).map(|_| ()).unwrap_err()
}

#[test]
fn field_bands_are_read_as_python_wrote_them() {
    let expected: Value =
        serde_json::from_slice(&fs::read(here().join("../expected.json")).unwrap()).unwrap();
    let images = opened(&here(), 7).unwrap().train.images();
    let names: Vec<_> = (0..images.len()).map(|index| images.name(index).unwrap()).collect();
    assert_eq!(names.len(), expected["pixels"].as_object().unwrap().len());
    for (index, name) in names.iter().enumerate() {
        assert_eq!(images.size(index).unwrap(), (6, 4), "{name}");
        let pixels: Vec<u8> = serde_json::from_value(expected["pixels"][name].clone()).unwrap();
        assert_eq!(images.image(index, &mut Vec::new()).unwrap().pixels, pixels, "{name}");
    }
}

#[test]
fn a_pack_keeps_all_bands() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("bands.pack");
    let splits = opened(&here(), 7).unwrap();
    pack(&splits, Packing::default(), &path, &mut |_, _| std::ops::ControlFlow::Continue(())).unwrap();
    let spec = |channels| Spec { source: Source::Pack(path.clone()), subset: None, seed: 0, channels };
    let packed = open(&spec(7), place.path()).unwrap().train.images();
    let (mut one, mut other) = (Vec::new(), Vec::new());
    let plain = splits.train.images();
    for index in 0..plain.len() {
        assert_eq!(packed.image(index, &mut one).unwrap(), plain.image(index, &mut other).unwrap());
    }
    let refused = open(&spec(3), place.path()).map(|_| ()).unwrap_err().to_string();
    assert!(refused.starts_with("expected images of 3 channels, found images of 7; "), "{refused}");
}

#[test]
fn what_has_other_bands_or_none_is_named() {
    let read = |name: &str| fs::read(here().join(name)).unwrap();
    let (pages, array) = (read("pages.tif"), read("bytes.npy"));
    assert!(said(&[("a.tif", &pages)], 13).contains("a.tif: its pages have 7 bands together; expected 13"));
    let other = said(&[("a.npy", &array)], 13);
    assert!(
        other.contains("of shape [4, 6, 7]; expected (height, width, 13) or (13, height, width)"),
        "{other}"
    );
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(3, 3).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let plain = said(&[("a.png", png.get_ref())], 13);
    assert!(
        plain.contains("a.png: it has 4 channels at most; expected 13: a TIFF file of so many pages"),
        "{plain}"
    );
    let planar = said(&[("a.tif", &read("../refused/separate.tif"))], 7);
    assert!(planar.contains("a.tif: its bands lie in planes of one page, which are not read"), "{planar}");
    let header = |text: &str, values: &[u8]| {
        let length = (text.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes(), values].concat()
    };
    let ints = header("{'descr': '<i4', 'fortran_order': False, 'shape': (1, 1, 5), }\n", &[0; 20]);
    let typed = said(&[("a.npy", &ints)], 5);
    assert!(typed.contains("expected values of uint8, uint16, or float32 or float64 from 0 to 1"), "{typed}");
    let values: Vec<u8> =
        [0.5_f32, 1.5, 0.0, f32::NAN, 1.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    let floats = header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 5), }\n", &values);
    let outside = said(&[("a.npy", &floats)], 5);
    assert!(outside.contains("it has values that are not from 0 to 1"), "{outside}");
}

#[test]
fn a_file_that_is_cut_short_anywhere_or_promises_too_much_is_refused() {
    for name in ["bytes.npy", "pages.tif", "samples.tif", "floats.tif", "big.tif"] {
        let whole = fs::read(here().join(name)).unwrap();
        for length in (160..whole.len() - 12).step_by(7) {
            let cut = opened(folder(&[(name, &whole[..length])]).path(), 7);
            assert!(cut.is_err(), "{name} of {length} bytes");
        }
    }
    let text = "{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 1000000, 7), }\n";
    let huge = [b"\x93NUMPY\x01\x00\x4b\x00", text.as_bytes(), &[0; 99]].concat();
    let said = said(&[("a.npy", &huge)], 7);
    assert!(said.contains("empty, or cut short"), "{said}");
}
