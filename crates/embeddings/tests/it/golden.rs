//! Against scikit-learn: the values that `golden/scikit_learn/generate.py` wrote.

use kontrast_embeddings::{
    Contingency, Index, KMeans, Pca, Similarity, Table, auroc, near_duplicates, retrieval,
};
use ndarray::{Array2, ArrayD, Axis, IxDyn};
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

const CASE: &[u8] = include_bytes!("../golden/scikit_learn/case.safetensors");

/// A tensor of the case, in double precision.
fn values(name: &str) -> ArrayD<f64> {
    let case = SafeTensors::deserialize(CASE).unwrap();
    let tensor = case.tensor(name).unwrap();
    let numbers: Vec<f64> = match tensor.dtype() {
        Dtype::F64 => {
            tensor.data().as_chunks::<8>().0.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect()
        }
        Dtype::F32 => {
            tensor.data().as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes).into()).collect()
        }
        _ => tensor.data().as_chunks::<8>().0.iter().map(|&bytes| i64::from_le_bytes(bytes) as f64).collect(),
    };
    ArrayD::from_shape_vec(IxDyn(tensor.shape()), numbers).unwrap()
}

fn whole(name: &str) -> Vec<usize> {
    values(name).iter().map(|&value| value as usize).collect()
}

fn matrix(name: &str) -> Array2<f32> {
    values(name).into_dimensionality().unwrap().mapv(|value| value as f32)
}

fn table() -> Table {
    let labels = whole("classes").into_iter().map(|class| format!("class {class}")).collect();
    Table::new(matrix("x")).unwrap().with_labels(labels).unwrap()
}

/// Asserts that no value is off by more than 1e-6 of the largest.
#[track_caller]
fn assert_close(actual: impl IntoIterator<Item = f64>, name: &str) {
    let (actual, expected): (Vec<f64>, Vec<f64>) =
        (actual.into_iter().collect(), values(name).into_iter().collect());
    assert_eq!(actual.len(), expected.len(), "{name}");
    let scale = expected.iter().fold(f64::MIN_POSITIVE, |most, value| most.max(value.abs()));
    let off = actual.iter().zip(&expected).map(|(a, e)| (a - e).abs() / scale).fold(0.0, f64::max);
    assert!(off <= 1e-6, "{name}: off by {off:.2e} of the largest value");
}

#[test]
fn k_means_from_the_same_centres_ends_in_the_same_clusters() {
    let start = table().values().slice_move(ndarray::s![..5, ..]).to_owned();
    let fitted = KMeans::new(5, 0).fit_from(&table(), start);
    assert_eq!(fitted.assignment, whole("kmeans.assignment"));
    assert_close(fitted.centers.iter().map(|&value| value.into()), "kmeans.centers");
    assert_close([fitted.inertia], "kmeans.inertia");
}

#[test]
fn principal_components_are_scikit_learns() {
    let pca = Pca::fit(&table(), 4).unwrap();
    assert_close(pca.mean.iter().copied(), "pca.mean");
    assert_close(pca.components.iter().copied(), "pca.components");
    assert_close(pca.variances.iter().copied(), "pca.variances");
    assert_close(pca.fractions.iter().copied(), "pca.fractions");
    let projected = pca.project(&table()).unwrap();
    assert_close(projected.iter().map(|&value| value.into()), "pca.projected");
}

#[test]
fn clusters_agree_with_classes_as_scikit_learn_has_it() {
    let agreement = Contingency::new(&whole("agreement.clusters"), &whole("classes"));
    let found =
        [agreement.accuracy(), agreement.normalized_mutual_information(), agreement.adjusted_rand_index()];
    assert_close(found, "agreement.values");
}

#[test]
fn the_nearest_rows_are_those_of_brute_force() {
    let index = Index::new(table(), Similarity::Cosine);
    let found = index.search(&Table::new(matrix("search.queries")).unwrap(), 7).unwrap();
    assert_eq!(
        found.positions.iter().map(|&row| row as usize).collect::<Vec<_>>(),
        whole("search.positions")
    );
    assert_close(found.scores.iter().map(|&value| value.into()), "search.cosines");
}

#[test]
fn retrieval_is_that_of_the_definitions() {
    let found = retrieval(&table(), &[1, 5, 10]).unwrap();
    assert_eq!(found.queries, 150);
    assert_close(found.recall.values().copied().chain([found.map_at_r]), "retrieval.values");
}

#[test]
fn the_area_under_the_curve_counts_ties_half() {
    let scores: Vec<f32> = values("auroc.scores").iter().map(|&score| score as f32).collect();
    let positive: Vec<bool> = whole("auroc.positive").into_iter().map(|kind| kind == 1).collect();
    assert_close(auroc(&scores, &positive), "auroc.value");
}

#[test]
fn near_duplicates_are_all_pairs_above_the_threshold() {
    let found = near_duplicates(&table(), 0.8, 100_000).unwrap();
    let mut pairs: Vec<_> =
        found.pairs.iter().map(|pair| (pair.first as usize, pair.second as usize)).collect();
    pairs.sort_unstable();
    let expected = values("duplicates.pairs");
    let expected: Vec<_> =
        expected.axis_iter(Axis(0)).map(|pair| (pair[0] as usize, pair[1] as usize)).collect();
    assert_eq!((pairs, found.found), (expected.clone(), expected.len()));
    assert!(expected.len() > 20);
}
