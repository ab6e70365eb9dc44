//! Values and keys that a shell or an editor made into something else.

use crate::folder::Folder;

#[test]
fn field_a_number_where_a_string_is_wanted_is_put_in_quotes() {
    let folder = Folder::new();
    for value in ["2024", "1.5", "true", "inf", "2024-05-09"] {
        for key in ["data.root", "name", "run.device"] {
            let message = folder.refusal("", &[&format!("{key}={value}")]);
            let cure = format!("; put it in quotes: --set '{key}=\"{value}\"'");
            assert!(message.ends_with(&cure), "{message}");
        }
        let message = folder.refusal("", &[&format!("data={{ root = {value} }}")]);
        assert!(
            message.ends_with(&format!("; put it in quotes: --set 'data.root=\"{value}\"'")),
            "{message}"
        );
        let message = folder.refusal(&format!("[data]\nroot = {value}"), &[]);
        assert!(message.ends_with(&format!("; put it in quotes: \"{value}\"")), "{message}");
    }
    // What is advised is accepted as a path.
    let message = folder.refusal("", &["data.root=\"2024\""]);
    assert!(!message.contains("quotes"), "{message}");
    // No quotes make a number of a string, nor a string of a list.
    for wrong in ["seed=true", "data.root=[1]", "train.batch='8'"] {
        let message = folder.refusal("", &[wrong]);
        assert!(!message.contains("put it in quotes"), "{message}");
    }
}

#[test]
fn field_keys_and_values_are_shown_as_they_are_and_not_obeyed() {
    let folder = Folder::new();
    let texts = [
        "\"\\u001b[2J\" = 3",
        "[train]\n\"bat\\nch\" = 3",
        "[method.\"\\u001b]0;title\\u0007\"]\nx = 3",
        "[train]\nprecision = \"\\u001b[31m\"",
        "[run]\ndevice = \"\\u001b[31m\\n\"",
        "name = \"\\u001b[31m\"",
    ];
    for text in texts {
        let message = folder.refusal(text, &[]);
        assert!(!message.contains(char::is_control), "{message:?}");
        assert!(message.contains("\\u{1b}") || message.contains("\\n"), "{message}");
    }
    for argument in ["seed\u{1b}[31m=3", "name=\u{1b}[31m", "seed=\n", "train.\u{9b}x"] {
        let message = folder.refusal("", &[argument]);
        assert!(!message.contains(char::is_control), "{message:?}");
    }
}

#[test]
fn field_what_is_nested_too_deeply_is_named_with_its_file() {
    let folder = Folder::new();
    let dotted = format!("{} = 1", ["a"; 200].join("."));
    let header = format!("[{}]", ["a"; 200].join("."));
    let arrays = format!("a = {}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let tables = format!("a = {}1{}", "{ a = ".repeat(10_000), " }".repeat(10_000));
    for text in [&dotted, &header, &arrays, &tables] {
        let message = folder.refusal(text, &[]);
        assert!(message.starts_with("mine.toml:") && message.contains("this is not TOML: "), "{message}");
        let path = folder.write("deep.toml", text);
        folder.write("mine.toml", "extends = \"deep.toml\"");
        assert!(folder.message(&path, &[]).starts_with("deep.toml:"));
        assert!(folder.message(&folder.path("mine.toml"), &[]).starts_with("deep.toml:"));
    }
    let argument = dotted.replace(' ', "");
    let message = folder.refusal("", &[&argument]);
    assert!(message.starts_with("--set a.a.a") && message.contains("recursion limit"), "{message}");
}
