//! Jigsaw puzzles (Noroozi and Favaro 2016, arXiv 1603.09246): by which of some permutations were the tiles of an image
//! shuffled?
//!
//! The network is free of context: every tile goes through the encoder by itself, and only a head on all of them, side
//! by side in their shuffled places, sees more than one.

use crate::branch::Branch;
use crate::classifier::{Classifier, cross_entropy};
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective, Pretext};
use crate::setting::{Setting, head};
use crate::{CollapseCriterion, Outputs, Part, Predictions, Progress, draw};
use kontrast_augment_torch::Views;
use kontrast_models::Mode;
use kontrast_pretext::Grid;
use kontrast_pretext::permutations::{Choice, PermutationError, PermutationGroup, PermutationSet};
use kontrast_pretext::tiles::{Tiling, normalised, shuffled};
use kontrast_torch_ext::{StateDict, channels_last};
use tch::{Kind, Tensor};

/// Encoder of tiles, and the classifiers of their order.
pub(crate) struct Jigsaw {
    branch: Branch,
    classifier: Classifier,
    /// Which tile is shown at each place, where that is asked too, and the weight of that loss.
    positions: Option<(Classifier, f64)>,
    tiling: Tiling,
    set: PermutationSet,
    /// `[permutations, tiles]`, i64.
    orders: Tensor,
    normalise: bool,
    channels_last: bool,
    seed: u64,
}

/// The tiles of a batch, shuffled, and by which permutation.
struct Shuffled {
    /// `[n, tiles, c, tile, tile]`, shuffled, before each is normalised.
    tiles: Tensor,
    /// `[n]`, i64: which permutation.
    targets: Tensor,
}

impl Jigsaw {
    pub(crate) fn new(config: &kontrast_config::Jigsaw, setting: &Setting) -> Result<Self, PermutationError> {
        let set = permutation_set(config.grid, &config.permutations)?;
        let grid = set.grid();
        let flat: Vec<i64> = set.permutations().iter().flatten().map(|&tile| i64::from(tile)).collect();
        let (count, tiles) = (set.permutations().len() as i64, grid.tiles() as i64);
        let branch = Branch::new(setting, &head(&config.projector, 1), 1);
        let inputs = tiles * branch.width();
        let classifier = Classifier::new("classifier", setting, inputs, &head(&config.head, 1), count);
        let positions = (config.position_weight > 0.0).then(|| {
            let positions =
                Classifier::new("positions", setting, inputs, &head(&config.head, 1), tiles * tiles);
            (positions, config.position_weight)
        });
        Ok(Self {
            branch,
            classifier,
            positions,
            tiling: Tiling { grid, tile: config.tile as i64 },
            set,
            orders: Tensor::from_slice(&flat).view([count, tiles]).to_device(setting.device),
            normalise: config.normalise,
            channels_last: setting.encoder.channels_last(),
            seed: setting.seed,
        })
    }

    fn shuffled_tiles(&self, views: &Views, progress: Progress) -> Shuffled {
        let images = views.view(0);
        let (device, tiles) = (images.device(), self.tiling.grid.tiles());
        let slack = self.tiling.slack(images.size()[3]);
        let targets = self.targets(views.indices(), progress).to_device(device);
        let offsets =
            draw::offsets(views.indices(), self.seed, progress.epoch, (tiles, slack)).to_device(device);
        let cut = self.tiling.cut(&images, &offsets);
        Shuffled { tiles: shuffled(&cut, &self.orders.index_select(0, &targets)), targets }
    }

    /// The permutation of each image.
    fn targets(&self, indices: &[u32], progress: Progress) -> Tensor {
        let count = self.set.permutations().len() as i64;
        draw::answers(indices, self.seed, progress.epoch, |stream| draw::below(count, stream))
    }

    /// Representations `[n * tiles, width]`, and the embeddings of an image's tiles side by side, `[n, tiles * d]`.
    fn embedded(&self, tiles: &Tensor, rows: &[i64], progress: Progress, mode: Mode) -> (Tensor, Tensor) {
        let tiles = if self.normalise { normalised(tiles) } else { tiles.shallow_clone() };
        let n = tiles.size()[0];
        let each = tiles.flatten(0, 1);
        let each = if self.channels_last { channels_last(&each) } else { each };
        let pass = self.branch.rows(&each, &draw::parts(rows, tiles.size()[1]), progress, mode);
        (pass.h, pass.z.view([n, -1]))
    }
}

impl Objective for Jigsaw {
    fn name(&self) -> &'static str {
        "jigsaw"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let (h, z) =
            self.embedded(&self.shuffled_tiles(views, progress).tiles, &views.rows(), progress, mode);
        let outputs = Outputs::new(&h).with("permutations", self.classifier.logits(&z, mode).unsqueeze(0));
        match &self.positions {
            Some((positions, _)) => outputs.with("positions", positions.logits(&z, mode).unsqueeze(0)),
            None => outputs,
        }
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let logits = online["permutations"].get(0);
        let targets = self.targets(batch.indices, batch.progress).to_device(logits.device());
        let places = self.positions.as_ref().map(|(_, weight)| (online["positions"].get(0), *weight));
        let places = places.as_ref().map(|(places, weight)| (places, &self.orders, *weight));
        task_loss(&logits, &targets, places)
    }

    fn pretext(&self) -> Option<&dyn Pretext> {
        Some(self)
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        let mut whole = self.branch.state().and("classifier", &self.classifier.state());
        if let Some((positions, _)) = &self.positions {
            whole.extend_under("positions", &positions.state());
        }
        // What the classes mean: another set would make the weights worthless.
        whole.insert("permutations", self.orders.to_kind(Kind::Int64));
        whole
    }

    fn collapse_criterion(&self) -> CollapseCriterion {
        CollapseCriterion::Classes
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for jigsaw also begin with fewer permutations \
         (method.jigsaw.permutations.count) that lie far apart (agl19: 72 of nine tiles), and with tiles that show \
         something: preview draws the view that they are cut from"
    }
}

impl Pretext for Jigsaw {
    fn predict(&self, views: &Views, progress: Progress) -> Predictions {
        let Shuffled { tiles, targets } = self.shuffled_tiles(views, progress);
        let (_, z) = self.embedded(&tiles, &views.rows(), progress, Mode::Eval);
        let found = self.classifier.logits(&z, Mode::Eval).argmax(1, false);
        let grid = self.tiling.grid;
        // Up to ten tiles have one digit each.
        let between = if grid.tiles() > 10 { " " } else { "" };
        let order = |permutation: &Vec<u8>| {
            permutation.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
        };
        let classes = self.set.permutations().iter().map(order).collect();
        let pictures = self.tiling.joined(&tiles);
        Predictions { targets, found, pictures, tiles: (grid.rows(), grid.columns()), classes }
    }
}

/// How far answers are from the right permutations and, where that is asked too, from the right tile at each place.
///
/// # Shapes
/// - `logits`: `[n, permutations]`
/// - `targets`: `[n]`, i64
/// - `places`: `[n, tiles * tiles]`, the permutations `[permutations, tiles]`, and the weight of that loss
pub(crate) fn task_loss(
    logits: &Tensor,
    targets: &Tensor,
    places: Option<(&Tensor, &Tensor, f64)>,
) -> LossOutput {
    let (loss, right) = cross_entropy(logits, targets);
    let uniform = (logits.size()[1] as f64).ln();
    let embeddings = logits.unsqueeze(0);
    let Some((places, orders, weight)) = places else {
        return LossOutput::new(loss, Some(uniform), &embeddings).with_accuracy(right);
    };
    let tiles = orders.size()[1];
    let shown = orders.index_select(0, targets).view(-1);
    let (of_places, placed) = cross_entropy(&places.view([-1, tiles]), &shown);
    let uniform_of_places = (tiles as f64).ln();
    let whole = &loss + &of_places * weight;
    let whole = LossOutput::new(whole, Some(uniform + weight * uniform_of_places), &embeddings);
    let parts = vec![
        Part::new("permutations", loss, Some(uniform)).with_accuracy(right.shallow_clone()),
        Part::new("positions", of_places, Some(uniform_of_places)).with_accuracy(placed),
    ];
    LossOutput { parts, ..whole.with_accuracy(right) }
}

/// The permutations that an experiment file describes, the same at every call.
///
/// # Errors
/// Where there are not so many, or the method knows none of this grid.
///
/// # Panics
/// Where the grid has fewer than two rows or more than there are names for tiles, which a checked file has not.
pub fn permutation_set(
    grid: u8,
    of: &kontrast_config::Permutations,
) -> Result<PermutationSet, PermutationError> {
    let grid = Grid::square(grid).expect("a checked grid");
    PermutationSet::choose(grid, permutation_choice(of.method), Some(of.count), of.seed)
}

/// How the method of this name chooses.
pub fn permutation_choice(method: kontrast_config::PermutationMethod) -> Choice {
    use kontrast_config::PermutationMethod as From;
    match method {
        From::Greedy => Choice::Greedy,
        From::MaxMin => Choice::MaxMin,
        From::Middle => Choice::Middle,
        From::MinAvg => Choice::MinAverage,
        From::Random => Choice::Random,
        From::Cyclic => Choice::Group(PermutationGroup::Cyclic),
        From::Agl19 => Choice::Group(PermutationGroup::Agl19),
        From::Pgl28 => Choice::Group(PermutationGroup::Pgl28),
        From::Pgammal28 => Choice::Group(PermutationGroup::Pgammal28),
    }
}
