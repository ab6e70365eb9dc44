//! Weights of a file for an encoder that is there: all of them, or none and the reason.

use super::Found;
use super::spec::grid_of;
use crate::position::interpolated;
use crate::{Artifact, ArtifactError, Encoder, EncoderSpec, PositionEmbedding, Vit, VitSpec};
use kontrast_torch_ext::StateDict;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use tch::Tensor;

/// Words in a name that say only where a state dictionary lies.
const WRAPPERS: [&str; 5] = ["state_dict", "model", "module", "method", "model_state_dict"];
/// How far stored sines may be from ours.
const TOLERANCE: f64 = 1e-4;

/// What was taken of a file.
#[derive(Debug)]
pub struct Taken {
    /// A value for each variable and running statistic of the encoder.
    pub state: StateDict,
    /// Who writes such files, and under which names the encoder stands in this one.
    pub style: String,
    /// What of the file's tensors was left out, and how many.
    pub left_out: Vec<(String, usize)>,
    /// What a person should know of it.
    pub notes: Vec<String>,
}

impl Taken {
    /// In a sentence: `took 102 tensors in the style of MoCo (module.encoder_q); left out 24: 20 of counters, ...`.
    pub fn in_words(&self) -> String {
        let mut text = format!("took {} tensors in the style of {}", self.state.len(), self.style);
        let count: usize = self.left_out.iter().map(|(_, count)| count).sum();
        if count > 0 {
            let parts: Vec<_> =
                self.left_out.iter().map(|(what, count)| format!("{count} of {what}")).collect();
            // Writing to a string does not fail.
            let _ = write!(text, "; left out {count}: {}", parts.join(", "));
        }
        text
    }
}

impl Artifact {
    /// The weights that an encoder begins from. `tower` names the file's encoder, where it is not its only one that is
    /// trained; a checkpoint's is its first.
    ///
    /// # Errors
    /// Where the file holds another architecture, several encoders of which none is named, or numbers that are not finite.
    pub fn weights_for(&self, encoder: &dyn Encoder, tower: Option<&str>) -> Result<Taken, ArtifactError> {
        let name = self.chosen(tower)?;
        let refused = |why: String| self.unfit(&name, why);
        let own = self.tensors_of(&name)?;
        let mut notes = Vec::new();
        if self.found(&name).is_some_and(Found::lacks_a_relu) {
            let text = "a ResNet of lightly in a sequence has no ReLU after its first batch norm, and here there is one: features \
                        differ from lightly's until training has adapted to it";
            notes.push(text.to_owned());
        }
        let own = match encoder.spec() {
            Some(EncoderSpec::Vit(spec)) => {
                if let Some(note) = self.heads(&name, spec) {
                    notes.push(note);
                }
                placed(own, spec, &mut notes).map_err(refused)?
            }
            _ => own,
        };
        if let Some(why) = differences(&encoder.variables(), &own) {
            let hint = self.hint(&name, encoder.spec());
            return Err(refused(format!("{hint}{why}")));
        }
        if let Some((name, _)) = own.iter().find(|(_, tensor)| !is_finite(tensor)) {
            return Err(refused(format!(
                "its {name} holds NaN or infinite numbers: the training that wrote it diverged"
            )));
        }
        let left_out = self.left_out(&name);
        Ok(Taken { state: own, style: self.style(&name), left_out, notes })
    }

    /// What the file does not say of an encoder, and how it is taken then.
    pub fn guessed(&self, tower: &str) -> Option<String> {
        let own = self.header().towers.iter().find(|own| own.name == tower)?;
        match own.encoder {
            EncoderSpec::Vit(spec) => self.heads(tower, spec),
            EncoderSpec::ResNet(_)
            | EncoderSpec::Nin(_)
            | EncoderSpec::Split(_)
            | EncoderSpec::Amdim(_)
            | EncoderSpec::Patchwise(_) => None,
        }
    }

    /// What the file holds instead, where it is another architecture.
    fn hint(&self, tower: &str, wanted: Option<EncoderSpec>) -> String {
        let held = self.header().towers.iter().find(|own| own.name == tower).map(|own| own.encoder);
        match (held, wanted) {
            (Some(held), Some(wanted)) => hint(held, wanted),
            _ => String::new(),
        }
    }

    /// Names of the file by what they belong to, without the encoder's own.
    fn left_out(&self, tower: &str) -> Vec<(String, usize)> {
        let towers =
            self.header().towers.iter().map(|tower| (tower.name.clone(), self.names_of(&tower.name)));
        let names: BTreeMap<String, BTreeSet<String>> = towers.collect();
        let taken = &names[tower];
        let mut groups: BTreeMap<String, usize> = BTreeMap::new();
        for (name, _) in self.state().iter().filter(|(name, _)| !taken.contains(*name)) {
            *groups.entry(self.group(name, &names)).or_default() += 1;
        }
        groups.into_iter().collect()
    }

    /// What a tensor belongs to: another encoder, counters, or the first word of its name that tells something. `names` are
    /// those that each encoder takes.
    fn group(&self, name: &str, names: &BTreeMap<String, BTreeSet<String>>) -> String {
        let under = |prefix: &str| name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'));
        if name.ends_with(".num_batches_tracked") {
            return "num_batches_tracked".to_owned();
        }
        let towers =
            self.header().towers.iter().filter(|tower| !tower.prefix.is_empty() && under(&tower.prefix));
        if let Some(tower) = towers.max_by_key(|tower| tower.prefix.len()) {
            let prefix = &tower.prefix;
            let head = name[prefix.len() + 1..].split('.').next().unwrap_or_default();
            let is_own = names.get(&tower.name).is_some_and(|names| names.contains(name));
            return if is_own { prefix.clone() } else { format!("{prefix}.{head}") };
        }
        let mut words = name.split('.');
        let mut group = words.next().unwrap_or_default().to_owned();
        let mut last = group.clone();
        while let (true, Some(next)) = (WRAPPERS.contains(&&*last), words.next()) {
            next.clone_into(&mut last);
            let _ = write!(group, ".{next}");
        }
        group
    }

    /// What files do not say of a transformer.
    fn heads(&self, tower: &str, spec: VitSpec) -> Option<String> {
        let found = self.found(tower).filter(|found| found.is_transformer())?;
        let published = if found.is_transformer_of_moco_v3() {
            "; those of MoCo v3's own code have 12, whatever their width, and other heads give other features"
        } else {
            ""
        };
        Some(format!(
            "the file does not say how many heads of attention its transformer has; taken as {}{published}",
            spec.heads
        ))
    }
}

/// Positions of a transformer's own grid, and of its own kind.
fn placed(own: StateDict, spec: VitSpec, notes: &mut Vec<String>) -> Result<StateDict, String> {
    let Some(positions) = own.get("pos_embed") else {
        // No transformer at all is said by the differences.
        let is_transformer = own.get("patch_embed.proj.weight").is_some();
        return if spec.position == PositionEmbedding::Sines || !is_transformer {
            Ok(own)
        } else {
            Err("it holds no learned positions (pos_embed); with position = \"sines\" it can be loaded"
                .to_owned())
        };
    };
    let sides = positions.size();
    // Another width or kind is one of the differences that are listed.
    let fits = sides.len() == 3 && sides[2] == spec.width && positions.kind() == tch::Kind::Float;
    let Some(grid) = grid_of(&sides).filter(|_| fits) else { return Ok(own) };
    let to = spec.side / spec.patch;
    let instead = match spec.position {
        PositionEmbedding::Sines => {
            let sines = Vit::positions(spec, &StateDict::new(), (grid, grid));
            if !(positions - sines).abs().max().double_value(&[]).lt(&TOLERANCE) {
                let why = "its positions (pos_embed) are learned, and position = \"sines\" has none to take them; with \
                           position = \"learned\" it can be loaded";
                return Err(why.to_owned());
            }
            None
        }
        PositionEmbedding::Learned if grid != to => {
            notes.push(format!("its positions were resized from {grid}x{grid} to {to}x{to} patches"));
            let places = interpolated(&positions.narrow(1, 1, grid * grid), (grid, grid), (to, to));
            Some(Tensor::cat(&[positions.narrow(1, 0, 1), places], 1))
        }
        PositionEmbedding::Learned => Some(positions.shallow_clone()),
    };
    let others = own.iter().filter(|(name, _)| *name != "pos_embed");
    let others = others.map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone()));
    Ok(others.chain(instead.map(|positions| ("pos_embed".to_owned(), positions))).collect())
}

/// Every name that is missing, unknown or of another shape.
fn differences(expected: &StateDict, found: &StateDict) -> Option<String> {
    let lacking = |a: &StateDict, b: &StateDict| -> Vec<String> {
        a.iter().filter(|(name, _)| b.get(name).is_none()).map(|(name, _)| name.to_owned()).collect()
    };
    let shape = |(name, own): (&str, &Tensor)| {
        let theirs = found.get(name)?;
        let differs = theirs.size() != own.size() || theirs.kind() != own.kind();
        let words = |tensor: &Tensor| format!("{:?} {:?}", tensor.kind(), tensor.size());
        differs.then(|| format!("{name} (expected {}, found {})", words(own), words(theirs)))
    };
    let shapes: Vec<String> = expected.iter().filter_map(shape).collect();
    let lists = [
        ("missing", lacking(expected, found)),
        ("unknown here", lacking(found, expected)),
        ("of another shape", shapes),
    ];
    let lists: Vec<String> = lists
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| format!("{} {what}: {}", names.len(), names.join(", ")))
        .collect();
    (!lists.is_empty()).then(|| lists.join("; "))
}

fn is_finite(tensor: &Tensor) -> bool {
    tensor.isfinite().all().int64_value(&[]) == 1
}

/// What to change, where two architectures differ.
fn hint(held: EncoderSpec, wanted: EncoderSpec) -> String {
    let mut changes = Vec::new();
    let mut differ = |what: &str, held: String, wanted: String| {
        if held != wanted {
            changes.push(format!("{what} {held} where {wanted} is asked for"));
        }
    };
    match (held, wanted) {
        (EncoderSpec::ResNet(held), EncoderSpec::ResNet(wanted)) => {
            differ("the network", format!("{:?}", held.depth), format!("{:?}", wanted.depth));
            let stem = |stem| match stem {
                crate::Stem::Cifar => "\"cifar\" (3x3, stride 1)".to_owned(),
                crate::Stem::Imagenet => "\"imagenet\" (7x7, stride 2, max-pool)".to_owned(),
            };
            differ("stem =", stem(held.stem), stem(wanted.stem));
            differ("width =", held.width.to_string(), wanted.width.to_string());
            differ("channels:", held.channels.to_string(), wanted.channels.to_string());
            differ("norm:", format!("{:?}", held.norm), format!("{:?}", wanted.norm));
        }
        (EncoderSpec::Patchwise(held), EncoderSpec::Patchwise(wanted)) => {
            return hint(EncoderSpec::ResNet(held.network), EncoderSpec::ResNet(wanted.network));
        }
        (EncoderSpec::Split(held), EncoderSpec::Split(wanted)) => {
            differ("split =", held.first.to_string(), wanted.first.to_string());
            differ(
                "the networks",
                format!("{:?}", held.network.depth),
                format!("{:?}", wanted.network.depth),
            );
            differ("width =", held.network.width.to_string(), wanted.network.width.to_string());
        }
        (EncoderSpec::Vit(held), EncoderSpec::Vit(wanted)) => {
            differ("width", held.width.to_string(), wanted.width.to_string());
            differ("depth =", held.depth.to_string(), wanted.depth.to_string());
            differ("patch =", held.patch.to_string(), wanted.patch.to_string());
            differ("channels:", held.channels.to_string(), wanted.channels.to_string());
        }
        (EncoderSpec::Nin(held), EncoderSpec::Nin(wanted)) => {
            differ("blocks =", held.blocks.to_string(), wanted.blocks.to_string());
            differ("width =", held.width.to_string(), wanted.width.to_string());
            differ("channels:", held.channels.to_string(), wanted.channels.to_string());
        }
        (EncoderSpec::Amdim(held), EncoderSpec::Amdim(wanted)) => {
            differ("size =", held.size.to_string(), wanted.size.to_string());
            differ("width =", held.width.to_string(), wanted.width.to_string());
            differ("rkhs =", held.rkhs.to_string(), wanted.rkhs.to_string());
            differ("depth =", held.depth.to_string(), wanted.depth.to_string());
            differ("channels:", held.channels.to_string(), wanted.channels.to_string());
        }
        _ => differ("a", kind(held).to_owned(), format!("a {}", kind(wanted))),
    }
    if changes.is_empty() { String::new() } else { format!("the file has {}. ", changes.join(", ")) }
}

fn kind(spec: EncoderSpec) -> &'static str {
    match spec {
        EncoderSpec::ResNet(_) => "ResNet",
        EncoderSpec::Split(_) => "pair of ResNets",
        EncoderSpec::Nin(_) => "network in network",
        EncoderSpec::Vit(_) => "vision transformer",
        EncoderSpec::Amdim(_) => "network of AMDIM",
        EncoderSpec::Patchwise(_) => "ResNet of patches",
    }
}
