//! A triplet method: an image's views are to be nearer to each other than to other images, by a margin (Schroff et al.
//! 2015, arXiv 1503.03832, as a loss on views in SimCLR, arXiv 2002.05709, table 2).

use crate::Progress;
use crate::branch::Branch;
use crate::objective::{Batch, LossOutput, Objective, Pass};
use crate::setting::{Setting, head};
use kontrast_augment_torch::Views;
use kontrast_config as config;
use kontrast_losses::{Mining, Similarity, triplet_margin};
use kontrast_models::Mode;
use tch::Tensor;

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
        let mining = match config.mining {
            config::Mining::None => Mining::None,
            config::Mining::SemiHard => Mining::SemiHard,
            config::Mining::BatchHard => Mining::BatchHard,
        };
        Self { branch, margin: config.margin, similarity, mining }
    }
}

impl Objective for Triplet {
    fn name(&self) -> &'static str {
        "triplet"
    }

    fn online(&self, views: &Views, _progress: Progress, mode: Mode) -> Pass {
        let pass = self.branch.joint(views, mode);
        Pass { h: pass.h, outputs: vec![views.by_view(&pass.z)] }
    }

    fn loss(&mut self, online: &[Tensor], _target: &[Tensor], _batch: Batch<'_>) -> LossOutput {
        let z = &online[0];
        // Each view is the anchor in turn.
        let term =
            |a: i64, b: i64| triplet_margin(&z.get(a), &z.get(b), self.margin, self.similarity, self.mining);
        LossOutput::new((term(0, 1) + term(1, 0)) / 2.0, None, z)
    }

    fn branch(&self) -> &Branch {
        &self.branch
    }

    fn hint(&self) -> &'static str {
        "set method.triplet.mining = \"semi_hard\": the hardest negatives early in training pull all embeddings to one \
         point (section 3.2 of FaceNet); else lower optimizer lr and check that method.triplet.margin fits the \
         similarity (0.4 to 1 for dot products of unit vectors)"
    }
}
