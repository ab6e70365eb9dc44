//! A table of vectors: one row each, and what is known of them.

use crate::EmbeddingsError;
use ndarray::{Array2, ArrayView1, ArrayView2, CowArray, Ix2};
use std::collections::{BTreeMap, BTreeSet};

/// How far from 1 the length of a row may be that counts as 1: what single precision leaves of a row that was brought to
/// it.
const UNIT: f64 = 1e-6;

/// Vectors of one width, with a name, a class and a group each where these are known.
///
/// ```
/// use kontrast_embeddings::Table;
/// use ndarray::array;
///
/// let table = Table::new(array![[1.0, 0.0], [0.0, 2.0]])?.with_labels(vec!["cat".into(), "dog".into()])?;
/// assert_eq!((table.len(), table.width()), (2, 2));
/// assert_eq!(table.classes(), ["cat", "dog"]);
/// # Ok::<(), kontrast_embeddings::EmbeddingsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    values: Array2<f32>,
    names: Option<Vec<String>>,
    labels: Option<Vec<String>>,
    groups: Option<Vec<String>>,
    notes: BTreeMap<String, String>,
}

impl Table {
    /// A table of vectors alone, `[n, d]`.
    ///
    /// # Errors
    /// Where there is no row or no column, or a value is not finite.
    pub fn new(values: Array2<f32>) -> Result<Self, EmbeddingsError> {
        let (rows, width) = values.dim();
        if rows == 0 || width == 0 {
            return Err(EmbeddingsError::Empty { rows, width });
        }
        let values =
            if values.is_standard_layout() { values } else { values.as_standard_layout().into_owned() };
        let table = Self { values, names: None, labels: None, groups: None, notes: BTreeMap::new() };
        table.require_finite()?;
        Ok(table)
    }

    fn require_finite(&self) -> Result<(), EmbeddingsError> {
        match self.values.indexed_iter().find(|(_, value)| !value.is_finite()) {
            None => Ok(()),
            Some(((row, column), &value)) => Err(EmbeddingsError::NotFinite { row, column, value }),
        }
    }

    /// The same table, whose rows have these names.
    ///
    /// # Errors
    /// Where there is not one for each row.
    pub fn with_names(self, names: Vec<String>) -> Result<Self, EmbeddingsError> {
        Ok(Self { names: Some(self.column("names", names)?), ..self })
    }

    /// The same table, whose rows are of these classes.
    ///
    /// # Errors
    /// Where there is not one for each row.
    pub fn with_labels(self, labels: Vec<String>) -> Result<Self, EmbeddingsError> {
        Ok(Self { labels: Some(self.column("labels", labels)?), ..self })
    }

    /// The same table, whose rows belong to these groups, such as a patient's pictures.
    ///
    /// # Errors
    /// Where there is not one for each row.
    pub fn with_groups(self, groups: Vec<String>) -> Result<Self, EmbeddingsError> {
        Ok(Self { groups: Some(self.column("groups", groups)?), ..self })
    }

    /// The same table with notes on where it comes from, by their keys; only safetensors keeps them.
    #[must_use]
    pub fn with_notes(self, notes: BTreeMap<String, String>) -> Self {
        Self { notes, ..self }
    }

    fn column(&self, column: &'static str, entries: Vec<String>) -> Result<Vec<String>, EmbeddingsError> {
        let (rows, found) = (self.len(), entries.len());
        if rows == found { Ok(entries) } else { Err(EmbeddingsError::Length { column, rows, found }) }
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.values.nrows()
    }

    /// Never: a table has rows.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Values of a row.
    pub fn width(&self) -> usize {
        self.values.ncols()
    }

    /// All vectors, `[n, d]`.
    pub fn values(&self) -> ArrayView2<'_, f32> {
        self.values.view()
    }

    /// One vector, `[d]`.
    pub fn row(&self, row: usize) -> ArrayView1<'_, f32> {
        self.values.row(row)
    }

    /// The names, where rows have some.
    pub fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// The names, for what cannot do without.
    ///
    /// # Errors
    /// Where rows have none.
    pub fn require_names(&self) -> Result<&[String], EmbeddingsError> {
        let advice =
            "a .npy holds none: embed the images to a .safetensors or .csv file, or add a column \"name\"";
        self.names().ok_or(EmbeddingsError::Lacks { column: "names", advice })
    }

    /// The classes of the rows, where they are known.
    pub fn labels(&self) -> Option<&[String]> {
        self.labels.as_deref()
    }

    /// The classes of the rows, for what cannot do without.
    ///
    /// # Errors
    /// Where they are not known.
    pub fn require_labels(&self) -> Result<&[String], EmbeddingsError> {
        let advice = "embed images that lie in a folder a class, or add a column \"label\"";
        self.labels().ok_or(EmbeddingsError::Lacks { column: "labels", advice })
    }

    /// The groups of the rows, where they are known.
    pub fn groups(&self) -> Option<&[String]> {
        self.groups.as_deref()
    }

    /// Notes on where it comes from, by their keys.
    pub fn notes(&self) -> &BTreeMap<String, String> {
        &self.notes
    }

    /// Each class once, sorted; none without labels.
    pub fn classes(&self) -> Vec<&str> {
        let classes: BTreeSet<&str> = self.labels.iter().flatten().map(String::as_str).collect();
        classes.into_iter().collect()
    }

    /// The class of each row as its place among [`Table::classes`].
    ///
    /// # Errors
    /// Where they are not known.
    pub fn class_numbers(&self) -> Result<Vec<usize>, EmbeddingsError> {
        let (labels, classes) = (self.require_labels()?, self.classes());
        let place = |label: &String| classes.binary_search(&label.as_str()).unwrap_or_default();
        Ok(labels.iter().map(place).collect())
    }

    /// The same rows at length 1, as cosines want them; a row of zeros stays.
    #[must_use]
    pub fn unit(mut self) -> Self {
        bring_to_unit(&mut self.values);
        self
    }

    /// Whether all rows have length 1 already, but for what single precision leaves, or are zeros.
    pub fn is_unit(&self) -> bool {
        self.values.outer_iter().all(|row| {
            let length = length(row);
            length == 0.0 || (length - 1.0).abs() <= UNIT
        })
    }

    /// The vectors at length 1: these themselves where they have it already, else a copy.
    pub(crate) fn unit_values(&self) -> CowArray<'_, f32, Ix2> {
        if self.is_unit() {
            return self.values.view().into();
        }
        let mut values = self.values.clone();
        bring_to_unit(&mut values);
        values.into()
    }

    /// Refuses vectors of another width.
    ///
    /// # Errors
    /// Where the widths differ.
    pub fn require_width_of(&self, other: &Self) -> Result<(), EmbeddingsError> {
        let (expected, found) = (other.width(), self.width());
        if expected == found { Ok(()) } else { Err(EmbeddingsError::Width { expected, found }) }
    }
}

fn bring_to_unit(values: &mut Array2<f32>) {
    for mut row in values.rows_mut() {
        let length = length(row.view());
        if length > 0.0 {
            row.mapv_inplace(|value| (f64::from(value) / length) as f32);
        }
    }
}

fn length(row: ArrayView1<'_, f32>) -> f64 {
    row.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_table_has_rows_of_numbers_and_columns_of_its_length() {
        let two = || Table::new(array![[1.0, 2.0], [3.0, 4.0]]).unwrap();
        assert_eq!(
            two().with_names(vec!["a".into()]).unwrap_err().to_string(),
            "names: expected one for each of the 2 rows, found 1"
        );
        let nan = Table::new(array![[1.0, 2.0], [3.0, f32::NAN]]).unwrap_err();
        assert_eq!(nan.to_string(), "row 1, value 1 (both counted from 0): NaN; expected finite numbers");
        assert!(Table::new(Array2::zeros((0, 3))).unwrap_err().to_string().contains("0 rows and 3 values"));
        let narrow = Table::new(array![[1.0]]).unwrap();
        assert!(
            narrow
                .require_width_of(&two())
                .unwrap_err()
                .to_string()
                .starts_with("vectors of 1 values, where")
        );
        assert!(
            two().require_labels().unwrap_err().to_string().starts_with("the table has no labels; embed")
        );
    }

    #[test]
    fn rows_come_to_length_one_and_zeros_stay() {
        let unit = Table::new(array![[3.0, 4.0], [0.0, 0.0], [1e-30, 0.0]]).unwrap().unit();
        assert_eq!(unit.values(), array![[0.6, 0.8], [0.0, 0.0], [1.0, 0.0]]);
    }

    #[test]
    fn rows_of_length_one_are_taken_as_they_are_and_others_are_copied() {
        let long = Table::new(array![[3.0, 4.0], [0.0, 1.0]]).unwrap();
        assert!(!long.is_unit() && long.unit_values().is_owned());
        let unit = long.unit();
        assert!(unit.is_unit() && unit.unit_values().is_view());
    }

    #[test]
    fn classes_are_sorted_and_numbered() {
        let labels = ["b", "a", "b"].map(str::to_owned).to_vec();
        let table = Table::new(Array2::ones((3, 1))).unwrap().with_labels(labels).unwrap();
        assert_eq!((table.classes(), table.class_numbers().unwrap()), (vec!["a", "b"], vec![1, 0, 1]));
    }
}
