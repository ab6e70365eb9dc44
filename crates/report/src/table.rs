//! Markdown tables that line up in a terminal too.

/// A Markdown table with padded columns; a column whose cells are all numbers is aligned to the right.
pub fn markdown_table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let cell = |row: &[String], column: usize| row.get(column).map_or_else(String::new, |text| escape(text));
    let columns: Vec<Column> = headings
        .iter()
        .enumerate()
        .map(|(index, heading)| {
            Column::new(escape(heading), rows.iter().map(|row| cell(row, index)).collect())
        })
        .collect();
    let mut table = line(columns.iter().map(|column| column.pad(&column.heading)));
    table += &line(columns.iter().map(Column::rule));
    for index in 0..rows.len() {
        table += &line(columns.iter().map(|column| column.pad(&column.cells[index])));
    }
    table
}

struct Column {
    heading: String,
    cells: Vec<String>,
    width: usize,
    numeric: bool,
}

impl Column {
    fn new(heading: String, cells: Vec<String>) -> Self {
        let texts = cells.iter().chain([&heading]);
        let width = texts.map(|text| text.chars().count()).max().unwrap_or(0).max(3);
        let numeric = cells.iter().any(|cell| is_number(cell)) && !cells.iter().any(|cell| is_words(cell));
        Self { heading, cells, width, numeric }
    }

    fn pad(&self, text: &str) -> String {
        let width = self.width;
        if self.numeric { format!("{text:>width$}") } else { format!("{text:<width$}") }
    }

    fn rule(&self) -> String {
        if self.numeric { format!("{:->width$}", ":", width = self.width) } else { "-".repeat(self.width) }
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// Numbers may carry a sign, a unit or a std: `48.1 ± 0.3`, `+8.6`.
fn is_number(text: &str) -> bool {
    text.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit())
}

/// Neither a number nor a sign that there is none.
fn is_words(text: &str) -> bool {
    !is_number(text) && !matches!(text, "" | "-" | "not measured" | "failed" | "diverged" | "collapsed")
}

fn escape(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_numbers_are_aligned_to_the_right() {
        let rows = [["a", "1.5 ± 0.2"], ["long name", "not measured"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        let expected = "\
| cell      |         ours |
| --------- | -----------: |
| a         |    1.5 ± 0.2 |
| long name | not measured |
";
        assert_eq!(markdown_table(&["cell", "ours"], &rows), expected);
    }

    #[test]
    fn a_bar_or_a_line_end_in_a_cell_does_not_break_the_table() {
        let table = markdown_table(&["a|b"], &[vec!["x\ny".to_owned()]]);
        assert_eq!(table, "| a\\|b |\n| ---- |\n| x y  |\n");
    }

    #[test]
    fn a_row_that_is_short_is_filled() {
        let table = markdown_table(&["a", "b"], &[vec!["1".to_owned()]]);
        assert_eq!(table.lines().last(), Some("|   1 |     |"));
    }
}
