//! CPC v2 (Henaff et al. 2019, arXiv 1905.09272; van den Oord et al. 2018, arXiv 1807.03748): what lies behind a patch of an
//! image predicts the patches ahead of it, among those of the whole batch.

use crate::branch::Branch;
use crate::objective::{BatchInfo, Encoders, LossOutput, Objective};
use crate::setting::Setting;
use crate::{ImageGroups, Outputs, Part, Progress, draw};
use kontrast_augment_torch::Views;
use kontrast_losses::{cpc, cpc_ignoring, cpc_uniform, cpc_uniform_ignoring};
use kontrast_models::{
    ContextNetwork, ContextSpec, Direction, EncoderSpec, HeadSpec, Init, Like, Linear, Mode, PatchwiseSpec,
    state,
};
use kontrast_torch_ext::{Autocast, Precision, StateDict};
use tch::{Device, Kind, Tensor, nn};

/// The encoder of patches, what predicts, and what predictions are compared with.
pub(crate) struct Cpc {
    branch: Branch,
    patches: PatchwiseSpec,
    /// Strength, and the probability of one channel in the place of all.
    jitter: Option<(f64, f64)>,
    seed: u64,
    directions: Vec<Predictor>,
    distances: Vec<i64>,
    /// Makes targets of representations of patches.
    projection: Linear,
    projection_store: nn::VarStore,
    scale: f64,
    groups: Option<ImageGroups>,
    precision: Precision,
    device: Device,
}

/// The context network of a direction, and its weights for each distance.
struct Predictor {
    direction: Direction,
    context: ContextNetwork,
    context_store: nn::VarStore,
    weights: Vec<Linear>,
    weights_store: nn::VarStore,
}

impl Predictor {
    fn new(direction: Direction, config: &kontrast_config::Cpc, setting: &Setting, width: i64) -> Self {
        let init = |part: &str| Init::new(setting.seed).part(&format!("{}.{part}", direction.as_str()));
        let channels_last = setting.encoder.channels_last();
        let like = Like { init: init("context"), channels_last, bn_splits: 1 };
        let spec = ContextSpec {
            width,
            hidden: i64::from(config.context.width),
            blocks: i64::from(config.context.blocks),
        };
        let stores = [(); 2].map(|()| nn::VarStore::new(setting.device));
        let context = ContextNetwork::new(&stores[0], spec, like);
        let weights = config.distances.iter().map(|distance| {
            let path = stores[1].root() / distance;
            Linear::new(&path, width, i64::from(config.width), false, init("weights"))
        });
        let weights = weights.collect();
        let [context_store, weights_store] = stores;
        Self { direction, context, context_store, weights, weights_store }
    }
}

impl Cpc {
    /// # Panics
    /// Where the encoder is not one of patches: the experiment's check refuses that.
    pub(crate) fn new(config: &kontrast_config::Cpc, setting: &Setting) -> Self {
        let EncoderSpec::Patchwise(patches) = setting.encoder else {
            panic!("method.cpc has encoder patches")
        };
        let branch = Branch::new(setting, &HeadSpec::none(), 1);
        let width = branch.width();
        let taken = Direction::ALL.into_iter().take(config.directions as usize);
        let projection_store = nn::VarStore::new(setting.device);
        let init = Init::new(setting.seed).part("projection");
        // A bias would add the same to all candidates of a prediction.
        let projection = Linear::new(&projection_store.root(), width, i64::from(config.width), false, init);
        Self {
            branch,
            patches,
            jitter: config.jitter.as_ref().map(|jitter| (jitter.strength, jitter.one_channel)),
            seed: setting.seed,
            directions: taken.map(|direction| Predictor::new(direction, config, setting, width)).collect(),
            distances: config.distances.iter().map(|&distance| i64::from(distance)).collect(),
            projection,
            projection_store,
            scale: config.scale,
            groups: setting.groups.clone(),
            precision: setting.precision,
            device: setting.device,
        }
    }

    /// Of each direction and distance the name of its predictions, its direction and its distance.
    fn terms(&self) -> impl Iterator<Item = (String, Direction, i64)> + '_ {
        let of = |direction: Direction| {
            let named =
                move |&distance: &i64| (format!("{}_{distance}", direction.as_str()), direction, distance);
            self.distances.iter().map(named)
        };
        self.directions.iter().flat_map(move |predictor| of(predictor.direction))
    }

    /// The representations of patches, `[n, width, rows, columns]`. Each patch goes to the encoder as an image of its own.
    fn grid(&self, views: &Views, progress: Progress, mode: Mode) -> Tensor {
        let patches = self.patches.cut(&views.view(0));
        let size = patches.size();
        let (n, rows, columns) = (size[0], size[1], size[2]);
        let mut patches = patches.flatten(1, 2);
        if let Some(jitter) = self.jitter {
            let shape = (rows * columns, size[3]);
            let drawn = draw::jitter(views.indices(), self.seed, progress.epoch, shape, jitter);
            patches = jittered(&patches, &drawn);
        }
        let numbers = draw::parts(&views.rows(), rows * columns);
        let pass = self.branch.rows(&patches.flatten(0, 1), &numbers, progress, mode);
        pass.z.view([n, rows, columns, -1]).permute([0, 3, 1, 2])
    }

    /// Predictions of a direction, in the order of the distances, `[n, rows - distance, columns, d]` each. Rows and columns are
    /// those of the grid turned.
    fn predictions(&self, predictor: &Predictor, grid: &Tensor) -> Vec<Tensor> {
        let turned = predictor.direction.turned(grid, 2);
        let context = cells(&predictor.context.forward(&turned));
        let rows = context.size()[1];
        let predicted = |(&distance, weight): (&i64, &Linear)| {
            weight.forward(&context.narrow(1, 0, rows - distance)).to_kind(Kind::Float)
        };
        self.distances.iter().zip(&predictor.weights).map(predicted).collect()
    }
}

/// Patches with their colours changed, `[n, patches, c, h, w]`.
fn jittered(patches: &Tensor, drawn: &draw::Jitter) -> Tensor {
    let of = |drawn: &Tensor| drawn.to_device(patches.device()).unsqueeze(-1).unsqueeze(-1);
    let changed = patches * of(&drawn.factors) + of(&drawn.shifts);
    let kept = of(&drawn.kept).unsqueeze(2);
    let size = changed.size();
    let place = kept.clamp_min(0).expand([-1, -1, 1, size[3], size[4]], false);
    changed.gather(2, &place, false).where_self(&kept.ge(0), &changed)
}

/// `[n, width, rows, columns]` as `[n, rows, columns, width]`.
fn cells(grid: &Tensor) -> Tensor {
    grid.permute([0, 2, 3, 1])
}

impl Objective for Cpc {
    fn name(&self) -> &'static str {
        "cpc"
    }

    fn embed(&self, views: &Views, progress: Progress, mode: Mode) -> Outputs {
        let grid = self.grid(views, progress, mode);
        let h = grid.mean_dim([2i64, 3].as_slice(), false, None);
        let _autocast = Autocast::new(self.device, self.precision);
        let targets = self.projection.forward(&cells(&grid)).to_kind(Kind::Float);
        let predictions = self.directions.iter().flat_map(|predictor| self.predictions(predictor, &grid));
        let named = self.terms().zip(predictions.collect::<Vec<_>>());
        let outputs = Outputs::new(&h).with("targets", targets.unsqueeze(0));
        named.fold(outputs, |outputs, ((name, ..), prediction)| outputs.with(name, prediction.unsqueeze(0)))
    }

    fn loss(&mut self, online: &Outputs, _target: &Outputs, batch: BatchInfo<'_>) -> LossOutput {
        let targets = online["targets"].get(0);
        let groups = self.groups.as_ref().map(|groups| groups.of(batch.indices, targets.device()));
        let size = targets.size();
        let patches = (size[1] * size[2]) as usize;
        let uniform = match &groups {
            Some(groups) => cpc_uniform_ignoring(&groups.numbers, patches),
            None => cpc_uniform(batch.indices.len(), patches),
        };
        let term = |(name, direction, _): (String, Direction, i64)| {
            let (predictions, turned) = (online[&*name].get(0), direction.turned(&targets, 1));
            let loss = match &groups {
                Some(groups) => cpc_ignoring(&predictions, &turned, &groups.of, self.scale),
                None => cpc(&predictions, &turned, self.scale),
            };
            Part::new(&name, loss, Some(uniform))
        };
        let parts: Vec<_> = self.terms().map(term).collect();
        let losses: Vec<_> = parts.iter().map(|part| &part.loss).collect();
        let loss = Tensor::stack(&losses, 0).mean(None);
        // Of the patch in the middle. What all targets have in common is no part of the loss: all candidates have it.
        let middle = targets.select(1, size[1] / 2).select(1, size[2] / 2);
        let embeddings = (&middle - middle.mean_dim(0, true, None)).unsqueeze(0);
        let parts = if parts.len() > 1 { parts } else { Vec::new() };
        LossOutput { parts, ..LossOutput::new(loss, Some(uniform), &embeddings) }
    }

    fn encoders(&self) -> Encoders<'_> {
        Encoders::of_branch(&self.branch)
    }

    fn state(&self) -> StateDict {
        let state_of = self.branch.state().and("projection", &state(&self.projection_store));
        self.directions.iter().fold(state_of, |all, predictor| {
            let name = predictor.direction.as_str();
            all.and(&format!("{name}.context"), &state(&predictor.context_store))
                .and(&format!("{name}.weights"), &state(&predictor.weights_store))
        })
    }

    fn hint(&self) -> &'static str {
        "lower optimizer lr or lengthen schedule warmup_epochs; for CPC also check that method.cpc.distances begin where patches share \
         no pixels, that encoder norm is not batch, and that patches show something (encoder patches.side)"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{progress, setting};
    use crate::{Method, ViewSpec};
    use kontrast_config::CpcContext;
    use kontrast_models::{EncoderSpec, Norm, PatchwiseSpec, ResNetSpec};
    use kontrast_testkit::{Case, assert_close};

    const DISTANCES: [u32; 2] = [1, 2];

    fn config(directions: u32, scale: f64) -> kontrast_config::Cpc {
        let context = CpcContext { width: 10, blocks: 2 };
        kontrast_config::Cpc {
            directions,
            distances: DISTANCES.to_vec(),
            width: 6,
            scale,
            context,
            jitter: None,
        }
    }

    /// Of one view, cut into patches of 8 pixels every 4.
    fn patchwise() -> Setting {
        let setting = setting();
        let EncoderSpec::ResNet(network) = setting.encoder else { panic!("a ResNet") };
        let network = ResNetSpec { width: 4, norm: Norm::Group, ..network };
        let encoder = EncoderSpec::Patchwise(PatchwiseSpec { patch: 8, stride: 4, network });
        let views = ViewSpec { plans: setting.views.plans[..1].to_vec() };
        Setting { encoder, views, ..setting }
    }

    /// The rule by which `generate.py` fills a tensor.
    fn fill(place: usize, name: &str, shape: &[i64]) -> Tensor {
        let i = Tensor::arange(shape.iter().product::<i64>(), (Kind::Double, Device::Cpu)).reshape(shape);
        let wave = (&i * 0.7391 + place as f64 * 1.37 + (&i * 0.0113).sin()).sin();
        if shape.len() < 2 {
            return wave * 0.3 + if name.ends_with("bias") { 0.0 } else { 1.0 };
        }
        wave * (4.0 / shape[1..].iter().product::<i64>() as f64).sqrt()
    }

    #[test]
    fn the_whole_network_has_the_loss_and_gradient_of_the_plain_one() {
        let case = Case::from_bytes(include_bytes!("../tests/golden/cpc/case.safetensors"));
        let mut cpc = Cpc::new(&config(4, 0.3), &patchwise());
        let state = cpc.state();
        let filled = state.iter().enumerate().map(|(place, (name, variable))| {
            (name.to_owned(), fill(place, name, &variable.size()).to_kind(Kind::Float))
        });
        state.copy_from(&filled.collect()).unwrap();
        let views = Views::new(case["images"].shallow_clone(), vec![0, 1, 2]);
        let outputs = cpc.embed(&views, progress(0), Mode::Train);
        assert_close(outputs.h(), &case["h"], 1e-5);
        assert_eq!(outputs["targets"].size(), [1, 3, 4, 4, 6]);
        assert_eq!(outputs["right_2"].size(), [1, 3, 2, 4, 6]);
        let found = cpc.loss(&outputs, &Outputs::none(), BatchInfo::new(views.indices(), progress(0)));
        assert_close(&found.loss, &case["loss"], 1e-5);
        assert!((found.uniform.unwrap() - 48f64.ln()).abs() < 1e-12);
        assert_eq!(found.parts.len(), 8);
        for part in &found.parts {
            assert_close(&part.loss, &case[&*format!("loss.{}", part.name)], 1e-5);
        }
        found.loss.backward();
        let gradient = |name: &str| state.get(name).unwrap_or_else(|| panic!("no {name}")).grad();
        let norms = case.under("gradient");
        assert_eq!(norms.iter().count(), state.iter().count());
        let stacked = |norm: &dyn Fn(&str, &Tensor) -> Tensor| {
            let all: Vec<_> = norms.iter().map(|(name, expected)| norm(name, expected)).collect();
            Tensor::stack(&all, 0)
        };
        let found = stacked(&|name, _| gradient(name).norm().to_kind(Kind::Double));
        assert_close(&found, &stacked(&|_, expected| expected.to_kind(Kind::Double)), 1e-5);
        let whole = case.under("gradient_of");
        assert_eq!(whole.iter().count(), 4);
        for (name, expected) in whole.iter() {
            assert_close(&gradient(name), expected, 1e-5);
        }
    }

    #[test]
    fn a_prediction_knows_nothing_of_what_lies_ahead() {
        // Of 4 rows of patches every 4 pixels the last 8 pixels are seen by rows 2 and 3, and the first 8 by rows 0 and 1.
        let cpc = Cpc::new(&config(4, 0.1), &patchwise());
        let ramp = Tensor::arange(3 * 3 * 20 * 20, (Kind::Float, Device::Cpu));
        let images = (ramp.square() * 0.618).sin().view([3, 3, 20, 20]);
        let of = |images: &Tensor| {
            let views = Views::new(images.shallow_clone(), vec![0, 1, 2]);
            cpc.embed(&views, progress(0), Mode::Eval)
        };
        let before = of(&images);
        for (name, dimension, start) in
            [("down_1", 2, 12), ("up_1", 2, 0), ("right_1", 3, 12), ("left_1", 3, 0)]
        {
            let other = images.copy();
            let _ = other.narrow(dimension, start, 8).g_add_scalar_(1.0);
            let moved = (&of(&other)[name] - &before[name]).abs().amax([0i64, 1, 3, 4].as_slice(), false);
            let [first, second, third] = [0, 1, 2].map(|row| moved.double_value(&[row]));
            assert_eq!(first.max(second), 0.0, "{name}");
            assert!(third > 0.0, "{name}");
        }
    }

    #[test]
    fn each_patch_is_changed_by_itself_and_alike_in_every_chunk() {
        let drawn = |indices: &[u32], epoch| draw::jitter(indices, 1, epoch, (9, 3), (0.4, 0.5));
        let (whole, part) = (drawn(&[4, 7, 2], 3), drawn(&[7], 3));
        assert_eq!(part.factors.get(0), whole.factors.get(1));
        assert_eq!((part.shifts.get(0), part.kept.get(0)), (whole.shifts.get(1), whole.kept.get(1)));
        assert_ne!(drawn(&[7], 4).factors, part.factors);
        let far = |values: &Tensor, middle: f64| (values - middle).abs().max().double_value(&[]);
        let all = drawn(&(0..300).collect::<Vec<_>>(), 0);
        let within = 0.39..0.4001;
        assert!(within.contains(&far(&all.factors, 1.0)) && within.contains(&far(&all.shifts, 0.0)));
        // 2,700 patches: half of them have one channel, five standard deviations are 130.
        let kept = all.kept.ge(0).sum(Kind::Int64).int64_value(&[]);
        assert!((1350 - kept).abs() < 130, "{kept}");
        let patches = Tensor::arange(3 * 9 * 3 * 4, (Kind::Float, Device::Cpu)).sin().view([3, 9, 3, 2, 2]);
        let found = jittered(&patches, &whole);
        for (image, patch) in (0..3).flat_map(|image| (0..9).map(move |patch| (image, patch))) {
            let of = |values: &Tensor, channel| values.double_value(&[image, patch, channel]);
            for channel in 0..3 {
                let kept = whole.kept.int64_value(&[image, patch]);
                let from = if kept < 0 { channel } else { kept };
                let own = patches.get(image).get(patch).get(from);
                let expected = own * of(&whole.factors, from) + of(&whole.shifts, from);
                assert_close(&found.get(image).get(patch).get(channel), &expected, 1e-6);
            }
        }
    }

    #[test]
    fn one_two_and_four_directions_have_networks_of_their_own() {
        for (directions, names) in [(1, "down"), (2, "down up"), (4, "down up right left")] {
            let cpc = Cpc::new(&config(directions, 0.1), &patchwise());
            let terms: Vec<_> = cpc.terms().map(|(name, ..)| name).collect();
            let expected = names.split(' ').flat_map(|name| DISTANCES.map(|k| format!("{name}_{k}")));
            assert_eq!(terms, expected.collect::<Vec<_>>());
            let state = cpc.state();
            let of =
                |name: &str| state.get(&format!("{name}.context.blocks.0.conv1.weight")).map(Tensor::copy);
            assert_eq!(of("left").is_some(), directions == 4);
            assert!(directions == 1 || of("down") != of("up"), "they begin otherwise");
        }
    }

    #[test]
    fn chunks_have_the_loss_and_gradient_of_the_whole_batch() {
        let ramp = Tensor::arange(4 * 3 * 16 * 16, (Kind::Float, Device::Cpu));
        let views = Views::new((ramp.square() * 0.618).sin().view([4, 3, 16, 16]), vec![3, 1, 0, 2]);
        let step = |chunk: Option<i64>| {
            let setting = Setting { chunk, ..patchwise() };
            let mut method = Method::new(Box::new(Cpc::new(&config(2, 0.1), &setting)), &setting);
            let loss = method.step(&views, progress(0)).loss;
            (loss, method.state().get("encoder.conv1.weight").unwrap().grad())
        };
        let (whole, chunked) = (step(None), step(Some(2)));
        assert_close(&chunked.0, &whole.0, 1e-6);
        assert_close(&chunked.1, &whole.1, 1e-4);
    }
}
