//! What is scored: features of a named data set, and where they come from an encoder, that encoder with its images.

use crate::{
    EvalError, Extractor, FeatureBank, FitSplit, Milestone, Needs, Protocol, Report, Stop, TextSide,
    fingerprint, split,
};
use kontrast_data::{Labelled, groups_of};
use kontrast_methods::TextSpace;
use kontrast_models::{Encoder, Head};

/// An encoder with the labelled images that it is scored on.
#[derive(Clone, Copy)]
pub struct Network<'a> {
    /// Name of the data set.
    pub dataset: &'a str,
    /// The encoder, whose variables stay as they are.
    pub encoder: &'a dyn Encoder,
    /// What made embeddings of its representations in training, where that is known.
    pub projector: Option<&'a Head>,
    /// What embeds texts where the projector's embeddings lie, and what the training knew of texts.
    pub texts: Option<(&'a dyn TextSpace, TextSide<'a>)>,
    /// Labelled images that protocols may learn from.
    pub train: &'a dyn Labelled,
    /// Labelled images that the score is of.
    pub test: &'a dyn Labelled,
    /// How images become features.
    pub extractor: &'a Extractor,
}

impl Network<'_> {
    /// The classes of the training images.
    pub fn labels(&self) -> Vec<i64> {
        self.train.labels().into_iter().map(i64::from).collect()
    }

    /// A split of the training images, by which settings are chosen: groups of images stay whole.
    ///
    /// # Errors
    /// As [`split`](crate::split()).
    pub fn split(&self, fraction: f64, seed: u64) -> Result<FitSplit, EvalError> {
        split(&self.labels(), groups_of(self.train).as_deref(), fraction, seed)
    }

    /// What protocols can get of it.
    pub fn offers(&self) -> Needs {
        match (&self.texts, self.projector) {
            (Some(_), _) => Needs::Texts,
            (None, Some(_)) => Needs::Projector,
            (None, None) => Needs::Network,
        }
    }

    /// # Errors
    /// [`EvalError::Needs`] where the protocol needs more.
    pub(crate) fn require(&self, protocol: &dyn Protocol) -> Result<(), EvalError> {
        if protocol.needs() <= self.offers() {
            return Ok(());
        }
        Err(lacking(protocol, self.offers(), self.dataset))
    }
}

/// Features of both splits of a data set, with or without the network that made them.
pub struct Subject<'a> {
    dataset: String,
    train: FeatureBank,
    test: FeatureBank,
    /// With the encoder's hash before the first image went through it.
    network: Option<(Network<'a>, String)>,
    watch: &'a dyn Fn(Milestone<'_>),
}

impl<'a> Subject<'a> {
    /// Computes the features of both splits in evaluation mode.
    ///
    /// # Errors
    /// Where an image cannot be read, a feature is no number, the encoder's variables moved, or the caller asked to stop.
    pub fn new(network: Network<'a>, stop: &Stop) -> Result<Self, EvalError> {
        let Network { dataset, encoder, train, test, extractor, .. } = network;
        let before = fingerprint(encoder);
        let train = extractor.bank(encoder, train, stop)?;
        let test = extractor.bank(encoder, test, stop)?;
        let subject = Self { network: Some((network, before)), ..Self::of_features(dataset, train, test)? };
        subject.require_still("the computation of features")?;
        Ok(subject)
    }

    /// Features from elsewhere. Protocols that need more than features refuse it.
    ///
    /// # Errors
    /// Where both banks differ in the width of a row, in the number of classes or in the device that they lie on.
    pub fn of_features(
        dataset: impl Into<String>,
        train: FeatureBank,
        test: FeatureBank,
    ) -> Result<Self, EvalError> {
        let words = |bank: &FeatureBank| {
            let device = bank.features().device();
            format!("{} values a row and {} classes, on {device:?}", bank.width(), bank.classes())
        };
        if words(&train) != words(&test) {
            return Err(EvalError::Features {
                expected: format!("test features as the training features are, with {}", words(&train)),
                found: words(&test),
                hint: "compute both with the same encoder on the same device, and number the classes of both alike",
            });
        }
        Ok(Self { dataset: dataset.into(), train, test, network: None, watch: &|_| {} })
    }

    /// Tells `watch` how far protocols have come.
    #[must_use]
    pub fn watched_by(self, watch: &'a dyn Fn(Milestone<'_>)) -> Self {
        Self { watch, ..self }
    }

    /// Name of the data set.
    pub fn dataset(&self) -> &str {
        &self.dataset
    }

    /// Features that protocols may learn from.
    pub fn train(&self) -> &FeatureBank {
        &self.train
    }

    /// Features that the score is of.
    pub fn test(&self) -> &FeatureBank {
        &self.test
    }

    /// Classes of the data set.
    pub fn classes(&self) -> i64 {
        self.train.classes()
    }

    /// What protocols can get of it.
    pub fn offers(&self) -> Needs {
        self.network.as_ref().map_or(Needs::Features, |(network, _)| network.offers())
    }

    /// The encoder with its images, for a protocol that needs them.
    ///
    /// # Errors
    /// [`EvalError::Needs`] where there are features alone, or no projector that the protocol needs.
    pub fn network(&self, protocol: &dyn Protocol) -> Result<Network<'a>, EvalError> {
        match &self.network {
            Some((network, _)) => network.require(protocol).map(|()| *network),
            None => Err(lacking(protocol, self.offers(), &self.dataset)),
        }
    }

    /// For a protocol to say how far it has come.
    pub fn tell(&self, milestone: Milestone<'_>) {
        (self.watch)(milestone);
    }

    /// For a protocol to say that a score is there, which is given back.
    #[must_use]
    pub fn scored(&self, report: Report) -> Report {
        self.tell(Milestone::Scored(&report));
        report
    }

    /// # Errors
    /// [`EvalError::EncoderMoved`] where the encoder is not what it was before its features were computed.
    pub(crate) fn require_still(&self, protocol: &str) -> Result<(), EvalError> {
        let Some((network, before)) = &self.network else { return Ok(()) };
        let after = fingerprint(network.encoder);
        if after == *before {
            return Ok(());
        }
        Err(EvalError::EncoderMoved { protocol: protocol.to_owned(), before: before.clone(), after })
    }
}

fn lacking(protocol: &dyn Protocol, found: Needs, dataset: &str) -> EvalError {
    let (needs, dataset) = (protocol.needs(), dataset.to_owned());
    EvalError::Needs { protocol: protocol.name(), needs, found, dataset }
}
