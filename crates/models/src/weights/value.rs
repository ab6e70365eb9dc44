//! Values of a pickle. Containers lie in one list and name each other by their place there, so that cycles and nesting of any
//! depth are harmless.

use std::rc::Rc;

/// The most containers inside each other, and values in all of them, that are looked at for tensors.
const DEPTH: usize = 16;
const VISITS: usize = 1 << 20;
/// The longest name of a tensor.
const NAME: usize = 1024;

/// A value; of most only the kind matters.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    None,
    Bool,
    Int(i64),
    Float,
    Text(Rc<str>),
    Tuple(usize),
    List(usize),
    Dict(usize),
    /// A class or function by its name.
    Global(Rc<str>),
    Storage(usize),
    Tensor(usize),
    /// What a class or function that is not known here would have made; by its name.
    Other(Rc<str>),
}

/// A container.
#[derive(Debug)]
pub(crate) enum Node {
    Items(Vec<Value>),
    Pairs(Vec<(Value, Value)>),
}

/// Numbers of a tensor or of several.
#[derive(Debug)]
pub(crate) struct Storage {
    /// Its type: `torch.FloatStorage`.
    pub(crate) numbers: Rc<str>,
    /// The entry of the archive that holds them.
    pub(crate) key: Rc<str>,
    /// How many.
    pub(crate) count: u64,
}

/// A tensor as a view of a storage.
#[derive(Debug)]
pub(crate) struct Strided {
    pub(crate) storage: usize,
    pub(crate) offset: u64,
    pub(crate) shape: Vec<u64>,
    pub(crate) strides: Vec<u64>,
}

/// All that a pickle holds.
#[derive(Debug)]
pub(crate) struct Pickled {
    pub(crate) root: Value,
    nodes: Vec<Node>,
    pub(crate) storages: Vec<Storage>,
    pub(crate) tensors: Vec<Strided>,
}

impl Default for Pickled {
    fn default() -> Self {
        Self { root: Value::None, nodes: Vec::new(), storages: Vec::new(), tensors: Vec::new() }
    }
}

/// There are more values than a file of weights can have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Pickled {
    /// Every tensor in dictionaries, lists and tuples, by the keys and places that lead to it, joined by dots.
    pub(crate) fn named_tensors(&self) -> Result<Vec<(String, usize)>, TooMany> {
        let (mut found, mut visits) = (Vec::new(), 0);
        self.visit(&self.root, &mut String::new(), (DEPTH, &mut visits), &mut found)?;
        Ok(found)
    }

    fn visit(
        &self,
        value: &Value,
        name: &mut String,
        (depth, visits): (usize, &mut usize),
        found: &mut Vec<(String, usize)>,
    ) -> Result<(), TooMany> {
        *visits += 1;
        if *visits > VISITS {
            return Err(TooMany);
        }
        let mut inside = |key: &str, value: &Value| {
            if depth == 0 || name.len() + key.len() > NAME || !matters(value) {
                return Ok(());
            }
            let before = name.len();
            if before > 0 {
                name.push('.');
            }
            name.push_str(key);
            let visited = self.visit(value, name, (depth - 1, visits), found);
            name.truncate(before);
            visited
        };
        match value {
            Value::Tensor(tensor) => found.push((name.clone(), *tensor)),
            Value::Dict(_) | Value::List(_) | Value::Tuple(_) => {
                for (place, (key, value)) in self.entries(value).enumerate() {
                    match key {
                        Some(Value::Text(key)) => inside(key, value)?,
                        Some(Value::Int(key)) => inside(&key.to_string(), value)?,
                        Some(_) => {}
                        None => inside(&place.to_string(), value)?,
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What a container holds, with the key where there is one.
    fn entries(&self, value: &Value) -> Box<dyn Iterator<Item = (Option<&Value>, &Value)> + '_> {
        let node = match value {
            Value::Tuple(at) | Value::List(at) | Value::Dict(at) => &self.nodes[*at],
            _ => return Box::new(std::iter::empty()),
        };
        match node {
            Node::Items(items) => Box::new(items.iter().map(|value| (None, value))),
            Node::Pairs(pairs) => Box::new(pairs.iter().map(|(key, value)| (Some(key), value))),
        }
    }

    /// Adds a container, and gives its place.
    pub(crate) fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// What a tuple or list holds.
    pub(crate) fn items(&self, at: usize) -> &[Value] {
        match &self.nodes[at] {
            Node::Items(items) => items,
            Node::Pairs(_) => &[],
        }
    }

    pub(crate) fn extend(&mut self, list: usize, more: Vec<Value>) {
        if let Node::Items(items) = &mut self.nodes[list] {
            items.extend(more);
        }
    }

    /// Takes keys and values in turn.
    pub(crate) fn set(&mut self, dict: usize, items: Vec<Value>) {
        if let Node::Pairs(pairs) = &mut self.nodes[dict] {
            let mut items = items.into_iter();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                pairs.push((key, value));
            }
        }
    }
}

/// Whether a tensor may be in it: plain values are most of an optimizer's.
fn matters(value: &Value) -> bool {
    matches!(value, Value::Tensor(_) | Value::Dict(_) | Value::List(_) | Value::Tuple(_))
}
