//! Files as they come: in other encodings, of other kinds, too large, named with anything.

use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::folder::{BASE, Folder, load};

fn utf16(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

/// The message about a file of these bytes, and about one that extends it.
fn refusals(folder: &Folder, bytes: &[u8]) -> [String; 2] {
    fs::write(folder.path("odd.toml"), bytes).unwrap();
    both(folder, "odd.toml")
}

fn both(folder: &Folder, name: &str) -> [String; 2] {
    let path = folder.write("extending.toml", &format!("extends = {name:?}\n"));
    [folder.message(&folder.path(name), &[]), folder.message(&path, &[])]
}

#[test]
fn field_utf_16_is_named_and_its_cure() {
    let folder = Folder::new();
    let other = format!("{BASE}\n# \u{4e2d}\u{6587}\u{8bf4}\u{660e}");
    for text in [BASE, "name = \"x\"\r\nseed = 0\r\n", &other] {
        for (big, mark, order) in [(false, [0xff, 0xfe], "little"), (true, [0xfe, 0xff], "big")] {
            let expected = format!("odd.toml: expected a text in UTF-8, found UTF-16, {order}-endian");
            let bytes = utf16(text, big);
            for bytes in [[&mark[..], &bytes].concat(), bytes] {
                let [own, extended] = refusals(&folder, &bytes);
                assert!(own.starts_with(&expected) && own.ends_with("; save it as UTF-8"), "{own}");
                assert!(extended.starts_with(&expected), "{extended}");
                assert!(
                    extended.ends_with("by `extends` at extending.toml:1:11, relative to that file"),
                    "{extended}"
                );
            }
        }
    }
}

#[test]
fn field_a_mark_of_utf_8_is_no_mistake_and_other_bytes_are() {
    let folder = Folder::new();
    let plain = folder.load("", &[]).digest;
    let marked = "\u{feff}extends = \"base.toml\"\n";
    assert_eq!(load(&folder.write("marked.toml", marked), &[]).unwrap().digest, plain);
    folder.write("base.toml", &format!("\u{feff}{BASE}"));
    assert_eq!(folder.load("", &[]).digest, plain);
    // Latin-1, a cut letter, a picture.
    for (bytes, line) in
        [(&b"seed = 0\nname = \"caf\xe9\""[..], 2), (b"# \xe4\xb8", 1), (b"\x89PNG\r\n\x1a\n", 1)]
    {
        let [own, _] = refusals(&folder, bytes);
        let expected = format!(
            "odd.toml: expected a text in UTF-8, found a byte in line {line} that is none; save it as UTF-8"
        );
        assert_eq!(own, expected);
    }
    let [own, _] = refusals(&folder, &[&[0xff, 0xfe, 0, 0][..], &[b'a', 0, 0, 0]].concat());
    assert!(own.contains("found UTF-32; save it as UTF-8"), "{own}");
}

#[test]
fn field_what_is_no_file_is_refused_unread() {
    let folder = Folder::new();
    fs::create_dir(folder.path("folder.toml")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.path("pipe.toml")).status();
    assert!(made.unwrap().success());
    let _listener = std::os::unix::net::UnixListener::bind(folder.path("socket.toml")).unwrap();
    std::os::unix::fs::symlink("pipe.toml", folder.path("link.toml")).unwrap();
    let kinds = [
        ("folder.toml", "a folder; name a file in it"),
        ("pipe.toml", "a named pipe; write the text to a file"),
        ("link.toml", "a named pipe; write the text to a file"),
        ("socket.toml", "a socket; name a file"),
    ];
    for (name, found) in kinds {
        let [own, extended] = both(&folder, name);
        assert_eq!(own, format!("{name}: expected a file of text, found {found}"));
        assert!(
            extended.starts_with(&own) && extended.contains("by `extends` at extending.toml:1:11"),
            "{extended}"
        );
    }
    for device in ["/dev/zero", "/dev/null", "/dev/random"] {
        let expected = format!("{device}: expected a file of text, found a device; name a file");
        assert_eq!(folder.message(Path::new(device), &[]), expected);
        let path = folder.write("extending.toml", &format!("extends = {device:?}\n"));
        assert!(folder.message(&path, &[]).starts_with(&expected));
    }
}

#[test]
fn field_a_file_beyond_a_mebibyte_is_refused_unread() {
    let folder = Folder::new();
    // The last one has no place on the disk.
    for size in [(1 << 20) + 1, 5_000_000, 1 << 40] {
        fs::File::create(folder.path("large.toml")).unwrap().set_len(size).unwrap();
        for message in both(&folder, "large.toml") {
            assert!(
                message.starts_with(&format!("large.toml: expected at most 1048576 bytes, found {size}; ")),
                "{message}"
            );
        }
    }
    let padded = format!("{BASE}#{}", " ".repeat((1 << 20) - BASE.len() - 1));
    folder.write("base.toml", &padded);
    folder.load("", &[]);
}

#[test]
fn field_names_of_files_are_shown_as_they_are_and_not_obeyed() {
    let folder = Folder::new();
    for (name, shown) in [
        ("\u{1b}[31mred.toml", "\\u{1b}[31mred.toml"),
        ("two\nlines.toml", "two\\nlines.toml"),
        ("back\rwards.toml", "back\\rwards.toml"),
        ("lmot.\u{202e}toml", "lmot.\\u{202e}toml"),
    ] {
        let absent = folder.message(&folder.path(name), &[]);
        assert!(absent.starts_with(&format!("{shown}: cannot be read: No such file")), "{absent}");
        let broken = folder.write(name, "seed = = 3");
        assert!(folder.message(&broken, &[]).starts_with(&format!("{shown}:1:8: this is not TOML")));
        folder.write(name, "extends = \"base.toml\"\nsed = 3");
        let unknown = folder.message(&broken, &[]);
        assert!(unknown.starts_with(&format!("{shown}:2:1: sed: unknown key")), "{unknown}");
        let path = folder
            .write("extending.toml", &format!("extends = {}\n", toml::Value::from(format!("absent-{name}"))));
        let wanted = folder.message(&path, &[]);
        assert!(wanted.starts_with(&format!("absent-{shown}: cannot be read")), "{wanted}");
        for message in [absent, unknown, wanted] {
            assert!(!message.contains(char::is_control), "{message:?}");
        }
    }
    let name = PathBuf::from(std::ffi::OsString::from_vec(b"caf\xe9.toml".to_vec()));
    assert!(folder.message(&folder.path("").join(name), &[]).starts_with("caf\u{fffd}.toml: cannot be read"));
}
