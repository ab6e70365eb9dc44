//! The operations of an encoder as ONNX nodes.

use super::data_type;
use super::proto::{Attribute, Node, TensorData};
use crate::export::network::Language;
use kontrast_models::{BatchNorm, GroupNorm, LayerNorm};
use kontrast_torch_ext::StateDict;
use std::collections::BTreeMap;
use std::f64::consts::SQRT_2;
use tch::{Kind, Tensor};

/// The format's number for fp32.
pub(super) const FLOAT: i32 = 1;
/// Kinds with the format's numbers.
pub(super) const DATA_TYPES: [(Kind, i32); 3] = [(Kind::Float, FLOAT), (Kind::Int64, 7), (Kind::Half, 10)];

/// A graph that grows.
pub(super) struct Writer<'a> {
    weights: &'a StateDict,
    /// Kind of the weights, in which the graph computes.
    kind: Kind,
    nodes: Vec<Node>,
    initializers: BTreeMap<String, TensorData>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(weights: &'a StateDict) -> Self {
        let half = weights.iter().any(|(_, tensor)| tensor.kind() == Kind::Half);
        let kind = if half { Kind::Half } else { Kind::Float };
        Self { weights, kind, nodes: Vec::new(), initializers: BTreeMap::new() }
    }

    /// The input, in the kind of the weights.
    pub(super) fn begin(&mut self, input: &str) -> String {
        if self.kind == Kind::Float { input.to_owned() } else { self.cast(input, self.kind) }
    }

    /// Makes a value the output, in fp32.
    pub(super) fn end(&mut self, x: &str, output: &str) {
        if self.kind != Kind::Float {
            self.cast(x, Kind::Float);
        }
        let last = self.nodes.last_mut().expect("a graph has operations");
        last.output = vec![output.to_owned()];
    }

    /// Nodes and initializers.
    pub(super) fn parts(self) -> (Vec<Node>, Vec<TensorData>) {
        (self.nodes, self.initializers.into_values().collect())
    }

    fn node(&mut self, op: &str, input: &[&str], attribute: Vec<Attribute>) -> String {
        let name = format!("{}_{}", op.to_lowercase(), self.nodes.len());
        self.nodes.push(Node {
            input: input.iter().map(|&name| name.to_owned()).collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: op.to_owned(),
            attribute,
        });
        name
    }

    fn cast(&mut self, x: &str, kind: Kind) -> String {
        let to = data_type(kind).expect("a kind of the format");
        self.node("Cast", &[x], vec![Attribute::int("to", to.into())])
    }

    /// A constant of the graph; a name stands for one value.
    fn constant(&mut self, name: &str, value: &Tensor) -> String {
        self.initializers.entry(name.to_owned()).or_insert_with(|| initializer(name, value));
        name.to_owned()
    }

    fn weight(&mut self, name: &str) -> String {
        let value = self.weights.get(name).expect("a variable of the encoder");
        self.constant(name, value)
    }

    /// A number in the kind of the weights.
    fn number(&mut self, name: &str, value: f64) -> String {
        self.constant(name, &Tensor::from(value).to_kind(self.kind))
    }

    /// Another shape of the same values: 0 keeps a side, -1 is what is left.
    fn reshape(&mut self, x: &str, name: &str, shape: &[i64]) -> String {
        let shape = self.constant(name, &Tensor::from_slice(shape));
        self.node("Reshape", &[x, &shape], vec![])
    }

    fn transpose(&mut self, x: &str, order: &[i64]) -> String {
        self.node("Transpose", &[x], vec![Attribute::ints("perm", order)])
    }

    /// One entry along a dimension, which is gone afterwards.
    fn select(&mut self, x: &str, dimension: i64, index: i64) -> String {
        let index = self.constant(&format!("index.{index}"), &Tensor::from(index));
        self.node("Gather", &[x, &index], vec![Attribute::int("axis", dimension)])
    }

    /// What lies within bounds along a dimension.
    fn slice(&mut self, x: &str, dimension: i64, (from, to): (i64, i64)) -> String {
        let bounds = [("from", from), ("to", to), ("axis", dimension)];
        let [start, end, axis] = bounds
            .map(|(name, value)| self.constant(&format!("{name}.{value}"), &Tensor::from_slice(&[value])));
        self.node("Slice", &[x, &start, &end, &axis], vec![])
    }

    fn pool(&mut self, op: &str, x: &str, more: Vec<Attribute>) -> String {
        let window = [("kernel_shape", &[3, 3][..]), ("strides", &[2, 2]), ("pads", &[1, 1, 1, 1])];
        let window = window.map(|(name, values)| Attribute::ints(name, values));
        self.node(op, &[x], window.into_iter().chain(more).collect())
    }
}

/// A tensor of the file.
fn initializer(name: &str, value: &Tensor) -> TensorData {
    let value = value.detach().contiguous();
    let mut raw_data = vec![0; value.numel() * value.kind().elt_size_in_bytes()];
    value.copy_data_u8(&mut raw_data, value.numel());
    let data_type = data_type(value.kind()).expect("a kind of the format");
    TensorData { dims: value.size(), data_type, name: name.to_owned(), raw_data }
}

impl Language for Writer<'_> {
    fn convolution(&mut self, x: &str, name: &str, stride: i64, padding: i64) -> String {
        let name = format!("{name}.weight");
        let side = self.weights.get(&name).expect("a variable of the encoder").size()[2];
        let weight = self.weight(&name);
        let attributes = vec![
            Attribute::ints("kernel_shape", &[side; 2]),
            Attribute::ints("strides", &[stride; 2]),
            Attribute::ints("pads", &[padding; 4]),
        ];
        self.node("Conv", &[x, &weight], attributes)
    }

    fn biased_convolution(&mut self, x: &str, name: &str, stride: i64) -> String {
        let [weight, bias] = ["weight", "bias"].map(|part| format!("{name}.{part}"));
        let side = self.weights.get(&weight).expect("a variable of the encoder").size()[2];
        let [weight, bias] = [weight, bias].map(|name| self.weight(&name));
        let attributes =
            vec![Attribute::ints("kernel_shape", &[side; 2]), Attribute::ints("strides", &[stride; 2])];
        self.node("Conv", &[x, &weight, &bias], attributes)
    }

    fn reflected(&mut self, x: &str, border: i64) -> String {
        let pads = Tensor::from_slice(&[0, 0, border, border, 0, 0, border, border]);
        let pads = self.constant(&format!("border.{border}"), &pads);
        self.node("Pad", &[x, &pads], vec![Attribute::string("mode", "reflect")])
    }

    fn window_mean(&mut self, x: &str, side: i64, stride: i64) -> String {
        let window = [Attribute::ints("kernel_shape", &[side; 2]), Attribute::ints("strides", &[stride; 2])];
        self.node("AveragePool", &[x], window.into())
    }

    fn more_channels(&mut self, x: &str, more: i64) -> String {
        let pads = Tensor::from_slice(&[0, 0, 0, 0, 0, more, 0, 0]);
        let pads = self.constant(&format!("more.{more}"), &pads);
        self.node("Pad", &[x, &pads], vec![])
    }

    fn batch_norm(&mut self, x: &str, name: &str) -> String {
        let [weight, bias, mean, var] = ["weight", "bias", "running_mean", "running_var"]
            .map(|part| self.weight(&format!("{name}.{part}")));
        let epsilon = vec![Attribute::float("epsilon", BatchNorm::EPSILON)];
        self.node("BatchNormalization", &[x, &weight, &bias, &mean, &var], epsilon)
    }

    fn group_norm(&mut self, x: &str, name: &str) -> String {
        let [weight, bias] = ["weight", "bias"].map(|part| {
            let value = self.weights.get(&format!("{name}.{part}")).expect("a variable of the encoder");
            self.constant(&format!("{name}.{part}"), &value.view([-1, 1, 1]))
        });
        // Instance norm of one channel that holds all values of the image; in fp32, as layer norm.
        let one = self.reshape(x, "shape.group", &[0, 1, -1]);
        let [scale, shift] = [("group.scale", 1.0), ("group.shift", 0.0)]
            .map(|(name, value)| self.constant(name, &Tensor::from_slice(&[value]).to_kind(self.kind)));
        let parts = [one, scale, shift];
        let [one, scale, shift] =
            if self.kind == Kind::Float { parts } else { parts.map(|part| self.cast(&part, Kind::Float)) };
        let epsilon = vec![Attribute::float("epsilon", GroupNorm::EPSILON)];
        let normed = self.node("InstanceNormalization", &[&one, &scale, &shift], epsilon);
        let shape = self.node("Shape", &[x], vec![]);
        let mut normed = self.node("Reshape", &[&normed, &shape], vec![]);
        if self.kind != Kind::Float {
            normed = self.cast(&normed, self.kind);
        }
        let scaled = self.node("Mul", &[&normed, &weight], vec![]);
        self.add(&scaled, &bias)
    }

    fn patches(&mut self, images: &str, starts: &[(i64, i64)], side: i64) -> String {
        let mut patches = Vec::new();
        for &(row, column) in starts {
            let rows = self.slice(images, 2, (row, row + side));
            patches.push(self.slice(&rows, 3, (column, column + side)));
        }
        let patches: Vec<_> = patches.iter().map(|patch| &**patch).collect();
        self.node("Concat", &patches, vec![Attribute::int("axis", 0)])
    }

    fn mean_of_patches(&mut self, x: &str, patches: i64, width: i64) -> String {
        let by_patch = self.reshape(x, "shape.patches", &[patches, -1, width]);
        let axes = vec![Attribute::ints("axes", &[0]), Attribute::int("keepdims", 0)];
        self.node("ReduceMean", &[&by_patch], axes)
    }

    fn relu(&mut self, x: &str) -> String {
        self.node("Relu", &[x], vec![])
    }

    fn max_pool(&mut self, x: &str) -> String {
        self.pool("MaxPool", x, vec![])
    }

    fn average_pool(&mut self, x: &str) -> String {
        self.pool("AveragePool", x, vec![Attribute::int("count_include_pad", 1)])
    }

    fn add(&mut self, a: &str, b: &str) -> String {
        self.node("Add", &[a, b], vec![])
    }

    fn channels(&mut self, images: &str, from: i64, count: i64) -> String {
        self.slice(images, 1, (from, from + count))
    }

    fn beside(&mut self, a: &str, b: &str) -> String {
        self.node("Concat", &[a, b], vec![Attribute::int("axis", 1)])
    }

    fn global_mean(&mut self, x: &str) -> String {
        let x = if self.kind == Kind::Float { x.to_owned() } else { self.cast(x, Kind::Float) };
        let mean = self.node("GlobalAveragePool", &[&x], vec![]);
        self.node("Flatten", &[&mean], vec![Attribute::int("axis", 1)])
    }

    fn tokens(&mut self, images: &str, patch: i64, width: i64) -> String {
        let [weight, bias] = ["weight", "bias"].map(|part| self.weight(&format!("patch_embed.proj.{part}")));
        let sides =
            vec![Attribute::ints("kernel_shape", &[patch; 2]), Attribute::ints("strides", &[patch; 2])];
        let maps = self.node("Conv", &[images, &weight, &bias], sides);
        let patches = self.reshape(&maps, "shape.patches", &[0, width, -1]);
        let patches = self.transpose(&patches, &[0, 2, 1]);
        // As many class tokens as there are images.
        let n = self.node("Shape", &[images], vec![Attribute::int("start", 0), Attribute::int("end", 1)]);
        let token = self.constant("shape.token", &Tensor::from_slice(&[1, width]));
        let shape = self.node("Concat", &[&n, &token], vec![Attribute::int("axis", 0)]);
        let class = self.weight("cls_token");
        let class = self.node("Expand", &[&class, &shape], vec![]);
        let tokens = self.node("Concat", &[&class, &patches], vec![Attribute::int("axis", 1)]);
        let positions = self.weight("pos_embed");
        self.add(&tokens, &positions)
    }

    fn layer_norm(&mut self, x: &str, name: &str) -> String {
        let [weight, bias] = ["weight", "bias"].map(|part| self.weight(&format!("{name}.{part}")));
        let attributes = vec![Attribute::int("axis", -1), Attribute::float("epsilon", LayerNorm::EPSILON)];
        if self.kind == Kind::Float {
            return self.node("LayerNormalization", &[x, &weight, &bias], attributes);
        }
        // In fp32, as the encoder does under bf16; and not every runtime has it in fp16.
        let [x, weight, bias] = [x, &weight, &bias].map(|value| self.cast(value, Kind::Float));
        let normed = self.node("LayerNormalization", &[&x, &weight, &bias], attributes);
        self.cast(&normed, self.kind)
    }

    fn linear(&mut self, x: &str, name: &str) -> String {
        let weight = self.weights.get(&format!("{name}.weight")).expect("a variable of the encoder");
        // Rows times columns: the transpose of what a linear layer holds.
        let weight = self.constant(&format!("{name}.weight.transposed"), &weight.transpose(0, 1));
        let bias = self.weight(&format!("{name}.bias"));
        let product = self.node("MatMul", &[x, &weight], vec![]);
        self.add(&product, &bias)
    }

    fn attention(&mut self, x: &str, heads: i64, width: i64) -> String {
        let each = width / heads;
        let parts = self.reshape(x, "shape.heads", &[0, 0, 3, heads, each]);
        let parts = self.transpose(&parts, &[2, 0, 3, 1, 4]);
        let [q, k, v] = [0, 1, 2].map(|part| self.select(&parts, 0, part));
        let scale = self.number("attention.scale", (each as f64).sqrt().recip());
        let q = self.node("Mul", &[&q, &scale], vec![]);
        let k = self.transpose(&k, &[0, 1, 3, 2]);
        let scores = self.node("MatMul", &[&q, &k], vec![]);
        let weights = self.node("Softmax", &[&scores], vec![Attribute::int("axis", -1)]);
        let mixed = self.node("MatMul", &[&weights, &v], vec![]);
        let mixed = self.transpose(&mixed, &[0, 2, 1, 3]);
        self.reshape(&mixed, "shape.tokens", &[0, 0, width])
    }

    fn gelu(&mut self, x: &str) -> String {
        let [scale, one, half] = [("gelu.scale", SQRT_2.recip()), ("gelu.one", 1.0), ("gelu.half", 0.5)]
            .map(|(name, value)| self.number(name, value));
        let scaled = self.node("Mul", &[x, &scale], vec![]);
        let erf = self.node("Erf", &[&scaled], vec![]);
        let sum = self.node("Add", &[&erf, &one], vec![]);
        let product = self.node("Mul", &[x, &sum], vec![]);
        self.node("Mul", &[&product, &half], vec![])
    }

    fn class_token(&mut self, x: &str) -> String {
        self.select(x, 1, 0)
    }
}
