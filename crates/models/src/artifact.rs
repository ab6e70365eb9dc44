//! A safetensors file whose header names the architectures of its encoders, the preprocessing and the source. Checkpoints
//! are such files; those written before this header existed are refused.

use crate::header::header;
use crate::torchvision::from_torchvision;
use crate::weights::{self, Found, Unread, spec_of};
use crate::{ArtifactError, Encoder, Header, Init, TextModel, Tower};
use kontrast_torch_ext::{StateDict, metadata};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tch::{Device, nn};

/// A file of encoders.
#[derive(Debug)]
pub struct Artifact {
    path: PathBuf,
    header: Header,
    state: StateDict,
    /// The encoders of a file of another program.
    found: Vec<Found>,
}

impl Artifact {
    /// Reads a checkpoint, or a state dictionary of another program: a safetensors file, or one of `torch.save`.
    ///
    /// # Errors
    /// Where the file cannot be read, holds no encoder that is known here, or was written by a newer version.
    pub fn open(path: &Path) -> Result<Self, ArtifactError> {
        let bytes =
            std::fs::read(path).map_err(|source| ArtifactError::Io { path: path.to_owned(), source })?;
        Self::of_bytes(path, &bytes)
    }

    /// As [`Artifact::open`], of a file that was read.
    ///
    /// # Errors
    /// As there.
    pub fn of_bytes(path: &Path, bytes: &[u8]) -> Result<Self, ArtifactError> {
        let state = tensors(path, bytes)?;
        if let Some(text) = metadata(bytes).ok().and_then(|mut all| all.remove(Header::KEY)) {
            let (header, found) = (header(path, &text)?, Vec::new());
            return Ok(Self { header, path: path.to_owned(), state, found });
        }
        let found = weights::encoders(state.iter().map(|(name, _)| name));
        let tower = |encoder: &Found| {
            let spec = spec_of(encoder, &encoder.state(&state, &found))?;
            let prefix = encoder.prefix.clone();
            let name = if prefix.is_empty() { "encoder".to_owned() } else { prefix.clone() };
            Some(Tower { name, prefix, encoder: spec })
        };
        let towers: Vec<Tower> = found.iter().filter_map(tower).collect();
        let first = towers.first().and_then(|tower| found.iter().find(|found| found.prefix == tower.prefix));
        let Some(method) = first.map(|found| found.style().to_owned()) else {
            return Err(ArtifactError::NoHeader { path: path.to_owned(), tensors: state.len() });
        };
        let header = Header::of_program(method, towers);
        Ok(Self { path: path.to_owned(), header, state, found })
    }

    /// What the file says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// All tensors of the file.
    pub fn state(&self) -> &StateDict {
        &self.state
    }

    /// One of its encoders, with its weights.
    ///
    /// # Errors
    /// Where there is none of this name, or its tensors are not those of its architecture.
    pub fn encoder(&self, tower: &str, device: Device) -> Result<Box<dyn Encoder>, ArtifactError> {
        let spec = self.tower(tower)?.encoder;
        let unfit = |found| ArtifactError::Header { path: self.path.clone(), found };
        spec.check().map_err(unfit)?;
        let own = self.tensors_of(tower)?;
        weights::require_numbers(spec, &own).map_err(|why| self.unfit(tower, why))?;
        let encoder = spec.build(&nn::VarStore::new(device), Init::new(0));
        let of_state = |source| ArtifactError::State { path: self.path.clone(), source };
        encoder.variables().copy_from(&own).map_err(of_state)?;
        Ok(encoder)
    }

    /// Its text encoder, with its weights; none where there is none.
    ///
    /// # Errors
    /// Where its tensors are not those of its architecture.
    pub fn texts(&self, device: Device) -> Result<Option<TextModel>, ArtifactError> {
        let of_state = |source| ArtifactError::State { path: self.path.clone(), source };
        let tower = self.header.texts.as_ref();
        tower.map(|tower| TextModel::new(tower, &self.state, device).map_err(of_state)).transpose()
    }

    /// Why an encoder of the file is not taken.
    pub(crate) fn unfit(&self, tower: &str, why: String) -> ArtifactError {
        ArtifactError::Unfit { path: self.path.clone(), tower: tower.to_owned(), why }
    }

    /// What is known of an encoder.
    fn tower(&self, name: &str) -> Result<&Tower, ArtifactError> {
        self.header.towers.iter().find(|own| own.name == name).ok_or_else(|| ArtifactError::Tower {
            path: self.path.clone(),
            name: name.to_owned(),
            known: self.known(|_| true).join(", "),
        })
    }

    /// The names of some of its encoders.
    fn known(&self, kind: impl Fn(&Tower) -> bool) -> Vec<&str> {
        self.header.towers.iter().filter(|tower| kind(tower)).map(|tower| &*tower.name).collect()
    }

    /// The encoder of this name, else the only one that is trained.
    pub(crate) fn chosen(&self, tower: Option<&str>) -> Result<String, ArtifactError> {
        if let Some(name) = tower {
            return Ok(self.tower(name)?.name.clone());
        }
        let is_trained = |tower: &Tower| self.found(&tower.name).is_some_and(|found| !found.is_copy());
        let trained = self.known(is_trained);
        if trained.len() > 1 {
            return Err(ArtifactError::Several { path: self.path.clone(), known: trained.join(", ") });
        }
        let first = trained.first().copied().or_else(|| self.known(|_| true).first().copied());
        first
            .map(str::to_owned)
            .ok_or_else(|| ArtifactError::NoHeader { path: self.path.clone(), tensors: self.state.len() })
    }

    /// An encoder of another program's file; none in a file of ours.
    pub(crate) fn found(&self, tower: &str) -> Option<&Found> {
        let prefix = &self.tower(tower).ok()?.prefix;
        self.found.iter().find(|found| found.prefix == *prefix)
    }

    /// Who writes such files, and where the encoder stands in this one.
    pub(crate) fn style(&self, tower: &str) -> String {
        let style = self.found(tower).map_or("Kontrast", Found::style);
        match self.tower(tower) {
            Ok(Tower { prefix, .. }) if !prefix.is_empty() => format!("{style} ({prefix})"),
            _ => style.to_owned(),
        }
    }

    /// The tensors of an encoder under our names, in single precision.
    pub(crate) fn tensors_of(&self, tower: &str) -> Result<StateDict, ArtifactError> {
        let prefix = &self.tower(tower)?.prefix;
        if let Some(found) = self.found(tower) {
            return Ok(found.state(&self.state, &self.found));
        }
        let own = if prefix.is_empty() { from_torchvision(&self.state) } else { self.state.under(prefix) };
        Ok(own.iter().map(|(name, tensor)| (name.to_owned(), weights::single(tensor))).collect())
    }

    /// The names in the file of what an encoder takes.
    pub(crate) fn names_of(&self, tower: &str) -> BTreeSet<String> {
        let all = || self.state.iter().map(|(name, _)| name);
        match (self.found(tower), self.tower(tower)) {
            (Some(found), _) => found.names(all(), &self.found).own.into_values().collect(),
            (None, Ok(own)) if own.prefix.is_empty() => {
                from_torchvision(&self.state).iter().map(|(name, _)| name.to_owned()).collect()
            }
            (None, Ok(own)) => {
                let prefix = format!("{}.", own.prefix);
                all().filter(|name| name.starts_with(&prefix)).map(str::to_owned).collect()
            }
            (None, Err(_)) => BTreeSet::new(),
        }
    }
}

/// The tensors of a file, by name: a safetensors file, or one of `torch.save`.
///
/// # Errors
/// Where the file cannot be read.
pub fn read_tensors(path: &Path) -> Result<StateDict, ArtifactError> {
    let bytes = std::fs::read(path).map_err(|source| ArtifactError::Io { path: path.to_owned(), source })?;
    tensors(path, &bytes)
}

fn tensors(path: &Path, bytes: &[u8]) -> Result<StateDict, ArtifactError> {
    weights::tensors(path, bytes).map_err(|error| match error {
        Unread::Torch(source) => ArtifactError::Torch { path: path.to_owned(), source },
        Unread::State(source) => ArtifactError::State { path: path.to_owned(), source },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AmdimSpec, Depth, EncoderSpec, Mode, NinSpec, Norm, Preprocessing, ResNetSpec, Stem, VitSpec,
        to_torchvision,
    };
    use std::collections::HashMap;
    use tch::{Kind, Tensor};

    fn specs() -> [EncoderSpec; 4] {
        let (depth, stem, norm, bn_splits) = (Depth::ResNet18, Stem::Cifar, Norm::Batch, 1);
        let resnet = ResNetSpec { depth, stem, width: 4, channels: 3, channels_last: true, bn_splits, norm };
        let nin = NinSpec { blocks: 3, width: 12, channels: 3, channels_last: false, bn_splits: 1 };
        let (size, width, rkhs, depth, channels, channels_last, bn_splits) = (32, 2, 20, 2, 3, true, 1);
        let amdim = AmdimSpec { size, width, rkhs, depth, channels, channels_last, bn_splits };
        let vit = VitSpec { width: 12, depth: 2, heads: 2, ..VitSpec::tiny(4, 8) };
        [EncoderSpec::ResNet(resnet), EncoderSpec::Nin(nin), EncoderSpec::Vit(vit), EncoderSpec::Amdim(amdim)]
    }

    fn written(folder: &Path, state: &StateDict, text: Option<String>) -> PathBuf {
        let metadata = text.map(|text| HashMap::from([(Header::KEY.to_owned(), text)]));
        let file = folder.join("file.safetensors");
        std::fs::write(&file, state.to_bytes(metadata).unwrap()).unwrap();
        file
    }

    fn header_of(encoder: &dyn Encoder) -> Header {
        let (mean, std, color_space) = (vec![0.5; 3], vec![0.25; 3], "rgb".to_owned());
        let preprocessing = Preprocessing { size: (8, 8), mean, std, color_space };
        Header::new("method", [("encoder", encoder)], ("simclr", "5a22"), preprocessing)
    }

    fn images(side: i64) -> Tensor {
        Tensor::arange(2 * 3 * side * side, (Kind::Float, Device::Cpu)).sin().view([2, 3, side, side])
    }

    #[test]
    fn every_encoder_comes_back_from_a_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        for spec in specs() {
            let encoder = spec.build(&nn::VarStore::new(Device::Cpu), Init::new(3));
            let state = StateDict::new().and("method.encoder", &encoder.variables());
            let file = written(folder.path(), &state, Some(header_of(&*encoder).to_text()));
            let artifact = Artifact::open(&file).unwrap();
            assert_eq!(artifact.header(), &header_of(&*encoder));
            let read = artifact.encoder("encoder", Device::Cpu).unwrap();
            let side = if matches!(spec, EncoderSpec::Amdim(_)) { 32 } else { 8 };
            let of =
                |encoder: &dyn Encoder| tch::no_grad(|| encoder.forward(&images(side), Mode::Eval.into()));
            assert_eq!(of(&*read), of(&*encoder), "{spec:?}");
            let missing = artifact.encoder("text", Device::Cpu).map(|_| ()).unwrap_err().to_string();
            assert!(missing.contains("one of its encoders, encoder, found no text"), "{missing}");
        }
    }

    #[test]
    fn weights_of_torchvision_are_known_by_their_names_and_shapes() {
        let folder = tempfile::tempdir().unwrap();
        let encoder = specs()[0].build(&nn::VarStore::new(Device::Cpu), Init::new(3));
        let mut theirs = encoder.variables();
        theirs.insert("bn1.num_batches_tracked", Tensor::from(7_i64));
        theirs.insert("fc.weight", Tensor::from(0.0_f32));
        let artifact = Artifact::open(&written(folder.path(), &theirs, None)).unwrap();
        assert_eq!(artifact.header().towers[0].encoder, specs()[0]);
        let read = artifact.encoder("encoder", Device::Cpu).unwrap();
        assert_eq!(read.variables().get("conv1.weight"), encoder.variables().get("conv1.weight"));
    }

    #[test]
    fn an_encoder_that_stands_alone_may_be_stored_in_half_precision_and_have_counters() {
        let folder = tempfile::tempdir().unwrap();
        let encoder = specs()[0].build(&nn::VarStore::new(Device::Cpu), Init::new(3));
        let half = encoder.variables();
        let half: StateDict =
            half.iter().map(|(name, tensor)| (name.to_owned(), tensor.to_kind(Kind::Half))).collect();
        let preprocessing = header_of(&*encoder).preprocessing.unwrap();
        let header = Header::of_encoder(specs()[0], ("simclr", "5a22"), preprocessing);
        let file = written(folder.path(), &to_torchvision(&half), Some(header.to_text()));
        let artifact = Artifact::open(&file).unwrap();
        assert_eq!(artifact.header(), &header);
        let read = artifact.encoder("encoder", Device::Cpu).unwrap().variables();
        assert_eq!(read.get("conv1.weight"), Some(&half.get("conv1.weight").unwrap().to_kind(Kind::Float)));
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let encoder = specs()[0].build(&nn::VarStore::new(Device::Cpu), Init::new(3));
        let (state, text) = (encoder.variables(), header_of(&*encoder).to_text());
        let said = |state: &StateDict, text: Option<String>| {
            Artifact::open(&written(folder.path(), state, text)).unwrap_err().to_string()
        };
        let some: StateDict = [("weight".to_owned(), Tensor::from(1f32))].into_iter().collect();
        assert!(said(&some, None).contains("found 1 tensors of something else"), "{}", said(&some, None));
        let newer = text.replacen("\"version\":1", "\"version\":2", 1);
        assert!(
            said(&state, Some(newer)).contains("is of version 2: expected at most 1; use a newer Kontrast")
        );
        let other = text.replacen("ResNet\"", "Mamba\"", 1);
        assert!(
            said(&state, Some(other.clone())).contains("unknown variant `Mamba`"),
            "{}",
            said(&state, Some(other))
        );
        let EncoderSpec::Vit(vit) = specs()[2] else { panic!("a transformer") };
        for (unfit, why) in [
            (VitSpec { heads: 5, ..vit }, "heads of the width, 5 does not divide 12"),
            (VitSpec { patch: 0, ..vit }, "patch = 0"),
            (VitSpec { width: 1 << 40, ..vit }, "width = 1099511627776"),
        ] {
            let mut header = header_of(&*encoder);
            header.towers[0].encoder = EncoderSpec::Vit(unfit);
            let file = written(folder.path(), &state, Some(header.to_text()));
            let said =
                Artifact::open(&file).unwrap().encoder("encoder", Device::Cpu).map(|_| ()).unwrap_err();
            assert!(said.to_string().contains(why), "{said}");
        }
        assert!(said(&state, Some("{}".to_owned())).contains("found no version"));
        let gone = Artifact::open(&folder.path().join("gone")).unwrap_err().to_string();
        assert!(gone.contains("gone: No such file"), "{gone}");
        std::fs::write(folder.path().join("text"), "no tensors").unwrap();
        let text = Artifact::open(&folder.path().join("text")).unwrap_err().to_string();
        assert!(text.contains("not a safetensors file"), "{text}");
    }
}
