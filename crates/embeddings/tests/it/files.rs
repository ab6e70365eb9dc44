//! Files: what is written is read again; what is no table says why.

use kontrast_embeddings::{EmbeddingsError, Existing, Table};
use ndarray::array;
use std::fs;

fn table() -> Table {
    let values = array![[0.1, -2.5e-8, 3.0], [f32::MIN_POSITIVE, 1.0 / 3.0, 1e30]];
    let text = |words: [&str; 2]| words.map(str::to_owned).to_vec();
    let table = Table::new(values).unwrap().with_names(text(["a, \"b\".png", "ü\n.png"])).unwrap();
    table.with_labels(text(["cat", ""])).unwrap().with_groups(text(["1", "2"])).unwrap()
}

#[test]
fn a_table_comes_back_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["safetensors", "csv"] {
        let path = folder.path().join("bank").with_extension(ending);
        table().write(&path, Existing::Keep).unwrap();
        assert_eq!(Table::read(&path).unwrap(), table(), "{ending}");
    }
    let path = folder.path().join("bank.npy");
    table().write(&path, Existing::Keep).unwrap();
    assert_eq!(Table::read(&path).unwrap(), Table::new(table().values().to_owned()).unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing else is left");
}

#[test]
fn notes_come_back_from_safetensors_and_equal_tables_are_equal_files() {
    let folder = tempfile::tempdir().unwrap();
    let written = |name: &str, table: &Table| {
        let path = folder.path().join(name);
        table.write(&path, Existing::Replace).unwrap();
        path
    };
    let notes = [("encoder", "5a22"), ("size", "32x32"), ("architecture", "\"wide\"")];
    let notes = notes.map(|(key, text)| (key.to_owned(), text.to_owned()));
    let noted = table().with_notes(notes.into());
    let path = written("noted.safetensors", &noted);
    let (bytes, read) = (fs::read(&path).unwrap(), Table::read(&path).unwrap());
    assert_eq!((&read, read.notes()["size"].as_str()), (&noted, "32x32"));
    assert_eq!(fs::read(written("again.safetensors", &noted)).unwrap(), bytes);
    assert_eq!(Table::read(&written("noted.csv", &noted)).unwrap(), table());
}

#[test]
fn what_numpy_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("double.npy");
    ndarray_npy::write_npy(&path, &array![[1.5_f64, 2.0], [3.0, 4.0]]).unwrap();
    assert_eq!(Table::read(&path).unwrap().values(), array![[1.5, 2.0], [3.0, 4.0]]);
    ndarray_npy::write_npy(&path, &array![1.0_f32, 2.0]).unwrap();
    assert!(Table::read(&path).unwrap_err().to_string().contains("expected two dimensions of fp32 or fp64"));
}

#[test]
fn a_file_that_is_there_stays_unless_it_may_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bank.csv");
    fs::write(&path, "years of work").unwrap();
    assert!(matches!(table().write(&path, Existing::Keep), Err(EmbeddingsError::Exists(_))));
    assert_eq!(fs::read_to_string(&path).unwrap(), "years of work");
    table().write(&path, Existing::Replace).unwrap();
    assert_eq!(Table::read(&path).unwrap(), table());
    let gone = folder.path().join("no/bank.csv");
    assert!(matches!(table().write(&gone, Existing::Keep), Err(EmbeddingsError::Io { .. })));
}

#[test]
fn what_is_no_table_says_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let said = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        Table::read(&path).unwrap_err().to_string()
    };
    for (name, bytes, words) in [
        ("a.arrow", &b""[..], "expected a name that ends in .safetensors, .npy, .csv or .parquet"),
        ("a.safetensors", b"no", "not a whole safetensors file"),
        ("a.npy", b"no", "expected two dimensions of fp32 or fp64 values"),
        ("a.csv", b"name,x\na,one\n", "line 2, column x: expected a number, found \"one\""),
        ("b.csv", b"name,x\na,1\nb\n", "not a CSV of a heading and rows alike"),
        ("c.csv", b"name,x\na,nan\n", "c.csv: row 0, value 0 (both counted from 0): NaN"),
        ("d.csv", b"name,x\n", "a table of 0 rows and 1 values"),
        ("e.csv", b"name\na\n", "a table of 1 rows and 0 values"),
    ] {
        let found = said(name, bytes);
        assert!(found.contains(words), "{name}: {found}");
    }
    let gone = Table::read(&folder.path().join("gone.csv")).unwrap_err();
    assert!(matches!(gone, EmbeddingsError::Io { .. }), "{gone}");
    let path = folder.path().join("weights.safetensors");
    let (one, two) = ([0_u8; 8], [0_u8; 4]);
    let view = |bytes, shape: &[usize]| {
        safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.to_vec(), bytes).unwrap()
    };
    let weights = [("conv.weight", view(&one[..], &[2])), ("conv.bias", view(&two[..], &[1]))];
    safetensors::serialize_to_file(weights, None, &path).unwrap();
    let found = Table::read(&path).unwrap_err().to_string();
    assert!(
        found.contains("expected a tensor embeddings, found 2 others, as in a file of weights"),
        "{found}"
    );
}

#[cfg(not(feature = "parquet"))]
#[test]
fn without_the_feature_parquet_is_said_to_need_another_build() {
    for ended in
        [Table::read("a.parquet".as_ref()).map(drop), table().write("a.parquet".as_ref(), Existing::Keep)]
    {
        let said = ended.unwrap_err().to_string();
        assert!(said.starts_with("a.parquet: this build reads and writes no parquet"), "{said}");
    }
}

#[cfg(feature = "parquet")]
mod parquet {
    use super::*;

    #[test]
    fn a_table_comes_back_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bank.parquet");
        let bare = Table::new(table().values().to_owned()).unwrap();
        for written in [table(), bare] {
            written.write(&path, Existing::Replace).unwrap();
            assert_eq!(Table::read(&path).unwrap(), written);
        }
    }

    /// Made by `generate.py` beside it, with pyarrow: lists under another name, values as columns, no vector at all.
    #[test]
    fn what_pyarrow_writes_is_read_and_what_has_no_vectors_is_refused() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/parquet");
        let lists = Table::read(&folder.join("lists.parquet")).unwrap();
        assert_eq!(lists.values(), array![[0.5, -1.0], [2.0, 3.0], [0.0, 8.0]]);
        assert_eq!(lists.names().unwrap(), ["a.png", "b.png", "c.png"]);
        assert_eq!(lists.labels().unwrap(), ["0", "1", "0"], "numbers are classes too");
        let columns = Table::read(&folder.join("columns.parquet")).unwrap();
        assert_eq!((columns.values(), columns.names()), (array![[0.5, -1.0], [2.0, 3.0]].view(), None));
        for (file, expected) in [
            (
                "none.parquet",
                "row 0 (from 0): expected 1 numbers, in a column of lists such as \"embedding\"",
            ),
            ("ragged.parquet", "row 1 (from 0): expected 2 numbers"),
            ("words.parquet", "row 0 (from 0): column vector: expected a list of fp32 or fp64 numbers"),
        ] {
            let said = Table::read(&folder.join(file)).unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn other_bytes_and_a_file_cut_short_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bank.parquet");
        table().write(&path, Existing::Keep).unwrap();
        let whole = fs::read(&path).unwrap();
        for bytes in [&b"PAR1"[..], b"no", &whole[..whole.len() / 2], &whole[..whole.len() - 1]] {
            fs::write(&path, bytes).unwrap();
            let said = Table::read(&path).unwrap_err().to_string();
            assert!(said.contains("bank.parquet: not a parquet file that can be read"), "{said}");
        }
    }
}
