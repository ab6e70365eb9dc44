//! What the pages share: the template engine, the style, pictures inside the page.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kontrast_runlog::{RunlogError, atomic_write};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

use crate::{Curve, ReportError};

/// A picture of the run, as a page holds it.
#[derive(Debug, Serialize)]
pub(crate) struct Picture {
    /// The file's name without its ending.
    pub(crate) name: String,
    /// The PNG as a `data:` address.
    pub(crate) data: Value,
}

/// A picture that is drawn, with what stands above it.
#[derive(Serialize)]
pub(crate) struct Drawn {
    pub(crate) title: String,
    pub(crate) svg: Value,
}

/// A curve, as a page holds it.
pub(crate) fn drawn(curve: &Curve) -> Drawn {
    Drawn { title: curve.title.clone(), svg: safe(curve.to_svg()) }
}

/// Renders a template and replaces the page by it.
pub(crate) fn write(path: &Path, template: &str, content: &impl Serialize) -> Result<(), ReportError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_filter("one", one);
    environment.add_filter("signed", signed);
    environment.add_global("style", safe(include_str!("../templates/style.css")));
    let html = environment.render_str(template, Value::from(Serde(content)))?;
    atomic_write(path, html.as_bytes())?;
    Ok(())
}

/// Text that is HTML or SVG already.
pub(crate) fn safe(markup: impl Into<String>) -> Value {
    Value::from_safe_string(markup.into())
}

/// All PNGs of a folder by name; none where there is no folder.
pub(crate) fn pictures(folder: &Path) -> Result<Vec<Picture>, ReportError> {
    let unreadable = |source| RunlogError::Read { path: folder.to_owned(), source };
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut pictures = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden || path.extension().is_none_or(|ending| ending != "png") {
            continue;
        }
        let bytes =
            std::fs::read(&path).map_err(|source| RunlogError::Read { path: path.clone(), source })?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let data = safe(format!("data:image/png;base64,{}", STANDARD.encode(bytes)));
        pictures.push(Picture { name, data });
    }
    pictures.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(pictures)
}

fn one(value: Option<f64>) -> String {
    crate::scores::one_decimal(value)
}

fn signed(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:+.1}").replace('-', "\u{2212}"))
}
