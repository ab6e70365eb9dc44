//! The merged table of all sources, which still knows where each key came from.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::choices::CHOICES;
use crate::elements::{self, named};
use crate::error::{ConfigError, Fault, LISTED};
use crate::explain::{UnknownKey, explain, unknown_key};
use crate::location::Location;
use crate::missing::missing;
use crate::source::Sources;
use kontrast_runlog::human::printable;

type Entry<'s> = (Spanned<DeString<'s>>, Spanned<DeValue<'s>>);

/// All sources merged, later ones winning.
pub(crate) struct Merged<'s> {
    sources: &'s Sources,
    table: DeTable<'s>,
    /// Which choices an argument replaced, in words.
    replaced: Vec<String>,
}

impl<'s> Merged<'s> {
    /// Merges tables key by key; arrays and plain values are replaced whole, and so is a choice table
    /// when a later source names another variant. An argument may change one element of an array.
    pub(crate) fn new(sources: &'s Sources, choices: &[&str]) -> Result<Self, ConfigError> {
        let mut table = DeTable::new();
        let mut replaced = Vec::new();
        for parsed in sources.tables() {
            let parsed = parsed?;
            refuse_two_variants(sources, &parsed, choices)?;
            replaced.extend(choices.iter().filter_map(|choice| replaces(sources, choice, &table, &parsed)));
            merge(&mut table, parsed, choices);
        }
        let faults = missing("", &table, sources);
        if faults.is_empty() {
            Ok(Self { sources, table, replaced })
        } else {
            Err(ConfigError::Faults(faults))
        }
    }

    /// The whole table.
    pub(crate) fn table(&self) -> &DeTable<'s> {
        &self.table
    }

    /// Which choices an argument replaced, in words: a file that extends another says so itself.
    pub(crate) fn replaced(&self) -> &[String] {
        &self.replaced
    }

    /// The typed value. All unknown keys are reported at once.
    pub(crate) fn typed<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        let mut table = self.table.clone();
        let mut faults = Vec::new();
        let mut tables = 1;
        loop {
            // The file that was asked for was read first, so its beginning is byte 0.
            let root = Spanned::new(0..0, table.clone());
            match T::deserialize(toml::de::Deserializer::from(root)) {
                Ok(value) if faults.is_empty() => return Ok(value),
                Ok(_) => return Err(ConfigError::Faults(faults)),
                Err(error) => {
                    let (fault, unknown) = explain(&error, &table, self.sources);
                    faults.push(fault);
                    let Some(unknown) = unknown else { return Err(ConfigError::Faults(faults)) };
                    self.others(&unknown, &table, &mut faults);
                    let removed = remove(&mut table, &unknown);
                    if !removed || tables == LISTED {
                        return Err(ConfigError::Faults(faults));
                    }
                    tables += 1;
                }
            }
        }
    }

    /// The other unknown keys of the table of one. Those that will only be counted have no words.
    fn others(&self, unknown: &UnknownKey, table: &DeTable<'_>, faults: &mut Vec<Fault>) {
        let Some((first, around)) = unknown.path.split_last() else { return };
        let Some(inner) = table_at(table, around) else { return };
        let valid: Vec<_> = unknown.valid.iter().map(String::as_str).collect();
        let is_other = |name: &str| name != first && !valid.contains(&name);
        let mut others: Vec<_> = inner.keys().filter(|key| is_other(key.get_ref().as_ref())).collect();
        others.sort_by_key(|key| key.span().start);
        for key in others {
            let name = key.get_ref().as_ref();
            let path = [around, &[name.to_owned()]].concat();
            let told = faults.len() < LISTED;
            let message = if told { unknown_key(name, &valid, &path, table) } else { String::new() };
            let place = if told { self.sources.place(key.span().start) } else { None };
            faults.push(Fault { place, key: path.join("."), message });
        }
    }

    /// Where a key such as `axis[1].name` stands, or the innermost table around it that is written down.
    pub(crate) fn place(&self, key: &str) -> Option<Location> {
        self.offset(key).0.and_then(|offset| self.sources.place(offset))
    }

    /// The argument that brought the value of one of the keys that these words name, where one did.
    pub(crate) fn argument_in(&self, words: &str) -> Option<Location> {
        let keys = words.split(|c: char| c.is_whitespace() || ",;:=()".contains(c));
        let places = keys.filter(|key| key.contains('.')).filter_map(|key| match self.offset(key) {
            (Some(offset), true) => self.sources.place(offset),
            _ => None,
        });
        places.into_iter().find(|place| matches!(place, Location::Argument(_)))
    }

    /// The argument that brought a part of the table or list of this name, where one did.
    pub(crate) fn argument_under(&self, key: &str) -> Option<Location> {
        let mut table = &self.table;
        let mut found = None;
        for part in key.split('.') {
            let value = table.get(part)?.get_ref();
            found = Some(value);
            if let DeValue::Table(inner) = value {
                table = inner;
            }
        }
        self.argument_within(found?)
    }

    fn argument_within(&self, value: &DeValue<'_>) -> Option<Location> {
        let argument =
            |offset| self.sources.place(offset).filter(|place| matches!(place, Location::Argument(_)));
        match value {
            DeValue::Table(inner) => inner.iter().find_map(|(key, value)| {
                argument(key.span().start).or_else(|| self.argument_within(value.get_ref()))
            }),
            DeValue::Array(values) => values.iter().find_map(|value| {
                argument(value.span().start).or_else(|| self.argument_within(value.get_ref()))
            }),
            _ => None,
        }
    }

    /// The byte at which a key stands and that it does, else where the innermost table around it is written down.
    fn offset(&self, key: &str) -> (Option<usize>, bool) {
        let mut table = &self.table;
        let mut offset = None;
        let mut parts = key.split('.').peekable();
        while let Some(part) = parts.next() {
            let (name, index) = named(part);
            let Some((name, value)) = table.get_key_value(name) else { return (offset, false) };
            offset = Some(name.span().start);
            let element = index.and_then(|index| value.get_ref().get(index));
            if let Some(element) = element {
                offset = Some(element.span().start);
            }
            let value = element.unwrap_or(value);
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                _ => return (offset, parts.peek().is_none()),
            }
        }
        (offset, true)
    }
}

fn merge<'s>(base: &mut DeTable<'s>, later: DeTable<'s>, choices: &[&str]) {
    for (key, value) in later {
        let name = key.get_ref().as_ref();
        if let Some(element) = elements::find(base, name) {
            merge_element(element, value);
            continue;
        }
        let (key, value) = match base.remove_entry(name) {
            Some(earlier) => merge_entry(earlier, (key, value), choices),
            None => (key, value),
        };
        base.insert(key, value);
    }
}

fn merge_entry<'s>(earlier: Entry<'s>, later: Entry<'s>, choices: &[&str]) -> Entry<'s> {
    let (key, value) = earlier;
    let span = value.span();
    let choice = choices.contains(&key.get_ref().as_ref());
    match (value.into_inner(), later.1.get_ref()) {
        (DeValue::Table(mut base), DeValue::Table(table)) if !(choice && other_variant(&base, table)) => {
            merge(&mut base, table.clone(), &[]);
            (key, Spanned::new(span, DeValue::Table(base)))
        }
        _ => later,
    }
}

/// Tables key by key, everything else whole; what is a choice in a file is one in an element too.
fn merge_element<'s>(element: &mut Spanned<DeValue<'s>>, later: Spanned<DeValue<'s>>) {
    match (element.get_mut(), later.get_ref()) {
        (DeValue::Table(base), DeValue::Table(table)) => merge(base, table.clone(), &CHOICES),
        _ => *element = later,
    }
}

/// In words, where a later source is an argument that names another variant than the table has.
fn replaces(sources: &Sources, choice: &str, base: &DeTable<'_>, later: &DeTable<'_>) -> Option<String> {
    let ((old, at), (new, from)) = (variant(base, choice)?, variant(later, choice)?);
    let argument = sources.place(from).filter(|place| matches!(place, Location::Argument(_)))?;
    let place = sources.place(at)?;
    let (shown, was) = (printable(new), printable(old));
    let words =
        || format!("{argument}: [{choice}.{shown}] replaces the whole of [{choice}.{was}] at {place}");
    (old != new).then(words)
}

/// The chosen variant, and where it is named.
fn variant<'t>(table: &'t DeTable<'_>, choice: &str) -> Option<(&'t str, usize)> {
    let DeValue::Table(variants) = table.get(choice)?.get_ref() else { return None };
    variants.keys().next().map(|name| (name.get_ref().as_ref(), name.span().start))
}

fn other_variant(base: &DeTable<'_>, later: &DeTable<'_>) -> bool {
    later.keys().any(|variant| !base.contains_key(variant.get_ref().as_ref()))
}

fn refuse_two_variants(sources: &Sources, table: &DeTable<'_>, choices: &[&str]) -> Result<(), ConfigError> {
    let mut faults = Vec::new();
    for choice in choices {
        let Some(DeValue::Table(variants)) = table.get(*choice).map(Spanned::get_ref) else { continue };
        let mut names: Vec<_> = variants.keys().collect();
        if names.len() < 2 {
            continue;
        }
        names.sort_by_key(|name| name.span().start);
        let listed: Vec<_> = names.iter().map(|name| format!("[{choice}.{}]", name.get_ref())).collect();
        faults.push(Fault {
            place: sources.place(names[1].span().start),
            key: (*choice).to_owned(),
            message: format!("{} in one source; keep one of them", listed.join(" and ")),
        });
    }
    if faults.is_empty() { Ok(()) } else { Err(ConfigError::Faults(faults)) }
}

/// Takes a key out of the table, and with it all others that its table does not have.
fn remove(table: &mut DeTable<'_>, unknown: &UnknownKey) -> bool {
    let Some((last, around)) = unknown.path.split_last() else { return false };
    let Some(inner) = table_at_mut(table, around) else { return false };
    let removed = inner.remove(last.as_str()).is_some();
    let names = inner.keys().map(|key| key.get_ref().to_string());
    let others: Vec<_> = names.filter(|name| !unknown.valid.contains(name)).collect();
    for name in others {
        inner.remove(name.as_str());
    }
    removed
}

/// The table that a path leads to.
fn table_at<'t, 's>(table: &'t DeTable<'s>, path: &[String]) -> Option<&'t DeTable<'s>> {
    let Some((first, rest)) = path.split_first() else { return Some(table) };
    let (name, index) = named(first);
    let value = table.get(name)?.get_ref();
    match index.map_or(Some(value), |index| value.get(index).map(Spanned::get_ref))? {
        DeValue::Table(inner) => table_at(inner, rest),
        _ => None,
    }
}

fn table_at_mut<'t, 's>(table: &'t mut DeTable<'s>, path: &[String]) -> Option<&'t mut DeTable<'s>> {
    let Some((first, rest)) = path.split_first() else { return Some(table) };
    let (name, index) = named(first);
    let value = match (table.get_mut(name)?.get_mut(), index) {
        (DeValue::Array(values), Some(index)) => values.get_mut(index)?.get_mut(),
        (value, _) => value,
    };
    match value {
        DeValue::Table(inner) => table_at_mut(inner, rest),
        _ => None,
    }
}
