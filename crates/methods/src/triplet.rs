//! A triplet method: an image's views are to be nearer to each other than to other images, by a margin (Schroff et al.
//! 2015, arXiv 1503.03832, as a loss on views in SimCLR, arXiv 2002.05709, table 2).

use crate::branch::Branch;
use crate::mining::mining;
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{ImageGroups, Outputs, Progress};
use kontrast_augment_torch::Views;
use kontrast_config as config;
use kontrast_losses::{Mining, Similarity, triplet_margin, triplet_margin_ignoring};
use kontrast_models::Mode;
use kontrast_torch_ext::StateDict;

/// Encoder, projector and the triplet loss.
pub(crate) struct Triplet {
    branch: Branch,
    margin: f64,
    similarity: Similarity,
    mining: Mining,
    groups: Option<ImageGroups>,
}

impl Triplet {
    pub(crate) fn new(config: &config::Triplet, setting: &Setting) -> Self {
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        let similarity = match config.similarity {
            config::Similarity::Dot => Similarity::Dot,
            config::Similarity::Euclidean => Similarity::Euclidean,
        };
        let (margin, mining, groups) = (config.margin, mining(config.mining), setting.groups.clone());
        Self { branch, margin, similarity, mining, groups }
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

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let z = &online["z"];
        // Each view is the anchor in turn.
        let groups = self.groups.as_ref().map(|groups| groups.of(batch.indices, z.device()));
        let term = |a: i64, b: i64| {
            let (a, b, margin) = (z.get(a), z.get(b), self.margin);
            match &groups {
                Some(groups) => {
                    triplet_margin_ignoring((&a, &b), &groups.of, margin, self.similarity, self.mining)
                }
                None => triplet_margin(&a, &b, margin, self.similarity, self.mining),
            }
        };
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
