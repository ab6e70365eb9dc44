//! A trained variable with what weight decay and layer-wise rates follow from: its role in the network, and its depth.

use crate::StateDict;
use std::collections::BTreeSet;
use tch::Tensor;

/// What a variable is in its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Factors of a linear layer or a convolution, prototypes, and what is nothing else.
    Weight,
    /// What a linear layer or a convolution adds.
    Bias,
    /// Scale or shift of a normalisation.
    Norm,
    /// Embeddings of positions.
    Position,
    /// A token that is no patch and no word, as the class token.
    Token,
}

/// A trained variable.
#[derive(Debug)]
pub struct Parameter {
    /// Its name in the state of what it belongs to.
    pub name: String,
    /// The variable itself, whose memory is shared.
    pub tensor: Tensor,
    /// What it is in the network.
    pub role: Role,
    /// How many layers come before its own, as its network counts them: 0 beside the input.
    pub depth: usize,
}

impl Parameter {
    /// The trained variables of a state, in the order of their names, all at depth 0. Roles follow from names and
    /// dimensions: a `bias`, but that of a layer whose `weight` has one dimension, is [`Role::Bias`]; such a layer is
    /// [`Role::Norm`]; `pos...` is [`Role::Position`], `...token` and `...tokens` are [`Role::Token`]; all else is
    /// [`Role::Weight`].
    pub fn of_state(state: &StateDict) -> Vec<Self> {
        let trained = state.trained();
        let norms: BTreeSet<String> = trained
            .iter()
            .filter(|(_, tensor)| tensor.dim() == 1)
            .filter_map(|(name, _)| layer_of(name, "weight"))
            .map(str::to_owned)
            .collect();
        let parameter = |(name, tensor): (String, Tensor)| {
            let role = role(&name, &norms);
            Self { name, tensor, role, depth: 0 }
        };
        trained.into_iter().map(parameter).collect()
    }

    /// Whether weight decay applies: weights, positions and tokens of more than one dimension. Papers train the others
    /// without it, and without LARS's adaptation.
    pub fn decays(&self) -> bool {
        !matches!(self.role, Role::Bias | Role::Norm) && self.tensor.dim() > 1
    }
}

/// The layer that has this variable, where the name is of such a one: `bn1` of `bn1.weight`.
fn layer_of<'a>(name: &'a str, variable: &str) -> Option<&'a str> {
    let layer = name.strip_suffix(variable)?;
    if layer.is_empty() { Some(layer) } else { layer.strip_suffix('.') }
}

fn role(name: &str, norms: &BTreeSet<String>) -> Role {
    let own = name.rsplit('.').next().unwrap_or(name);
    let is_norm = |variable| layer_of(name, variable).is_some_and(|layer| norms.contains(layer));
    if is_norm("weight") || is_norm("bias") {
        Role::Norm
    } else if own == "bias" {
        Role::Bias
    } else if own.starts_with("pos") {
        Role::Position
    } else if own.ends_with("token") || own.ends_with("tokens") {
        Role::Token
    } else {
        Role::Weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn roles_follow_from_names_and_dimensions() {
        let mut state = StateDict::new();
        let cases: [(&str, &[i64], Role, bool); 11] = [
            ("bias", &[4], Role::Norm, false),
            ("blocks.0.attn.qkv.bias", &[9], Role::Bias, false),
            ("blocks.0.attn.qkv.weight", &[9, 3], Role::Weight, true),
            ("blocks.0.norm1.bias", &[3], Role::Norm, false),
            ("blocks.0.norm1.weight", &[3], Role::Norm, false),
            ("cls_token", &[1, 1, 3], Role::Token, true),
            ("logit_scale", &[], Role::Weight, false),
            ("pos_embed", &[1, 5, 3], Role::Position, true),
            ("register_tokens", &[1, 4, 3], Role::Token, true),
            ("table.bias", &[7, 2], Role::Bias, false),
            ("weight", &[4], Role::Norm, false),
        ];
        for (name, shape, ..) in cases {
            state.insert(name, Tensor::zeros(shape, (Kind::Float, Device::Cpu)).set_requires_grad(true));
        }
        state.insert("running_mean", Tensor::zeros([4], (Kind::Float, Device::Cpu)));
        let found = Parameter::of_state(&state);
        let found: Vec<_> =
            found.iter().map(|parameter| (&*parameter.name, parameter.role, parameter.decays())).collect();
        assert_eq!(found, cases.map(|(name, _, role, decays)| (name, role, decays)));
    }
}
