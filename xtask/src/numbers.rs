//! The numbers that a run ends with: the SHA-256 of each tensor of its last checkpoint, as lists in `sha256sum`'s form.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use kontrast_runlog::{Layout, atomic_write};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::setup::TORCH;

/// Instruction sets that libtorch's kernels choose by; another choice rounds otherwise.
const CHOOSING: [&str; 5] = ["avx2", "avx512f", "avx512_bf16", "amx_bf16", "avx512_fp16"];

/// Where the system does not say it.
const UNKNOWN: &str = "unknown";

/// Where safetensors' header of a tensor begins to matter.
#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [usize; 2],
}

/// The hash of each tensor by its name, and what they were computed on.
#[derive(Debug, PartialEq, Eq)]
pub struct Numbers {
    machine: String,
    tensors: BTreeMap<String, String>,
}

impl Numbers {
    /// Those of the last checkpoint of a run, computed here.
    ///
    /// # Errors
    /// Where there is no checkpoint, or it is no safetensors file.
    pub fn of_run(run: &Path) -> Result<Self> {
        let folder = Layout::of(run).checkpoints();
        let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        // Their names end in the step, with leading zeros.
        let last = paths
            .into_iter()
            .filter(|path| path.extension().is_some_and(|ending| ending == "safetensors"))
            .max();
        let path = last.with_context(|| format!("{}: no checkpoint", folder.display()))?;
        let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
        let tensors = hashes(&bytes).with_context(|| path.display().to_string())?;
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Ok(Self { machine: machine(&cpu), tensors })
    }

    /// Writes them as a list.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&self, list: &Path) -> Result<()> {
        let mut text = format!("# {}\n", self.machine);
        for (name, hash) in &self.tensors {
            let _ = writeln!(text, "{hash}  {name}");
        }
        if let Some(folder) = list.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(atomic_write(list, text.as_bytes())?)
    }

    /// In words, what differs from a list; the inner error says why they cannot be compared here.
    ///
    /// # Errors
    /// Where the list cannot be read.
    pub fn differences(&self, list: &Path) -> Result<Result<Option<String>, String>> {
        let text = std::fs::read_to_string(list).with_context(|| list.display().to_string())?;
        let written = Self::read(&text).with_context(|| list.display().to_string())?;
        if written.machine != self.machine {
            return Ok(Err(format!(
                "{}: not compared, since it was written on {}, and this is {}",
                list.display(),
                written.machine,
                self.machine
            )));
        }
        let names = written
            .tensors
            .keys()
            .chain(self.tensors.keys().filter(|name| !written.tensors.contains_key(*name)));
        let differ: Vec<_> =
            names.filter(|name| written.tensors.get(*name) != self.tensors.get(*name)).collect();
        let words = |first: &&String| {
            format!(
                "{}: {} of {} tensors differ, {first} first",
                list.display(),
                differ.len(),
                written.tensors.len()
            )
        };
        Ok(Ok(differ.first().map(words)))
    }

    fn read(text: &str) -> Result<Self> {
        let (head, list) = text.split_once('\n').context("expected a first line that names the machine")?;
        let machine =
            head.strip_prefix("# ").context("expected a first line that names the machine")?.to_owned();
        let tensor = |line: &str| match line.split_once("  ") {
            Some((hash, name)) => Ok((name.to_owned(), hash.to_owned())),
            None => bail!("expected a hash and a name, found {line:?}"),
        };
        Ok(Self { machine, tensors: list.lines().map(tensor).collect::<Result<_>>()? })
    }
}

/// A value of the first processor in the form of `/proc/cpuinfo`.
fn value<'c>(cpu: &'c str, name: &str) -> &'c str {
    let line = cpu.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name));
    line.and_then(|line| line.split_once(':')).map_or(UNKNOWN, |(_, value)| value.trim())
}

/// What decides which kernels libtorch takes, and how they round: model, cache, instruction sets, version.
fn machine(cpu: &str) -> String {
    let value = |name: &str| value(cpu, name);
    let flags: Vec<_> = value("flags").split_whitespace().collect();
    let sets: Vec<_> = CHOOSING.into_iter().filter(|set| flags.contains(set)).collect();
    let model = ["vendor_id", "cpu family", "model", "stepping"].map(value).join(" ");
    // Kernels cut their loops by the size of the cache.
    format!("{model}, cache {}, {}, torch {TORCH}", value("cache size"), sets.join(" "))
}

/// The hash of each tensor of a safetensors file: of its type, its shape and its bytes.
fn hashes(bytes: &[u8]) -> Result<BTreeMap<String, String>> {
    let whole = || "expected a whole safetensors file";
    let (length, rest) = bytes.split_first_chunk::<8>().with_context(whole)?;
    let (header, data) = rest.split_at_checked(u64::from_le_bytes(*length) as usize).with_context(whole)?;
    let mut entries: BTreeMap<String, serde_json::Value> = serde_json::from_slice(header)?;
    entries.remove("__metadata__");
    let hash = |(name, entry): (String, serde_json::Value)| {
        let Entry { dtype, shape, data_offsets: [from, to] } = serde_json::from_value(entry)?;
        let mut hash = Sha256::new();
        hash.update(format!("{dtype} {shape:?} "));
        hash.update(data.get(from..to).with_context(whole)?);
        Ok((name, hex::encode(hash.finalize())))
    };
    entries.into_iter().map(hash).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(tensors: &str, data: &[u8]) -> Vec<u8> {
        [&(tensors.len() as u64).to_le_bytes()[..], tensors.as_bytes(), data].concat()
    }

    const TWO: &str = r#"{"__metadata__":{"a":"b"},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}"#;

    fn numbers(data: &[u8]) -> Numbers {
        Numbers { machine: "here".to_owned(), tensors: hashes(&file(TWO, data)).unwrap() }
    }

    #[test]
    fn a_bit_of_one_tensor_is_told_with_its_name_and_one_elsewhere_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("numbers/x.sha256");
        numbers(&[1, 2, 3, 4, 5, 6]).write(&list).unwrap();
        assert_eq!(numbers(&[1, 2, 3, 4, 5, 6]).differences(&list).unwrap(), Ok(None));
        let words = numbers(&[1, 2, 3, 4, 5, 7]).differences(&list).unwrap().unwrap().unwrap();
        assert!(words.ends_with("x.sha256: 1 of 2 tensors differ, y first"), "{words}");
        let mut fewer = numbers(&[1, 2, 3, 4, 5, 6]);
        fewer.tensors.remove("x");
        assert!(fewer.differences(&list).unwrap().unwrap().unwrap().contains("x first"));
        let elsewhere = Numbers { machine: "there".to_owned(), ..numbers(&[0; 6]) };
        assert!(
            elsewhere.differences(&list).unwrap().unwrap_err().contains("written on here, and this is there")
        );
    }

    #[test]
    fn a_file_that_is_cut_or_a_list_that_is_none_is_an_error() {
        for cut in [&file(TWO, &[0; 6])[..20], &file(TWO, &[0; 5]), &[0; 7]] {
            assert!(hashes(cut).is_err());
        }
        for text in ["", "abc\n", "# here\nabc\n"] {
            assert!(Numbers::read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_machine_is_what_its_kernels_are_chosen_by() {
        let cpu = "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\nmodel name\t: X\nstepping\t: 8\n\
                   cache size\t: 107520 KB\nflags\t\t: fpu avx2 avx512f amx_bf16 avx512_bf16\n";
        assert_eq!(
            machine(cpu),
            format!(
                "GenuineIntel 6 143 8, cache 107520 KB, avx2 avx512f avx512_bf16 amx_bf16, torch {TORCH}"
            )
        );
        assert_eq!(machine(""), format!("unknown unknown unknown unknown, cache unknown, , torch {TORCH}"));
    }
}
