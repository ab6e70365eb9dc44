//! DICOM and NIfTI as pydicom and nibabel write them, and what is refused of them.

use std::fs;
use std::path::{Path, PathBuf};

use kontrast_data::{Levels, Patients, Plane, Scans, Source, Spacing, Spec, Splits, Unreadable, open};
use serde_json::Value;

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scans")
}

/// Scans below a folder, as they are stored, of one window from the first to the last percentile.
pub(crate) fn scans(root: &Path) -> Scans {
    Scans {
        root: root.to_owned(),
        plane: Plane::Acquired,
        levels: Levels::percentiles(&[[1.0, 99.0]]),
        spacing: Spacing::Stored,
        slices: 1.0,
        foreground: 0.0,
        patients: Patients::Header,
        labels: None,
        unreadable: Unreadable::Refuse,
        holdout: None,
    }
}

pub(crate) fn opened(scans: &Scans) -> Result<Splits, String> {
    let source = Source::Scans(Box::new(scans.clone()));
    let spec = Spec { source, subset: None, seed: 0, channels: scans.levels.channels() };
    open(&spec, Path::new("unused")).map_err(|error| error.to_string())
}

fn said(scans: &Scans) -> String {
    opened(scans).map(|_| ()).unwrap_err()
}

fn plane(name: &str) -> Plane {
    match name {
        "axial" => Plane::Axial,
        "coronal" => Plane::Coronal,
        "sagittal" => Plane::Sagittal,
        _ => Plane::Acquired,
    }
}

fn numbers(value: &Value) -> Vec<Option<f64>> {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn field_slices_are_those_of_nibabel_and_pydicom() {
    let cases: Vec<Value> = serde_json::from_slice(&fs::read(here().join("expected.json")).unwrap()).unwrap();
    assert!(cases.len() > 30);
    for case in cases {
        let windows = Levels::windows(&[[40.0, 400.0], [-100.0, 90.5], [300.0, 1500.0]]);
        let asked = Scans {
            plane: plane(case["plane"].as_str().unwrap()),
            levels: if case["percentiles"] == true { Levels::percentiles(&[[1.0, 99.0]]) } else { windows },
            spacing: case["spacing"].as_f64().map_or(Spacing::Stored, Spacing::Millimetres),
            ..scans(&here().join("read").join(case["path"].as_str().unwrap()))
        };
        let shown = format!("{} {} {}", case["path"], case["plane"], case["spacing"]);
        let images = opened(&asked).unwrap().train.images();
        let expected: Vec<Vec<u8>> = serde_json::from_value(case["pixels"].clone()).unwrap();
        assert_eq!(images.len(), expected.len(), "{shown}");
        let (size, positions) = (numbers(&case["size"]), numbers(&case["positions"]));
        let tolerance = case["tolerance"].as_u64().unwrap() as u8;
        for index in 0..images.len() {
            let (width, height) = images.size(index).unwrap();
            assert_eq!([Some(width as f64), Some(height as f64)], size[..], "{shown}");
            let mut buffer = Vec::new();
            let found = images.image(index, &mut buffer).unwrap().pixels;
            let near = found.iter().zip(&expected[index]).all(|(a, b)| a.abs_diff(*b) <= tolerance);
            assert!(
                near && found.len() == expected[index].len(),
                "{shown} {index}: {found:?} {:?}",
                expected[index]
            );
            match (images.position(index), positions[index]) {
                (Some(found), Some(expected)) => {
                    assert!((found.mm - expected).abs() < 1e-4, "{shown} {found:?} {expected}");
                }
                (found, expected) => assert!(found.is_none() && expected.is_none(), "{shown}"),
            }
        }
    }
}

#[test]
fn field_what_cannot_be_read_is_named_with_the_reason() {
    let expected = [
        ("cut.nii", "it is cut short: its header promises 48 bytes of values, found 39"),
        ("header.nii", "it is cut short, or no NIfTI file"),
        ("packed.nii.gz", "it is cut short"),
        ("text.nii", "it is no NIfTI file"),
        ("series.nii", "it has 3 x 3 x 2 x 4 values; expected one volume of three axes"),
        ("second.nii", "it is a NIfTI-2 file; expected NIfTI-1"),
        ("complex.nii", "its values are complex numbers (datatype 32); expected integers"),
        ("nothing.nii", "it has no finite value"),
        ("flat.nii", "its voxels have no size"),
        (
            "jpeg2000.dcm",
            "it is compressed as JPEG 2000 (transfer syntax 1.2.840.10008.1.2.4.90), which is not read",
        ),
        (
            "jpegls.dcm",
            "it is compressed as JPEG-LS (transfer syntax 1.2.840.10008.1.2.4.80), which is not read",
        ),
        ("rle.dcm", "it is damaged"),
        ("jpeg.dcm", "Could not decode pixel data"),
        ("nobody.dcm", "it has no patient ID, which says which images belong together"),
        ("cut.dcm", "it is cut short or damaged: "),
        ("begun.dcm", "it is cut short or damaged: "),
        ("garbage.dcm", "Could not parse meta group data set"),
        ("colours.dcm", "it holds colours (RGB); expected one value a pixel"),
    ];
    for (name, reason) in expected {
        let path = here().join("refused").join(name);
        let said = said(&scans(&path));
        assert!(said.contains(&format!("{}: {reason}", path.display())), "{name}: {said}");
        assert!(said.starts_with("1 of 1 images cannot be read"), "{said}");
    }
}

#[test]
fn series_with_missing_or_repeated_slices_are_no_volumes() {
    let asked = |name: &str, plane| Scans { plane, ..scans(&here().join("refused").join(name)) };
    let gap = said(&asked("gap", Plane::Coronal));
    assert!(gap.contains("its slices at 0.00 and 2.00 mm are 2.00 mm apart, 3.00 mm in the mean"), "{gap}");
    assert!(said(&asked("twice", Plane::Axial)).contains("are 2.00 mm apart, 1.00 mm in the mean"));
    assert_eq!(opened(&asked("gap", Plane::Acquired)).unwrap().train.images().len(), 3);
}

#[test]
fn unreadable_scans_are_skipped_where_this_is_asked_for_and_listed() {
    let everything = Scans { unreadable: Unreadable::Skip, ..scans(&here()) };
    let splits = opened(&everything).unwrap();
    // Two files of the 18 are in series of which slices are read.
    assert_eq!(splits.skipped.len(), 18, "{:?}", splits.skipped);
    assert!(splits.notes.iter().any(|note| note.contains("cannot be read and are skipped")));
    let refused = said(&Scans { unreadable: Unreadable::Refuse, ..everything });
    assert!(
        refused.contains("18 of 45 images cannot be read") && refused.contains("data.unreadable"),
        "{refused}"
    );
}

#[test]
fn a_folder_without_scans_says_what_is_expected_and_what_lies_there() {
    let place = tempfile::tempdir().unwrap();
    let empty = said(&scans(place.path()));
    assert!(
        empty.ends_with(
            "no scans found; expected DICOM files, or NIfTI files .nii or .nii.gz, in any folders"
        )
    );
    fs::create_dir(place.path().join("a")).unwrap();
    fs::write(place.path().join("a/t1.hdr"), "").unwrap();
    fs::write(place.path().join("a/t1.img"), "").unwrap();
    assert!(said(&scans(place.path())).contains("no scans found, but 1 .hdr, 1 .img; expected"));
    // All that stands before the rows, as of a report.
    let report = fs::read(here().join("read/implicit.dcm")).unwrap();
    let rows = report.windows(4).position(|tag| tag == b"\x28\0\x10\0").unwrap();
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("report.dcm"), &report[..rows]).unwrap();
    assert!(
        said(&scans(other.path()))
            .ends_with("1 DICOM files hold no image, but reports or a directory; name a folder with images")
    );
    let nowhere = said(&scans(&place.path().join("b")));
    assert!(nowhere.contains("data.root names no folder that is there"), "{nowhere}");
}

/// A folder with copies of scans.
fn copied(files: &[(&str, &str)]) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for (from, to) in files {
        let to = place.path().join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(here().join("read").join(from), to).unwrap();
    }
    place
}

#[test]
fn volumes_of_differing_spacing_are_refused_unless_the_file_says_what_to_do() {
    let place = copied(&[("int8.nii", "a.nii"), ("enhanced.dcm", "b.dcm"), ("pir.nii", "c.nii")]);
    let asked = |spacing| Scans { spacing, ..scans(place.path()) };
    let oblong = said(&asked(Spacing::Same));
    assert!(
        oblong
            .contains("a.nii has pixels of 2.000 x 2.500 mm; expected square ones: give data.scans.spacing")
    );
    fs::copy(here().join("read/oblique.nii"), place.path().join("a.nii")).unwrap();
    let differing = said(&asked(Spacing::Same));
    let words = "expected volumes of one spacing, found pixels of 1.000 x 1.000 mm in a.nii and of 2.000 x 2.000 mm in b.dcm";
    assert!(differing.contains(words) || differing.contains("c.nii has pixels"), "{differing}");
    fs::remove_file(place.path().join("c.nii")).unwrap();
    assert!(said(&asked(Spacing::Same)).contains(words));
    assert_eq!(opened(&asked(Spacing::Stored)).unwrap().train.images().size(0).unwrap(), (7, 6));
    let images = opened(&asked(Spacing::Millimetres(0.5))).unwrap().train.images();
    assert_eq!((images.size(0).unwrap(), images.size(images.len() - 1).unwrap()), ((14, 12), (20, 16)));
    let unknown = scans(&here().join("read/implicit.dcm"));
    assert!(
        said(&Scans { spacing: Spacing::Millimetres(1.0), ..unknown })
            .contains("does not say the size of a pixel")
    );
}

#[test]
fn the_middle_slices_and_those_with_something_in_them_are_taken() {
    let asked = scans(&here().join("read/las.nii.gz"));
    let names = |scans: &Scans| -> Vec<String> {
        let images = opened(scans).unwrap().train.images();
        (0..images.len()).map(|index| images.name(index).unwrap()).collect()
    };
    assert_eq!(names(&asked).len(), 5);
    assert_eq!(
        names(&Scans { slices: 0.6, ..asked.clone() }),
        ["las.nii.gz#2 at 11.00 mm", "las.nii.gz#3 at 14.00 mm", "las.nii.gz#4 at 17.00 mm"]
    );
    let bright = Levels::windows(&[[450.0, 400.0]]);
    let some = names(&Scans { levels: bright, foreground: 0.1, ..asked.clone() });
    assert_eq!(some, ["las.nii.gz#3 at 14.00 mm", "las.nii.gz#4 at 17.00 mm"]);
    let none = said(&Scans { levels: Levels::windows(&[[1e6, 1.0]]), foreground: 0.2, ..asked });
    assert!(none.contains("no slices are left of the scans"), "{none}");
}

#[test]
fn files_are_named_from_the_folder_on_and_dicom_images_have_their_file() {
    let images = opened(&scans(&here().join("read"))).unwrap().train.images();
    let names: Vec<_> = (0..images.len()).map(|index| images.name(index).unwrap()).collect();
    let at = |name: &str| {
        names.iter().position(|found| found == name || found.starts_with(&format!("{name} at "))).unwrap()
    };
    // Sorted to the head: their instance numbers run to the feet.
    assert!(at("series/b.dcm") < at("series/d.dcm") && at("series/d.dcm") < at("series/a.dcm"));
    assert!(images.path(at("series/b.dcm")).unwrap().ends_with("read/series/b.dcm"));
    assert!(images.path(at("rle.dcm#2")).is_none());
    // Of the enhanced file's frames the first lies in the middle of what is sorted by position.
    assert!(at("enhanced.dcm#1") < at("enhanced.dcm#3") && at("enhanced.dcm#3") < at("enhanced.dcm#2"));
}
