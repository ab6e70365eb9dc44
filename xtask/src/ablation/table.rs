//! The table of an ablation: printed, and written as Markdown and as a page.

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;
use kontrast_config::Ablation;
use kontrast_report::{AblationResult, Outcome, ablation_markdown, ablation_page};
use kontrast_runlog::atomic_write;

use crate::say;

/// Writes `table.md` and `report.html` beside the runs, and the Markdown to another file where one is named.
pub fn write(ablation: &Ablation, out: &Path, command: &str, elsewhere: Option<&Path>) -> Result<()> {
    let result = AblationResult::collect(ablation, out, command)?;
    let text = format!("{}\n{}", ablation_markdown(&result), runs(&result));
    std::fs::create_dir_all(out)?;
    let (table, page) = (out.join("table.md"), out.join("report.html"));
    atomic_write(&table, text.as_bytes())?;
    ablation_page(&result, &page)?;
    say::out(format_args!("\n{text}\n{}\n{}", table.display(), page.display()));
    if let Some(elsewhere) = elsewhere {
        if let Some(parent) = elsewhere.parent() {
            std::fs::create_dir_all(parent)?;
        }
        atomic_write(elsewhere, text.as_bytes())?;
        say::out(elsewhere.display());
    }
    Ok(())
}

/// The run behind each number.
fn runs(result: &AblationResult) -> String {
    let mut text = "Runs:\n\n".to_owned();
    for (path, outcome) in result.cells.iter().flat_map(|cell| &cell.runs) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Writing to a string does not fail.
        let _ = match outcome {
            Outcome::Top1(top1) => writeln!(text, "- `{name}`: {top1:.2}"),
            Outcome::Ended(status) => writeln!(text, "- `{name}`: {status}"),
            Outcome::NotMeasured => writeln!(text, "- `{name}`: not measured"),
        };
    }
    text
}
