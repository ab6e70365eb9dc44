//! An encoder as a TorchScript module: its `forward` as a text, its variables as parameters under their own names.

use super::frozen::Frozen;
use super::network::{self, Language};
use kontrast_models::{BatchNorm, GroupNorm, LayerNorm};
use kontrast_torch_ext::torch_script;
use std::fmt::{Display, Write};
use tch::TchError;

/// The bytes of the file, with `card` as its extra file `key`. Any batch size is taken, and images of any kind: they are
/// brought to that of the weights, and `h` is fp32.
pub(crate) fn file(encoder: &Frozen, (key, card): (&str, &str)) -> Result<Vec<u8>, TchError> {
    torch_script(&source(encoder), &encoder.state, (key, card))
}

fn source(encoder: &Frozen) -> String {
    let mut script = Script { lines: String::new(), values: 0 };
    let (first, _) = encoder.state.iter().find(|(name, _)| name.ends_with(".weight")).expect("layers");
    let images = script.value(&format_args!("images.to({}.dtype)", attribute(first)));
    let h = network::write(encoder, &images, &mut script);
    format!("def forward(self, images: Tensor) -> Tensor:\n{}    return {h}.float()\n", script.lines)
}

/// A variable as an expression. A number is no name in Python.
fn attribute(name: &str) -> String {
    name.split('.').fold("self".to_owned(), |of, part| {
        if part.starts_with(|first: char| first.is_ascii_digit()) {
            format!("getattr({of}, \"{part}\")")
        } else {
            format!("{of}.{part}")
        }
    })
}

struct Script {
    lines: String,
    values: usize,
}

impl Script {
    /// A new value, by an expression.
    fn value(&mut self, expression: &dyn Display) -> String {
        let name = format!("x{}", self.values);
        self.values += 1;
        writeln!(self.lines, "    {name} = {expression}").expect("a text grows");
        name
    }
}

impl Language for Script {
    fn convolution(&mut self, x: &str, name: &str, stride: i64, padding: i64) -> String {
        let weight = attribute(&format!("{name}.weight"));
        self.value(&format_args!(
            "torch.conv2d({x}, {weight}, None, [{stride}, {stride}], [{padding}, {padding}])"
        ))
    }

    fn biased_convolution(&mut self, x: &str, name: &str, stride: i64) -> String {
        let [weight, bias] = ["weight", "bias"].map(|part| attribute(&format!("{name}.{part}")));
        self.value(&format_args!("torch.conv2d({x}, {weight}, {bias}, [{stride}, {stride}])"))
    }

    fn reflected(&mut self, x: &str, border: i64) -> String {
        let sides = format!("[{border}, {border}, {border}, {border}]");
        self.value(&format_args!("torch.reflection_pad2d({x}, {sides})"))
    }

    fn window_mean(&mut self, x: &str, side: i64, stride: i64) -> String {
        self.value(&format_args!("torch.avg_pool2d({x}, [{side}, {side}], [{stride}, {stride}])"))
    }

    fn more_channels(&mut self, x: &str, more: i64) -> String {
        self.value(&format_args!("torch.constant_pad_nd({x}, [0, 0, 0, 0, 0, {more}])"))
    }

    fn batch_norm(&mut self, x: &str, name: &str) -> String {
        let [weight, bias, mean, var] = ["weight", "bias", "running_mean", "running_var"]
            .map(|part| attribute(&format!("{name}.{part}")));
        let epsilon = BatchNorm::EPSILON;
        self.value(&format_args!(
            "torch.batch_norm({x}, {weight}, {bias}, {mean}, {var}, False, 0.0, {epsilon:e}, True)"
        ))
    }

    fn group_norm(&mut self, x: &str, name: &str) -> String {
        let [weight, bias] = ["weight", "bias"].map(|part| attribute(&format!("{name}.{part}")));
        let epsilon = GroupNorm::EPSILON;
        self.value(&format_args!("torch.group_norm({x}, 1, {weight}, {bias}, {epsilon:e})"))
    }

    fn patches(&mut self, images: &str, starts: &[(i64, i64)], side: i64) -> String {
        let patch = |&(row, column): &(i64, i64)| {
            format!("{images}[:, :, {row}:{}, {column}:{}]", row + side, column + side)
        };
        let patches: Vec<_> = starts.iter().map(patch).collect();
        self.value(&format_args!("torch.cat([{}], 0)", patches.join(", ")))
    }

    fn mean_of_patches(&mut self, x: &str, patches: i64, width: i64) -> String {
        self.value(&format_args!("torch.mean({x}.view([{patches}, -1, {width}]), [0])"))
    }

    fn relu(&mut self, x: &str) -> String {
        self.value(&format_args!("torch.relu({x})"))
    }

    fn max_pool(&mut self, x: &str) -> String {
        self.value(&format_args!("torch.max_pool2d({x}, [3, 3], [2, 2], [1, 1], [1, 1], False)"))
    }

    fn average_pool(&mut self, x: &str) -> String {
        self.value(&format_args!("torch.avg_pool2d({x}, [3, 3], [2, 2], [1, 1], False, True, None)"))
    }

    fn add(&mut self, a: &str, b: &str) -> String {
        self.value(&format_args!("{a} + {b}"))
    }

    fn channels(&mut self, images: &str, from: i64, count: i64) -> String {
        self.value(&format_args!("{images}[:, {from}:{}]", from + count))
    }

    fn beside(&mut self, a: &str, b: &str) -> String {
        self.value(&format_args!("torch.cat([{a}, {b}], 1)"))
    }

    fn global_mean(&mut self, x: &str) -> String {
        self.value(&format_args!("torch.flatten(torch.adaptive_avg_pool2d({x}.float(), [1, 1]), 1)"))
    }

    fn tokens(&mut self, images: &str, patch: i64, _width: i64) -> String {
        let weight = "self.patch_embed.proj.weight, self.patch_embed.proj.bias";
        let maps = self.value(&format_args!("torch.conv2d({images}, {weight}, [{patch}, {patch}])"));
        let patches = self.value(&format_args!("torch.flatten({maps}, 2).transpose(1, 2)"));
        let class = self.value(&format_args!("self.cls_token.expand([{patches}.size(0), -1, -1])"));
        self.value(&format_args!("torch.cat([{class}, {patches}], 1) + self.pos_embed"))
    }

    fn layer_norm(&mut self, x: &str, name: &str) -> String {
        let [weight, bias] = ["weight", "bias"].map(|part| attribute(&format!("{name}.{part}")));
        let epsilon = LayerNorm::EPSILON;
        self.value(&format_args!("torch.layer_norm({x}, {weight}.size(), {weight}, {bias}, {epsilon:e})"))
    }

    fn linear(&mut self, x: &str, name: &str) -> String {
        let [weight, bias] = ["weight", "bias"].map(|part| attribute(&format!("{name}.{part}")));
        self.value(&format_args!("torch.linear({x}, {weight}, {bias})"))
    }

    fn attention(&mut self, x: &str, heads: i64, width: i64) -> String {
        let each = width / heads;
        let sizes = format!("[{x}.size(0), {x}.size(1), 3, {heads}, {each}]");
        let parts = self.value(&format_args!("{x}.view({sizes}).permute([2, 0, 3, 1, 4])"));
        let mixed = self
            .value(&format_args!("torch.scaled_dot_product_attention({parts}[0], {parts}[1], {parts}[2])"));
        self.value(&format_args!("torch.flatten({mixed}.transpose(1, 2), 2)"))
    }

    fn gelu(&mut self, x: &str) -> String {
        self.value(&format_args!("torch.gelu({x})"))
    }

    fn class_token(&mut self, x: &str) -> String {
        self.value(&format_args!("{x}[:, 0]"))
    }
}

#[cfg(test)]
mod tests {
    use super::attribute;

    #[test]
    fn numbered_parts_are_asked_for_by_name() {
        assert_eq!(attribute("conv1.weight"), "self.conv1.weight");
        let block = attribute("layer1.0.downsample.1.bias");
        assert_eq!(block, "getattr(getattr(self.layer1, \"0\").downsample, \"1\").bias");
    }
}
