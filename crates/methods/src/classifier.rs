//! The classifier of a pretext task: a head whose last layer has an output a class.

use crate::Accuracy;
use crate::branch::under;
use crate::setting::{Setting, head};
use kontrast_models::{Head, HeadSpec, Init, Mode, state, trained};
use kontrast_torch_ext::{Autocast, Precision, StateDict};
use tch::{Kind, Reduction, Tensor, nn};

/// Layers of the experiment file, with an activation after each, and a linear one to the classes.
pub(crate) struct Classifier {
    name: &'static str,
    store: nn::VarStore,
    head: Head,
    precision: Precision,
}

impl Classifier {
    /// Its variables stand under `name` in a checkpoint.
    pub(crate) fn new(
        name: &'static str,
        setting: &Setting,
        inputs: i64,
        hidden: &kontrast_config::Head,
        classes: i64,
    ) -> Self {
        let mut spec: HeadSpec = head(hidden, 1);
        spec.widths.push(classes);
        // The last layer gives logits, which no norm follows.
        if spec.batch_norm != kontrast_models::HeadNorm::None {
            spec.batch_norm = kontrast_models::HeadNorm::Hidden;
        }
        let store = nn::VarStore::new(setting.device);
        let head = Head::new(&store, inputs, &spec, Init::new(setting.seed).part(name));
        Self { name, store, head, precision: setting.precision }
    }

    /// Logits in fp32.
    ///
    /// # Shapes
    /// - `z`: `[n, inputs]`
    /// - returns `[n, classes]`
    pub(crate) fn logits(&self, z: &Tensor, mode: Mode) -> Tensor {
        let _autocast = Autocast::new(self.store.device(), self.precision);
        self.head.forward(z, mode).to_kind(Kind::Float)
    }

    pub(crate) fn trained(&self) -> Vec<(String, Tensor)> {
        under(self.name, trained(&self.store))
    }

    pub(crate) fn state(&self) -> StateDict {
        state(&self.store)
    }
}

/// Cross-entropy, and the fraction of rows whose largest logit is the target's.
///
/// # Shapes
/// - `logits`: `[n, classes]`
/// - `targets`: `[n]`, i64
pub(crate) fn cross_entropy(logits: &Tensor, targets: &Tensor) -> (Tensor, Accuracy) {
    let loss = logits.cross_entropy_loss(targets, None::<&Tensor>, Reduction::Mean, -100, 0.0);
    let fraction =
        tch::no_grad(|| logits.argmax(-1, false).eq_tensor(targets).to_kind(Kind::Float).mean(None));
    (loss, Accuracy { fraction, chance: 1.0 / logits.size()[1] as f64 })
}
