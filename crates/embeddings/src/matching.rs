//! Retrieval between two tables, such as images and captions: how often a row finds one that belongs to it.

use crate::search::ranges;
use crate::{EmbeddingsError, Index, Similarity, Table};
use ndarray::s;
use std::collections::{BTreeMap, BTreeSet};

/// Queries whose neighbours are held at once.
const QUERIES: usize = 1024;

/// By k, the fraction of `queries` with a candidate of their label among their k nearest by cosine: recall@k of image-text
/// retrieval (Karpathy and Fei-Fei 2015, arXiv 1412.2306, section 4.2). Rows of one label belong together: an image and all of its
/// captions, or images of one caption.
///
/// # Errors
/// Where a table has no labels, widths differ, a label of the queries is no candidate's, or a `k` is 0 or above the candidates.
pub fn recall_between(
    queries: &Table,
    candidates: &Table,
    ks: &[usize],
) -> Result<BTreeMap<usize, f64>, EmbeddingsError> {
    let (asked, known) = (queries.require_labels()?, candidates.require_labels()?);
    let rows = candidates.len();
    if let Some(&k) = ks.iter().find(|&&k| k == 0 || k > rows) {
        let expected = format!("from 1 to the {rows} candidates");
        return Err(EmbeddingsError::Setting { what: "k", asked: k, expected });
    }
    let all: BTreeSet<&String> = known.iter().collect();
    if asked.iter().any(|label| !all.contains(label)) {
        let advice = "give each query a candidate that belongs to it";
        return Err(EmbeddingsError::Lacks { column: "candidate of each label", advice });
    }
    let index = Index::of(candidates, Similarity::Cosine);
    let most = ks.iter().copied().max().unwrap_or(1);
    let mut hits = vec![0_usize; ks.len()];
    for range in ranges(queries.len(), QUERIES) {
        let part = Table::new(queries.values().slice(s![range.clone(), ..]).to_owned())?;
        let found = index.search(&part, most)?;
        for (query, nearest) in range.zip(found.positions.outer_iter()) {
            let first = nearest.iter().position(|&position| known[position as usize] == asked[query]);
            for (hit, &k) in hits.iter_mut().zip(ks) {
                *hit += usize::from(first.is_some_and(|place| place < k));
            }
        }
    }
    let fraction = |hits: usize| hits as f64 / queries.len() as f64;
    Ok(ks.iter().copied().zip(hits.into_iter().map(fraction)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn labelled(values: ndarray::Array2<f32>, labels: &[&str]) -> Table {
        Table::new(values)
            .unwrap()
            .with_labels(labels.iter().map(|&label| label.to_owned()).collect())
            .unwrap()
    }

    fn captions() -> Table {
        labelled(array![[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [-1.0, 0.1]], &["a", "b", "c", "a"])
    }

    #[test]
    fn a_query_finds_any_that_belongs_to_it() {
        // The first is nearest to its own, the second to another's and then to its own, the third to two others first.
        let images = labelled(array![[1.0, 0.1], [0.9, 0.2], [1.0, -1.0]], &["a", "b", "c"]);
        let recall = recall_between(&images, &captions(), &[1, 2, 3]).unwrap();
        let expected = [(1, 1.0 / 3.0), (2, 2.0 / 3.0), (3, 1.0)];
        for (k, value) in expected {
            assert!((recall[&k] - value).abs() < 1e-12, "recall@{k} {}", recall[&k]);
        }
        assert_eq!(recall_between(&images, &captions(), &[4]).unwrap()[&4], 1.0);
        // The other way: both captions of one image are queries.
        let back = recall_between(&captions(), &images, &[1]).unwrap();
        assert!((back[&1] - 0.5).abs() < 1e-12, "{}", back[&1]);
    }

    #[test]
    fn what_cannot_be_found_is_refused() {
        let images = labelled(array![[1.0, 0.1]], &["d"]);
        let said =
            |result: Result<_, EmbeddingsError>| result.map(|_: BTreeMap<_, _>| ()).unwrap_err().to_string();
        assert!(said(recall_between(&images, &captions(), &[1])).contains("candidate of each label"));
        assert!(said(recall_between(&captions(), &captions(), &[5])).contains("from 1 to the 4 candidates"));
        let plain = Table::new(array![[1.0, 0.0]]).unwrap();
        assert!(said(recall_between(&plain, &captions(), &[1])).contains("no labels"));
        let wide = labelled(array![[1.0, 0.0, 0.0]], &["a"]);
        assert!(recall_between(&wide, &captions(), &[1]).is_err());
    }
}
