//! Downloads one file through Python's urllib, resumed where it broke off.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::program;
use super::progress::FetchProgress;
use crate::error::DataError;

const SCRIPT: &str = include_str!("download.py");

/// Fetches `url` into `folder` and returns the file. Until it is whole it is called `<name>.part` and stays
/// when the download fails, so that the next one goes on there.
pub(crate) fn download(
    url: &str,
    folder: &Path,
    progress: &mut dyn FnMut(FetchProgress),
) -> Result<PathBuf, DataError> {
    let name = url.rsplit('/').next().unwrap_or(url);
    let (whole, part) = (folder.join(name), folder.join(format!("{name}.part")));
    if whole.exists() {
        return Ok(whole);
    }
    progress(FetchProgress::Doing(format!("fetching {url}")));
    let python = Command::new("python3")
        .args(["-c", SCRIPT, url])
        .arg(&part)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut python = python.map_err(|error| program::not_started("python3", &error))?;
    let (stdout, stderr) = (python.stdout.take(), python.stderr.take());
    for line in stdout.map(BufReader::new).into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
        if let Some(bytes) = parse(&line) {
            progress(bytes);
        }
    }
    let mut said = Vec::new();
    if let Some(mut stderr) = stderr {
        stderr.read_to_end(&mut said).map_err(DataError::io(&part))?;
    }
    let status = python.wait().map_err(DataError::io(&part))?;
    if !status.success() {
        return Err(DataError::Program { program: url.into(), reason: program::last_line(&said) });
    }
    fs::rename(&part, &whole).map_err(DataError::io(&whole))?;
    Ok(whole)
}

/// A line `done total` of the script.
fn parse(line: &str) -> Option<FetchProgress> {
    let (done, total) = line.split_once(' ')?;
    Some(FetchProgress::Bytes { done: done.parse().ok()?, total: total.parse().ok() })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::thread::JoinHandle;

    use super::download;
    use crate::fetch::FetchProgress;

    const CONTENT: usize = 3_000_000;

    fn content() -> Arc<Vec<u8>> {
        Arc::new((0..CONTENT).map(|value| (value * value % 251) as u8).collect())
    }

    /// How a server answers one request.
    #[derive(Clone, Copy)]
    enum Answer {
        /// From the asked place on, and breaks off after so many bytes.
        Range(usize),
        /// The whole file, whatever was asked.
        Whole,
        /// No such file.
        Missing,
    }

    /// A server on this machine that gives these answers and returns the ranges that it was asked for.
    fn serve(answers: Vec<Answer>) -> (String, JoinHandle<Vec<Option<usize>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/file.bin", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || answers.iter().map(|&one| answer(&listener, one)).collect());
        (url, thread)
    }

    fn answer(listener: &TcpListener, answer: Answer) -> Option<usize> {
        let (mut stream, _) = listener.accept().unwrap();
        let request =
            BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
        let range = request.filter_map(|line| {
            let line = line.to_lowercase();
            line.strip_prefix("range: bytes=")?.strip_suffix('-')?.parse::<usize>().ok()
        });
        let asked = range.last();
        let content = content();
        let (start, end) = match answer {
            Answer::Range(bytes) => {
                (asked.unwrap_or(0), asked.unwrap_or(0).saturating_add(bytes).min(CONTENT))
            }
            Answer::Whole => (0, CONTENT),
            Answer::Missing => {
                stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").unwrap();
                return asked;
            }
        };
        let status = if start > 0 { "206 Partial Content" } else { "200 OK" };
        let length = CONTENT - start;
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n");
        let range = format!("Content-Range: bytes {start}-{}/{CONTENT}\r\n\r\n", CONTENT - 1);
        stream.write_all((head + if start > 0 { &range } else { "\r\n" }).as_bytes()).unwrap();
        stream.write_all(&content[start..end]).unwrap();
        asked
    }

    #[test]
    fn a_download_that_breaks_off_goes_on_where_it_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let (url, server) =
            serve(vec![Answer::Range(1_000_000), Answer::Range(1_500_000), Answer::Range(CONTENT)]);
        let mut last = None;
        let file = download(&url, folder.path(), &mut |progress| last = Some(progress)).unwrap();
        assert_eq!(server.join().unwrap(), [None, Some(1_000_000), Some(2_500_000)]);
        assert!(fs::read(file).unwrap() == *content());
        assert_eq!(last, Some(FetchProgress::Bytes { done: CONTENT as u64, total: Some(CONTENT as u64) }));
    }

    #[test]
    fn what_an_earlier_process_fetched_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file.bin.part"), &content()[..700_000]).unwrap();
        let (url, server) = serve(vec![Answer::Range(CONTENT)]);
        let file = download(&url, folder.path(), &mut |_| ()).unwrap();
        assert_eq!(server.join().unwrap(), [Some(700_000)]);
        assert!(fs::read(file).unwrap() == *content());
    }

    #[test]
    fn a_server_that_cannot_go_on_sends_everything_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file.bin.part"), "something else").unwrap();
        let (url, server) = serve(vec![Answer::Whole]);
        let file = download(&url, folder.path(), &mut |_| ()).unwrap();
        assert_eq!(server.join().unwrap(), [Some(14)]);
        assert!(fs::read(file).unwrap() == *content());
    }

    #[test]
    fn a_failure_says_why_and_keeps_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let (url, server) = serve(vec![Answer::Range(1_000_000), Answer::Missing]);
        let said = download(&url, folder.path(), &mut |_| ()).unwrap_err().to_string();
        server.join().unwrap();
        assert_eq!(said, format!("{url}: Not Found"));
        assert_eq!(fs::metadata(folder.path().join("file.bin.part")).unwrap().len(), 1_000_000);
        assert!(!folder.path().join("file.bin").exists());
    }

    #[test]
    fn a_file_address_is_copied() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source.bin");
        fs::write(&source, "bytes").unwrap();
        let downloads = folder.path().join("downloads");
        fs::create_dir(&downloads).unwrap();
        let file = download(&format!("file://{}", source.display()), &downloads, &mut |_| ()).unwrap();
        assert_eq!(fs::read(file).unwrap(), b"bytes");
    }
}
