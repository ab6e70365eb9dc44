//! How methods put their losses together, on outputs made by hand: factors, sums and means that a loss by itself does not
//! show.

use crate::amdim::Amdim;
use crate::barlow_twins::BarlowTwins;
use crate::byol::Byol;
use crate::cmc::Cmc;
use crate::example::{no_head, outputs, progress, setting};
use crate::mocov3::Mocov3;
use crate::nt_logistic::NtLogistic;
use crate::objective::{BatchInfo, Objective};
use crate::simclr::Simclr;
use crate::simsiam::Simsiam;
use crate::triplet::Triplet;
use crate::{Setting, draw};
use kontrast_config::{AnyMethod, CmcBank, Experiment, HeadNorm};
use kontrast_losses as losses;
use kontrast_models::{AmdimSpec, EncoderSpec, SplitSpec};
use kontrast_testkit::assert_close;
use std::path::Path;
use tch::{Device, Kind, Tensor};

const IMAGES: i64 = 6;

fn method(name: &str) -> AnyMethod {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../configs/smoke/{name}.toml"));
    Experiment::load(&file, &[]).unwrap().experiment.method
}

/// `[views, n, d]`, no two rows alike.
fn rows(views: i64, key: f64) -> Tensor {
    let ramp = Tensor::arange(views * IMAGES * 5, (Kind::Float, Device::Cpu));
    ((ramp.square() + key) * 0.618_034).sin().view([views, IMAGES, 5])
}

fn loss(objective: &mut impl Objective, online: &[(&str, &Tensor)], target: &[(&str, &Tensor)]) -> Tensor {
    let indices: Vec<u32> = (0..IMAGES as u32).collect();
    objective.loss(&outputs(online), &outputs(target), BatchInfo::new(&indices, progress(0))).loss
}

fn number(value: f64) -> Tensor {
    Tensor::from(value as f32)
}

#[test]
fn byol_is_the_sum_over_both_directions_of_two_less_twice_the_cosine() {
    let AnyMethod::Byol(own) = method("byol") else { panic!("another method") };
    let mut byol = Byol::new(&own, &setting());
    let z = rows(2, 0.0);
    let swapped = z.flip([0]);
    let mut of = |p: &Tensor| loss(&mut byol, &[("z", &z), ("prediction", p)], &[("z", &z)]);
    // A prediction of one view is of the other's target.
    assert!(of(&swapped).double_value(&[]).abs() < 1e-5, "what is predicted exactly costs nothing");
    assert_close(&of(&(-swapped)), &number(8.0), 1e-5);
}

#[test]
fn simsiam_is_the_mean_of_both_directions_negative_cosines() {
    let AnyMethod::Simsiam(own) = method("simsiam") else { panic!("another method") };
    let mut simsiam = Simsiam::new(&own, &setting());
    let z = rows(2, 0.0);
    assert_close(&loss(&mut simsiam, &[("z", &z), ("prediction", &z.flip([0]))], &[]), &number(-1.0), 1e-5);
}

#[test]
fn moco_v3_is_the_sum_of_both_directions_times_twice_the_temperature() {
    let AnyMethod::Mocov3(own) = method("mocov3") else { panic!("another method") };
    let (p, keys, t) = (rows(2, 0.0), rows(2, 0.3), own.temperature);
    let mut mocov3 = Mocov3::new(&own, &setting());
    let term = |a: i64, b: i64| losses::info_nce_batch(&p.get(a), &keys.get(b), t);
    let expected = (term(0, 1) + term(1, 0)) * (2.0 * t);
    assert_close(&loss(&mut mocov3, &[("prediction", &p)], &[("z", &keys)]), &expected, 1e-6);
}

#[test]
fn a_triplet_loss_is_the_mean_over_both_views_as_anchors() {
    let AnyMethod::Triplet(own) = method("triplet") else { panic!("another method") };
    let z = rows(2, 0.0);
    let mut triplet = Triplet::new(&own, &setting());
    let (similarity, mining) = (losses::Similarity::Dot, losses::Mining::SemiHard);
    let term = |a: i64, b: i64| losses::triplet_margin(&z.get(a), &z.get(b), own.margin, similarity, mining);
    assert_close(&loss(&mut triplet, &[("z", &z)], &[]), &((term(0, 1) + term(1, 0)) / 2.0), 1e-6);
}

#[test]
fn simclr_without_unit_length_is_the_cross_entropy_of_plain_products() {
    let AnyMethod::Simclr(mut own) = method("simclr") else { panic!("another method") };
    let z = rows(2, 0.0) * 3.0;
    own.temperature = 10.0;
    let mut of = |unit_length| {
        own.unit_length = unit_length;
        loss(&mut Simclr::new(&own, &setting()), &[("z", &z)], &[])
    };
    let all = z.view([2 * IMAGES, 5]);
    let mut logits = all.mm(&all.tr()) / 10.0;
    let _ = logits.fill_diagonal_(f64::NEG_INFINITY, false);
    let positives = Tensor::arange(2 * IMAGES, (Kind::Int64, Device::Cpu)).roll([IMAGES], [0]);
    assert_close(&of(Some(false)), &logits.cross_entropy_for_logits(&positives), 1e-5);
    assert_eq!(of(None), of(Some(true)));
    assert!((of(None) - of(Some(false))).abs().double_value(&[]) > 1e-3);
}

#[test]
fn simclr_with_a_predictor_compares_its_outputs_with_all_other_embeddings() {
    let AnyMethod::Simclr(mut own) = method("simclr") else { panic!("another method") };
    let (z, p) = (rows(2, 0.0), rows(2, 0.4));
    own.predictor = Some(no_head());
    own.temperature = 0.2;
    let found = loss(&mut Simclr::new(&own, &setting()), &[("z", &z), ("prediction", &p)], &[]);
    let [anchors, candidates] = [&p, &z].map(|x| losses::unit(&x.view([2 * IMAGES, 5])));
    let mut logits = anchors.mm(&candidates.tr()) / 0.2;
    let _ = logits.fill_diagonal_(f64::NEG_INFINITY, false);
    let positives = Tensor::arange(2 * IMAGES, (Kind::Int64, Device::Cpu)).roll([IMAGES], [0]);
    assert_close(&found, &logits.cross_entropy_for_logits(&positives), 1e-5);
}

/// A setting whose encoder has two halves.
fn split_setting() -> Setting {
    let EncoderSpec::ResNet(network) = setting().encoder else { panic!("a ResNet") };
    Setting { encoder: EncoderSpec::Split(SplitSpec { first: 1, network }), ..setting() }
}

#[test]
fn cmc_in_a_batch_is_the_sum_of_both_directions() {
    let AnyMethod::Cmc(own) = method("cmc") else { panic!("another method") };
    let (z, t) = (rows(2, 0.0), own.temperature);
    let mut cmc = Cmc::new(&own, &split_setting());
    let term = |a: i64, b: i64| losses::info_nce_batch(&z.get(a), &z.get(b), t);
    assert_close(&loss(&mut cmc, &[("z", &z)], &[]), &(term(0, 1) + term(1, 0)), 1e-6);
}

#[test]
fn cmc_with_banks_tells_each_half_from_noise_of_the_other_bank() {
    let AnyMethod::Cmc(mut own) = method("cmc") else { panic!("another method") };
    own.projector = kontrast_config::Head { widths: vec![5], batch_norm: HeadNorm::None };
    own.bank = Some(CmcBank { negatives: 7, momentum: 0.0, normaliser_momentum: 1.0 });
    let mut cmc = Cmc::new(&own, &split_setting());
    let z = rows(2, 0.0);
    let z = &z / z.norm_scalaropt_dim(2, [-1i64], true);
    let bank = |cmc: &Cmc, name: &str| cmc.state().get(&format!("banks.{name}.bank.rows")).unwrap().copy();
    let (of_first, of_rest) = (bank(&cmc, "first"), bank(&cmc, "rest"));
    assert_ne!(of_first, of_rest);
    let found = loss(&mut cmc, &[("z", &z)], &[]);
    let slots = Tensor::arange(IMAGES, (Kind::Int64, Device::Cpu));
    let noise = draw::noise([IMAGES, 7], setting().images, setting().seed, 0);
    let term = |z: &Tensor, bank: &Tensor| {
        let normaliser = losses::nce_normaliser(z, bank, &noise, own.temperature).double_value(&[]);
        losses::nce(z, bank, &slots, &noise, own.temperature, normaliser)
    };
    assert_close(&found, &(term(&z.get(0), &of_rest) + term(&z.get(1), &of_first)), 1e-5);
    // Each half's own bank takes what it made.
    cmc.after_step(progress(0));
    assert_close(&bank(&cmc, "first").narrow(0, 0, IMAGES), &z.get(0), 1e-6);
    assert_close(&bank(&cmc, "rest").narrow(0, 0, IMAGES), &z.get(1), 1e-6);
    assert_eq!(bank(&cmc, "rest").narrow(0, IMAGES, 3), of_rest.narrow(0, IMAGES, 3));
}

/// A setting of AMDIM's encoder.
fn amdim_setting() -> Setting {
    let spec =
        AmdimSpec { size: 32, width: 1, rkhs: 5, depth: 1, channels: 3, channels_last: true, bn_splits: 1 };
    Setting { encoder: EncoderSpec::Amdim(spec), ..setting() }
}

#[test]
fn amdim_is_the_weighted_sum_of_its_predictions_each_the_mean_of_both_directions() {
    let AnyMethod::Amdim(mut own) = method("amdim") else { panic!("another method") };
    own.clip = 3.0;
    let bounds = losses::ScoreBounds { clip: 3.0, regulariser: own.regulariser };
    let z = rows(2, 0.0);
    let cells = |l: i64, key: f64| {
        let ramp = Tensor::arange(2 * IMAGES * l * 5, (Kind::Float, Device::Cpu));
        ((ramp.square() + key) * 0.618_034).sin().view([2, IMAGES, l, 5]) * 2.0
    };
    let (of_5, of_7) = (cells(25, 0.3), cells(49, 0.7));
    let mut of = |weights: [f64; 3]| {
        own.weights.from_1_to_5 = weights[0];
        own.weights.from_1_to_7 = weights[1];
        own.weights.from_5_to_5 = weights[2];
        let named = [("z", &z), ("cells_5", &of_5), ("cells_7", &of_7)];
        loss(&mut Amdim::new(&own, &amdim_setting()), &named, &[])
    };
    let both = |sources: &Tensor, cells: &Tensor| {
        let term = |from: i64, to: i64| losses::multi_scale_nce(&sources.get(from), &cells.get(to), bounds);
        (term(0, 1) + term(1, 0)) / 2.0
    };
    // The cell that an image predicts from is drawn by seed, epoch and image.
    let indices: Vec<u32> = (0..IMAGES as u32).collect();
    let drawn = draw::cells(&indices, setting().seed, 0, (2, 25));
    let source = |view: i64, image: i64| of_5.get(view).get(image).get(drawn.int64_value(&[view, image]));
    let sources =
        [0, 1].map(|view| Tensor::stack(&(0..IMAGES).map(|i| source(view, i)).collect::<Vec<_>>(), 0));
    let sources = Tensor::stack(&sources, 0);
    let terms = [both(&z, &of_5), both(&z, &of_7), both(&sources, &of_5)];
    for weights in [[1.0, 1.0, 1.0], [0.5, 0.0, 2.0], [0.0, 1.5, 0.0], [0.0, 0.0, 1.0]] {
        let expected = terms.iter().zip(weights).map(|(term, weight)| term * weight).reduce(|a, b| a + b);
        assert_close(&of(weights), &expected.unwrap(), 1e-6);
    }
}

#[test]
fn amdim_has_a_part_with_its_uniform_value_for_each_prediction_and_a_head_for_each_map() {
    let AnyMethod::Amdim(mut own) = method("amdim") else { panic!("another method") };
    let embed = |amdim: &Amdim| {
        let views = crate::example::views_of(2, 32);
        let outputs = amdim.embed(&views, progress(0), kontrast_models::Mode::Train);
        (outputs, views)
    };
    let heads = |amdim: &Amdim| {
        let state = amdim.state();
        ["head_5", "head_7"].map(|head| state.get(&format!("{head}.conv1.weight")).is_some())
    };
    let mut amdim = Amdim::new(&own, &amdim_setting());
    assert_eq!(heads(&amdim), [true, true]);
    let (outputs, views) = embed(&amdim);
    assert_eq!(outputs["cells_5"].size(), [2, 16, 25, 5]);
    assert_eq!(outputs["cells_7"].size(), [2, 16, 49, 5]);
    let batch = BatchInfo::new(views.indices(), progress(0));
    let found = amdim.loss(&outputs, &crate::Outputs::none(), batch);
    let uniforms = [25, 49, 25].map(|cells| losses::multi_scale_nce_uniform(16, cells));
    let parts: Vec<_> = found.parts.iter().map(|part| (&*part.name, part.uniform)).collect();
    let names = ["1_to_5", "1_to_7", "5_to_5"];
    assert_eq!(parts, names.into_iter().zip(uniforms.map(Some)).collect::<Vec<_>>());
    assert!((found.uniform.unwrap() - uniforms.iter().sum::<f64>()).abs() < 1e-9);
    own.weights = kontrast_config::AmdimWeights { from_1_to_5: 1.0, from_1_to_7: 0.0, from_5_to_5: 0.0 };
    let one = Amdim::new(&own, &amdim_setting());
    assert_eq!(heads(&one), [true, false]);
    assert!(embed(&one).0.get("cells_7").is_none());
}

#[test]
fn nt_logistic_takes_its_temperature_and_mining() {
    let AnyMethod::NtLogistic(mut own) = method("nt_logistic") else { panic!("another method") };
    let z = rows(2, 0.0);
    for (mine, mining) in [
        (kontrast_config::Mining::None, losses::Mining::None),
        (kontrast_config::Mining::SemiHard, losses::Mining::SemiHard),
        (kontrast_config::Mining::BatchHard, losses::Mining::BatchHard),
    ] {
        (own.mining, own.temperature) = (mine, 0.3);
        let found = loss(&mut NtLogistic::new(&own, &setting()), &[("z", &z)], &[]);
        assert_close(&found, &losses::nt_logistic(&z.get(0), &z.get(1), 0.3, mining), 1e-6);
    }
}

#[test]
fn barlow_twins_is_scaled() {
    let AnyMethod::BarlowTwins(mut own) = method("barlow_twins") else { panic!("another method") };
    let (z, lambda) = (rows(2, 0.0), own.lambda);
    let mut at = |scale: f64| {
        own.scale = scale;
        loss(&mut BarlowTwins::new(&own, &setting()), &[("z", &z)], &[])
    };
    let whole = losses::barlow_twins(&z.get(0), &z.get(1), lambda);
    assert_close(&at(1.0), &whole, 1e-6);
    assert_close(&at(0.1), &(whole * 0.1), 1e-5);
}

#[test]
fn simclr_of_three_views_compares_the_first_two_with_each_other_and_with_the_third() {
    let AnyMethod::Simclr(own) = method("simclr") else { panic!("another method") };
    let (z, t) = (rows(3, 0.0), own.temperature);
    let mut simclr = Simclr::new(&own, &setting());
    let term = |a: i64, b: i64| losses::nt_xent(&z.get(a), &z.get(b), t);
    let expected = (term(0, 1) + term(0, 2) + term(1, 2)) / 3.0;
    assert_close(&loss(&mut simclr, &[("z", &z)], &[]), &expected, 1e-6);
}
