//! Patients of scans: groups, labels, splits, and partners within millimetres.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use kontrast_augment::{ImageRef, KeyedRng};
use kontrast_data::{
    Dataset, Moments, Paired, Partners, Patients, Plane, Scans, Source, Spec, Split, Splits, Unreadable,
    measure, open,
};

use crate::scans::{opened, scans};

/// `patients` folders with `volumes` NIfTI files each.
fn folder(patients: usize, volumes: usize) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let volume = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scans/read/int8.nii");
    for patient in 0..patients {
        let folder = place.path().join(format!("p{patient}"));
        fs::create_dir(&folder).unwrap();
        for number in 0..volumes {
            fs::copy(&volume, folder.join(format!("v{patient}{number}.nii"))).unwrap();
        }
    }
    place
}

fn asked(place: &Path) -> Scans {
    Scans { patients: Patients::Folder, plane: Plane::Sagittal, ..scans(place) }
}

fn groups(images: &dyn Dataset) -> BTreeMap<u64, usize> {
    let mut groups = BTreeMap::new();
    for index in 0..images.len() {
        *groups.entry(images.group(index)).or_default() += 1;
    }
    groups
}

#[test]
fn patients_are_groups_by_header_or_by_folder() {
    let place = folder(3, 2);
    let images = |patients| opened(&Scans { patients, ..asked(place.path()) }).unwrap().train.images();
    // Four slices along the first axis of each.
    assert_eq!(groups(&*images(Patients::Folder)), [(0, 8), (1, 8), (2, 8)].into());
    assert_eq!(groups(&*images(Patients::Header)).len(), 6);
    let dicom = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scans/read");
    let images = opened(&scans(&dicom)).unwrap().train.images();
    let group = |name: &str| {
        (0..images.len())
            .find(|&index| images.name(index).unwrap().starts_with(name))
            .map(|index| images.group(index))
    };
    // Three files and series of one patient.
    assert!(group("big.dcm") == group("implicit.dcm") && group("implicit.dcm") == group("deflated.dcm"));
    assert!(group("series/a.dcm").is_some() && group("series/a.dcm") != group("big.dcm"));
}

fn labelled(place: &Path, csv: &str) -> Scans {
    let labels = place.join("labels.csv");
    fs::write(&labels, csv).unwrap();
    Scans { labels: Some(labels), ..asked(place) }
}

fn both(splits: &Splits) -> (BTreeSet<u64>, BTreeSet<u64>) {
    let Split::Labelled(train) = &splits.train else { panic!("scans with labels are labelled") };
    let of = |images: &dyn Dataset| groups(images).into_keys().collect();
    (of(&**train), splits.test.as_ref().map(|test| of(&**test)).unwrap_or_default())
}

#[test]
fn no_patient_lies_on_both_sides_of_a_split() {
    let place = folder(10, 2);
    let lines = (0..10).map(|patient| format!("p{patient},{}\n", ["sick", "well"][patient % 2]));
    let csv = ["patient,label\n".to_owned()].into_iter().chain(lines).collect::<String>();
    let scans = Scans { holdout: Some(0.3), ..labelled(place.path(), &csv) };
    for seed in 0..10 {
        let source = Source::Scans(Box::new(scans.clone()));
        let splits = open(&Spec { source, subset: None, seed, channels: 1 }, Path::new("unused")).unwrap();
        let (train, test) = both(&splits);
        assert!(train.is_disjoint(&test) && train.len() + test.len() == 10 && test.len() > 1, "{seed}");
        let source = Source::Scans(Box::new(Scans { holdout: None, ..scans.clone() }));
        let some = open(&Spec { source, subset: Some(33), seed, channels: 1 }, Path::new("unused")).unwrap();
        assert_eq!(groups(&*some.train.images()).values().copied().collect::<Vec<_>>(), [8; 4], "{seed}");
    }
}

#[test]
fn labels_are_of_patients_or_of_files_and_may_say_the_split() {
    let place = folder(3, 2);
    let by_patient = "patient,label,split\np0,sick,train\np1,well,train\np2,well,test\n";
    let splits = opened(&labelled(place.path(), by_patient)).unwrap();
    assert_eq!(both(&splits), ([0, 1].into(), [2].into()));
    let test = splits.test.unwrap();
    assert_eq!(
        (test.class_names(), test.labels()),
        (&["sick".to_owned(), "well".to_owned()][..], vec![1; 8])
    );
    // The nearest of file and folders counts.
    let by_file = "label,file\nsick,p0/v00.nii\nwell,p0\nwell,p1/\nsick,./p2\nold,p7\n";
    let splits = opened(&labelled(place.path(), by_file)).unwrap();
    let Split::Labelled(train) = &splits.train else { panic!() };
    assert_eq!(train.labels().chunks(4).map(|labels| labels[0]).collect::<Vec<_>>(), [0, 1, 1, 1, 0, 0]);
    assert!(splits.notes.iter().any(|note| note.ends_with("lines of scans that are not there: p7 (line 6)")));
}

#[test]
fn a_file_of_labels_that_does_not_fit_is_refused_with_its_line() {
    let place = folder(3, 1);
    let said = |csv: &str| {
        let said = opened(&labelled(place.path(), csv)).map(|_| ()).unwrap_err();
        said.split_once("labels.csv").unwrap().1.to_owned()
    };
    let headings = ":1: expected a line of headings with the columns label, and either patient or file, and split where \
                    there is one, found \"name\", \"label\"";
    assert_eq!(said("name,label\np0,a\n"), headings);
    assert!(said("patient,file,label\na,b,c\n").starts_with(":1: expected a line of headings"));
    assert!(said("patient\np0\n").starts_with(":1: "));
    assert_eq!(said("patient,label\np0,a\np1,\n"), ":3: label is empty; fill it, or leave the line out");
    assert_eq!(said("patient,label\np0,a\np0,b\n"), ":3: p0 stands on line 2 already; name each once");
    assert!(
        said("patient,label,split\np0,a,other\n")
            .starts_with(":2: split is \"other\"; expected train or test")
    );
    assert!(said("patient,label\n").starts_with(":1: expected a line for each patient or file"));
    assert!(said("patient,label\np0,a,b\n").starts_with(":2: "));
    let missing = said("patient,label\np0,a\n");
    assert!(missing.starts_with(
        ": no line names the patient of 2 of the scans: p1 (p1/v10.nii), p2 (p2/v20.nii); add them"
    ));
    assert!(
        said("patient,label,split\np0,a,test\np1,a,test\np2,a,test\n")
            .starts_with(": every scan is of the test split")
    );
    let only = said("patient,label,split\np0,a,train\np1,a,train\np2,b,test\n");
    assert_eq!(only, ":4: the class \"b\" has test scans, but no training scans; give it some");
    let nowhere = Scans { labels: Some(place.path().join("none.csv")), ..asked(place.path()) };
    assert!(opened(&nowhere).map(|_| ()).unwrap_err().contains("data.scans.labels names a CSV file"));
}

#[test]
fn scans_without_a_label_are_left_out_where_unreadable_ones_are() {
    let place = folder(3, 1);
    let scans =
        Scans { unreadable: Unreadable::Skip, ..labelled(place.path(), "patient,label\np0,a\np2,b\n") };
    let splits = opened(&scans).unwrap();
    assert_eq!(both(&splits).0, [0, 2].into());
    assert!(splits.notes.iter().any(|note| note.contains("no line names the patient of 1 of the scans: p1")));
}

#[test]
fn a_holdout_needs_labels_and_no_other_test_split() {
    let place = folder(3, 1);
    let said = |scans: Scans| opened(&Scans { holdout: Some(0.4), ..scans }).map(|_| ()).unwrap_err();
    assert!(
        said(asked(place.path())).contains("data.holdout = 0.4 cannot be used, since scans without labels")
    );
    let split = "patient,label,split\np0,a,train\np1,a,train\np2,a,test\n";
    assert!(
        said(labelled(place.path(), split))
            .contains("data.holdout = 0.4 cannot be used, since the column split")
    );
}

#[test]
fn a_partner_is_another_slice_of_the_volume_within_so_many_millimetres() {
    let place = folder(3, 2);
    let images = opened(&asked(place.path())).unwrap().train.images();
    let pairs = |mm| Paired::new(Arc::clone(&images), Partners::WithinMm(mm)).unwrap();
    // Slices are 2 mm apart.
    let near = pairs(2.0);
    assert_eq!((near.alone(), pairs(1.9).alone()), (0, images.len()));
    for index in 0..images.len() {
        let drawn: BTreeSet<usize> =
            (0..60).map(|seed| near.partner(index, &mut KeyedRng::named(*b"testing ", seed, 0, 0))).collect();
        let place = index % 4;
        let beside = [place.checked_sub(1), Some(place + 1).filter(|&next| next < 4)];
        assert_eq!(drawn, beside.into_iter().flatten().map(|other| index - place + other).collect());
    }
    let unknown = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scans/read");
    let images = opened(&scans(&unknown)).unwrap().train.images();
    let said = Paired::new(images, Partners::WithinMm(1.0)).map(|_| ()).unwrap_err().to_string();
    assert!(said.contains("does not say where it lies in its volume"), "{said}");
}

#[test]
fn patients_of_one_image_and_one_patient_alone_have_no_pairs() {
    let one = folder(1, 2);
    let images = opened(&asked(one.path())).unwrap().train.images();
    let said =
        |images, partners| Paired::<dyn Dataset>::new(images, partners).map(|_| ()).unwrap_err().to_string();
    let pairs = Paired::new(images, Partners::Anywhere).unwrap();
    assert!(pairs.require_groups().unwrap_err().to_string().contains("all 8 images are of one group"));
    let place = folder(3, 1);
    let single = Scans { slices: 0.01, ..asked(place.path()) };
    let images = opened(&single).unwrap().train.images();
    assert_eq!(images.len(), 3);
    assert!(said(images, Partners::WithinMm(5.0)).contains("each of the 3 images is a group of its own"));
    fs::copy(place.path().join("p0/v00.nii"), place.path().join("p0/v01.nii")).unwrap();
    let images = opened(&single).unwrap().train.images();
    assert_eq!(Paired::new(images, Partners::Anywhere).unwrap().alone(), 2);
}

#[test]
fn mean_and_std_of_slices_are_measured() {
    let place = folder(2, 1);
    let images = opened(&asked(place.path())).unwrap().train.images();
    let moments = |image: ImageRef<'_>| Moments::of_bytes(image, 1);
    let measured = measure(&*images, 0, &moments, &mut |_, _| ControlFlow::Continue(())).unwrap().unwrap();
    let mut all = Vec::new();
    for index in 0..images.len() {
        all.extend(
            images.image(index, &mut Vec::new()).unwrap().pixels.iter().map(|&byte| f64::from(byte) / 255.0),
        );
    }
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    assert!((measured.mean[0] - mean).abs() < 1e-9, "{measured:?} {mean}");
}
