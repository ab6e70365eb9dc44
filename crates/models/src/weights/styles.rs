//! Which encoders a dictionary of tensors holds, and under which names: recognised by names alone, as torchvision, timm,
//! lightly, solo-learn, MoCo and the PyTorch versions of SimCLR write them.

use std::collections::{BTreeMap, BTreeSet};

/// First words of names that belong to heads on top of an encoder, and to what some libraries keep beside one.
const HEADS: [&str; 16] = [
    "fc",
    "head",
    "heads",
    "head_drop",
    "fc_norm",
    "pre_logits",
    "classifier",
    "linear",
    "projector",
    "projection_head",
    "prediction_head",
    "predictor",
    "prototypes",
    "mlp",
    "mask_token",
    "queue",
];
/// Parts of a prefix that belong to a momentum encoder, or to another average of the weights.
const COPIES: [&str; 5] = ["momentum", "encoder_k", "target", "teacher", "ema"];

/// Where the stages of lightly's own ResNet begin in a sequence: its ReLU is none of the network's children.
const LIGHTLYS_OWN: usize = 2;

/// How the names of an encoder are to be read, behind their prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// torchvision's ResNets, and timm's; a shortcut may be called that.
    ResNet,
    /// The children of a ResNet in a sequence: 0 is the first convolution, 1 its batch norm, and the stages begin at a
    /// number that says how many parts without weights come before.
    Numbered(usize),
    /// timm's vision transformers, DINO's and MoCo v3's.
    Vit,
    /// torchvision's vision transformers.
    TorchvisionVit,
    /// RotNet's network in network, as it is called here.
    Nin,
    /// AMDIM's encoder, as it is called here.
    Amdim,
}

/// An encoder of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// What the names of its tensors begin with, without the last dot; nothing where they stand alone.
    pub(crate) prefix: String,
    family: Family,
}

/// Names of an encoder's tensors.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// Names of ours with those in the file.
    pub(crate) own: BTreeMap<String, String>,
    /// Names in the file of what stands beside it under the same prefix: heads and counters.
    pub(crate) beside: BTreeSet<String>,
}

/// All encoders, those that are trained before their copies.
pub(crate) fn encoders<'n>(names: impl Iterator<Item = &'n str>) -> Vec<Found> {
    let names: BTreeSet<&str> = names.collect();
    let mut found: Vec<Found> = names.iter().filter_map(|name| found_at(&names, name)).collect();
    found.sort_by_key(|found| (found.is_copy(), found.prefix.clone()));
    found.dedup_by(|a, b| a.prefix == b.prefix);
    found
}

/// The encoder whose first weight this is.
fn found_at(names: &BTreeSet<&str>, name: &str) -> Option<Found> {
    let has = |prefix: &str, rest: &str| names.contains(&*format!("{prefix}{rest}"));
    let of = |first: &str, second: &str, family: Family| {
        let prefix = name.strip_suffix(first)?;
        let whole = prefix.is_empty() || prefix.ends_with('.');
        (whole && has(prefix, second))
            .then(|| Found { prefix: prefix.trim_end_matches('.').to_owned(), family })
    };
    let numbered = || {
        let of_stage = |stage: usize| {
            let stages = of("0.weight", &format!("{stage}.0.conv1.weight"), Family::Numbered(stage))?;
            has(name.strip_suffix("0.weight")?, "1.running_mean").then_some(stages)
        };
        (LIGHTLYS_OWN..=4).find_map(of_stage)
    };
    of("conv1.weight", "layer1.0.conv1.weight", Family::ResNet)
        .or_else(|| of("patch_embed.proj.weight", "blocks.0.norm1.weight", Family::Vit))
        .or_else(|| {
            of("conv_proj.weight", "encoder.layers.encoder_layer_0.ln_1.weight", Family::TorchvisionVit)
        })
        .or_else(|| of("block1.conv1.weight", "block2.conv1.weight", Family::Nin))
        .or_else(|| of("conv1.weight", "block1.0.conv1.weight", Family::Amdim))
        .or_else(numbered)
}

impl Found {
    /// Whether it follows another encoder, or is an average of one.
    pub(crate) fn is_copy(&self) -> bool {
        let is_copy =
            |part: &str| COPIES.iter().any(|&copy| part == copy || part.split('_').any(|word| word == copy));
        self.prefix.split('.').any(is_copy)
    }

    /// Who writes such names, as far as they tell.
    pub(crate) fn style(&self) -> &'static str {
        let has = |part: &str| self.prefix.split('.').any(|own| own == part);
        if has("encoder_q") || has("encoder_k") {
            "MoCo"
        } else if has("base_encoder") || has("momentum_encoder") {
            "MoCo v3"
        } else if has("student") || has("teacher") {
            "DINO"
        } else if matches!(self.family, Family::Numbered(_)) {
            "lightly"
        } else if has("backbone") || has("momentum_backbone") {
            "solo-learn"
        } else if has("encoder") {
            "SimCLR"
        } else if matches!(self.family, Family::Nin | Family::Amdim) {
            "Kontrast"
        } else if self.family == Family::Vit {
            "timm"
        } else {
            "torchvision"
        }
    }

    /// Whether it is lightly's own ResNet in a sequence, which loses the ReLU after its first batch norm.
    pub(crate) fn lacks_a_relu(&self) -> bool {
        self.family == Family::Numbered(LIGHTLYS_OWN)
    }

    /// Whether MoCo v3's own code wrote it, whose ViT-Small has other heads than DeiT's.
    pub(crate) fn is_transformer_of_moco_v3(&self) -> bool {
        self.family == Family::Vit && self.style() == "MoCo v3"
    }

    /// Whether its heads of attention are nowhere in the file.
    pub(crate) fn is_transformer(&self) -> bool {
        matches!(self.family, Family::Vit | Family::TorchvisionVit)
    }

    /// Its tensors among those of the file, with their names here. `others` are the file's other encoders, whose tensors
    /// may stand under the same prefix.
    pub(crate) fn names<'n>(&self, all: impl Iterator<Item = &'n str>, others: &[Found]) -> Names {
        let mut names = Names::default();
        let inside = |name: &str, prefix: &str| {
            prefix.is_empty() || name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'))
        };
        let longer = |other: &&Found| other.prefix.len() > self.prefix.len();
        let inner: Vec<&Found> =
            others.iter().filter(longer).filter(|other| inside(&other.prefix, &self.prefix)).collect();
        for name in all.filter(|name| inside(name, &self.prefix)) {
            if inner.iter().any(|other| inside(name, &other.prefix)) {
                continue;
            }
            let rest = name[self.prefix.len()..].trim_start_matches('.');
            if self.is_beside(rest) {
                names.beside.insert(name.to_owned());
            } else {
                names.own.insert(self.own(rest), name.to_owned());
            }
        }
        names
    }

    /// Whether a name is a head's or a counter's.
    fn is_beside(&self, rest: &str) -> bool {
        let first = rest.split('.').next().unwrap_or_default();
        let numbered_head = match self.family {
            Family::Numbered(stage) => first.parse().is_ok_and(|number: usize| number >= stage + 4),
            _ => false,
        };
        numbered_head
            || rest.ends_with("num_batches_tracked")
            || HEADS.contains(&first)
            || first.starts_with("decoder")
            // A flat dictionary beside an optimizer's state.
            || (self.prefix.is_empty() && (first.contains("optimizer") || first == "loops"))
    }

    /// Our name of one that stands behind the prefix.
    fn own(&self, rest: &str) -> String {
        match self.family {
            Family::ResNet => rest.replace(".shortcut.", ".downsample."),
            Family::Numbered(stage) => numbered(rest, stage),
            Family::TorchvisionVit => of_torchvision(rest),
            Family::Vit | Family::Nin | Family::Amdim => rest.to_owned(),
        }
    }
}

/// `4.0.conv1.weight` is `layer1.0.conv1.weight` where the stages begin at 4.
fn numbered(rest: &str, stage: usize) -> String {
    let (first, behind) = rest.split_once('.').unwrap_or((rest, ""));
    let behind = format!(".{behind}").replace(".shortcut.", ".downsample.");
    match first.parse::<usize>() {
        Ok(0) => format!("conv1{behind}"),
        Ok(1) => format!("bn1{behind}"),
        Ok(number) if number >= stage => format!("layer{}{behind}", number - stage + 1),
        _ => rest.to_owned(),
    }
}

/// timm's name of one of torchvision's transformers.
fn of_torchvision(rest: &str) -> String {
    match rest {
        "class_token" => return "cls_token".to_owned(),
        "encoder.pos_embedding" => return "pos_embed".to_owned(),
        _ => {}
    }
    if let Some(rest) = rest.strip_prefix("conv_proj.") {
        return format!("patch_embed.proj.{rest}");
    }
    if let Some(rest) = rest.strip_prefix("encoder.ln.") {
        return format!("norm.{rest}");
    }
    let Some((block, part)) =
        rest.strip_prefix("encoder.layers.encoder_layer_").and_then(|rest| rest.split_once('.'))
    else {
        return rest.to_owned();
    };
    // The MLP's layers had names before they had numbers.
    let parts = [
        ("ln_1.", "norm1."),
        ("ln_2.", "norm2."),
        ("self_attention.in_proj_", "attn.qkv."),
        ("self_attention.out_proj.", "attn.proj."),
        ("mlp.0.", "mlp.fc1."),
        ("mlp.3.", "mlp.fc2."),
        ("mlp.linear_1.", "mlp.fc1."),
        ("mlp.linear_2.", "mlp.fc2."),
    ];
    let part = parts.iter().find_map(|(theirs, own)| Some(format!("{own}{}", part.strip_prefix(theirs)?)));
    part.map_or_else(|| rest.to_owned(), |part| format!("blocks.{block}.{part}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Vec<Found> {
        encoders(names.iter().copied())
    }

    fn own(all: &[&str]) -> BTreeMap<String, String> {
        let found = found(all);
        found[0].names(all.iter().copied(), &found).own
    }

    fn style(prefix: &str) -> (&'static str, String) {
        let names = ["conv1.weight", "layer1.0.conv1.weight"].map(|name| format!("{prefix}{name}"));
        let found = encoders(names.iter().map(String::as_str));
        (found[0].style(), found[0].prefix.clone())
    }

    #[test]
    fn styles_are_known_by_their_prefixes() {
        assert_eq!(style(""), ("torchvision", String::new()));
        let moco = "state_dict.module.encoder_q";
        assert_eq!(style(&format!("{moco}.")), ("MoCo", moco.to_owned()));
        assert_eq!(style("state_dict.module.base_encoder.").0, "MoCo v3");
        assert_eq!(style("state_dict.backbone.").0, "solo-learn");
        assert_eq!(style("encoder.").0, "SimCLR");
        assert_eq!(style("teacher.module.backbone.").0, "DINO");
    }

    #[test]
    fn copies_come_last_and_are_known() {
        let prefixes = ["state_dict.backbone_momentum.", "state_dict.backbone."];
        let names: Vec<String> = prefixes
            .iter()
            .flat_map(|prefix| {
                ["conv1.weight", "layer1.0.conv1.weight"].map(|name| format!("{prefix}{name}"))
            })
            .collect();
        let found = encoders(names.iter().map(String::as_str));
        let all: Vec<_> = found.iter().map(|found| (&*found.prefix, found.is_copy())).collect();
        assert_eq!(all, [("state_dict.backbone", false), ("state_dict.backbone_momentum", true)]);
        for copy in
            ["module.encoder_k", "target.encoder", "teacher_backbone", "momentum_encoder", "model_ema"]
        {
            assert!(Found { prefix: copy.to_owned(), family: Family::ResNet }.is_copy(), "{copy}");
        }
        let other = Found { prefix: "schema.encoder_q".to_owned(), family: Family::ResNet };
        assert!(!other.is_copy());
    }

    #[test]
    fn children_in_a_sequence_have_the_names_of_their_network() {
        for (stage, first) in [(2, "backbone.2.0"), (3, "f.3.0"), (4, "backbone.4.0")] {
            let prefix = first.split('.').next().unwrap();
            let block = format!("{first}.conv1.weight");
            let last = format!("{prefix}.{}.1.shortcut.0.weight", stage + 3);
            let (conv, norm) = (format!("{prefix}.0.weight"), format!("{prefix}.1.running_mean"));
            let head = format!("{prefix}.{}.weight", stage + 5);
            let all = [&*conv, &norm, &block, &last, &head];
            let own = own(&all);
            let names: Vec<_> = own.keys().map(String::as_str).collect();
            let expected =
                ["bn1.running_mean", "conv1.weight", "layer1.0.conv1.weight", "layer4.1.downsample.0.weight"];
            assert_eq!(names, expected, "{stage}");
        }
    }

    #[test]
    fn transformers_of_torchvision_have_the_names_of_timm() {
        let layer = "encoder.layers.encoder_layer_0";
        let theirs = ["ln_1.weight", "self_attention.in_proj_bias", "mlp.3.weight"];
        let theirs = theirs.map(|name| format!("{layer}.{name}"));
        let all: Vec<&str> = [
            "conv_proj.weight",
            "class_token",
            "encoder.ln.bias",
            "heads.head.weight",
            "encoder.pos_embedding",
        ]
        .into_iter()
        .chain(theirs.iter().map(String::as_str))
        .collect();
        let own = own(&all);
        let expected = [
            "blocks.0.attn.qkv.bias",
            "blocks.0.mlp.fc2.weight",
            "blocks.0.norm1.weight",
            "cls_token",
            "norm.bias",
            "patch_embed.proj.weight",
            "pos_embed",
        ];
        assert_eq!(own.keys().map(String::as_str).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_stands_beside_an_encoder_is_told_from_what_is_missing_in_ours() {
        let all = [
            "conv1.weight",
            "layer1.0.conv1.weight",
            "fc.weight",
            "bn1.num_batches_tracked",
            "layer5.weight",
        ];
        let found = found(&all);
        let names = found[0].names(all.into_iter(), &found);
        assert_eq!(names.beside.len(), 2);
        assert!(names.own.contains_key("layer5.weight"));
    }
}
