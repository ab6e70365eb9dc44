//! Files that the command line names to be written: what is wrong with them is said before any work.

use crate::Refusal;
use std::path::Path;

/// Refuses a file in a folder that is not there; `option` is what names the file, such as `--out`.
pub(crate) fn require_folder(option: &str, file: &Path) -> Result<(), Refusal> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() {
        return Ok(());
    }
    let file = file.display();
    Err(Refusal(format!("{option} {file}: its folder, {}, is not there; make it first", folder.display())))
}

/// As [`require_folder`]; and refuses a file that is there, unless it may be replaced.
pub(crate) fn require_free(option: &str, file: &Path, replace: bool) -> Result<(), Refusal> {
    if file.exists() && !replace {
        let file = file.display();
        return Err(Refusal(format!(
            "{option} {file}: there is such a file; name another, or replace it with --force"
        )));
    }
    require_folder(option, file)
}

/// As [`require_folder`]; and refuses what is not named as a PNG, so that no other format is written by its name.
pub(crate) fn require_png(option: &str, file: &Path) -> Result<(), Refusal> {
    let ending = file.extension().unwrap_or_default().to_string_lossy();
    if ending.eq_ignore_ascii_case("png") {
        return require_folder(option, file);
    }
    let found = if ending.is_empty() { "none".to_owned() } else { format!(".{ending}") };
    let file = file.display();
    Err(Refusal(format!(
        "{option} {file}: expected a name that ends in .png, found {found}; give it that ending"
    )))
}

/// As [`require_png`] and [`require_free`].
pub(crate) fn require_free_png(option: &str, file: &Path, replace: bool) -> Result<(), Refusal> {
    require_png(option, file)?;
    require_free(option, file, replace)
}

#[cfg(test)]
mod tests {
    use super::{require_folder, require_png};
    use std::path::Path;

    #[test]
    fn a_picture_is_a_png_in_a_folder_that_is_there() {
        let said = |file: &str| require_png("--picture", Path::new(file)).err().map(|refusal| refusal.0);
        assert_eq!((said("set.png"), said("./set.PNG")), (None, None));
        let ending = "expected a name that ends in .png, found";
        assert_eq!(said("set.jpg"), Some(format!("--picture set.jpg: {ending} .jpg; give it that ending")));
        assert_eq!(said("set"), Some(format!("--picture set: {ending} none; give it that ending")));
        let there = "--picture no/where.png: its folder, no, is not there; make it first";
        assert_eq!(said("no/where.png").as_deref(), Some(there));
        assert!(require_folder("--out", Path::new("set.toml")).is_ok());
    }
}
