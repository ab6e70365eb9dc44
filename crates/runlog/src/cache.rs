//! The user's cache folder, shared by all checkouts: libtorch and data sets.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// `$KONTRAST_HOME`, else `$XDG_CACHE_HOME/kontrast`, else `$HOME/.cache/kontrast`, else a folder here.
pub fn cache_home() -> PathBuf {
    choose(std::env::var_os("KONTRAST_HOME"), std::env::var_os("XDG_CACHE_HOME"), std::env::var_os("HOME"))
}

fn choose(own: Option<OsString>, xdg: Option<OsString>, home: Option<OsString>) -> PathBuf {
    let given = |value: Option<OsString>| value.filter(|value| !value.is_empty()).map(PathBuf::from);
    // The XDG specification asks to ignore relative paths.
    let xdg = given(xdg).filter(|path| path.is_absolute()).map(|path| path.join("kontrast"));
    let home = given(home).map(|path| path.join(".cache").join("kontrast"));
    given(own).or(xdg).or(home).unwrap_or_else(|| Path::new(".cache").join("kontrast"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(own: &str, xdg: &str, home: &str) -> PathBuf {
        let given = |text: &str| Some(OsString::from(text));
        choose(given(own), given(xdg), given(home))
    }

    #[test]
    fn the_first_variable_that_is_set_wins() {
        assert_eq!(chosen("/k", "/x", "/h"), Path::new("/k"));
        assert_eq!(chosen("", "/x", "/h"), Path::new("/x/kontrast"));
        assert_eq!(chosen("", "", "/h"), Path::new("/h/.cache/kontrast"));
        assert_eq!(choose(None, None, None), Path::new(".cache/kontrast"));
    }

    #[test]
    fn a_relative_xdg_path_is_ignored() {
        assert_eq!(chosen("", "x", "/h"), Path::new("/h/.cache/kontrast"));
    }
}
