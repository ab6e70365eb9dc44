//! MoCo v1, v2 and v2+ (He et al. 2019, arXiv 1911.05722; Chen et al. 2020, arXiv 2003.04297): a query attracts the key
//! that a momentum encoder makes of the other view, and a queue of earlier keys repels it.
//!
//! v1 has a head of one layer and v2 one of two; v2+ makes both views queries in turn.

use crate::branch::{Branch, Embedded, TargetUpdate};
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::{Setting, head};
use crate::{ImageGroups, Outputs, Progress, draw};
use kontrast_augment_torch::Views;
use kontrast_losses::{info_nce, info_nce_grouped, info_nce_uniform, info_nce_uniform_ignoring, unit};
use kontrast_models::{Init, Mode, Queue};
use kontrast_torch_ext::StateDict;
use tch::Tensor;

/// Query encoder, key encoder, queue and InfoNCE.
pub(crate) struct Moco {
    query: Branch,
    key: Branch,
    target_update: TargetUpdate,
    queue: Queue,
    /// Keys of the last batch, which the queue takes after the loss, with their groups where these are known.
    keys: Option<(Tensor, Vec<i64>)>,
    groups: Option<ImageGroups>,
    symmetric: bool,
    bn_splits: i64,
    temperature: f64,
    seed: u64,
}

impl Moco {
    pub(crate) fn new(config: &kontrast_config::Moco, setting: &Setting) -> Self {
        let bn_splits = i64::from(config.bn_splits);
        let projector = head(&config.projector, bn_splits);
        let query = Branch::new(setting, &projector, bn_splits);
        let key = Branch::of_momentum_encoder(setting, &projector, bn_splits);
        let target_update = TargetUpdate::new(&query.state(), &key.state(), &config.momentum);
        let queue = Queue::new(config.queue as i64, query.width(), Init::new(setting.seed), setting.device);
        let groups = setting.groups.clone();
        let queue = if groups.is_some() { queue.with_groups() } else { queue };
        let (symmetric, temperature, seed) = (config.symmetric, config.temperature, setting.seed);
        Self { query, key, target_update, queue, keys: None, groups, symmetric, bn_splits, temperature, seed }
    }

    /// Keys of shuffled images: else an image's query and key would share the statistics of one split, and
    /// these alone would tell which key it is (section 3.3).
    fn shuffled(&self, images: &Tensor, progress: Progress) -> Embedded {
        if self.bn_splits == 1 {
            return self.key.images(images, Mode::Train);
        }
        let order = draw::permutation(images.size()[0], self.seed, progress.step).to_device(images.device());
        let Embedded { h, z } = self.key.images(&images.index_select(0, &order), Mode::Train);
        Embedded { h, z: z.index_select(0, &order.argsort(0, false)) }
    }
}

impl Objective for Moco {
    fn name(&self) -> &'static str {
        "moco"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let queries = if self.symmetric { views.first(2) } else { views.first(1) };
        let pass = self.query.per_view(&queries, progress, mode);
        Outputs::new(&pass.h).with("z", queries.by_view(&pass.z))
    }

    fn embed_target(&self, views: &Views, progress: Progress) -> Option<Outputs> {
        // The key of the first query is the second view, and the other way round.
        let order = if self.symmetric { &[1, 0][..] } else { &[1] };
        let passes: Vec<_> = order.iter().map(|&which| self.shuffled(&views.view(which), progress)).collect();
        let z: Vec<_> = passes.iter().map(|pass| unit(&pass.z)).collect();
        let h: Vec<_> = passes.iter().map(|pass| &pass.h).collect();
        Some(Outputs::new(&Tensor::cat(&h, 0)).with("keys", Tensor::stack(&z, 0)))
    }

    fn loss(&mut self, online: &Outputs, target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let (queries, keys, negatives) = (&online["z"], &target["keys"], self.queue.rows());
        let groups = self.groups.as_ref().map(|groups| groups.of(batch.indices, queries.device()));
        let groups = groups.zip(self.queue.groups());
        let of_queue = groups.as_ref().map(|(_, of_queue)| of_queue.to_device(queries.device()));
        let term = |which: i64| {
            let (query, key) = (queries.get(which), keys.get(which));
            match groups.as_ref().zip(of_queue.as_ref()) {
                Some(((own, _), of_queue)) => {
                    let groups = (own.for_loss(), of_queue);
                    info_nce_grouped(&query, &key, &negatives, groups, self.temperature)
                }
                None => info_nce(&query, &key, &negatives, self.temperature),
            }
        };
        let sum = (0..queries.size()[0]).map(term).reduce(|a, b| a + b).expect("a query");
        let of_keys =
            groups.as_ref().map_or_else(Vec::new, |(own, _)| own.numbers.repeat(keys.size()[0] as usize));
        self.keys = Some((keys.flatten(0, 1), of_keys));
        // Summed over both views, as in the authors' published code of the symmetric loss.
        let uniform = match &groups {
            Some((own, of_queue)) if own.are_ignored() => {
                let of_queue: Vec<i64> = of_queue.try_into().expect("numbers of groups");
                info_nce_uniform_ignoring(&own.numbers, &of_queue)
            }
            _ => info_nce_uniform(negatives.size()[0] as usize),
        };
        let uniform = queries.size()[0] as f64 * uniform;
        LossOutput::new(sum, Some(uniform), &Tensor::stack(&[unit(&queries.get(0).detach()), keys.get(0)], 0))
    }

    fn after_step(&mut self, progress: Progress) {
        self.target_update.follow(progress);
        match self.keys.take() {
            Some((keys, groups)) if self.groups.is_some() => self.queue.push_grouped(&keys, &groups),
            Some((keys, _)) => self.queue.push(&keys),
            None => {}
        }
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.query)
    }

    fn state(&self) -> StateDict {
        self.query.state().and("target", &self.key.state()).and("queue", &self.queue.state())
    }

    fn hint(&self) -> &'static str {
        "raise method.moco.momentum: with 0 the key encoder is the query encoder and MoCo fails (section 4.1 of the paper); \
         else lower optimizer lr, and check that method.moco.queue holds many batches and method.moco.temperature is \
         between 0.05 and 0.5"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Method;
    use crate::example::{N, progress, setting, views};
    use kontrast_config::{Head, HeadNorm, Momentum};
    use kontrast_testkit::assert_close;

    fn config(bn_splits: u32) -> kontrast_config::Moco {
        kontrast_config::Moco {
            temperature: 0.2,
            momentum: Momentum { base: 0.5, last: 0.5 },
            queue: 3 * N as usize,
            symmetric: false,
            bn_splits,
            projector: Head { widths: vec![8, 4], batch_norm: HeadNorm::None },
        }
    }

    #[test]
    fn after_wrapping_around_the_queue_holds_the_keys_of_the_last_batches() {
        let mut method = Method::new(Box::new(Moco::new(&config(1), &setting())), &setting());
        let mut keys = Vec::new();
        for step in 0..4 {
            let before = method.state().get("queue.rows").unwrap().copy();
            let output = method.step(&views(2), progress(step));
            assert_eq!(method.state().get("queue.rows").unwrap(), &before, "the queue moves after the step");
            keys.push(output.embeddings.get(1));
            method.after_step(progress(step));
        }
        // Three batches fit: the fourth took the place of the first.
        let expected = Tensor::cat(&[&keys[3], &keys[1], &keys[2]], 0);
        assert_close(method.state().get("queue.rows").unwrap(), &expected, 1e-6);
    }

    #[test]
    fn shuffled_keys_come_back_in_the_order_of_their_queries() {
        let moco = Moco::new(&config(4), &setting());
        let images = views(2).view(1);
        let keys = moco.shuffled(&images, progress(0)).z;
        let order: Vec<i64> = draw::permutation(N, setting().seed, 0).try_into().unwrap();
        let shuffled = images.index_select(0, &Tensor::from_slice(&order));
        let passed = moco.key.images(&shuffled, Mode::Replay).z;
        for (position, &image) in order.iter().enumerate() {
            assert_eq!(keys.get(image), passed.get(position as i64), "the key of image {image}");
        }
        // Another step shuffles otherwise, so that other images share a split's statistics.
        let others = moco.shuffled(&images, progress(1)).z;
        assert!(kontrast_testkit::relative_error(&others, &keys) > 1e-4);
    }
}
