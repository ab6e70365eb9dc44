//! Pickles and archives that are cut short, changed or made to do harm: an error, never a panic, never a call, and no more
//! memory than the file is worth.

use super::pickle::{PickleError, read};
use super::torch_file::{TorchFileError, read_torch_file};
use super::value::{TooMany, Value};
use super::zip::Archive;
use proptest::prelude::*;

const COMMAND: &[u8] = include_bytes!("../../tests/golden/weights/command.pth");
const LIGHTLY: &[u8] = include_bytes!("../../tests/golden/weights/lightly.ckpt");

/// The pickle of a real checkpoint, with an optimizer, a Namespace, sets and large numbers.
fn pickle() -> Vec<u8> {
    let archive = Archive::open(LIGHTLY).unwrap();
    let name = archive.names().find(|name| name.ends_with("data.pkl")).unwrap().to_owned();
    archive.read(&name).unwrap().unwrap().to_vec()
}

/// A pickle of protocol 2 with this body.
fn of(body: &[u8]) -> Vec<u8> {
    [b"\x80\x02", body, b"."].concat()
}

fn malformed(body: &[u8]) -> bool {
    matches!(read(&of(body)), Err(PickleError::Malformed { .. }))
}

#[test]
fn a_pickle_cut_short_anywhere_is_an_error() {
    let whole = pickle();
    assert_eq!(read(&whole).unwrap().named_tensors().unwrap().len(), 135);
    for length in 0..whole.len() {
        assert!(read(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
    }
}

#[test]
fn an_archive_cut_short_anywhere_is_an_error() {
    assert_eq!(read_torch_file(COMMAND).unwrap().len(), 1);
    for length in 0..COMMAND.len() {
        assert!(read_torch_file(&COMMAND[..length]).is_err(), "{length} of {} bytes", COMMAND.len());
    }
}

#[test]
fn a_call_of_anything_else_is_a_value_nobody_looks_into() {
    for call in
        [&b"cos\nsystem\nU\x04true\x85R"[..], b"cbuiltins\neval\nU\x011\x85R", b"cos\nsystem\n)\x81}b"]
    {
        let Value::Other(name) = read(&of(call)).unwrap().root else { panic!("a value") };
        assert!(name.starts_with("os.") || name.starts_with("builtins."), "{name}");
    }
    assert_eq!(
        read_torch_file(COMMAND).unwrap().keys().collect::<Vec<_>>(),
        ["state_dict.conv1.weight"],
        "the command beside it was not run"
    );
    // A tensor inside an unknown object is none.
    let hidden = of(b"cos\nsystem\n)\x81}U\x01wK\x01sb");
    assert!(read(&hidden).unwrap().named_tensors().unwrap().is_empty());
}

#[test]
fn opcodes_of_no_state_dictionary_are_refused() {
    for opcode in
        [b'i', b'o', b'I', b'L', b'F', b'S', b'V', b'P', b'p', b'g', b'd', b'l', 0x82, 0x83, 0x84, 0x97]
    {
        let error = read(&of(&[opcode])).unwrap_err();
        assert_eq!(error, PickleError::Opcode { opcode, at: 2 });
    }
}

#[test]
fn what_does_not_fit_the_stack_is_malformed() {
    let bodies: [&[u8]; 14] = [
        b"0",
        b"1",
        b"2",
        b"a",
        b"e",
        b"s",
        b"u",
        b"R",
        b"h\x05",
        b"q\x00",
        b"\x87",
        b"(0",
        b"K\x01K\x02R",
        b"U\x01aQ",
    ];
    for body in bodies {
        assert!(malformed(body), "{body:?}");
    }
    assert!(malformed(b"}(U\x01au"), "a key without a value");
}

#[test]
fn lengths_beyond_the_file_are_not_believed() {
    let bodies: [&[u8]; 5] = [
        b"X\xff\xff\xff\xff",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x8b\xff\xff\xff\xff",
        b"B\xff\xff\xff\x7f",
    ];
    for body in bodies {
        assert!(matches!(read(&of(body)), Err(PickleError::CutShort(_))), "{body:?}");
    }
    // A number of a memo that takes no memory.
    assert!(read(&of(b"Nr\xff\xff\xff\xff")).is_ok());
}

#[test]
fn cycles_nesting_and_copies_of_copies_are_harmless() {
    // A list that holds itself, and a dictionary that does.
    assert!(read(&of(b"]q\x00h\x00a")).unwrap().named_tensors().is_ok());
    assert!(read(&of(b"}q\x00U\x01ah\x00s")).unwrap().named_tensors().is_ok());
    // A million tuples around each other.
    let nested = [b"N".to_vec(), vec![0x85; 1_000_000]].concat();
    assert!(read(&of(&nested)).unwrap().named_tensors().unwrap().is_empty());
    // Each list holds the one before ten times.
    let mut laughs = b"]q\x00".to_vec();
    for list in 0..14_u8 {
        laughs.extend([b']', b'q', list + 1, b'(']);
        laughs.extend([b'h', list].repeat(10));
        laughs.push(b'e');
    }
    assert_eq!(read(&of(&laughs)).unwrap().named_tensors(), Err(TooMany));
    // One list, copied again and again.
    let mut copies = b"](".to_vec();
    copies.extend(b"NN\x86".repeat(100));
    copies.extend(b"eq\x00");
    copies.extend(b"ccollections\nOrderedDict\nh\x00\x85R".repeat(100));
    assert!(malformed(&copies));
}

/// A tensor of the storage `0`, which should hold four numbers.
fn tensor(shape: &[u8], strides: &[u8], offset: u8) -> Vec<u8> {
    let sides = |sides: &[u8]| {
        let numbers: Vec<u8> = sides.iter().flat_map(|&side| [b'K', side]).collect();
        [b"(".as_slice(), &numbers, b"t"].concat()
    };
    let storage = b"(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x04tQ";
    let arguments = [storage.as_slice(), &[b'K', offset], &sides(shape), &sides(strides), b"\x89}"].concat();
    [b"}U\x01wctorch._utils\n_rebuild_tensor_v2\n(", arguments.as_slice(), b"tRs"].concat()
}

/// An archive of stored entries, as torch.save writes it.
fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in entries {
        let local = file.len() as u32;
        let sizes =
            [crc32fast::hash(bytes), bytes.len() as u32, bytes.len() as u32].map(u32::to_le_bytes).concat();
        let lengths = [(name.len() as u16).to_le_bytes(), [0; 2]].concat();
        file.extend([b"PK\x03\x04".as_slice(), &[0; 10], &sizes, &lengths, name.as_bytes(), bytes].concat());
        let rest = [&[0; 10][..], &local.to_le_bytes(), name.as_bytes()].concat();
        directory.extend([b"PK\x01\x02".as_slice(), &[0; 12], &sizes, &lengths, &rest].concat());
    }
    let (count, start) = ((entries.len() as u16).to_le_bytes(), (file.len() as u32).to_le_bytes());
    let size = (directory.len() as u32).to_le_bytes();
    file.extend(
        [&directory, b"PK\x05\x06".as_slice(), &[0; 4], &count, &count, &size, &start, &[0; 2]].concat(),
    );
    file
}

fn read_tensor(shape: &[u8], strides: &[u8], offset: u8, stored: &[u8]) -> Result<Vec<f32>, TorchFileError> {
    let pickle = of(&tensor(shape, strides, offset));
    let read = read_torch_file(&archive(&[("a/data.pkl", &pickle), ("a/data/0", stored)]))?;
    Ok(read["w"].bytes.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect())
}

#[test]
fn a_tensor_lies_in_its_storage_or_is_refused() {
    let four = [1f32, 2.0, 3.0, 4.0].map(f32::to_le_bytes).concat();
    let read = |shape: &[u8], strides: &[u8], offset| read_tensor(shape, strides, offset, &four);
    assert_eq!(read(&[2, 2], &[2, 1], 0), Ok(vec![1.0, 2.0, 3.0, 4.0]));
    assert_eq!(read(&[2, 2], &[1, 2], 0), Ok(vec![1.0, 3.0, 2.0, 4.0]));
    assert_eq!(read(&[2], &[2], 1), Ok(vec![2.0, 4.0]));
    assert_eq!(read(&[], &[], 3), Ok(vec![4.0]));
    assert_eq!(read(&[1, 2], &[255, 1], 0), Ok(vec![1.0, 2.0]));
    assert_eq!(read(&[0, 2], &[1, 1], 200), Ok(vec![]));
    for (shape, strides, offset) in
        [(&[5][..], &[1][..], 0), (&[2, 2], &[3, 1], 0), (&[1], &[1], 4), (&[4], &[1], 1)]
    {
        let refused = read(shape, strides, offset).unwrap_err().to_string();
        assert!(refused.starts_with("the tensor w reaches beyond its storage"), "{refused}");
    }
    // A number that is repeated far beyond what the file is long.
    let large = read(&[255, 255, 255], &[0, 0, 0], 0).unwrap_err().to_string();
    assert!(large.contains("is far larger than the file"), "{large}");
    let short = read_tensor(&[1], &[1], 0, &four[..12]).unwrap_err().to_string();
    assert!(short.contains("should have 4 numbers of 4 bytes, and 12 bytes are stored"), "{short}");
    let gone =
        read_torch_file(&archive(&[("a/data.pkl", &of(&tensor(&[1], &[1], 0)))])).unwrap_err().to_string();
    assert!(gone.contains("has no numbers in the archive"), "{gone}");
}

#[test]
fn the_other_order_of_bytes_is_turned() {
    let four = [1f32, 2.0, 3.0, 4.0].map(f32::to_be_bytes).concat();
    let pickle = of(&tensor(&[4], &[1], 0));
    let file = |order: &[u8]| archive(&[("data.pkl", &pickle), ("data/0", &four), ("byteorder", order)]);
    let read = read_torch_file(&file(b"big")).unwrap();
    assert_eq!(read["w"].bytes, [1f32, 2.0, 3.0, 4.0].map(f32::to_le_bytes).concat());
    assert!(read_torch_file(&file(b"middle")).is_err());
}

#[test]
fn a_changed_byte_of_a_tensor_is_found() {
    let mut file = archive(&[("a/data.pkl", &of(&tensor(&[4], &[1], 0))), ("a/data/0", &[7; 16])]);
    let at = file.windows(16).position(|bytes| bytes == [7; 16]).unwrap();
    file[at] = 8;
    let refused = read_torch_file(&file).unwrap_err().to_string();
    assert!(refused.starts_with("its entry a/data/0 is damaged"), "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(pickled) = read(&of(&bytes)) {
            let _ = pickled.named_tensors();
        }
        let _ = read_torch_file(&[b"PK\x03\x04".as_slice(), &bytes].concat());
    }

    #[test]
    fn a_changed_pickle_is_read_or_refused(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = pickle();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(pickled) = read(&bytes) {
            let _ = pickled.named_tensors();
        }
        let four = [0; 16];
        let _ = read_torch_file(&archive(&[("a/data.pkl", &bytes), ("a/data/0", &four)]));
    }

    #[test]
    fn a_changed_archive_is_read_or_refused(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = COMMAND.to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read_torch_file(&bytes);
    }
}
