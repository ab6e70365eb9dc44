//! Pieces that the drawn pictures share: words, numbers, colours.
//!
//! Colours are CSS variables with a default, so that a page's light and dark styles reach into it.

use std::fmt::Write;

/// Room that one line of text needs.
pub(crate) const LINE: f64 = 14.0;
/// From the middle of a line of text down to where its letters stand.
pub(crate) const MIDDLE: f64 = 4.0;
/// The style of words beside the data.
pub(crate) const MUTED: &str = "fill:var(--muted, #6b7280)";
/// Of lines, in their order.
pub(crate) const COLOURS: [&str; 4] = [
    "var(--series-1, #2458c5)",
    "var(--series-2, #b3541e)",
    "var(--series-3, #0b7a63)",
    "var(--series-4, #8a3ea8)",
];

/// Words at a place: `anchor` is `start`, `middle` or `end`.
pub(crate) fn text(svg: &mut String, x: f64, y: f64, anchor: &str, style: &str, words: &str) {
    push(
        svg,
        format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" style=\"{style}\">{}</text>",
            escape(words)
        ),
    );
}

/// Three digits that matter, or all those before the point, where these are not many.
pub(crate) fn short(value: f64) -> String {
    if value.abs() >= 1e7 {
        return format!("{value:.2e}");
    }
    let digits = if value.abs() >= 10.0 { 1 } else { 2 };
    let text = format!("{value:.digits$}");
    text.strip_suffix(".0").or_else(|| text.strip_suffix(".00")).map_or_else(|| text.clone(), str::to_owned)
}

/// Text as it stands in markup.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What is said under the pointer; empty where there is nothing to say.
pub(crate) fn titled(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!("<title>{}</title>", escape(words)) }
}

/// A name of at most so many letters, the last a mark that there are more.
pub(crate) fn cut(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    name.chars().take(most.saturating_sub(1)).chain(['\u{2026}']).collect()
}

/// Writes into the picture.
pub(crate) fn push(svg: &mut String, piece: std::fmt::Arguments<'_>) {
    // Writing into a string cannot fail.
    let _ = svg.write_fmt(piece);
}
