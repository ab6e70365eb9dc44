//! Retrieval: how often the nearest rows are of a row's own class.

use crate::search::ranges;
use crate::{EmbeddingsError, Index, Similarity, Table};
use ndarray::s;
use std::collections::BTreeMap;

/// Queries whose neighbours are held at once.
const QUERIES: usize = 1024;

/// What a search among a table's own rows finds of their classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Retrieval {
    /// By k, the fraction of rows with one of their class among their k nearest: recall@k, as metric learning has it
    /// (Jégou et al. 2011; Oh Song et al. 2016, arXiv 1511.06452).
    pub recall: BTreeMap<usize, f64>,
    /// Mean average precision at R, where R is how many others a row's class has (Musgrave et al. 2020, arXiv 2003.08505,
    /// section 3.2).
    pub map_at_r: f64,
    /// Rows that were asked for: those whose class has others.
    pub queries: usize,
}

/// Looks for each row among all others by cosine.
///
/// # Errors
/// Where the table has no labels, no class has two rows, or a `k` is 0 or not below the rows.
pub fn retrieval(table: &Table, ks: &[usize]) -> Result<Retrieval, EmbeddingsError> {
    let (classes, rows) = (table.class_numbers()?, table.len());
    if let Some(&asked) = ks.iter().find(|&&k| k == 0 || k >= rows) {
        let expected = format!("from 1 to the {} other rows", rows - 1);
        return Err(EmbeddingsError::Setting { what: "k", asked, expected });
    }
    let mut sizes = vec![0_usize; table.classes().len()];
    for &class in &classes {
        sizes[class] += 1;
    }
    let largest = sizes.iter().max().copied().unwrap_or(0);
    if largest < 2 {
        let advice = "take more rows of each class";
        return Err(EmbeddingsError::Lacks { column: "second row of a class", advice });
    }
    let index = Index::of(table, Similarity::Cosine);
    // Its own row is left out: one more is asked for.
    let most = ks.iter().copied().max().unwrap_or(0).max(largest - 1) + 1;
    let (mut hits, mut precision, mut queries) = (vec![0_usize; ks.len()], 0.0, 0);
    for range in ranges(rows, QUERIES) {
        let asked = Table::new(index.table().values().slice(s![range.clone(), ..]).to_owned())?;
        let found = index.search(&asked, most.min(rows))?;
        for (query, nearest) in range.zip(found.positions.outer_iter()) {
            let others = sizes[classes[query]] - 1;
            if others == 0 {
                continue;
            }
            queries += 1;
            let own = |&&position: &&u32| position as usize != query;
            let right: Vec<bool> = nearest
                .iter()
                .filter(own)
                .map(|&position| classes[position as usize] == classes[query])
                .collect();
            for (hit, &k) in hits.iter_mut().zip(ks) {
                *hit += usize::from(right[..k].contains(&true));
            }
            precision += average_precision(&right[..others]);
        }
    }
    let fraction = |hits: usize| hits as f64 / queries as f64;
    Ok(Retrieval {
        recall: ks.iter().copied().zip(hits.into_iter().map(fraction)).collect(),
        map_at_r: precision / queries as f64,
        queries,
    })
}

/// The mean over R places of the precision at each that is right.
fn average_precision(right: &[bool]) -> f64 {
    let (mut so_far, mut sum) = (0, 0.0);
    for (place, _) in right.iter().enumerate().filter(|&(_, &right)| right) {
        so_far += 1;
        sum += f64::from(so_far) / (place + 1) as f64;
    }
    sum / right.len() as f64
}

#[cfg(test)]
mod tests {
    use super::average_precision;

    #[test]
    fn the_papers_example_has_its_value() {
        // Musgrave et al. 2020, table 1: ten relevant ones of which the first alone, the first and last, the first two are found.
        let found = |places: &[usize]| (0..10).map(|place| places.contains(&place)).collect::<Vec<_>>();
        let value = |places: &[usize]| (average_precision(&found(places)) * 1000.0).round() / 1000.0;
        assert_eq!(value(&[0]), 0.1);
        assert_eq!(value(&[0, 9]), 0.12);
        assert_eq!(value(&[0, 1]), 0.2);
        assert_eq!(value(&(0..10).collect::<Vec<_>>()), 1.0);
    }
}
