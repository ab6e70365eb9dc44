//! What is done with features: k-NN, logistic regression, exact search, near duplicates. Beside it stands
//! `benches/peers/features.py`; both draw the same features, so accuracies have to agree.

use clap::{Parser, ValueEnum};
use kontrast_benches::{figure, median};
use kontrast_embeddings::{Index, Similarity, Table, near_duplicates};
use kontrast_eval::protocols::{Knn, Logistic};
use kontrast_eval::{FeatureBank, Protocol, Stop, Subject};
use ndarray::Array2;
use std::error::Error;
use std::num::NonZero;
use std::time::Instant;
use tch::{Device, Kind, Tensor};

/// Classes of the drawn features.
const CLASSES: i64 = 10;
/// How far centres lie apart, beside noise of 1: so that accuracies are neither by chance nor perfect.
const SPREAD: f64 = 0.12;

#[derive(Parser)]
#[command(
    about = "What is done with features: seconds of k-NN, logistic regression, exact search, near duplicates"
)]
struct Arguments {
    /// This one only [default: all]
    #[arg(long)]
    only: Option<Subjects>,
    /// How often each is measured; the median is shown
    #[arg(long, default_value_t = 3)]
    repeats: usize,
    /// Threads [default: one a core]
    #[arg(long)]
    threads: Option<usize>,
    /// Print the figures as lines of JSON too
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Subjects {
    /// 10,000 queries on a bank of 50,000 features of 512 values, k 200, temperature 0.1
    Knn,
    /// 45 penalties on 10,000 features of 512 values
    Logistic,
    /// One query, and a thousand, among 1,000,000 vectors of 128 values
    Search,
    /// Pairs of a cosine of 0.95 among 100,000 vectors of 128 values
    Duplicates,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let threads = arguments.threads.unwrap_or(cores);
    tch::set_num_threads(i32::try_from(threads)?);
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    let wanted = |which| arguments.only.is_none_or(|only| only == which);
    let shown = |name: &str, value: f64, unit: &str| {
        println!("kontrast {name}: {value:.4} {unit}");
        if arguments.json {
            figure(name, value, unit);
        }
    };
    if wanted(Subjects::Knn) {
        let (subject, repeats) = (subject(50_000, 10_000)?, arguments.repeats);
        scored("k-NN, 50,000 x 512, 10,000 queries", &Knn::two_hundred(), &subject, repeats, &shown)?;
    }
    if wanted(Subjects::Logistic) {
        let config = kontrast_config::Logistic {
            values: 45,
            least_c: 1e-6,
            most_c: 1e5,
            iterations: 1000,
            tolerance: 1e-4,
        };
        let (subject, protocol) = (subject(10_000, 2000)?, Logistic::new(&config, 0.1, 0));
        scored("logistic regression, 45 penalties, 10,000 x 512", &protocol, &subject, 1, &shown)?;
    }
    if wanted(Subjects::Search) {
        let index = Index::new(table(1_000_000)?, Similarity::Cosine);
        for queries in [1, 1000] {
            let asked = table(queries)?;
            let found = seconds(arguments.repeats, || index.search(&asked, 10).map(drop))?;
            shown(&format!("search, {queries} queries in 1,000,000 x 128"), found, "s");
        }
    }
    if wanted(Subjects::Duplicates) {
        let table = table(100_000)?;
        let found = seconds(arguments.repeats, || near_duplicates(&table, 0.95, 1000).map(drop))?;
        shown("near duplicates, 100,000 x 128", found, "s");
    }
    Ok(())
}

/// Seconds and accuracy of a protocol.
fn scored(
    name: &str,
    protocol: &dyn Protocol,
    subject: &Subject<'_>,
    repeats: usize,
    shown: &dyn Fn(&str, f64, &str),
) -> Result<(), Box<dyn Error>> {
    let mut top1 = 0.0;
    let found = seconds(repeats, || {
        top1 = protocol.evaluate(subject, &Stop::default())?[0].top1();
        Ok::<(), Box<dyn Error>>(())
    })?;
    shown(name, found, "s");
    shown(&format!("{name}, top-1"), top1, "%");
    Ok(())
}

fn seconds<E>(repeats: usize, mut work: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    let mut all = Vec::new();
    for _ in 0..repeats.max(1) {
        let started = Instant::now();
        work()?;
        all.push(started.elapsed().as_secs_f64());
    }
    Ok(median(all))
}

/// Features around a centre a class, from PyTorch's generator: 512 values.
fn subject(train: i64, test: i64) -> Result<Subject<'static>, Box<dyn Error>> {
    tch::manual_seed(0);
    let options = (Kind::Float, Device::Cpu);
    let centres = Tensor::randn([CLASSES, 512], options) * SPREAD;
    let bank = |rows: i64| {
        let labels = Tensor::randint(CLASSES, [rows], (Kind::Int64, Device::Cpu));
        let features = centres.index_select(0, &labels) + Tensor::randn([rows, 512], options);
        FeatureBank::new(&features, &labels, CLASSES as usize)
    };
    let train = bank(train)?;
    Ok(Subject::of_features("drawn", train, bank(test)?)?)
}

/// Vectors of 128 drawn values.
fn table(rows: i64) -> Result<Table, Box<dyn Error>> {
    tch::manual_seed(1);
    let values = Tensor::randn([rows, 128], (Kind::Float, Device::Cpu)).flatten(0, -1);
    Ok(Table::new(Array2::from_shape_vec((rows as usize, 128), Vec::try_from(values)?)?)?)
}
