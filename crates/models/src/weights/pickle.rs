//! A small interpreter of pickles that runs nothing: it knows the opcodes of protocols 2 to 5, makes plain values, and of
//! all classes and functions only those that put a tensor together. Any other is a value nobody looks into.

use super::literal::literal;
use super::reader::Reader;
use super::value::{Node, Pickled, Storage, Strided, Value};
use std::collections::HashMap;
use std::rc::Rc;

/// The most dimensions of a tensor.
const MOST_DIMENSIONS: usize = 16;

/// What is wrong with a pickle.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum PickleError {
    /// The bytes end too early.
    #[error("cut short after {0} bytes")]
    CutShort(usize),
    /// An opcode that no state dictionary needs.
    #[error("the opcode {opcode:#04x} at byte {at} is not read here")]
    Opcode {
        /// The opcode.
        opcode: u8,
        /// Where it stands.
        at: usize,
    },
    /// An opcode that does not fit what stands before it.
    #[error("at byte {at}: {what}")]
    Malformed {
        /// Where.
        at: usize,
        /// What was expected.
        what: &'static str,
    },
}

/// Reads one pickle.
///
/// # Errors
/// Where it is no whole pickle, or uses what no state dictionary needs.
pub(crate) fn read(bytes: &[u8]) -> Result<Pickled, PickleError> {
    let mut machine = Machine {
        reader: Reader::new(bytes),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        pickled: Pickled::default(),
        copied: 0,
    };
    while !machine.step()? {}
    Ok(machine.pickled)
}

struct Machine<'b> {
    reader: Reader<'b>,
    stack: Vec<Value>,
    /// How high the stack was at each mark.
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    pickled: Pickled,
    /// Values that were copied beyond one an opcode: bounded, so that no short pickle becomes a large value.
    copied: usize,
}

impl Machine<'_> {
    /// Carries out an opcode; true after the last.
    fn step(&mut self) -> Result<bool, PickleError> {
        let opcode = self.reader.byte()?;
        match opcode {
            b'.' => {
                self.pickled.root = self.pop()?;
                return Ok(true);
            }
            b'(' => self.marks.push(self.stack.len()),
            // The second sets attributes, which nothing here has.
            b'0' | b'b' => drop(self.pop()?),
            b'1' => drop(self.since_mark()?),
            b'2' => {
                let top = self.top()?.clone();
                self.stack.push(top);
            }
            // PROTO and FRAME say what the reader need not know.
            0x80 => drop(self.reader.byte()?),
            0x95 => drop(self.reader.take(8)?),
            b'q' | b'r' | 0x94 => self.put(opcode)?,
            b'h' | b'j' => self.get(opcode)?,
            b'c' | 0x93 => self.global(opcode)?,
            b'Q' => self.persistent()?,
            b'R' | 0x81 | 0x92 => self.call(opcode)?,
            _ => match literal(opcode, &mut self.reader)? {
                Some(value) => self.stack.push(value),
                None => self.container(opcode)?,
            },
        }
        Ok(false)
    }

    fn put(&mut self, opcode: u8) -> Result<(), PickleError> {
        let slot = match opcode {
            b'q' => u32::from(self.reader.byte()?),
            b'r' => self.reader.u32()?,
            _ => self.memo.len() as u32,
        };
        let top = self.top()?.clone();
        self.memo.insert(slot, top);
        Ok(())
    }

    fn get(&mut self, opcode: u8) -> Result<(), PickleError> {
        let slot = if opcode == b'h' { u32::from(self.reader.byte()?) } else { self.reader.u32()? };
        let value = self.memo.get(&slot).cloned();
        let value = value.ok_or_else(|| self.malformed("expected a value that was remembered"))?;
        self.stack.push(value);
        Ok(())
    }

    fn global(&mut self, opcode: u8) -> Result<(), PickleError> {
        let name = if opcode == b'c' {
            let module = self.reader.line()?;
            format!("{module}.{}", self.reader.line()?)
        } else {
            match (self.pop()?, self.pop()?) {
                (Value::Text(name), Value::Text(module)) => format!("{module}.{name}"),
                _ => return Err(self.malformed("expected the name of a class or function")),
            }
        };
        self.stack.push(Value::Global(name.into()));
        Ok(())
    }

    /// A storage: `("storage", its type, its key, the device, how many numbers)`.
    fn persistent(&mut self) -> Result<(), PickleError> {
        let wrong = self.malformed("expected a storage of torch.save");
        let Value::Tuple(fields) = self.pop()? else { return Err(wrong) };
        let [Value::Text(kind), Value::Global(numbers), Value::Text(key), _, Value::Int(count)] =
            self.pickled.items(fields)
        else {
            return Err(wrong);
        };
        let Ok(count) = u64::try_from(*count) else { return Err(wrong) };
        if &**kind != "storage" {
            return Err(wrong);
        }
        let storage = Storage { numbers: Rc::clone(numbers), key: Rc::clone(key), count };
        self.pickled.storages.push(storage);
        self.stack.push(Value::Storage(self.pickled.storages.len() - 1));
        Ok(())
    }

    /// A call of a class or function, which is looked up in a list and never made.
    fn call(&mut self, opcode: u8) -> Result<(), PickleError> {
        if opcode == 0x92 {
            // Named arguments.
            self.pop()?;
        }
        let (arguments, callee) = (self.pop()?, self.pop()?);
        let Value::Tuple(arguments) = arguments else {
            return Err(self.malformed("expected the arguments of a call"));
        };
        let made = match callee {
            Value::Global(name) => self.made(&name, arguments)?,
            Value::Other(name) => Value::Other(name),
            _ => return Err(self.malformed("expected a class or function to call")),
        };
        self.stack.push(made);
        Ok(())
    }

    /// What a known class or function makes of its arguments; of any other, a value without content.
    fn made(&mut self, name: &Rc<str>, arguments: usize) -> Result<Value, PickleError> {
        let first = self.pickled.items(arguments).first().cloned();
        Ok(match &**name {
            "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor" => self.tensor(arguments)?,
            // A parameter is its tensor.
            "torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state" => match first {
                Some(Value::Tensor(tensor)) => Value::Tensor(tensor),
                _ => return Err(self.malformed("expected the tensor of a parameter")),
            },
            // (function, type, its arguments, state): a tensor of a subclass.
            "torch._tensor._rebuild_from_type_v2" => {
                match self.pickled.items(arguments).to_vec().as_slice() {
                    [Value::Global(function), _, Value::Tuple(own), ..]
                        if function.starts_with("torch._utils._rebuild_") =>
                    {
                        self.made(&Rc::clone(function), *own)?
                    }
                    _ => Value::Other(Rc::clone(name)),
                }
            }
            "collections.OrderedDict" => self.dictionary(first.as_ref())?,
            "collections.defaultdict" => self.dictionary(None)?,
            "torch.Size" => match first {
                Some(Value::Tuple(sides)) => Value::Tuple(sides),
                _ => Value::Other(Rc::clone(name)),
            },
            _ => Value::Other(Rc::clone(name)),
        })
    }

    /// An ordered dictionary, of pairs where there are any.
    fn dictionary(&mut self, pairs: Option<&Value>) -> Result<Value, PickleError> {
        let wrong = self.malformed("expected pairs of a dictionary");
        let mut own = Vec::new();
        if let Some(Value::List(pairs) | Value::Tuple(pairs)) = pairs {
            self.count(self.pickled.items(*pairs).len())?;
            for pair in self.pickled.items(*pairs) {
                let (Value::List(pair) | Value::Tuple(pair)) = pair else { return Err(wrong) };
                let [key, value] = self.pickled.items(*pair) else { return Err(wrong) };
                own.push((key.clone(), value.clone()));
            }
        }
        Ok(Value::Dict(self.pickled.add(Node::Pairs(own))))
    }

    /// Of `(storage, offset, size, strides, ...)`.
    fn tensor(&mut self, arguments: usize) -> Result<Value, PickleError> {
        let wrong = self.malformed("expected storage, offset, size and strides of a tensor");
        let [storage, Value::Int(offset), Value::Tuple(size), Value::Tuple(strides), ..] =
            self.pickled.items(arguments)
        else {
            return Err(wrong);
        };
        let Value::Storage(storage) = storage else { return Err(wrong) };
        let numbers = |tuple: &usize| {
            let number = |value: &Value| match value {
                Value::Int(value) => u64::try_from(*value).ok(),
                _ => None,
            };
            let items = self.pickled.items(*tuple);
            (items.len() <= MOST_DIMENSIONS)
                .then(|| items.iter().map(number).collect::<Option<Vec<u64>>>())?
        };
        let (Some(shape), Some(strides), Ok(offset)) =
            (numbers(size), numbers(strides), u64::try_from(*offset))
        else {
            return Err(wrong);
        };
        if shape.len() != strides.len() {
            return Err(wrong);
        }
        self.pickled.tensors.push(Strided { storage: *storage, offset, shape, strides });
        Ok(Value::Tensor(self.pickled.tensors.len() - 1))
    }

    fn container(&mut self, opcode: u8) -> Result<(), PickleError> {
        let made = match opcode {
            b')' => Value::Tuple(self.pickled.add(Node::Items(Vec::new()))),
            b']' => Value::List(self.pickled.add(Node::Items(Vec::new()))),
            b'}' => Value::Dict(self.pickled.add(Node::Pairs(Vec::new()))),
            0x8f => Value::Other("set".into()),
            0x91 => {
                self.since_mark()?;
                Value::Other("set".into())
            }
            b't' => {
                let items = self.since_mark()?;
                Value::Tuple(self.pickled.add(Node::Items(items)))
            }
            0x85..=0x87 => {
                let count = usize::from(opcode - 0x84);
                let items = self.topmost(count)?;
                Value::Tuple(self.pickled.add(Node::Items(items)))
            }
            b'a' => {
                let item = self.pop()?;
                return self.append(vec![item]);
            }
            b'e' | 0x90 => {
                let items = self.since_mark()?;
                return self.append(items);
            }
            b's' => {
                let pair = self.topmost(2)?;
                return self.set(pair);
            }
            b'u' => {
                let pairs = self.since_mark()?;
                return self.set(pairs);
            }
            _ => return Err(PickleError::Opcode { opcode, at: self.reader.at() - 1 }),
        };
        self.stack.push(made);
        Ok(())
    }

    /// Adds to the list on top; what nobody looks into takes anything.
    fn append(&mut self, items: Vec<Value>) -> Result<(), PickleError> {
        match self.top()? {
            Value::List(list) => {
                let list = *list;
                self.pickled.extend(list, items);
                Ok(())
            }
            Value::Other(_) => Ok(()),
            _ => Err(self.malformed("expected a list")),
        }
    }

    /// Sets keys of the dictionary on top.
    fn set(&mut self, items: Vec<Value>) -> Result<(), PickleError> {
        if items.len() % 2 == 1 {
            return Err(self.malformed("expected a value for each key"));
        }
        match self.top()? {
            Value::Dict(dict) => {
                let dict = *dict;
                self.pickled.set(dict, items);
                Ok(())
            }
            Value::Other(_) => Ok(()),
            _ => Err(self.malformed("expected a dictionary")),
        }
    }

    fn top(&self) -> Result<&Value, PickleError> {
        self.stack.last().ok_or_else(|| self.malformed("expected a value, found none"))
    }

    /// What is on top; a value below the last mark belongs to what the mark closes.
    fn pop(&mut self) -> Result<Value, PickleError> {
        if self.marks.last() == Some(&self.stack.len()) {
            return Err(self.malformed("expected a value behind the mark"));
        }
        let top = self.stack.pop();
        top.ok_or_else(|| self.malformed("expected a value, found none"))
    }

    fn topmost(&mut self, count: usize) -> Result<Vec<Value>, PickleError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.len().checked_sub(count) {
            Some(at) if at >= floor => Ok(self.stack.split_off(at)),
            _ => Err(self.malformed("expected more values")),
        }
    }

    fn since_mark(&mut self) -> Result<Vec<Value>, PickleError> {
        let mark = self.marks.pop().ok_or_else(|| self.malformed("expected a mark"))?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    /// Counts copies against the length of the pickle.
    fn count(&mut self, copies: usize) -> Result<(), PickleError> {
        self.copied += copies;
        if self.copied > self.reader.len() {
            return Err(self.malformed("expected fewer copies of a list"));
        }
        Ok(())
    }

    fn malformed(&self, what: &'static str) -> PickleError {
        PickleError::Malformed { at: self.reader.at().saturating_sub(1), what }
    }
}
