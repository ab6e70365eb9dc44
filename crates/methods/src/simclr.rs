//! SimCLR (Chen et al. 2020, arXiv 2002.05709): two views of an image attract each other, all others repel.

use crate::{Method, Progress, StepOutput, ViewSpec};
use kontrast_augment_torch::Views;
use kontrast_losses::{nt_xent, nt_xent_chance};
use kontrast_models::{Encoder, Init, Mode, Projector, ProjectorSpec, ResNet, ResNetSpec, state, trained};
use kontrast_optim::Group;
use kontrast_torch_ext::{Autocast, Precision, StateDict, StateError};
use tch::{Device, nn};

/// Everything that decides a SimCLR.
#[derive(Clone, Debug)]
pub struct SimclrSpec {
    /// The encoder.
    pub encoder: ResNetSpec,
    /// The head between representation and loss (section 4.2).
    pub projector: ProjectorSpec,
    /// Temperature of NT-Xent (section 5.1).
    pub temperature: f64,
    /// Precision of the forward pass; the loss is fp32.
    pub precision: Precision,
    /// Seed of the initial weights.
    pub seed: u64,
}

/// Encoder, projector and NT-Xent.
pub struct Simclr {
    encoder_store: nn::VarStore,
    encoder: ResNet,
    projector_store: nn::VarStore,
    projector: Projector,
    spec: SimclrSpec,
    views: ViewSpec,
}

impl Simclr {
    /// A method with initial weights on `device`.
    pub fn new(spec: SimclrSpec, views: ViewSpec, device: Device) -> Self {
        assert_eq!(views.plans.len(), 2, "SimCLR compares two views");
        let (encoder_store, projector_store) = (nn::VarStore::new(device), nn::VarStore::new(device));
        let init = Init::new(spec.seed);
        let encoder = ResNet::new(&encoder_store, spec.encoder, init);
        let projector = Projector::new(&projector_store, encoder.width(), &spec.projector, init);
        Self { encoder_store, encoder, projector_store, projector, spec, views }
    }
}

impl Method for Simclr {
    fn name(&self) -> &'static str {
        "simclr"
    }

    fn views(&self) -> ViewSpec {
        self.views.clone()
    }

    fn step(&mut self, batch: &Views, _progress: Progress) -> StepOutput {
        // Algorithm 1: both views of the whole batch go through encoder and projector together.
        let z = {
            let _autocast = Autocast::new(self.encoder_store.device(), self.spec.precision);
            let h = self.encoder.forward(batch.all(), Mode::Train);
            self.projector.forward(&h, Mode::Train)
        };
        let by_view = batch.by_view(&z);
        let loss = nt_xent(&by_view.get(0), &by_view.get(1), self.spec.temperature);
        loss.backward();
        let chance = nt_xent_chance(batch.indices().len());
        StepOutput { loss: loss.detach(), chance: Some(chance), embeddings: by_view.detach() }
    }

    fn groups(&self) -> Vec<Group> {
        let named = |prefix: &str, store: &nn::VarStore| -> Vec<_> {
            trained(store).into_iter().map(|(name, v)| (format!("{prefix}.{name}"), v)).collect()
        };
        let mut variables = named("encoder", &self.encoder_store);
        variables.extend(named("projector", &self.projector_store));
        Group::weights_and_rest(variables).into()
    }

    fn state(&self) -> StateDict {
        let mut whole = StateDict::new();
        whole.extend_under("encoder", &state(&self.encoder_store));
        whole.extend_under("projector", &state(&self.projector_store));
        whole
    }

    fn load_state(&mut self, state: &StateDict) -> Result<(), StateError> {
        self.state().copy_from(state)
    }

    fn encoder(&self) -> &dyn Encoder {
        &self.encoder
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for SimCLR also check that method.simclr.temperature \
         is between 0.05 and 1 and that the views differ (strength, crop_scale)"
    }
}
