//! A classifier: a head whose last layer has an output a class.

use crate::Accuracy;
use crate::setting::Setting;
use kontrast_models::{Head, HeadSpec, Init, Mode, state};
use kontrast_torch_ext::{Autocast, Precision, StateDict};
use tch::{Kind, Reduction, Tensor, nn};

/// Hidden layers with an activation after each, and a linear one to the classes.
pub struct Classifier {
    store: nn::VarStore,
    head: Head,
    precision: Precision,
}

impl Classifier {
    /// For inputs of width `inputs`. Its initial weights follow from the setting's seed and from `part`, the name under
    /// which its state is to stand in that of the method.
    pub fn new(part: &str, setting: &Setting, inputs: i64, hidden: &HeadSpec, classes: i64) -> Self {
        let mut spec = hidden.clone();
        spec.widths.push(classes);
        // The last layer gives logits, which no norm follows.
        if spec.batch_norm != kontrast_models::HeadNorm::None {
            spec.batch_norm = kontrast_models::HeadNorm::Hidden;
        }
        let store = nn::VarStore::new(setting.device);
        let head = Head::new(&store, inputs, &spec, Init::new(setting.seed).part(part));
        Self { store, head, precision: setting.precision }
    }

    /// Logits in fp32.
    ///
    /// # Shapes
    /// - `z`: `[n, inputs]`
    /// - returns `[n, classes]`
    pub fn logits(&self, z: &Tensor, mode: Mode) -> Tensor {
        let _autocast = Autocast::new(self.store.device(), self.precision);
        self.head.forward(z, mode).to_kind(Kind::Float)
    }

    /// Everything, running statistics too.
    pub fn state(&self) -> StateDict {
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
