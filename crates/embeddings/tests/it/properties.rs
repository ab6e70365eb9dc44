//! What holds for any table.

use kontrast_embeddings::{
    Contingency, EmbeddingsError, Index, KMeans, Pca, Similarity, Table, Tsne, auroc, near_duplicates,
    retrieval,
};
use ndarray::{Array2, ArrayView1, array, s};
use proptest::prelude::*;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// Rows about a few far means, and the mean of each.
fn blobs(rows: usize, width: usize, classes: usize, seed: u64) -> (Table, Vec<usize>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let draw = |scale: f32| move |_: (usize, usize)| scale * (rng.random::<f32>() - 0.5);
    let means = Array2::from_shape_fn((classes, width), draw(10.0));
    let mut rng = ChaCha8Rng::seed_from_u64(seed + 1);
    let noise = Array2::from_shape_fn((rows, width), |_| rng.random::<f32>() - 0.5);
    let of: Vec<usize> = (0..rows).map(|row| row % classes).collect();
    let values = means.select(ndarray::Axis(0), &of) + noise;
    let labels = of.iter().map(|class| format!("class {class:02}")).collect();
    (Table::new(values).unwrap().with_labels(labels).unwrap(), of)
}

fn product(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

#[test]
fn a_search_finds_what_comparing_each_finds_however_many_are_asked_at_once() {
    let (table, _) = blobs(5000, 37, 6, 1);
    for similarity in [Similarity::Cosine, Similarity::Dot] {
        let index = Index::new(table.clone(), similarity);
        let queries = Table::new(index.table().values().slice(s![..300;2, ..]).to_owned()).unwrap();
        let all = index.search(&queries, 12).unwrap();
        for (row, query) in queries.values().outer_iter().enumerate().step_by(29) {
            let mut order: Vec<usize> = (0..table.len()).collect();
            let score = |row: usize| product(query, index.table().row(row)) as f32;
            order.sort_by(|&a, &b| score(b).total_cmp(&score(a)).then(a.cmp(&b)));
            let expected: Vec<u32> = order[..12].iter().map(|&row| row as u32).collect();
            assert_eq!(all.positions.row(row).to_vec(), expected);
            let alone = Table::new(query.to_owned().insert_axis(ndarray::Axis(0))).unwrap();
            let alone = index.search(&alone, 12).unwrap();
            assert_eq!(alone.positions.row(0), all.positions.row(row));
            assert_eq!(alone.scores.row(0), all.scores.row(row));
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let (table, _) = blobs(3000, 20, 7, 3);
    let all = || {
        let index = Index::new(table.clone(), Similarity::Cosine);
        let found = index.search(index.table(), 5).unwrap();
        let clusters = KMeans { starts: 2, ..KMeans::new(7, 1) }.fit(&table).unwrap();
        (found, clusters, near_duplicates(&table, 0.99, 500).unwrap(), retrieval(&table, &[1]).unwrap())
    };
    let with = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(all);
    assert_eq!(with(1), with(3));
}

#[test]
fn equal_rows_are_found_in_their_order() {
    let table = Table::new(Array2::ones((100, 3))).unwrap();
    let found = Index::new(table.clone(), Similarity::Cosine).search(&table, 4).unwrap();
    assert!(found.positions.outer_iter().all(|row| row == array![0, 1, 2, 3]));
    let pairs = near_duplicates(&table, 1.0, 3).unwrap();
    assert_eq!(pairs.found, 100 * 99 / 2);
    let places: Vec<_> = pairs.pairs.iter().map(|pair| (pair.first, pair.second)).collect();
    assert_eq!(places, [(0, 1), (0, 2), (0, 3)]);
}

#[test]
fn an_index_borrows_rows_of_length_one_and_finds_what_one_of_its_own_finds() {
    let table = Table::new(array![[3.0, 4.0], [0.0, 2.0], [1.0, 1.0]]).unwrap();
    let unit = table.clone().unit();
    let borrowed = Index::of(&unit, Similarity::Cosine);
    assert_eq!(borrowed.table().values().as_ptr(), unit.values().as_ptr());
    let own = Index::new(table.clone(), Similarity::Cosine).search(&table, 2).unwrap();
    assert_eq!(borrowed.search(&unit, 2).unwrap(), own);
    assert_eq!(Index::of(&table, Similarity::Cosine).search(&table, 2).unwrap(), own);
}

#[test]
fn the_rounds_of_each_start_are_told() {
    let table = Table::new(Array2::from_shape_fn((50, 2), |(row, column)| (row * 7 % 13 + column) as f32));
    let (table, mut told) = (table.unwrap(), Vec::new());
    let asked = KMeans { starts: 3, ..KMeans::new(4, 0) };
    let found = asked.fit_watched(&table, &mut |start, round| told.push((start, round))).unwrap();
    assert_eq!(found, asked.fit(&table).unwrap());
    let first: Vec<usize> = told.iter().filter(|(_, round)| *round == 0).map(|(start, _)| *start).collect();
    assert_eq!(first, [0, 1, 2]);
    assert!(told.is_sorted(), "{told:?}");
}

#[test]
fn products_beyond_single_precision_lose_no_row() {
    let table = Table::new(array![[1e30], [-1e30]]).unwrap();
    let found = Index::new(table.clone(), Similarity::Dot).search(&table, 2).unwrap();
    assert_eq!(found.positions, array![[0, 1], [1, 0]]);
    assert_eq!(near_duplicates(&table, -1.0, usize::MAX).unwrap().found, 1);
}

#[test]
fn k_means_finds_groups_that_lie_apart_and_every_cluster_has_rows() {
    for seed in 0..4 {
        let (table, of) = blobs(400, 9, 6, 10 + seed);
        let found = KMeans::new(6, seed).fit(&table).unwrap();
        assert_eq!(Contingency::new(&found.assignment, &of).accuracy(), 1.0, "seed {seed}");
        assert!((0..6).all(|cluster| found.assignment.contains(&cluster)), "seed {seed}");
        assert_eq!(found, KMeans::new(6, seed).fit(&table).unwrap());
        // What all rows have in common changes no cluster.
        let far = Table::new(table.values().mapv(|value| value + 1000.0)).unwrap();
        let far = KMeans::new(6, seed).fit(&far).unwrap();
        assert_eq!(Contingency::new(&far.assignment, &of).accuracy(), 1.0, "seed {seed}");
    }
    // More clusters than different rows: none stays without a row of its own, as far as rows go.
    let two = Table::new(array![[0.0, 0.0], [0.0, 0.0], [5.0, 5.0], [5.0, 5.0]]).unwrap();
    let found = KMeans::new(3, 0).fit(&two).unwrap();
    assert!(found.inertia.abs() < 1e-9 && found.centers.iter().all(|value| value.is_finite()), "{found:?}");
}

#[test]
fn inertia_never_rises_from_round_to_round() {
    let (table, _) = blobs(500, 6, 12, 5);
    let start = table.values().slice(s![..8, ..]).to_owned();
    let after = |iterations| {
        KMeans { iterations, tolerance: 0.0, ..KMeans::new(8, 0) }.fit_from(&table, start.clone())
    };
    let inertia: Vec<f64> = (0..12).map(|rounds| after(rounds).inertia).collect();
    assert!(inertia.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-9)), "{inertia:?}");
}

#[test]
fn all_components_give_the_rows_back() {
    let (table, _) = blobs(50, 7, 3, 8);
    let pca = Pca::fit(&table, 7).unwrap();
    let projected = pca.project(&table).unwrap().mapv(f64::from);
    let back = projected.dot(&pca.components) + &pca.mean;
    let off =
        (&back - &table.values().mapv(f64::from)).iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    assert!(off < 1e-5, "{off}");
    assert!((pca.fractions.sum() - 1.0).abs() < 1e-12);
    let identity = pca.components.dot(&pca.components.t()) - Array2::<f64>::eye(7);
    assert!(identity.iter().all(|value| value.abs() < 1e-12));
}

#[test]
fn t_sne_keeps_neighbours_and_draws_nothing() {
    let (table, of) = blobs(400, 16, 8, 2);
    let tsne = Tsne { perplexity: 15.0, iterations: 400, ..Tsne::default() };
    let found = tsne.lay_out(&table).unwrap();
    let near = |row: usize| {
        let distance = |&other: &usize| {
            let difference = &found.row(row) - &found.row(other);
            (difference.dot(&difference) * 1e6) as i64
        };
        (0..400).filter(|&other| other != row).min_by_key(distance).unwrap()
    };
    let same = (0..400).filter(|&row| of[near(row)] == of[row]).count();
    assert!(same >= 396, "{same} of 400 lie nearest to one of their class");
    let wide = tsne.lay_out(&Table::new(Array2::ones((40, 3))).unwrap()).unwrap_err();
    assert!(
        wide.to_string().starts_with("perplexity = 15: expected at least one and below a third"),
        "{wide}"
    );
}

#[test]
fn what_cannot_be_is_refused_with_what_could() {
    let (table, _) = blobs(10, 3, 2, 0);
    let index = Index::new(table.clone(), Similarity::Cosine);
    let narrow = Table::new(array![[1.0, 2.0]]).unwrap();
    assert!(matches!(index.search(&narrow, 1), Err(EmbeddingsError::Width { expected: 3, found: 2 })));
    for (refused, words) in [
        (index.search(&table, 11).err(), "k = 11: expected from 1 to the 10 rows"),
        (index.search(&table, 0).err(), "k = 0: expected"),
        (KMeans::new(11, 0).fit(&table).err(), "clusters = 11: expected from 1 to the 10 rows"),
        (KMeans { starts: 0, ..KMeans::new(2, 0) }.fit(&table).err(), "starts = 0: expected at least one"),
        (Pca::fit(&table, 4).err(), "components = 4: expected from 1 to 3"),
        (Pca::fit(&narrow, 1).err(), "rows = 1: expected two rows at least"),
        (near_duplicates(&table, 0.5, 0).err(), "pairs = 0: expected at least one"),
        (near_duplicates(&table, 80.0, 5).err(), "threshold = 80: expected a cosine"),
        (near_duplicates(&table, f32::NAN, 5).err(), "threshold = NaN: expected a cosine"),
        (retrieval(&table, &[10]).err(), "k = 10: expected from 1 to the 9 other rows"),
        (retrieval(&narrow, &[]).err(), "the table has no labels"),
    ] {
        let refused = refused.expect(words).to_string();
        assert!(refused.starts_with(words), "{refused}");
    }
    assert_eq!(auroc(&[0.1, 0.2], &[true, true]), None);
}

proptest! {
    /// Names of clusters and classes mean nothing, and equal groupings agree wholly.
    #[test]
    fn agreement_does_not_depend_on_numbers(
        groups in prop::collection::vec((0..5_usize, 0..4_usize), 2..60),
        shift in 1..5_usize,
    ) {
        let (clusters, classes): (Vec<_>, Vec<_>) = groups.into_iter().unzip();
        let all = |clusters: &[usize], classes: &[usize]| {
            let found = Contingency::new(clusters, classes);
            [found.accuracy(), found.normalized_mutual_information(), found.adjusted_rand_index()]
        };
        let renamed: Vec<_> = clusters.iter().map(|cluster| (cluster + shift) % 5).collect();
        let (before, after) = (all(&clusters, &classes), all(&renamed, &classes));
        for (a, b) in before.iter().zip(after) {
            prop_assert!((a - b).abs() < 1e-12, "{before:?} {after:?}");
        }
        prop_assert!(before[..2].iter().all(|value| (0.0..=1.0).contains(value)) && before[2] <= 1.0);
        let same = all(&classes, &classes);
        prop_assert!(same.iter().all(|value| (value - 1.0).abs() < 1e-12), "{same:?}");
    }

    /// Which one is called positive turns the area around; what keeps the order keeps it.
    #[test]
    fn the_area_is_one_of_orders(rows in prop::collection::vec((0..20_i32, any::<bool>()), 2..60)) {
        let (scores, positive): (Vec<_>, Vec<_>) = rows.into_iter().map(|(score, kind)| (score as f32, kind)).unzip();
        let turned: Vec<_> = positive.iter().map(|kind| !kind).collect();
        let cubed: Vec<_> = scores.iter().map(|score| score.powi(3) - 5.0).collect();
        if let (Some(area), Some(other)) = (auroc(&scores, &positive), auroc(&scores, &turned)) {
            prop_assert!((area + other - 1.0).abs() < 1e-12);
            prop_assert_eq!(auroc(&cubed, &positive), Some(area));
        }
    }
}
