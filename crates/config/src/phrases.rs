//! Serde's phrases in the words of a user.

pub(crate) fn in_words(message: &str) -> String {
    let unknown_choice = quoted(message, "unknown variant");
    if let [found, valid @ ..] = unknown_choice.as_slice() {
        return format!("`{found}` is no choice{} Choices: {}", meant(found, valid), listed(valid));
    }
    if !quoted(message, "missing field").is_empty() {
        return "this key is missing and has no default; write it, or extend a file that does".to_owned();
    }
    for kind in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some((found, expected)) = message.strip_prefix(kind).and_then(|m| m.split_once(", expected "))
        {
            let found =
                if kind == "invalid length " { format!("a length of {found}") } else { found.to_owned() };
            let (expected, found) = (kind_in_words(expected, &found), variant_in_words(&found));
            return format!("expected {expected}, found {found}");
        }
    }
    message.trim().to_owned()
}

/// The key that is not known here, and those that are; empty where the message is about something else.
pub(crate) fn unknown(message: &str) -> Vec<&str> {
    // The keys of a variant's table have a phrase of their own.
    let keys =
        message.strip_prefix("unexpected keys in table: ").and_then(|m| m.split_once(", available keys: "));
    match keys {
        Some((found, valid)) => found.split(", ").take(1).chain(valid.split(", ")).collect(),
        None => quoted(message, "unknown field"),
    }
}

/// The words between backticks of a message that begins in this way.
pub(crate) fn quoted<'m>(message: &'m str, beginning: &str) -> Vec<&'m str> {
    if message.starts_with(beginning) { message.split('`').skip(1).step_by(2).collect() } else { Vec::new() }
}

pub(crate) fn listed(names: &[impl std::fmt::Display]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

pub(crate) fn meant(found: &str, valid: &[&str]) -> String {
    let found = found.to_lowercase();
    // A version or a variant of a name, such as `mocov2`, is of that name.
    let beginning =
        valid.iter().filter(|name| name.len() > 2 && found.starts_with(**name)).max_by_key(|name| name.len());
    if let Some(name) = beginning {
        return format!("; did you mean `{name}`?");
    }
    // Of those that are as near, one of the same length: letters change places more often than they are left out.
    let steps = |name: &str| (distance(&found, name), name.len().abs_diff(found.len()));
    let nearest = valid.iter().map(|name| (steps(name), *name)).min();
    match nearest {
        Some(((steps, _), name)) if steps <= found.len().div_ceil(2).min(3) => {
            format!("; did you mean `{name}`?")
        }
        _ => ".".to_owned(),
    }
}

/// Whether one of these keys is but a letter away.
pub(crate) fn slip(found: &str, valid: &[&str]) -> bool {
    valid.iter().any(|name| distance(&found.to_lowercase(), name) <= 1)
}

/// A type's upper limit is of use only to who exceeds it.
fn kind_in_words<'e>(expected: &'e str, found: &str) -> &'e str {
    let number =
        found.strip_prefix("integer `").and_then(|rest| rest.trim_end_matches('`').parse::<i128>().ok());
    let above = |most: u32| number.is_some_and(|number| number > most.into());
    match expected {
        "u32" if above(u32::MAX) => "a whole number, 0 to 4294967295",
        "u8" if above(u8::MAX.into()) => "a whole number, 0 to 255",
        "u8" | "u32" | "u64" | "usize" => "a whole number, 0 or above",
        "f64" => "a number",
        "a sequence" => "an array",
        "an array of length 2" => "an array of 2 numbers",
        "struct WeightedTransform" => "a table such as { weight = 1.0, step = \"invert\" }",
        "a boolean" => "true or false",
        "path string" => "a path as a string",
        "newtype variant" => "a table of settings",
        _ if expected.starts_with("struct ") => "a table",
        _ => expected,
    }
}

fn variant_in_words(found: &str) -> &str {
    match found {
        "unit variant" => "only the variant's name",
        "map" => "a table",
        "sequence" => "an array",
        _ => found,
    }
}

/// Levenshtein's distance: how many letters are added, dropped or changed.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_letters() {
        assert_eq!(distance("temprature", "temperature"), 1);
        assert_eq!(distance("bach", "batch"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn a_types_limit_is_said_to_who_exceeds_it() {
        let words = |found: &str, kind: &str| in_words(&format!("invalid value: {found}, expected {kind}"));
        assert_eq!(words("integer `-3`", "u32"), "expected a whole number, 0 or above, found integer `-3`");
        assert_eq!(words("integer `-3`", "u8"), "expected a whole number, 0 or above, found integer `-3`");
        let above = words("integer `5000000000`", "u32");
        assert_eq!(above, "expected a whole number, 0 to 4294967295, found integer `5000000000`");
        assert_eq!(words("integer `300`", "u8"), "expected a whole number, 0 to 255, found integer `300`");
    }

    #[test]
    fn a_far_name_is_not_suggested() {
        assert_eq!(meant("colour", &["batch", "epochs"]), ".");
        assert_eq!(meant("epoch", &["batch", "epochs"]), "; did you mean `epochs`?");
        assert_eq!(meant("mocov2", &["moco", "mocov3"]), "; did you mean `moco`?");
        assert_eq!(meant("SimCLR", &["simclr", "simsiam"]), "; did you mean `simclr`?");
    }
}
