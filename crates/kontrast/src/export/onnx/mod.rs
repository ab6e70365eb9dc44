//! An encoder as an ONNX graph, written by our own code: operators of version 17 of the standard, weights as initializers
//! under their names in the state dictionary.

mod execute;
mod proto;
mod writer;

pub(crate) use execute::Program;

use super::frozen::Frozen;
use super::network;
use kontrast_models::EncoderSpec;
use prost::Message;
use proto::{Dimension, Entry, Graph, Model, Opset, Shape, Side, TensorKind, ValueInfo, ValueKind};
use tch::Kind;
use writer::{FLOAT, Writer};

/// Version of the operators: the first with layer norm.
const OPSET: i64 = 17;
/// Version of the format that came with them.
const IR_VERSION: i64 = 8;
/// The most bytes of a protocol buffer.
const MOST: usize = i32::MAX as usize;
/// Name of the images.
const INPUT: &str = "images";
/// Name of the representations.
const OUTPUT: &str = "h";

/// The bytes of the file, with `card` among its metadata as `key`. Images are fp32, `[n, c, height, width]`, any number of
/// them and, where there are no positions and no patches, of any size; `h` is fp32. Weights of half precision make a graph that computes
/// with them.
///
/// # Errors
/// Where it is larger than such a file can be.
pub(crate) fn file(encoder: &Frozen, (key, card): (&str, &str)) -> Result<Vec<u8>, String> {
    let mut writer = Writer::new(&encoder.state);
    let images = writer.begin(INPUT);
    let h = network::write(encoder, &images, &mut writer);
    writer.end(&h, OUTPUT);
    let (fixed, named) = (Side::Fixed, |name: &str| Side::Named(name.to_owned()));
    let (width, height) = encoder.size;
    let [rows, columns] = if matches!(encoder.spec, EncoderSpec::Vit(_) | EncoderSpec::Patchwise(_)) {
        [fixed(height as i64), fixed(width as i64)]
    } else {
        [named("height"), named("width")]
    };
    let (node, initializer) = writer.parts();
    let graph = Graph {
        node,
        name: "encoder".to_owned(),
        initializer,
        input: vec![value(INPUT, vec![named("n"), fixed(encoder.spec.channels()), rows, columns])],
        output: vec![value(OUTPUT, vec![named("n"), fixed(encoder.width)])],
    };
    let model = Model {
        ir_version: IR_VERSION,
        producer_name: "kontrast".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(graph),
        opset_import: vec![Opset { domain: String::new(), version: OPSET }],
        metadata_props: vec![Entry { key: key.to_owned(), value: card.to_owned() }],
    };
    if model.encoded_len() > MOST {
        let text =
            "--format onnx: such a file holds at most 2 GB; export it with --format torchscript, or --fp16";
        return Err(text.to_owned());
    }
    Ok(model.encode_to_vec())
}

/// An fp32 input or output.
fn value(name: &str, sides: Vec<Side>) -> ValueInfo {
    let dim = sides.into_iter().map(|side| Dimension { side: Some(side) }).collect();
    let tensor = TensorKind { elem_type: FLOAT, shape: Some(Shape { dim }) };
    ValueInfo { name: name.to_owned(), kind: Some(ValueKind { tensor: Some(tensor) }) }
}

/// The number by which the format calls a kind of numbers; none for those that an encoder does not have.
fn data_type(kind: Kind) -> Option<i32> {
    writer::DATA_TYPES.iter().find(|(own, _)| *own == kind).map(|(_, number)| *number)
}

/// The kind that a number stands for.
fn kind(data_type: i32) -> Option<Kind> {
    writer::DATA_TYPES.iter().find(|(_, number)| *number == data_type).map(|(own, _)| *own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontrast_models::{
        AmdimSpec, Depth, Init, NinSpec, Norm, PatchwiseSpec, ResNetSpec, SplitSpec, Stem, VitSpec,
    };
    use std::collections::HashSet;
    use tch::{Device, Tensor, nn};

    fn specs() -> [EncoderSpec; 8] {
        let (channels, channels_last, bn_splits) = (3, false, 1);
        let (depth, stem) = (Depth::ResNet18, Stem::Imagenet);
        let resnet =
            ResNetSpec { depth, stem, width: 4, channels, channels_last, bn_splits, norm: Norm::Batch };
        let nin = NinSpec { blocks: 3, width: 12, channels, channels_last, bn_splits };
        let vit = VitSpec { width: 16, depth: 1, heads: 2, ..VitSpec::tiny(4, 16) };
        let split = EncoderSpec::Split(SplitSpec { first: 1, network: resnet });
        let amdim = |size| {
            let (width, rkhs, depth) = (2, 20, 2);
            EncoderSpec::Amdim(AmdimSpec { size, width, rkhs, depth, channels, channels_last, bn_splits })
        };
        let [small, large] = [32, 128].map(amdim);
        let of = |norm| ResNetSpec { norm, stem: Stem::Cifar, ..resnet };
        let patches = EncoderSpec::Patchwise(PatchwiseSpec { patch: 8, stride: 4, network: of(Norm::Group) });
        let plain = EncoderSpec::ResNet(of(Norm::None));
        let (resnet, nin, vit) = (EncoderSpec::ResNet(resnet), EncoderSpec::Nin(nin), EncoderSpec::Vit(vit));
        [resnet, nin, vit, split, small, large, patches, plain]
    }

    /// Pixels on a side of images that the encoder can take.
    fn side(spec: EncoderSpec) -> i64 {
        if let EncoderSpec::Amdim(spec) = spec { spec.size } else { 16 }
    }

    fn written(spec: EncoderSpec, half: bool) -> Model {
        let encoder = spec.build(&nn::VarStore::new(Device::Cpu), Init::new(1));
        let pixels = side(spec) as usize;
        let frozen = Frozen::new(&*encoder, spec, (pixels, pixels), half).unwrap();
        Model::decode(&file(&frozen, ("key", "text")).unwrap()[..]).unwrap()
    }

    #[test]
    fn every_value_is_there_before_it_is_used_and_every_weight_is_used_and_counted_once() {
        for spec in specs() {
            let model = written(spec, false);
            assert_eq!((model.ir_version, model.opset_import[0].version), (IR_VERSION, OPSET));
            assert_eq!(model.metadata_props, [Entry { key: "key".to_owned(), value: "text".to_owned() }]);
            let graph = model.graph.unwrap();
            let mut known: HashSet<&str> = HashSet::from([INPUT]);
            for data in &graph.initializer {
                assert!(known.insert(&data.name), "{} stands twice", data.name);
                let bytes = if data.data_type == FLOAT { 4 } else { 8 };
                assert_eq!(data.raw_data.len() as i64, data.dims.iter().product::<i64>() * bytes);
            }
            let mut used = HashSet::new();
            for node in &graph.node {
                assert!(node.input.iter().all(|name| known.contains(name.as_str())), "{node:?}");
                used.extend(node.input.iter().map(String::as_str));
                assert!(known.insert(&node.output[0]), "{} stands twice", node.output[0]);
            }
            let unused: Vec<_> = known.iter().filter(|name| !used.contains(**name)).collect();
            assert_eq!(unused, [&OUTPUT]);
        }
    }

    #[test]
    fn any_number_of_images_is_taken_and_sizes_are_fixed_by_positions_alone() {
        for spec in specs() {
            let graph = written(spec, false).graph.unwrap();
            let sides = |value: &ValueInfo| {
                let shape = value.kind.clone().unwrap().tensor.unwrap().shape.unwrap();
                shape.dim.into_iter().map(|dimension| dimension.side.unwrap()).collect::<Vec<_>>()
            };
            let named = |name: &str| Side::Named(name.to_owned());
            let fixed = matches!(spec, EncoderSpec::Vit(_) | EncoderSpec::Patchwise(_));
            let sizes =
                if fixed { [Side::Fixed(16), Side::Fixed(16)] } else { ["height", "width"].map(named) };
            assert_eq!(sides(&graph.input[0]), [&[named("n"), Side::Fixed(3)], &sizes[..]].concat());
            assert_eq!(sides(&graph.output[0])[0], named("n"));
        }
    }

    #[test]
    fn half_precision_is_stored_and_neither_taken_nor_given() {
        for spec in specs() {
            let model = written(spec, true);
            let graph = model.graph.clone().unwrap();
            assert!(graph.initializer.iter().all(|data| data.data_type != FLOAT), "{spec:?}");
            let ends = [graph.node.first().unwrap(), graph.node.last().unwrap()];
            assert_eq!(ends.map(|node| &*node.op_type), ["Cast", "Cast"]);
            let program = Program::read(&model.encode_to_vec()).unwrap();
            let pixels = side(spec);
            let images = Tensor::zeros([2, 3, pixels, pixels], (Kind::Float, Device::Cpu));
            let h = program.run(&images).unwrap();
            assert_eq!((h.kind(), h.size()[0]), (Kind::Float, 2));
        }
    }

    #[test]
    fn what_no_encoder_needs_is_named() {
        let mut model = written(specs()[1], false);
        model.graph.as_mut().unwrap().node[1].op_type = "Sinh".to_owned();
        let images = Tensor::zeros([1, 3, 16, 16], (Kind::Float, Device::Cpu));
        let said = |model: &Model| {
            let program = Program::read(&model.encode_to_vec()).unwrap();
            program.run(&images).unwrap_err().to_string()
        };
        let words = said(&model);
        assert!(words.ends_with("expected an operator that encoders have, found Sinh"), "{words}");
        model.graph.as_mut().unwrap().node[1].input[0] = "nothing".to_owned();
        assert!(said(&model).ends_with("expected values that are there, found nothing"));
        assert!(Program::read(b"text").err().unwrap().to_string().starts_with("not an ONNX file"));
    }
}
