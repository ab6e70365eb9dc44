//! A triplet method: an image's views are to be nearer to each other than to other images, by a margin (Schroff et al.
//! 2015, arXiv 1503.03832, as a loss on views in SimCLR, arXiv 2002.05709, table 2).

use crate::branch::Branch;
use crate::mining::mining;
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_config as config;
use kontrast_losses::{Mining, Similarity, triplet_margin};
use kontrast_models::Mode;
use kontrast_torch_ext::StateDict;

/// Encoder, projector and the triplet loss.
pub(crate) struct Triplet {
    branch: Branch,
    margin: f64,
    similarity: Similarity,
    mining: Mining,
}

impl Triplet {
    pub(crate) fn new(config: &config::Triplet, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        let similarity = match config.similarity {
            config::Similarity::Dot => Similarity::Dot,
            config::Similarity::Euclidean => Similarity::Euclidean,
        };
        Self { branch, margin: config.margin, similarity, mining: mining(config.mining) }
    }
}

impl Objective for Triplet {
    fn name(&self) -> &'static str {
        "triplet"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let pass = self.branch.joint(views, progress, mode);
        Outputs::new(&pass.h).with("z", views.by_view(&pass.z))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, _batch: BatchInfo<'_>) -> LossOutput {
        let z = &online["z"];
        // Each view is the anchor in turn.
        let term =
            |a: i64, b: i64| triplet_margin(&z.get(a), &z.get(b), self.margin, self.similarity, self.mining);
        LossOutput::new((term(0, 1) + term(1, 0)) / 2.0, None, z)
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        self.branch.state()
    }

    fn hint(&self) -> &'static str {
        "set method.triplet.mining = \"semi_hard\": the hardest negatives early in training pull all embeddings to one \
         point (section 3.2 of FaceNet); else lower optimizer lr and check that method.triplet.margin fits the \
         similarity (0.4 to 1 for dot products of unit vectors)"
    }
}
