//! Files with very many mistakes: some are named, the others counted, and nobody waits.

use std::fmt::Write;

use crate::folder::Folder;

fn keys(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "unknown_{number} = {number}");
        text
    })
}

#[test]
fn field_forty_thousand_unknown_keys_are_counted_at_once() {
    let folder = Folder::new();
    for (before, table) in [("", ""), ("[train]\n", "train."), ("[optimizer.sgd]\n", "optimizer.sgd.")] {
        let message = folder.refusal(&format!("{before}{}", keys(40_000)), &[]);
        let lines: Vec<_> = message.lines().collect();
        assert_eq!((lines.len(), lines[20]), (21, "and 39980 more"));
        for line in &lines[..20] {
            assert!(
                line.contains(&format!(": {table}unknown_")) && line.contains(": unknown key. Valid keys"),
                "{line}"
            );
        }
    }
}

#[test]
fn field_unknown_keys_of_many_tables_are_counted_too() {
    let folder = Folder::new();
    let view = "[[views.custom.view]]\ncount = 1\nsize = 32\nsteps = ['fit']\nunknown = 3\n";
    for text in [view.repeat(10_000), format!("x = {{ {} }}", keys(20_000).trim_end().replace('\n', ", "))] {
        let message = folder.refusal(&text, &[]);
        assert!(message.lines().count() <= 21, "{message}");
        assert!(message.contains("unknown key"), "{message}");
    }
    // Within one table all are named, and those of another beside them.
    let message = folder.refusal(&format!("{}[train]\n{}", keys(3), keys(2)), &[]);
    let mut named: Vec<_> = message.lines().filter_map(|line| line.split(": ").next()).collect();
    named.sort_unstable();
    assert_eq!(named, ["mine.toml:2:1", "mine.toml:3:1", "mine.toml:4:1", "mine.toml:6:1", "mine.toml:7:1"]);
}

#[test]
fn field_a_list_of_many_values_out_of_range_is_counted() {
    let folder = Folder::new();
    let view = "[[views.custom.view]]\ncount = 1\nsize = 0\nsteps = ['fit']\n";
    let message = folder.refusal(&view.repeat(5_000), &[]);
    let lines: Vec<_> = message.lines().collect();
    assert_eq!(lines.len(), 21, "{message}");
    assert!(lines[20].starts_with("and ") && lines[20].ends_with(" more"), "{message}");
}
