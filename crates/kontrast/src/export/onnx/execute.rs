//! Carries out the ONNX operators that an encoder needs, as the standard defines them, on a file that was read: what a
//! runtime would make of it, without one. It knows nothing of the encoder that the file was written from.

use super::proto::{Attribute, Graph, Model, Node, TensorData};
use super::{INPUT, OUTPUT, kind};
use prost::Message;
use std::collections::HashMap;
use tch::{Kind, Tensor};

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OnnxError {
    /// The bytes are no ONNX file.
    #[error("not an ONNX file: {0}")]
    Format(#[from] prost::DecodeError),
    /// Something in it that no encoder needs, or that is missing.
    #[error("{node}: expected {expected}, found {found}")]
    Graph { node: String, expected: &'static str, found: String },
    /// libtorch refused.
    #[error("libtorch: {0}")]
    Torch(#[from] tch::TchError),
}

/// A graph with its weights as tensors.
pub(crate) struct Program {
    graph: Graph,
    weights: HashMap<String, Tensor>,
}

impl Program {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it is no ONNX file, or has numbers of a kind that no encoder has.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, OnnxError> {
        let graph = Model::decode(bytes)?.graph.unwrap_or_default();
        let named = |data: &TensorData| Ok((data.name.clone(), tensor(data)?));
        let weights = graph.initializer.iter().map(named).collect::<Result<_, OnnxError>>()?;
        Ok(Self { graph, weights })
    }

    /// The representations of images.
    ///
    /// # Errors
    /// Where the graph has an operator that no encoder needs, or uses a value that is not there.
    pub(crate) fn run(&self, images: &Tensor) -> Result<Tensor, OnnxError> {
        let mut values: HashMap<&str, Tensor> = HashMap::from([(INPUT, images.shallow_clone())]);
        for node in &self.graph.node {
            let input = |name: &String| {
                let found = values.get(name.as_str()).or_else(|| self.weights.get(name));
                found
                    .map(Tensor::shallow_clone)
                    .ok_or_else(|| unexpected(node, "values that are there", name))
            };
            let inputs = node.input.iter().map(input).collect::<Result<Vec<_>, _>>()?;
            let output = tch::no_grad(|| operation(node, &inputs))?;
            let name = node.output.first().ok_or_else(|| unexpected(node, "an output", "none"))?;
            values.insert(name, output);
        }
        let found = || OnnxError::Graph {
            node: self.graph.name.clone(),
            expected: "the output h",
            found: "none".to_owned(),
        };
        values.remove(OUTPUT).ok_or_else(found)
    }
}

fn unexpected(node: &Node, expected: &'static str, found: &str) -> OnnxError {
    OnnxError::Graph { node: node.name.clone(), expected, found: found.to_owned() }
}

fn tensor(data: &TensorData) -> Result<Tensor, OnnxError> {
    let kind = kind(data.data_type).ok_or_else(|| OnnxError::Graph {
        node: data.name.clone(),
        expected: "numbers of fp32, fp16 or int64",
        found: format!("data type {}", data.data_type),
    })?;
    Ok(Tensor::f_from_data_size(&data.raw_data, &data.dims, kind)?)
}

/// The attributes of a node by their names.
struct Attributes<'a>(&'a Node);

impl Attributes<'_> {
    fn get(&self, name: &str) -> Option<&Attribute> {
        self.0.attribute.iter().find(|attribute| attribute.name == name)
    }

    fn ints(&self, name: &str, default: &[i64]) -> Vec<i64> {
        self.get(name).map_or_else(|| default.to_vec(), |attribute| attribute.ints.clone())
    }

    fn int(&self, name: &str, default: i64) -> i64 {
        self.get(name).map_or(default, |attribute| attribute.i)
    }

    fn float(&self, name: &str, default: f32) -> f64 {
        self.get(name).map_or(default, |attribute| attribute.f).into()
    }

    /// The padding of rows and columns, which has to be the same on both sides.
    fn padding(&self) -> Result<Vec<i64>, OnnxError> {
        let pads = self.ints("pads", &[0; 4]);
        let (before, after) = pads.split_at(pads.len() / 2);
        if before == after {
            Ok(before.to_vec())
        } else {
            Err(unexpected(self.0, "the same padding on both sides", &format!("{pads:?}")))
        }
    }
}

/// One node on its inputs.
fn operation(node: &Node, inputs: &[Tensor]) -> Result<Tensor, OnnxError> {
    let own = Attributes(node);
    let counted = |count: usize| {
        let found = format!("{} of {}", inputs.len(), node.op_type);
        (inputs.len() >= count).then_some(()).ok_or_else(|| unexpected(node, "more inputs", &found))
    };
    counted(match &*node.op_type {
        "BatchNormalization" => 5,
        "Slice" => 4,
        "LayerNormalization" | "InstanceNormalization" => 3,
        "Add" | "Mul" | "MatMul" | "Conv" | "Pad" | "Reshape" | "Expand" | "Gather" => 2,
        _ => 1,
    })?;
    let x = &inputs[0];
    Ok(match &*node.op_type {
        "Add" => x.f_add(&inputs[1])?,
        "Mul" => x.f_mul(&inputs[1])?,
        "MatMul" => x.f_matmul(&inputs[1])?,
        "Relu" => x.f_relu()?,
        "Erf" => x.f_erf()?,
        "Softmax" => x.f_softmax(own.int("axis", -1), x.kind())?,
        "Concat" => Tensor::f_cat(inputs, own.int("axis", 0))?,
        "Flatten" => x.f_flatten(own.int("axis", 1), -1)?,
        "Transpose" => x.f_permute(own.ints("perm", &[]))?,
        "ReduceMean" => x.f_mean_dim(own.ints("axes", &[]), own.int("keepdims", 1) != 0, None)?,
        "GlobalAveragePool" => x.f_adaptive_avg_pool2d([1, 1])?,
        "Shape" => {
            let size = Tensor::from_slice(&x.size());
            size.f_slice(0, own.int("start", 0), own.int("end", size.size()[0]), 1)?
        }
        "Slice" => {
            let bound = |input: usize| inputs[input].f_int64_value(&[0]);
            x.f_slice(bound(3)?, bound(1)?, bound(2)?, 1)?
        }
        "Expand" => x.f_expand(whole(&inputs[1])?, false)?,
        "Gather" => x.f_select(own.int("axis", 0), inputs[1].f_int64_value(&[])?)?,
        "Reshape" => {
            let kept = |(side, &to): (usize, &i64)| if to == 0 { x.size()[side] } else { to };
            x.f_reshape(whole(&inputs[1])?.iter().enumerate().map(kept).collect::<Vec<_>>())?
        }
        "Cast" => {
            let to = i32::try_from(own.int("to", 0)).unwrap_or(0);
            let to = kind(to).ok_or_else(|| unexpected(node, "a kind of an encoder", &to.to_string()))?;
            x.f_to_kind(to)?
        }
        _ => layer(node, inputs, &own)?,
    })
}

/// A node that has weights, or looks at several pixels.
fn layer(node: &Node, inputs: &[Tensor], own: &Attributes<'_>) -> Result<Tensor, OnnxError> {
    let x = &inputs[0];
    let (kernel, strides) = (own.ints("kernel_shape", &[]), own.ints("strides", &[1, 1]));
    Ok(match &*node.op_type {
        "Conv" => {
            let dilations = own.ints("dilations", &[1, 1]);
            let bias = inputs.get(2);
            x.f_conv2d(&inputs[1], bias, strides, own.padding()?, dilations, own.int("group", 1))?
        }
        "BatchNormalization" => {
            let [scale, shift, mean, var] = [1, 2, 3, 4].map(|which| Some(&inputs[which]));
            x.f_batch_norm(scale, shift, mean, var, false, 0.0, own.float("epsilon", 1e-5), false)?
        }
        "InstanceNormalization" => {
            let (scale, shift, epsilon) = (Some(&inputs[1]), Some(&inputs[2]), own.float("epsilon", 1e-5));
            x.f_instance_norm(scale, shift, None::<&Tensor>, None::<&Tensor>, true, 0.0, epsilon, false)?
        }
        "LayerNormalization" => {
            // Over the last dimension alone, which is what an encoder asks for.
            if own.int("axis", -1) != -1 {
                return Err(unexpected(node, "axis -1", &own.int("axis", -1).to_string()));
            }
            let epsilon = own.float("epsilon", 1e-5);
            x.f_layer_norm(inputs[1].size(), Some(&inputs[1]), Some(&inputs[2]), epsilon, false)?
        }
        "Pad" => padded(node, x, &whole(&inputs[1])?)?,
        "MaxPool" => x.f_max_pool2d(kernel, strides, own.padding()?, [1, 1], false)?,
        "AveragePool" => {
            let with_border = own.int("count_include_pad", 0) != 0;
            x.f_avg_pool2d(kernel, strides, own.padding()?, false, with_border, None)?
        }
        other => return Err(unexpected(node, "an operator that encoders have", other)),
    })
}

/// A map with as many more entries on each side of each dimension: of the mirror image, or zeros.
fn padded(node: &Node, x: &Tensor, pads: &[i64]) -> Result<Tensor, OnnxError> {
    let mode = Attributes(node).get("mode").map(|mode| mode.s.clone()).unwrap_or_default();
    let found = || format!("{pads:?}, {}", String::from_utf8_lossy(&mode));
    let &[0, c, top, left, 0, more, below, right] = pads else {
        return Err(unexpected(node, "images kept as they are", &found()));
    };
    match (&mode[..], c, more) {
        (b"reflect", 0, 0) => Ok(x.f_reflection_pad2d([left, right, top, below])?),
        (b"" | b"constant", ..) => Ok(x.f_constant_pad_nd([left, right, top, below, c, more])?),
        _ => Err(unexpected(node, "a border of zeros, or a mirrored one of rows and columns", &found())),
    }
}

/// Whole numbers of a tensor.
fn whole(tensor: &Tensor) -> Result<Vec<i64>, OnnxError> {
    debug_assert_eq!(tensor.kind(), Kind::Int64);
    Ok(Vec::try_from(tensor)?)
}
