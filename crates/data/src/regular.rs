//! Regular files only: opening a named pipe waits for a writer, and a device may have no end.

use std::fs::{self, File, FileType};
use std::io::{self, Error, ErrorKind, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

/// Opens a file, or what a link names, where it is a regular one.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    check(fs::metadata(path)?.file_type())?;
    let file = File::open(path)?;
    // What was opened may be another file than the one that was looked at.
    check(file.metadata()?.file_type())?;
    Ok(file)
}

/// Reads a regular file of at most so many bytes whole.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let length = file.metadata()?.len();
    // Some files of the system have a length of 0 and no end.
    let mut bytes = Vec::with_capacity(length.min(most) as usize);
    if length <= most {
        file.take(most + 1).read_to_end(&mut bytes)?;
    }
    if length > most || bytes.len() as u64 > most {
        let found = length.max(bytes.len() as u64);
        return Err(too_large(most, found));
    }
    Ok(bytes)
}

/// What is said of a file of more than `most` bytes.
pub(crate) fn too_large(most: u64, found: u64) -> Error {
    let reason = format!("expected at most {most} bytes, found {found}; make it smaller, or leave it out");
    Error::new(ErrorKind::FileTooLarge, reason)
}

/// Refuses what is no regular file, by its kind.
pub(crate) fn check(found: FileType) -> io::Result<()> {
    let kind = match found {
        found if found.is_file() => return Ok(()),
        found if found.is_dir() => "a folder",
        found if found.is_fifo() => "a named pipe",
        found if found.is_socket() => "a socket",
        _ => "a device",
    };
    let reason = format!("expected a regular file, found {kind}; remove it, or name a file");
    Err(Error::new(ErrorKind::InvalidInput, reason))
}

#[cfg(test)]
mod tests {
    use super::read;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::path::Path;
    use std::process::Command;

    #[test]
    fn field_what_is_no_regular_file_is_named_and_never_waited_for() {
        let place = tempfile::tempdir().unwrap();
        let [pipe, socket, link, folder] =
            ["pipe", "socket", "link", "folder"].map(|name| place.path().join(name));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let _socket = UnixListener::bind(&socket).unwrap();
        symlink("/dev/zero", &link).unwrap();
        std::fs::create_dir(&folder).unwrap();
        let null = Path::new("/dev/null").to_owned();
        let kinds = [
            (pipe, "a named pipe"),
            (socket, "a socket"),
            (link, "a device"),
            (null, "a device"),
            (folder, "a folder"),
        ];
        for (path, kind) in kinds {
            let said = read(&path, 10).unwrap_err().to_string();
            assert_eq!(said, format!("expected a regular file, found {kind}; remove it, or name a file"));
        }
    }

    #[test]
    fn field_a_file_is_read_up_to_its_bound() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("file");
        std::fs::write(&path, [1; 10]).unwrap();
        assert_eq!(read(&path, 10).unwrap(), [1; 10]);
        assert_eq!(
            read(&path, 9).unwrap_err().to_string(),
            "expected at most 9 bytes, found 10; make it smaller, or leave it out"
        );
        // A hole takes no room on the disk, and none in memory.
        std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert!(read(&path, 1 << 20).unwrap_err().to_string().contains("found 1099511627776; "));
        // A file of the system that has more in it than it says.
        assert!(read(Path::new("/proc/self/status"), 4).unwrap_err().to_string().contains("found 5; "));
    }
}
